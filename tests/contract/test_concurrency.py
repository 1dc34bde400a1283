"""Concurrency: threads of one process, and several openings of one database, do what one after the other would do."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blackboard.activation import Landed, Stale
from blackboard.ports import Store
from blackboard.records import NewBoard
from tests.builders import Bench, amended, note, query, said

ROOT = Path(__file__).parents[2]
WORKERS, TIMES = 4, 10


def at_once(jobs: list[Callable[[], object]]) -> list[object]:
    """All of them at the same time, each in a thread; whatever one raises comes out."""
    with ThreadPoolExecutor(len(jobs)) as threads:
        return [f.result(timeout=60) for f in [threads.submit(job) for job in jobs]]


def adding(bench: Bench, worker: str, times: int) -> int:
    """Read a number, add one, commit; done again as often as it is stale. How often that was."""
    redone = 0
    for n in range(times):
        agent = f"{worker} {n}"
        bench.seat(agent)
        bench.wake(agent, bench.note("trigger", kind="trigger"))
        while not (taken := bench.claims(agent, worker=worker).taken):  # somebody starves, who goes first
            pass
        (claim,) = taken
        while True:
            row = bench.store.by_key(bench.id, "note-1", claim.snapshot)
            count = json.loads(row.body)["text"]
            ruling = bench.commit(claim, amended(row, str(int(count) + 1)))
            if isinstance(ruling, Landed):
                break
            assert isinstance(ruling, Stale), ruling
            claim, redone = ruling.again, redone + 1
    return redone


class TestReadModifyWrite:
    def test_threads_lose_no_update(self, bench):
        bench.note("0")

        at_once([lambda n=n: adding(bench, f"w{n}", TIMES) for n in range(WORKERS)])

        assert json.loads(bench.now("note-1").body)["text"] == str(WORKERS * TIMES)
        assert bench.now("note-1").version == 1 + WORKERS * TIMES

    def test_several_openings_of_one_database_lose_no_update(self, opening, clock):
        first = Bench.on(opening(), clock)
        first.note("0")
        benches = [Bench(opening(), first.id, clock, iter(range(n * 1000, 9999))) for n in range(1, WORKERS + 1)]

        at_once([lambda b=b, n=n: adding(b, f"w{n}", TIMES) for n, b in enumerate(benches)])

        assert json.loads(first.now("note-1").body)["text"] == str(WORKERS * TIMES)
        seqs = [r.seq for r in first.store.feed(first.id, 0)]
        assert seqs == list(range(1, first.head + 1))

    @pytest.mark.slow
    def test_processes_lose_no_update(self, opening, clock):
        first = Bench.on(opening(), clock)
        first.note("0")
        script = "from tests.contract.test_concurrency import main; main()"
        command = [sys.executable, "-c", script, first.store.url, first.id]
        started = [
            subprocess.Popen([*command, f"p{n}", str(TIMES)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
            for n in range(2)
        ]

        errors = [process.communicate(timeout=60)[1] for process in started]

        assert [(p.returncode, e) for p, e in zip(started, errors, strict=True)] == [(0, "")] * 2
        assert json.loads(first.now("note-1").body)["text"] == str(2 * TIMES)


def main() -> None:
    """One of several processes that add to the same number."""
    from blackboard.board import open_store
    from blackboard.seam import REAL

    url, board, worker, times = sys.argv[1:]
    operations = iter(f"{worker} {n}" for n in range(10_000))
    adding(Bench(open_store(url, create=False), board, REAL, operations), worker, int(times))  # type: ignore[arg-type]


class TestClaims:
    def waiting(self, store: Store, clock, n: int, cap: int | None) -> Bench:
        bench = Bench.on(store, clock, cap=cap)
        rows = bench.post(*(note() for _ in range(n)))
        bench.seat("a")
        bench.wake("a", *rows)
        return bench

    def claiming(self, bench: Bench, worker: str) -> list[int]:
        """Claim one after the other until there is no more."""
        mine = []
        while taken := bench.claims("a", worker=worker, slots=1).taken:
            mine.append(taken[0].id)
        return mine

    def test_eight_threads_at_a_cap_of_twenty_get_exactly_twenty(self, store, clock):
        bench = self.waiting(store, clock, 40, 20)

        taken = at_once([lambda n=n: self.claiming(bench, f"w{n}") for n in range(8)])

        ids = [i for mine in taken for i in mine]
        assert (len(ids), len(set(ids)), bench.budget()) == (20, 20, (0, 20))

    def test_several_openings_at_a_cap_of_twenty_get_exactly_twenty(self, opening, clock):
        first = self.waiting(opening(), clock, 40, 20)
        benches = [Bench(opening(), first.id, clock) for _ in range(4)]

        taken = at_once([lambda b=b, n=n: self.claiming(b, f"w{n}") for n, b in enumerate(benches)])

        ids = [i for mine in taken for i in mine]
        assert (len(ids), len(set(ids)), first.budget()) == (20, 20, (0, 20))

    def test_of_many_that_take_over_the_same_work_one_gets_it(self, store, clock):
        bench = self.waiting(store, clock, 1, None)
        bench.claim("a", worker="slow")
        clock.pass_by(31)

        taken = at_once([lambda n=n: bench.claims("a", worker=f"w{n}").taken for n in range(8)])

        assert sorted(map(len, taken)) == [0] * 7 + [1]


class TestPosts:
    def test_the_same_operation_from_many_threads_lands_once(self, bench):
        landed = at_once([lambda: bench.store.post(bench.id, "o", said(note())) for _ in range(8)])

        assert len(set(landed)) == 1
        assert bench.head == 1

    def test_keys_and_seqs_of_several_openings_are_all_different(self, opening, clock):
        first = Bench.on(opening(), clock)
        benches = [Bench(opening(), first.id, clock, iter(range(n * 1000, 9999))) for n in range(1, 5)]

        at_once([lambda b=b: [b.note() for _ in range(TIMES)] for b in benches])

        feed = first.store.feed(first.id, 0)
        assert [r.seq for r in feed] == list(range(1, 4 * TIMES + 1))
        assert {r.key for r in feed} == {f"note-{n}" for n in range(1, 4 * TIMES + 1)}

    def test_boards_made_by_several_openings_have_names_of_their_own(self, opening):
        stores = [opening() for _ in range(4)]

        made = at_once([lambda s=s: [s.create(NewBoard("trip"), [], said()) for _ in range(5)] for s in stores])

        assert {b for mine in made for b in mine} == {f"trip-{n}" for n in range(1, 21)}


class TestReaders:
    def test_a_reader_sees_whole_commits_only(self, bench):
        """Every commit amends both entries, so that both always have the same text at one seq."""
        bench.post(note("0"), note("0"))
        torn = []

        def write() -> None:
            for n in range(1, 30):
                bench.post(*(amended(bench.now(k), str(n)) for k in ("note-1", "note-2")))

        def read() -> None:
            for _ in range(60):
                texts = {r.body for r in bench.store.find(bench.id, query())}
                torn.extend([texts] if len(texts) > 1 else [])

        at_once([write, read, read])

        assert torn == []

    def test_the_summary_is_of_one_moment(self, store, clock):
        """Every activation is done before the next one is made, so never more than one is open."""
        bench = Bench.on(store, clock)
        bench.seat("a")
        seen = []

        def work() -> None:
            for _ in range(20):
                bench.wake("a", bench.note())
                bench.commit(bench.claim("a"))

        def look() -> None:
            for _ in range(60):
                summary = bench.summary
                seen.append((sum(sum(n.values()) for n in summary.states.values()), summary.budgets[0].reserved))

        at_once([work, look])

        assert set(seen) <= {(0, 0), (1, 0), (1, 1)}
