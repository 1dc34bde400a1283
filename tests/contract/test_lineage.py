"""What the runner asks to see whether work goes in circles, and how much of it has failed of late."""

import pytest

from tests.builders import Bench, amended, landed, note


def step(bench: Bench, agent: str, row, **options):
    """The agent acts on this, and writes one entry."""
    bench.seat(agent)
    bench.wake(agent, row)
    made = landed(bench.commit(bench.claim(agent), note(f"by {agent}", **options)))
    return bench.store.by_seq(bench.id, made.seqs)[0]


class TestALine:
    @pytest.fixture
    def chain(self, bench):
        """A post of a person, and what three agents made of it one after the other."""
        rows = [bench.note("begin")]
        for agent in ("a", "b", "c"):
            rows.append(step(bench, agent, rows[-1]))
        return rows

    def test_leads_from_an_entry_to_what_woke_its_author_and_so_on(self, bench, chain):
        line = bench.store.lineage(bench.id, chain[-1].seq, 0, 200)

        assert [(a.key, a.author) for a in line] == [
            (row.key, author) for row, author in zip(chain[::-1], ("c", "b", "a", "person"), strict=True)
        ]
        assert [a.sha256 for a in line] == [row.sha256 for row in chain[::-1]]

    def test_passes_by_what_stands_beside_it(self, bench, chain):
        bench.note("nobody has acted on this")
        aside = step(bench, "d", chain[1])

        assert [a.seq for a in bench.store.lineage(bench.id, aside.seq, 0, 200)] == [
            aside.seq, chain[1].seq, chain[0].seq,
        ]  # fmt: skip

    def test_takes_no_more_steps_than_are_asked_for(self, bench, chain):
        assert len(bench.store.lineage(bench.id, chain[-1].seq, 0, 2)) == 3

    def test_goes_not_beyond_what_came_after_a_seq(self, bench, chain):
        line = bench.store.lineage(bench.id, chain[-1].seq, chain[1].seq, 200)

        assert [a.seq for a in line] == [chain[3].seq, chain[2].seq]

    def test_goes_on_from_version_to_version_of_one_entry(self, bench):
        first = bench.note("x")
        bench.seat("a")
        bench.wake("a", first)
        second = landed(bench.commit(bench.claim("a"), amended(first, "y")))

        line = bench.store.lineage(bench.id, second.seqs[0], 0, 200)
        assert [(a.key, a.version) for a in line] == [(first.key, 2), (first.key, 1)]

    def test_is_empty_for_what_is_not_there(self, bench):
        assert bench.store.lineage(bench.id, 99, 0, 200) == []


class TestWhatHasLanded:
    def test_is_counted_by_activation_whatever_each_has_written(self, bench):
        first, start = bench.note("first"), bench.head + 1
        bench.seat("a")
        bench.wake("a", *[first, *(bench.note("x") for _ in range(4))])
        for writes in ([], [note(), note()], [note()]):
            landed(bench.commit(bench.claim("a", slots=1), *writes))
        landed(bench.commit(bench.claim("a", slots=1), note(kind="failure"), failed="no luck"))
        bench.claim("a", slots=1)

        assert bench.store.landed_since(bench.id, start, 99) == 4
        assert bench.store.landed_since(bench.id, start, 2) == 2  # as many as are asked for: the rest need no count

    def test_leaves_out_posts_from_outside(self, bench):
        for _ in range(5):
            bench.note()

        assert bench.store.landed_since(bench.id, 1, 3) == 0
