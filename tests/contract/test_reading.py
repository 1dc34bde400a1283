"""Reading: the board as it is, and as it was at any seq."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blackboard.activation import ReadSet
from blackboard.errors import BlackboardError
from tests.builders import Bench, amended, note, query

OSLO, ROME = (("city", '"Oslo"'),), (("city", '"Rome"'),)


class TestTheBoardAsItWas:
    def test_an_entry_is_read_as_it_was(self, bench):
        first = bench.note("one")
        second = bench.amend(first, "two")

        assert bench.store.by_key(bench.id, first.key, first.seq).body == '{"text": "one"}'
        assert bench.store.by_key(bench.id, first.key, second.seq).body == '{"text": "two"}'
        assert bench.store.by_key(bench.id, first.key).body == '{"text": "two"}'

    def test_an_entry_that_had_not_come_yet_was_not_there(self, bench):
        bench.note()
        late = bench.note()

        assert bench.store.by_key(bench.id, late.key, late.seq - 1) is None
        assert bench.store.by_key(bench.id, "note-9") is None

    def test_a_find_gives_what_it_would_have_given(self, bench):
        first, second = bench.post(note(), note())
        then = bench.head
        bench.amend(first, status="done")
        bench.amend(second, status="retracted")
        bench.note()

        assert bench.found(query(status=("open",)), then) == ["note-1", "note-2"]
        assert bench.found(query(status=("done",)), then) == []
        assert bench.found(query()) == ["note-1", "note-3"]

    def test_a_count_gives_what_it_would_have_given(self, bench):
        first = bench.note()
        then = bench.head
        bench.amend(first, status="done")
        bench.note()

        assert bench.store.count(bench.id, query(status=("open",)), then) == 1
        assert bench.store.count(bench.id, query(), then) == 1
        assert bench.store.count(bench.id, query()) == 2

    def test_links_and_fields_are_those_of_then(self, bench):
        row = bench.note(about=("task-1",), fields=OSLO)
        then = bench.head
        bench.amend(row, about=("task-2",), fields=ROME)

        assert bench.found(query(about="task-1"), then) == bench.found(query(fields=OSLO), then) == [row.key]
        assert bench.found(query(about="task-1")) == bench.found(query(fields=OSLO)) == []
        assert bench.found(query(about="task-2", fields=ROME)) == [row.key]

    def test_all_that_is_there_is_given_in_the_order_of_birth_retracted_entries_too(self, bench):
        first, second = bench.post(note(), note(kind="task"))
        then = bench.head
        bench.amend(first, status="retracted")
        bench.note()

        assert [r.seq for r in bench.store.current(bench.id, then)] == [first.seq, second.seq]
        assert [r.key for r in bench.store.current(bench.id)] == ["note-1", "task-1", "note-2"]

    def test_before_the_first_entry_there_was_nothing(self, bench):
        bench.note()

        assert bench.store.current(bench.id, 0) == bench.store.find(bench.id, query(), 0) == []
        assert bench.store.count(bench.id, query(), 0) == 0


class TestAFind:
    def test_it_gives_the_oldest_entry_first_whatever_has_changed_since(self, bench):
        rows = bench.post(note(), note(), note())
        bench.amend(rows[0])

        assert bench.found(query()) == ["note-1", "note-2", "note-3"]

    @pytest.mark.parametrize("limit", [0, 1, 2, 5])
    def test_a_limit_keeps_the_oldest(self, bench, limit):
        bench.post(note(), note(), note())
        then = bench.head
        bench.amend(bench.now("note-1"))

        assert bench.found(query(limit=limit)) == ["note-1", "note-2", "note-3"][:limit]
        assert bench.found(query(limit=limit), then) == ["note-1", "note-2", "note-3"][:limit]

    def test_without_a_status_it_gives_nothing(self, bench):
        bench.note()

        assert bench.found(query(status=())) == []

    @pytest.mark.parametrize("word", ["it's", 'say "yes"', "back\\slash", "naïve 🎈", "a,b", "%_", "x]"])
    def test_any_word_can_be_asked_for(self, bench, word):
        bench.note(status=word, about=(word,), fields=((word, word),))
        bench.note()

        assert bench.found(query(status=(word,))) == ["note-1"]
        assert bench.found(query(status=(word, "open"), about=word, fields=((word, word),))) == ["note-1"]


class TestBySeq:
    def test_versions_come_in_the_order_of_the_feed_each_once(self, bench):
        bench.post(note(), note(), note())

        assert [r.seq for r in bench.store.by_seq(bench.id, [3, 1, 3])] == [1, 3]
        assert bench.store.by_seq(bench.id, [9]) == bench.store.by_seq(bench.id, []) == []


class TestPlainSql:
    def test_it_reads_with_names(self, bench):
        bench.note("hello")

        asked = "SELECT key, status FROM board_now WHERE board_id = :board"
        assert bench.store.sql(asked, {"board": bench.id}) == [{"key": "note-1", "status": "open"}]

    def test_the_documented_views_are_there(self, bench):
        row = bench.note()
        bench.commit(bench.start(on=row), note(kind="report"), reads=ReadSet(strict=(row.seq,)))

        assert bench.store.sql("SELECT agent, state FROM agenda WHERE agent = 'a'", {}) == [
            {"agent": "a", "state": "done"}
        ]
        assert bench.store.sql("SELECT unit, settled, reserved FROM spend", {}) == [
            {"unit": "activations", "settled": 1, "reserved": 0}
        ]
        assert bench.store.sql("SELECT key, from_key FROM provenance", {}) == [
            {"key": "report-1", "from_key": "note-1"}
        ]

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE board SET head = 99",
            "DELETE FROM link",
            "INSERT INTO schema_version VALUES (99, 0)",
            "DROP TABLE link",
        ],
    )
    def test_what_would_write_is_refused(self, bench, statement):
        bench.note(about=("note-1",))

        with pytest.raises(BlackboardError):
            bench.store.sql(statement, {})

        assert (bench.head, bench.found(query(about="note-1"))) == (1, ["note-1"])

    def test_what_is_no_sql_is_an_error_of_the_framework(self, bench):
        with pytest.raises(BlackboardError):
            bench.store.sql("SELEC 1", {})

    def test_a_transaction_left_open_by_it_does_not_hide_what_comes(self, bench):
        with suppress(BlackboardError):  # to refuse it is better still
            bench.store.sql("BEGIN", {})
        bench.store.sql("SELECT * FROM board", {})

        bench.note()

        assert bench.head == 1


# -- the law behind all of these -------------------------------------------------------------------------------------
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["note", "task"]),
        st.sampled_from(["open", "done", "retracted"]),
        st.sampled_from([(), ("note-1",), ("note-2", "task-1")]),
        st.sampled_from([(), OSLO, ROME]),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=12,
)
QUERIES = st.builds(
    query,
    st.sampled_from(["note", "task"]),
    st.sets(st.sampled_from(["open", "done", "retracted"])).map(sorted),
    about=st.sampled_from([None, "note-1", "task-1"]),
    fields=st.sampled_from([(), OSLO, ROME]),
    limit=st.sampled_from([None, 1, 2]),
)


class TestAnySeq:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
    @given(changes=CHANGES, asked=QUERIES)
    def test_the_board_as_of_a_seq_is_the_feed_replayed_up_to_it(self, store, clock, changes, asked):
        bench, fields_of = Bench.on(store, clock), {}
        for kind, status, about, fields, which in changes:
            there = [r for r in store.current(bench.id) if r.kind == kind]
            base = there[which] if which < len(there) else None
            made = {"status": status, "about": about, "fields": fields}
            (row,) = bench.post(amended(base, **made) if base else note(kind=kind, **made))
            fields_of[row.seq] = fields

        for seq in range(bench.head + 1):
            state = replayed(store.feed(bench.id, 0)[:seq])
            wanted = [r.seq for r in state if matches(r, asked, fields_of[r.seq])][: asked.limit]
            assert [r.seq for r in store.current(bench.id, seq)] == [r.seq for r in state]
            assert [r.seq for r in store.find(bench.id, asked, seq)] == wanted
            if asked.limit is None:
                assert store.count(bench.id, asked, seq) == len(wanted)
            for row in state:
                assert store.by_key(bench.id, row.key, seq).seq == row.seq


def replayed(feed):
    """The newest version of each entry, in the order of birth."""
    return sorted({row.key: row for row in feed}.values(), key=lambda row: row.born)


def matches(row, asked, fields):
    """Whether a version answers a query."""
    about = asked.about is None or asked.about in row.about
    return row.kind == asked.kind and row.status in asked.status and about and set(asked.fields) <= set(fields)
