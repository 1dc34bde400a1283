"""The budget that an agent has of its own at a board, kept along with the board's: both are reserved, or none."""

from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blackboard.activation import ReadSet
from blackboard.records import NewBoard, Seat
from tests.builders import Bench, again, landed, note, said
from tests.conftest import Refusal


def seated(bench: Bench, agent: str, cap: int | None) -> None:
    """The agent has noticed all that is there, and may act so often."""
    bench.store.seat(bench.id, [Seat(agent, "note", cursor=bench.head, cap=cap)])


def waiting(bench: Bench, n: int, agent: str = "a", *, cap: int | None = None, rating: int = 0) -> None:
    """So many entries on which the agent can act, as often as its cap allows."""
    rows = [bench.note(kind="trigger") for _ in range(n)]
    seated(bench, agent, cap)
    bench.wake(agent, *rows, rating=rating)


def own(bench: Bench, agent: str = "a") -> tuple[int | None, int, int]:
    """Cap, settled and reserved of an agent."""
    spent = bench.summary.of_agents[agent]
    return spent.cap, spent.settled, spent.reserved


class TestACapOfAnAgent:
    def test_allows_exactly_so_many_claims(self, bench):
        waiting(bench, 5, cap=3)

        claims = bench.claims()

        assert (len(claims.taken), claims.refused) == (3, None)
        assert (own(bench), bench.budget()) == ((3, 0, 3), (0, 3))
        assert bench.claims().taken == ()

    def test_that_is_used_up_keeps_no_other_from_being_claimed(self, bench):
        waiting(bench, 5, "a", cap=1, rating=9)
        waiting(bench, 2, "b")

        claims = bench.claims()

        assert sorted(c.agent for c in claims.taken) == ["a", "b", "b"]
        assert claims.refused is None

    def test_lets_work_go_on_that_has_its_share(self, bench):
        waiting(bench, 2, cap=1)
        claim = bench.claim()
        bench.store.retry(claim, "no luck")

        assert [c.id for c in bench.claims().taken] == [claim.id]

    def test_takes_nothing_of_its_own_where_the_board_allows_no_more(self, store, clock):
        bench = Bench.on(store, clock, cap=2)
        waiting(bench, 5, cap=3)

        claims = bench.claims()

        assert (len(claims.taken), claims.refused) == (2, "activations")
        assert (own(bench), bench.budget()) == ((3, 0, 2), (0, 2))

    def test_takes_nothing_of_the_boards_where_it_allows_no_more_itself(self, store, clock):
        bench = Bench.on(store, clock, cap=9)
        waiting(bench, 5, cap=3)
        bench.claims()

        bench.claims()

        assert (own(bench), bench.budget()) == ((3, 0, 3), (0, 3))

    def test_is_of_one_board_and_of_one_agent(self, store, clock):
        one, other = (Bench.on(store, clock) for _ in range(2))
        for bench in (one, other):
            waiting(bench, 2, "a", cap=1)
            waiting(bench, 2, "ab", cap=2)

        assert [len(b.claims().taken) for b in (one, other)] == [3, 3]

    def test_is_none_for_an_agent_that_has_none(self, bench):
        waiting(bench, 5)

        assert (len(bench.claims().taken), bench.summary.of_agents) == (5, {})

    def test_is_there_from_the_beginning_of_a_board(self, store, clock):
        board = store.create(NewBoard("test", caps=(("activations", 9),)), [Seat("a", "note", cap=4)], said())

        assert store.summary(board).of_agents["a"].cap == 4

    def test_is_a_row_of_the_view_that_people_ask(self, bench):
        waiting(bench, 2, cap=3)
        bench.claim(slots=1)

        rows = bench.store.sql("SELECT cap, reserved, remaining FROM spend WHERE scope LIKE 'agent:%'", {})

        assert rows == [{"cap": 3, "reserved": 1, "remaining": 2}]

    def test_the_database_itself_holds_it(self, bench, raw):
        waiting(bench, 5, cap=3)

        with pytest.raises(Refusal):
            raw("UPDATE budget SET reserved = 4 WHERE scope LIKE 'agent:%'")

    def test_holds_whoever_claims_at_once(self, bench, opening):
        stores = [opening() for _ in range(4)]
        board = Bench.on(stores[0], bench.clock)
        waiting(board, 40, cap=7)
        waiting(board, 5, "b")
        taken = []

        def work(worker: int) -> None:
            mine = Bench(stores[worker], board.id, bench.clock)
            while claims := mine.claims(worker=f"w{worker}", slots=2).taken:
                for claim in claims:
                    mine.commit(claim, note())
                    taken.append(claim.agent)

        threads = [Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert (taken.count("a"), taken.count("b"), own(board)) == (7, 5, (7, 7, 0))


class TestAnotherCap:
    def test_comes_with_a_seat_that_is_taken_again(self, bench):
        waiting(bench, 5, cap=2)
        bench.claims()

        seated(bench, "a", 3)

        assert len(bench.claims().taken) == 1
        assert own(bench) == (3, 0, 3)

    def test_that_is_lower_than_what_is_used_allows_nothing_more(self, bench):
        waiting(bench, 5, cap=3)
        landed(bench.commit(bench.claim(slots=1)))
        bench.claim(slots=1)

        seated(bench, "a", 1)

        assert (bench.claims().taken, own(bench)) == ((), (2, 1, 1))

    def test_can_be_none(self, bench):
        waiting(bench, 5, cap=1)

        seated(bench, "a", None)

        assert (len(bench.claims().taken), own(bench)) == (5, (None, 0, 5))

    def test_that_comes_late_counts_what_the_agent_has_done_and_does(self, bench):
        waiting(bench, 5)
        landed(bench.commit(bench.claim(slots=1)))
        running = bench.claim(slots=1)

        seated(bench, "a", 3)

        assert own(bench) == (3, 1, 1)
        landed(bench.commit(running))
        assert (len(bench.claims().taken), own(bench)) == (1, (3, 2, 1))


class TestWhatAnAgentHasReserved:
    def test_is_given_back_by_a_release(self, bench):
        waiting(bench, 3, cap=3)
        bench.claims()

        bench.store.release(bench.id, "w1")

        assert (own(bench), bench.budget()) == ((3, 0, 0), (0, 0))

    def test_is_given_back_when_the_board_ends_and_can_go_on(self, bench):
        waiting(bench, 3, cap=3)
        landed(bench.commit(bench.claim(slots=1)))
        bench.store.retry(bench.claim(slots=1), "no luck")
        bench.claims(slots=1)

        bench.store.conclude(bench.id, "{}", bench.head, False)

        assert (own(bench), bench.budget()) == ((3, 1, 0), (1, 0))
        bench.store.reopen(bench.id, (("activations", None),))
        assert len(bench.claims().taken) == 2

    def test_is_spent_when_the_board_is_over(self, bench):
        waiting(bench, 3, cap=3)
        bench.claims(slots=2)

        bench.store.conclude(bench.id, "{}", bench.head, True)

        assert (own(bench), bench.budget()) == ((3, 2, 0), (2, 0))

    def test_is_spent_when_the_agent_leaves_the_team(self, bench, raw):
        waiting(bench, 2, cap=3)
        bench.store.retry(bench.claim(slots=1), "no luck")

        bench.store.retire(bench.id, [])

        assert raw("SELECT settled, reserved FROM budget WHERE scope LIKE 'agent:%'") == [(1, 0)]
        assert bench.budget() == (1, 0)

    def test_is_kept_by_stale_work_and_spent_by_what_became_moot(self, bench):
        trigger, read = bench.note(kind="trigger"), bench.note()
        seated(bench, "a", 3)
        bench.wake("a", trigger)
        claim = bench.claim()
        bench.amend(read)
        redo = again(bench.commit(claim, reads=ReadSet(strict=(read.seq,))))
        assert own(bench) == (3, 0, 1)

        bench.amend(trigger)
        bench.commit(redo)

        assert own(bench) == (3, 1, 0)

    def test_is_kept_by_a_takeover(self, bench, clock):
        waiting(bench, 3, cap=2)
        bench.claims()
        clock.pass_by(31)

        assert len(bench.claims(worker="w2").taken) == 2
        assert own(bench) == (2, 0, 2)


MOVES = st.lists(
    st.sampled_from(["land", "fail", "retry", "release", "take over", "recap", "end", "retire"]),
    min_size=1,
    max_size=14,
)


class TestTheBooks:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
    @given(moves=MOVES, cap=st.sampled_from([1, 3]), whole=st.sampled_from([None, 2]))
    def test_of_the_agents_and_of_the_board_agree_whatever_happens(self, store, clock, moves, cap, whole):
        bench = Bench.on(store, clock, cap=whole)
        for agent in ("a", "b"):
            waiting(bench, 3, agent, cap=cap)
        worker = 0

        for move in moves:
            claims = bench.claims("a", "b", worker=f"w{worker}", slots=2).taken
            if move == "release":
                store.release(bench.id, f"w{worker}")
            elif move == "take over":
                clock.pass_by(31)
                worker += 1
            elif move == "recap":
                seated(bench, "a", cap + 1)
            elif move == "retire":
                store.retire(bench.id, ["a"])
                seated(bench, "b", cap)
            elif move == "end":
                store.conclude(bench.id, "{}", bench.head, False)
                store.reopen(bench.id, (("activations", whole),))
            else:
                for claim in claims:
                    if move == "retry":
                        store.retry(claim, "no luck")
                    else:
                        bench.commit(claim, note(), failed="it broke" if move == "fail" else None)
            self.check(bench)

    def check(self, bench):
        """Reserved: what was tried and has not ended. Settled: what has ended. Together they are the board's."""
        tried = [a for a in bench.store.activations(bench.id) if a.agent != "outside" and a.attempt]
        for agent in ("a", "b"):
            mine = [a for a in tried if a.agent == agent]
            held = sum(a.state in {"pending", "running"} for a in mine)
            assert own(bench, agent)[1:] == (len(mine) - held, held)
        sums = [sum(own(bench, agent)[n] for agent in ("a", "b")) for n in (1, 2)]
        assert tuple(sums) == bench.budget()
