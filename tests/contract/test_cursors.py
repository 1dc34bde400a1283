"""Cursors: each agent has noticed the feed up to its own place, which moves together with what it can act on."""

from blackboard.activation import Agenda, Proposal
from blackboard.records import Notice, Seat
from tests.builders import contribution, landed, note

SERVED = {"served": ("a", "b")}


def proposals(*agents: str, at: int = 0, rating: int = 0):
    return tuple(Proposal(a, at, rating) for a in agents)


class TestASeat:
    def test_a_late_agent_begins_at_the_beginning_and_is_unnoticed_until_it_has_looked(self, bench):
        rows = [bench.note(), bench.note()]
        bench.store.seat(bench.id, [Seat("late", "note")])
        assert (bench.cursor("late"), bench.summary.unnoticed) == (0, ("late",))

        bench.wake("late", *rows)

        assert [c.trigger for c in bench.claims("late").taken] == [r.seq for r in rows]
        assert (bench.cursor("late"), bench.summary.unnoticed) == (bench.head, ())

    def test_an_agent_that_sits_down_again_keeps_its_place_and_shows_its_new_code(self, bench):
        bench.note()
        bench.seat("a")

        bench.store.seat(bench.id, [Seat("a", "task", "v2", 0)])

        assert bench.store.seats(bench.id) == [Seat("a", "task", "v2", 1)]

    def test_agents_have_places_of_their_own(self, bench):
        bench.store.seat(bench.id, [Seat("a", "note"), Seat("b", "note")])
        row = bench.note()

        bench.wake("a", row)

        assert (bench.cursor("a"), bench.cursor("b")) == (1, 0)
        assert bench.summary.unnoticed == ("b",)


class TestANotice:
    def test_the_cursor_and_the_activations_move_together(self, bench):
        bench.seat("a")
        row = bench.note()

        assert bench.store.notice(bench.id, [Notice("a", 0, 1, proposals("a", at=row.seq, rating=3))])

        (record,) = bench.store.activations(bench.id, "a")
        assert (record.state, record.trigger, record.rating, bench.cursor("a")) == ("pending", row.seq, 3, 1)

    def test_a_cursor_that_is_elsewhere_moves_nothing_and_makes_nothing(self, bench):
        bench.seat("a", "b")
        row = bench.note()
        bench.wake("a", row)
        both = [Notice(x, 0, 1, proposals(x, at=row.seq)) for x in "ab"]

        assert bench.store.notice(bench.id, both) is False

        assert bench.states("a") == bench.states("b") == ["pending"]
        assert (bench.cursor("a"), bench.cursor("b")) == (1, 1)

    def test_a_cursor_never_goes_back(self, bench):
        bench.note()
        bench.seat("a")

        assert bench.store.notice(bench.id, [Notice("a", 0, 1)]) is False
        assert bench.cursor("a") == 1

    def test_it_may_go_a_part_of_the_way(self, bench):
        bench.seat("a")
        rows = bench.post(note(), note())

        bench.store.notice(bench.id, [Notice("a", 0, 1, proposals("a", at=rows[0].seq))])

        assert (bench.cursor("a"), bench.summary.unnoticed) == (1, ("a",))

    def test_nothing_to_act_on_moves_the_cursor_all_the_same(self, bench):
        bench.seat("a")
        bench.note()

        bench.wake("a")

        assert (bench.cursor("a"), bench.states()) == (1, [])

    def test_the_same_trigger_twice_is_one_activation(self, bench):
        row = bench.note()
        bench.seat("a", "b")

        bench.wake("a", row, row)
        landed(bench.commit(bench.claim("a")))
        bench.wake("a", row)
        bench.wake("b", row)

        assert (bench.states("a"), bench.states("b")) == (["done"], ["pending"])

    def test_a_new_version_is_a_new_trigger(self, bench):
        row = bench.note()
        bench.seat("a")
        bench.wake("a", row)
        landed(bench.commit(bench.claim("a")))

        bench.wake("a", bench.amend(row))

        assert bench.states("a") == ["done", "pending"]

    def test_an_agent_whose_own_pattern_failed_has_a_failed_activation_that_says_why(self, bench):
        row = bench.note()
        bench.seat("a")

        bench.store.notice(bench.id, [Notice("a", 1, 1, (Proposal("a", row.seq, broken="where= failed: 'txt'"),))])

        (record,) = bench.store.activations(bench.id, "a")
        assert (record.state, record.cause) == ("failed", "where= failed: 'txt'")
        assert bench.claims("a").taken == ()
        assert bench.summary.failures == ("a failed: where= failed: 'txt'",)


class TestWhatACommitSetsOff:
    def test_the_activations_are_made_and_the_cursors_move_with_the_entries(self, bench):
        bench.seat("a", "b")
        claim = bench.start("writer")
        bench.wake("a")
        bench.wake("b")

        ruling = landed(bench.commit(claim, note(), note(), proposals=proposals("a", at=1, rating=4), **SERVED))

        (record,) = bench.store.activations(bench.id, "a")
        assert (record.trigger, record.rating, ruling.lagging) == (ruling.seqs[1], 4, False)
        assert bench.cursor("a") == bench.cursor("b") == bench.head

    def test_an_agent_that_has_not_noticed_everything_gets_nothing_yet(self, bench):
        bench.seat("a", "b")
        claim = bench.start("writer")
        bench.wake("a")  # b lags behind

        ruling = landed(bench.commit(claim, note(), proposals=proposals("a", "b"), **SERVED))

        assert ruling.lagging is True
        assert (bench.states("a"), bench.states("b")) == (["pending"], [])
        assert (bench.cursor("a"), bench.cursor("b")) == (bench.head, 0)
        assert bench.summary.unnoticed == ("b", "writer")

    def test_an_agent_that_is_not_served_keeps_its_place(self, bench):
        bench.seat("a", "b")
        claim = bench.start("writer")
        bench.wake("a")
        bench.wake("b")
        before = bench.cursor("b")

        ruling = landed(bench.commit(claim, note(), proposals=proposals("a"), served=("a",)))

        assert (ruling.lagging, bench.cursor("b"), bench.head) == (False, before, before + 1)

    def test_an_agent_that_has_no_seat_is_lagging_and_gets_nothing(self, bench):
        claim = bench.start("writer")

        ruling = landed(bench.commit(claim, note(), proposals=proposals("ghost"), served=("ghost",)))

        assert (ruling.lagging, bench.states("ghost")) == (True, [])

    def test_what_is_stale_moves_no_cursor_and_makes_nothing(self, bench):
        bench.seat("a")
        trigger = bench.note()
        claim = bench.start("writer", on=trigger)
        bench.amend(trigger)
        bench.wake("a")
        before = bench.cursor("a")

        bench.commit(claim, note(), proposals=proposals("a"), served=("a",))

        assert (bench.states("a"), bench.cursor("a")) == ([], before)

    def test_a_repeated_commit_sets_off_nothing_twice(self, bench):
        bench.seat("a")
        claim = bench.start("writer")
        bench.wake("a")
        made = {"proposals": proposals("a"), "served": ("a",)}
        bench.commit(claim, note(), **made)
        bench.note()

        bench.commit(claim, note(), **made)

        assert (len(bench.states("a")), bench.cursor("a")) == (1, bench.head - 1)

    def test_what_it_sets_off_can_be_claimed_at_once(self, bench):
        bench.seat("a")
        claim = bench.start("writer")
        bench.wake("a")
        made = contribution(claim, note(), proposals=proposals("a"), served=("a",))

        (ruling,), claims = bench.store.commit(bench.id, [made], Agenda("w1", {"a": 1}, 1))

        assert [c.trigger for c in claims.taken] == list(landed(ruling).seqs)

    def test_two_in_one_batch_each_set_off_their_own(self, bench):
        bench.seat("a")
        one, two = bench.start("writer"), bench.start("other")
        bench.wake("a")
        made = {"proposals": proposals("a"), "served": ("a",)}

        rulings, _ = bench.store.commit(bench.id, [contribution(c, note(), **made) for c in (one, two)])

        triggers = [a.trigger for a in bench.store.activations(bench.id, "a")]
        assert triggers == [landed(r).seqs[0] for r in rulings]
        assert bench.cursor("a") == bench.head
