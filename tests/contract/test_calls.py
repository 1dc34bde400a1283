"""The journal of calls: what is begun once, ended once, found again, and written off when nobody can tell of it."""

from dataclasses import replace
from threading import Thread

import pytest

from blackboard.activation import Claim, ReadSet
from blackboard.calls import Amounts, Begun, CallRecord, Ended, Lost, Short, Usage
from blackboard.records import Seat
from tests.builders import Bench, call, landed, note
from tests.conftest import Refusal


@pytest.fixture
def bench(store, clock):
    return Bench.on(store, clock, nano_usd=1000, tokens=None, calls=None)


def state(bench: Bench, id_: int) -> str:
    return bench.store.call(bench.id, id_).state


def retaken(bench: Bench, claim: Claim) -> Claim:
    """Another worker takes it over, since the first was silent for too long."""
    bench.clock.pass_by(60)
    return bench.claim(claim.agent, worker="w2")


class TestACall:
    def test_is_written_down_before_it_is_made(self, bench):
        claim = bench.start()

        id_ = bench.call(claim, "hash", 2, request='{"a": 1}', model="fast", endpoint="there")

        made = bench.store.call(bench.id, id_)
        assert (made.activation, made.agent, made.token, made.asked, made.nth) == (claim.id, "a", 1, "hash", 2)
        assert (made.endpoint, made.model, made.request) == ("there", "fast", '{"a": 1}')
        assert (made.state, made.bound, made.spent, made.response) == ("inflight", Amounts(100, 10), None, None)
        assert (made.begun_at, made.ended_at) == (bench.clock.now(), None)

    def test_is_counted_by_board(self, store, clock):
        benches = [Bench.on(store, clock) for _ in range(2)]

        assert [[b.call(claim, str(n)) for n in range(2)] for b in benches for claim in [b.start()]] == [[1, 2], [1, 2]]

    def test_keeps_all_that_is_known_of_its_end(self, bench):
        id_ = bench.call(bench.start())
        bench.clock.pass_by(2)

        usage = Usage(1, 2, 3, 4, 5)
        assert bench.store.end_call(Ended(bench.id, id_, '{"text": "ü"}', usage, Amounts(40, 15), price='{"in": 1}'))

        made = bench.store.call(bench.id, id_)
        assert (made.state, made.response, made.usage, made.spent) == ("done", '{"text": "ü"}', usage, Amounts(40, 15))
        assert (made.price, made.fault, made.ended_at - made.begun_at) == ('{"in": 1}', None, 2)

    def test_that_failed_tells_its_fault(self, bench):
        id_ = bench.call(bench.start())

        bench.store.end_call(Ended(bench.id, id_, spent=Amounts(0, 0), fault="limited", cause="429: \ud800"))

        made = bench.store.call(bench.id, id_)
        assert (made.state, made.fault, made.cause, made.usage) == ("done", "limited", "429: \\ud800", None)

    def test_is_ended_once(self, bench):
        id_ = bench.call(bench.start())

        assert bench.answer(id_)
        assert not bench.answer(id_, usd=90, text='"other"')
        assert bench.take("nano_usd") == (40, 0)
        assert bench.store.call(bench.id, id_).response == "{}"

    def test_that_nobody_knows_is_not_ended(self, bench):
        assert not bench.answer(7)
        assert bench.store.call(bench.id, 7) is None

    def test_of_which_nothing_was_heard_is_booked_at_its_bound(self, bench):
        id_ = bench.call(bench.start())

        assert bench.store.end_call(Ended(bench.id, id_, fault="silent"))
        assert not bench.store.end_call(Ended(bench.id, id_, fault="silent"))

        assert (state(bench, id_), bench.store.call(bench.id, id_).spent) == ("unknown", Amounts(100, 10))
        assert bench.take("nano_usd") == (100, 0)

    def test_that_was_answered_without_a_count_is_done_at_its_bound(self, bench):
        id_ = bench.call(bench.start())

        bench.store.end_call(Ended(bench.id, id_, "{}"))

        assert (state(bench, id_), bench.take("nano_usd")) == ("done", (100, 0))

    def test_can_be_ended_when_the_board_has_ended_or_the_activation_has(self, bench):
        landing, other = bench.start(), bench.start("b")
        ids = [bench.call(landing), bench.call(other)]
        landed(bench.commit(landing))
        bench.store.conclude(bench.id, "{}", bench.head, final=False)

        assert [bench.answer(id_) for id_ in ids] == [True, True]
        assert [state(bench, id_) for id_ in ids] == ["late", "late"]

    def test_is_listed_without_its_texts(self, bench):
        first, second = bench.start(), bench.start("b")
        ids = [bench.call(first, request='"long"'), bench.call(second), bench.call(first, nth=2)]
        bench.answer(ids[0])

        listed = bench.store.calls(bench.id)

        assert [(c.id, c.request, c.response) for c in listed] == [(i, "", None) for i in ids]
        assert listed[0].spent == Amounts(40, 4)
        assert [c.id for c in bench.store.calls(bench.id, [first.id])] == [1, 3]
        assert bench.store.calls(bench.id, []) == []


class TestTheJournal:
    def test_gives_the_answer_that_it_has_with_its_text_and_free(self, bench):
        claim = bench.start()
        bench.answer(bench.call(claim), text='"said"')

        again = bench.store.begin_call(call(claim))

        assert isinstance(again, CallRecord)
        assert (again.id, again.response, again.request) == (1, '"said"', "{}")
        assert bench.take("nano_usd") == (40, 0)

    def test_gives_it_to_who_takes_the_activation_over(self, bench):
        claim = bench.start()
        bench.answer(bench.call(claim))

        assert isinstance(bench.store.begin_call(call(retaken(bench, claim))), CallRecord)

    def test_gives_it_where_it_came_late(self, bench):
        claim = bench.start()
        id_ = bench.call(claim)
        second = retaken(bench, claim)
        bench.answer(id_)

        assert bench.store.begin_call(call(second)).id == id_

    @pytest.mark.parametrize("other", [{"asked": "another"}, {"nth": 2}])
    def test_gives_nothing_for_what_was_not_asked(self, bench, other):
        claim = bench.start()
        bench.answer(bench.call(claim))

        assert isinstance(bench.store.begin_call(call(claim, **other)), Begun)

    def test_gives_nothing_to_another_activation(self, bench):
        bench.answer(bench.call(bench.start()))

        assert isinstance(bench.store.begin_call(call(bench.start("b"))), Begun)

    def test_gives_nothing_of_what_failed_is_in_flight_or_was_never_told_of(self, bench):
        claim = bench.start()
        bench.store.end_call(Ended(bench.id, bench.call(claim), spent=Amounts(0, 0), fault="failing"))
        bench.store.end_call(Ended(bench.id, bench.call(claim)))
        bench.call(claim)

        assert isinstance(bench.store.begin_call(call(claim)), Begun)

    def test_gives_what_was_rejected_so_that_a_takeover_comes_to_the_same_end(self, bench):
        claim = bench.start()
        id_ = bench.call(claim)
        bench.answer(id_)

        bench.store.reject_calls(bench.id, [id_], "of no use")

        assert bench.store.call(bench.id, id_).rejected == "of no use"
        assert isinstance(bench.store.begin_call(call(retaken(bench, claim))), CallRecord)

    @pytest.mark.parametrize("change", [
        "UPDATE call SET response = '\"forged\"'", "UPDATE call SET request = '1'", "UPDATE call SET spent_usd = 0",
        "UPDATE call SET bound_usd = 0", "UPDATE call SET state = 'inflight', ended_at = NULL", "DELETE FROM call",
        "INSERT OR REPLACE INTO call SELECT * FROM call", "UPDATE call SET day = '2000-01-01'",
    ])  # fmt: skip
    def test_never_changes_an_answer(self, bench, raw, change):
        bench.answer(bench.call(bench.start()))

        with pytest.raises(Refusal, match=r"never|once"):
            raw(change)

    def test_is_for_people_too(self, bench):
        id_ = bench.call(bench.start(), usd=500)
        bench.clock.pass_by(1.5)
        bench.answer(id_, usd=250)

        (row,) = bench.store.sql("SELECT usd, tokens, seconds, state FROM calls", {})

        assert row == {"usd": 2.5e-07, "tokens": 4, "seconds": 1.5, "state": "done"}


class TestAClaimThatWasLost:
    def begun(self, bench, claim):
        return bench.store.begin_call(call(claim))

    def test_begins_nothing_under_an_older_token(self, bench):
        claim = bench.start()
        retaken(bench, claim)

        lost = self.begun(bench, claim)

        assert lost == Lost(f"activation {claim.id} is running under token 2, not 1")
        assert bench.take("calls") == (0, 0)

    def test_begins_nothing_when_it_has_ended(self, bench):
        claim = bench.start()
        bench.commit(claim)

        assert isinstance(self.begun(bench, claim), Lost)

    def test_begins_nothing_at_a_board_that_has_ended(self, bench):
        claim = bench.start()
        bench.store.conclude(bench.id, "{}", bench.head, final=False)

        assert self.begun(bench, claim) == Lost("the board has ended")

    def test_gets_no_answer_of_the_journal_either(self, bench):
        claim = bench.start()
        bench.answer(bench.call(claim))
        retaken(bench, claim)

        assert isinstance(self.begun(bench, claim), Lost)


class TestACallOfWhichNobodyCanTell:
    """It is booked at its bound, as unknown, in the transaction in which its claim ends."""

    def check(self, bench, id_):
        assert state(bench, id_) == "unknown"
        assert (bench.take("nano_usd"), bench.take("tokens"), bench.take("calls")) == ((100, 0), (10, 0), (1, 0))
        made = bench.store.call(bench.id, id_)
        assert (made.ended_at, made.spent) == (bench.clock.now(), Amounts(100, 10))
        assert [f for f in bench.store.examine() if f.what == "budgets" and f.level != "ok"] == []

    @pytest.fixture
    def claim(self, bench):
        return bench.start()

    @pytest.fixture
    def id_(self, bench, claim):
        return bench.call(claim)

    def test_since_another_worker_has_taken_over(self, bench, claim, id_):
        retaken(bench, claim)
        self.check(bench, id_)

    def test_since_the_activation_is_tried_again(self, bench, claim, id_):
        bench.store.retry(claim, "no luck")
        self.check(bench, id_)

    def test_since_the_activation_has_landed(self, bench, claim, id_):
        bench.commit(claim, note())
        self.check(bench, id_)

    def test_since_the_activation_has_failed(self, bench, claim, id_):
        bench.commit(claim, failed="no luck")
        self.check(bench, id_)

    def test_since_the_activation_is_moot(self, bench, claim, id_):
        bench.amend(bench.now("trigger-1"))
        bench.commit(claim)
        assert bench.state(claim) == "moot"
        self.check(bench, id_)

    def test_since_the_worker_was_released(self, bench, claim, id_):
        bench.store.release(bench.id, "w1")
        self.check(bench, id_)

    @pytest.mark.parametrize("final", [True, False])
    def test_since_the_board_has_ended(self, bench, claim, id_, final):
        bench.store.conclude(bench.id, "{}", bench.head, final=final)
        self.check(bench, id_)

    def test_since_its_agent_was_dismissed(self, bench, claim, id_):
        bench.store.dismiss(bench.id, ["a"])
        self.check(bench, id_)

    def test_since_it_was_left_behind_by_an_agent_that_is_gone(self, bench, claim, id_):
        bench.store.retire(bench.id, [])
        bench.clock.pass_by(60)
        bench.store.seat(bench.id, [Seat("b", "note")])
        bench.claims("b", worker="w2")
        assert bench.state(claim) == "moot"
        self.check(bench, id_)

    def test_since_it_was_parked(self, bench, claim, id_):
        bench.store.park(claim, Short(f"board:{bench.id}", "nano_usd", 2000, 1000, 0), "no money")
        self.check(bench, id_)

    def test_stays_in_flight_while_stale_work_is_done_again(self, bench, claim, id_):
        row = bench.note()
        bench.amend(row)
        bench.commit(claim, reads=ReadSet(strict=(row.seq,)))

        assert (bench.state(claim), state(bench, id_)) == ("running", "inflight")
        assert bench.answer(id_)

    def test_is_corrected_when_it_is_told_of_after_all(self, bench, claim, id_):
        retaken(bench, claim)

        assert bench.answer(id_, usd=30, tokens=3)
        assert not bench.answer(id_)

        assert state(bench, id_) == "late"
        assert (bench.take("nano_usd"), bench.take("tokens"), bench.take("calls")) == ((30, 0), (3, 0), (1, 0))

    def test_is_corrected_upwards_too(self, bench, claim, id_):
        retaken(bench, claim)

        bench.answer(id_, usd=130)

        assert bench.take("nano_usd") == (130, 0)
        (row,) = bench.store.sql("SELECT overrun FROM spend WHERE unit = 'nano_usd'", {})
        assert row["overrun"] == 30

    def test_is_found_by_the_next_call_at_the_latest(self, bench, claim, id_, raw):
        raw("UPDATE activation SET token = 2 WHERE state = 'running'")

        bench.store.begin_call(call(replace(claim, token=2), "other", usd=0, tokens=0))

        assert state(bench, id_) == "unknown"

    def test_leaves_the_calls_of_others_alone(self, bench, claim, id_):
        other = bench.call(bench.start("b"))

        bench.store.retry(claim, "no luck")

        assert state(bench, other) == "inflight"

    def test_leaves_the_calls_of_the_newer_claim_alone(self, bench, claim, id_):
        second = retaken(bench, claim)
        ids = [bench.call(second, str(n)) for n in range(2)]

        assert [state(bench, i) for i in ids] == ["inflight"] * 2


class TestWhatAnAgentHasSeen:
    def read(self, bench, row, agent="a"):
        claim = bench.start(agent, on=bench.note())
        landed(bench.commit(claim, reads=ReadSet(loose=(row.seq,))))

    def seen(self, bench, row, as_of=1000):
        found = bench.store.last_seen(bench.id, "a", row.key, row.seq, as_of)
        return found and found.version

    def test_is_the_version_that_it_had_read_when_it_last_landed(self, bench):
        first = bench.note()
        self.read(bench, first)
        second = bench.amend(first, "2")
        self.read(bench, second)
        third = bench.amend(second, "3")

        assert self.seen(bench, bench.amend(third, "4")) == 2

    def test_does_not_change_while_an_activation_is_at_work(self, bench):
        first = bench.note()
        second = bench.amend(first, "2")
        snapshot = second.seq
        bench.note()
        self.read(bench, first)

        assert self.seen(bench, second, snapshot) is None
        assert self.seen(bench, second) == 1

    def test_is_nothing_where_it_has_read_none_or_another_has(self, bench):
        row = bench.note()
        self.read(bench, row, "b")

        assert self.seen(bench, bench.amend(row)) is None

    def test_is_nothing_of_what_it_was_shown_and_has_not_landed(self, bench):
        row = bench.note()
        claim = bench.start(on=row)
        bench.commit(claim, reads=ReadSet(strict=(row.seq,)), failed="no luck")

        assert self.seen(bench, bench.amend(row)) is None

    def test_is_older_than_what_it_is_shown_now(self, bench):
        row = bench.note()
        self.read(bench, row)

        assert self.seen(bench, row) is None


class TestCallsOfManyAtOnce:
    def test_are_never_more_than_the_budget_allows(self, opening, clock):
        bench = Bench.on(opening(), clock, calls=3)
        claims = [bench.start(f"a{n}") for n in range(8)]
        stores, got = [opening() for _ in range(4)], []

        def begin(n):
            got.extend(stores[n].begin_call(call(claims[2 * n + k])) for k in range(2))

        threads = [Thread(target=begin, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert sorted(type(g).__name__ for g in got) == ["Begun"] * 3 + ["Short"] * 5
        assert bench.take("calls") == (0, 3)
