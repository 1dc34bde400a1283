"""What waits for its `ready`, what its `unless` drops, and what is rated too low."""

from dataclasses import replace

from blackboard.activation import Agenda, Proposal
from blackboard.records import Notice
from tests.builders import ALL_DONE, Bench, landed, note


def waits(bench: Bench, *rows, agent: str = "a", ready: tuple[int, ...] = (), **options) -> bool:
    """The agent notices everything; its `ready` does not hold yet for these."""
    proposals = tuple(Proposal(agent, r.seq, waiting=True) for r in rows)
    return bench.store.notice(
        bench.id, [Notice(agent, bench.cursor(agent), bench.head, proposals, ready=ready, **options)]
    )


def waiting(bench: Bench, agent: str = "a") -> list[int]:
    return [a.id for a in bench.store.waiting(bench.id, agent)]


class TestWhatIsNotReady:
    def test_waits_and_is_claimed_by_nobody(self, bench):
        bench.seat("a")
        assert waits(bench, bench.note())

        assert (bench.states(), bench.claims().taken) == (["waiting"], ())
        assert bench.summary.states["waiting"] == {"a": 1}

    def test_goes_on_when_it_is_said_to_be_ready(self, bench):
        bench.seat("a")
        waits(bench, *bench.post(note(), note()))
        first, _ = waiting(bench)

        waits(bench, ready=(first,))

        assert [c.id for c in bench.claims().taken] == [first]

    def test_is_not_woken_by_who_looked_from_elsewhere(self, bench):
        bench.seat("a")
        waits(bench, bench.note())
        stray = Notice("a", bench.cursor("a") + 5, bench.head, ready=tuple(waiting(bench)))

        assert not bench.store.notice(bench.id, [stray])

        assert bench.states() == ["waiting"]

    def test_moves_no_activation_that_was_not_waiting(self, bench):
        claim = bench.start()

        waits(bench, ready=(claim.id,))

        assert bench.state(claim) == "running"

    def test_is_dropped_when_its_agent_leaves_the_team(self, bench):
        bench.seat("a")
        waits(bench, bench.note())

        bench.store.retire(bench.id, [])

        assert bench.states() == ["moot"]


class TestAWholeSet:
    GROUP = replace(ALL_DONE, waiting=True)

    def look(self, bench, upto=None):
        asked = tuple(waiting(bench, "gatherer"))
        seen = bench.head if upto is None else upto
        notice = Notice("gatherer", bench.cursor("gatherer"), seen, asked=asked, stays=True)
        return bench.store.notice(bench.id, [notice], [self.GROUP])

    def test_waits_and_holds_its_agents_cursor_until_it_has_been_asked(self, bench):
        bench.seat("gatherer")
        bench.note(status="done")

        assert not bench.store.notice(bench.id, [], [self.GROUP]), "there is something to ask"
        assert (bench.states(), bench.cursor("gatherer") < bench.head) == (["waiting"], True)

        assert self.look(bench)
        assert (bench.states(), bench.cursor("gatherer")) == (["waiting"], bench.head)

    def test_moves_its_agents_cursor_no_further_than_it_was_asked(self, bench):
        """What has come between the look and its transaction may be what makes it ready."""
        bench.seat("gatherer")
        bench.note(status="done")
        bench.store.notice(bench.id, [], [self.GROUP])
        before = bench.head
        bench.note(kind="key")

        assert not self.look(bench, upto=before)

        assert bench.cursor("gatherer") == before

    def test_is_asked_again_where_another_worker_has_looked_meanwhile(self, bench):
        bench.seat("gatherer")
        bench.note(status="done")
        bench.store.notice(bench.id, [], [self.GROUP])
        before = bench.cursor("gatherer")

        assert not bench.store.notice(bench.id, [Notice("gatherer", before - 1, bench.head, stays=True)], [self.GROUP])

        assert bench.cursor("gatherer") == before

    def test_begins_when_it_is_ready(self, bench):
        bench.seat("gatherer")
        bench.note(status="done")
        bench.store.notice(bench.id, [], [self.GROUP])

        said = Notice(
            "gatherer", bench.cursor("gatherer"), bench.head, ready=tuple(waiting(bench, "gatherer")), stays=True
        )
        assert bench.store.notice(bench.id, [said], [self.GROUP])

        assert bench.claim("gatherer").group == "note"


class TestWhatIsNotNeeded:
    def test_is_dropped_whether_it_waits_or_is_pending(self, bench):
        bench.seat("a")
        waits(bench, bench.note())
        bench.wake("a", bench.note())

        waits(bench, obviated="not needed: 1 report")

        assert bench.states() == ["moot", "moot"]
        assert {a.cause for a in bench.store.activations(bench.id, "a")} == {"not needed: 1 report"}

    def test_is_dropped_at_once_when_it_comes_while_the_condition_holds(self, bench):
        bench.seat("a")

        waits(bench, bench.note(), obviated="not needed")

        assert bench.states() == ["moot"]

    def test_is_let_go_on_where_it_runs(self, bench):
        claim = bench.start()

        waits(bench, obviated="not needed")

        landed(bench.commit(claim))

    def test_gives_back_what_was_reserved_for_another_try(self, bench):
        claim = bench.start()
        bench.store.retry(claim, "it broke")

        waits(bench, obviated="not needed")

        assert (bench.states(), bench.budget()[1]) == (["moot"], 0)


class TestAClaimThatIsNotActedOn:
    def test_waits_again_untried_and_sees_a_newer_board_the_next_time(self, bench):
        claim = bench.start()

        assert bench.store.set_aside(claim, "waiting", "waits for 1 key")

        assert (bench.state(claim), bench.budget()) == ("waiting", (0, 0))
        new = bench.note()
        waits(bench, ready=(claim.id,))
        again = bench.claim()
        assert (again.attempt, again.snapshot) == (1, new.seq)

    def test_lets_its_agent_notice_what_came_after_its_snapshot(self, bench):
        claim = bench.start()
        bench.note()
        waits(bench)
        assert bench.cursor("a") == bench.head

        bench.store.set_aside(claim, "waiting", "waits for 1 key")

        assert bench.cursor("a") == claim.snapshot
        assert bench.summary.unnoticed == ("a",), "so the board is not quiescent"

    def test_is_not_passed_by_another_worker_that_had_asked_before_it_waited(self, bench):
        claim = bench.start()
        seen = Notice("a", bench.cursor("a"), bench.note(kind="key").seq, asked=tuple(waiting(bench)))
        bench.store.set_aside(claim, "waiting", "waits for 1 key")

        assert not bench.store.notice(bench.id, [seen])

        assert bench.cursor("a") == claim.snapshot, "the key is still to be noticed for what waits now"
        again = Notice("a", bench.cursor("a"), bench.head, asked=tuple(waiting(bench)))
        assert bench.store.notice(bench.id, [again])

    def test_holds_nothing_of_the_budget_while_it_waits(self, store, clock):
        bench = Bench.on(store, clock, cap=1)
        claim = bench.start()
        bench.store.retry(claim, "it broke")

        bench.store.set_aside(bench.claim(), "waiting", "waits for 1 key")

        assert bench.budget() == (0, 0)
        bench.wake("a", bench.note())
        assert bench.claim().id != claim.id, "others can have what it gave back"
        assert [f.what for f in store.examine() if f.level == "error"] == []

    def test_is_moot_and_costs_nothing(self, bench):
        claim = bench.start()

        assert bench.store.set_aside(claim, "moot", "not needed: 1 report")

        assert (bench.state(claim), bench.budget()) == ("moot", (0, 0))

    def test_that_was_tried_before_has_cost_its_activation(self, bench):
        claim = bench.start()
        bench.store.retry(claim, "it broke")

        bench.store.set_aside(bench.claim(), "moot", "not needed")

        assert bench.budget() == (1, 0)

    def test_is_left_alone_when_it_was_lost(self, bench):
        claim = bench.start()
        bench.clock.pass_by(31)
        other = bench.claim(worker="w2")

        assert not bench.store.set_aside(claim, "moot", "not needed")

        assert bench.state(other) == "running"


class TestWhatIsRatedTooLow:
    def claims(self, bench, least):
        return bench.store.claim(bench.id, Agenda("w1", {"a": 10}, 10, least=least)).taken

    def test_is_not_begun(self, bench):
        bench.seat("a")
        low, high = bench.post(note(), note())
        bench.wake("a", low, rating=1)
        bench.wake("a", high, rating=5)

        assert [c.trigger for c in self.claims(bench, 5)] == [high.seq]
        assert [c.trigger for c in self.claims(bench, 1)] == [low.seq]

    def test_is_told_apart_from_what_is_pending(self, bench):
        bench.seat("a")
        low, high = bench.post(note(), note())
        bench.wake("a", low, rating=1)
        bench.wake("a", high, rating=5)

        states = bench.store.summary(bench.id, 5).states

        assert (states["pending"], states["below"]) == ({"a": 1}, {"a": 1})
        assert "below" not in bench.summary.states

    def test_is_dropped_when_what_woke_it_has_changed(self, bench):
        bench.seat("a")
        row = bench.note()
        bench.wake("a", row, rating=1)
        bench.amend(row)
        bench.wake("a", bench.note(), rating=9)

        self.claims(bench, 5)

        assert bench.states() == ["moot", "running"]
