"""Versions: an entry changes by a new version, and what was is never touched."""

import pytest

from blackboard.activation import ReadSet
from blackboard.entry import Confidentiality, Integrity, Label
from blackboard.errors import UsageError
from tests.builders import Bench, again, amended, landed, note, query
from tests.conftest import Refusal

COLUMNS = {
    "body": "'{}'", "status": "'done'", "key": "'note-9'", "version": 9, "kind": "'task'", "author": "'me'", "seq": 99,
    "about": "'[]'", "integrity": 2, "confidentiality": 0, "origins": "'[]'", "sha256": "''", "posted_at": 0.0,
    "born_seq": 9, "activation_id": 9, "board_id": "'other'",
}  # fmt: skip


class TestANewVersion:
    def test_it_has_the_next_number_the_same_key_and_the_same_birth(self, bench):
        first = bench.note("one")
        second = bench.amend(first, "two", status="done")
        third = bench.amend(second, "three")

        assert [r.version for r in (first, second, third)] == [1, 2, 3]
        assert {r.key for r in (second, third)} == {first.key}
        assert third.born == first.seq

    def test_it_supersedes_the_one_before(self, bench):
        first = bench.note()
        second = bench.amend(first)

        assert [r.superseded for r in bench.store.versions(bench.id, first.key)] == [second.seq, None]
        assert bench.now(first.key) == second

    def test_the_history_of_an_entry_is_all_its_versions_oldest_first(self, bench):
        row = bench.note("0")
        for n in range(1, 4):
            bench.note("between")
            row = bench.amend(row, str(n))

        assert [r.body for r in bench.store.versions(bench.id, row.key)] == [f'{{"text": "{n}"}}' for n in range(4)]

    def test_it_may_leave_everything_as_it_was(self, bench):
        first = bench.note()

        second = bench.amend(first, "t")

        assert (second.version, second.body) == (2, first.body)

    def test_it_keeps_the_place_of_the_entry_in_every_find(self, bench):
        first, _ = bench.post(note(), note())
        bench.amend(first)

        assert bench.found(query()) == ["note-1", "note-2"]


class TestAnAmendmentOfWhatIsNotTheNewest:
    def test_an_agent_has_to_do_it_again(self, bench):
        old = bench.note()
        claim = bench.start()
        bench.amend(old, "meanwhile")

        ruling = bench.commit(claim, amended(old, "mine"))

        assert again(ruling).snapshot == bench.head
        assert bench.now(old.key).body == '{"text": "meanwhile"}'

    def test_a_person_is_told_to_read_again(self, bench):
        old = bench.note()
        bench.amend(old, "meanwhile")
        head = bench.head

        with pytest.raises(UsageError, match="read the entry again"):
            bench.amend(old, "mine")

        assert bench.head == head
        assert bench.amend(bench.now(old.key), "mine").version == 3

    def test_one_contribution_cannot_amend_an_entry_twice(self, bench):
        old = bench.note()
        claim = bench.start()
        head = bench.head

        ruling = bench.commit(claim, amended(old, "one"), amended(old, "two"))

        assert type(ruling).__name__ == "Refused"
        assert bench.head == head

    def test_an_entry_of_another_board_cannot_be_amended_here(self, store, clock):
        here, there = Bench.on(store, clock), Bench.on(store, clock)
        mine = here.note("mine", kind="task")
        there.note()
        foreign = there.note("foreign")

        ruling = here.commit(here.start(), amended(foreign))

        assert type(ruling).__name__ in {"Refused", "Stale"}, "it has landed"
        assert here.now(mine.key).superseded is None

    def test_an_entry_of_another_board_supersedes_nothing_that_has_the_same_seq(self, store, clock):
        here, there = Bench.on(store, clock), Bench.on(store, clock)
        mine, foreign = here.note("mine", kind="task"), there.note("foreign")
        assert mine.seq == foreign.seq

        here.commit(here.start(), amended(foreign))

        assert [r.key for r in here.store.find(here.id, query("task"))] == [mine.key]


class TestRetraction:
    def test_a_retracted_entry_leaves_every_find_and_stays_in_the_history(self, bench):
        row = bench.note()
        gone = bench.amend(row, status="retracted")

        assert bench.found(query()) == []
        assert bench.store.count(bench.id, query()) == 0
        assert bench.found(query(status=("retracted",))) == [row.key]
        assert [r.key for r in bench.store.current(bench.id)] == [row.key]
        assert bench.store.versions(bench.id, row.key)[-1] == gone


class TestTheDatabaseItself:
    def test_it_refuses_to_put_another_version_in_its_place(self, bench, raw):
        row = bench.note()

        for refused in (  # what a replacing statement does is the database's own way; that it is refused is the promise
            "INSERT INTO entry SELECT * FROM entry",
            "REPLACE INTO entry SELECT * FROM entry",
        ):
            with pytest.raises(Refusal):
                raw(refused)

        assert bench.now(row.key) == row

    @pytest.mark.parametrize("column", COLUMNS)
    def test_it_refuses_to_change_a_version(self, bench, raw, column):
        row = bench.note()

        with pytest.raises(Refusal):
            raw(f"UPDATE entry SET {column} = {COLUMNS[column]}")
        assert bench.store.by_seq(bench.id, [row.seq]) == [row]

    def test_it_refuses_to_raise_a_label(self, bench, raw):
        bench.post(note(), label=Label(Integrity.UNTRUSTED, Confidentiality.SECRET))

        with pytest.raises(Refusal, match="never changes"):
            raw("UPDATE entry SET integrity = 2, confidentiality = 0, origins = '[]'")

    def test_it_refuses_to_delete(self, bench, raw):
        bench.note()

        with pytest.raises(Refusal, match="never deleted"):
            raw("DELETE FROM entry")
        assert bench.head == len(bench.store.feed(bench.id, 0)) == 1

    def test_it_refuses_to_supersede_twice_or_to_bring_back(self, bench, raw):
        bench.amend(bench.note())

        for seq in ("99", "NULL"):
            with pytest.raises(Refusal, match="superseded once"):
                raw(f"UPDATE entry SET superseded_seq = {seq} WHERE seq = 1")

    @pytest.mark.parametrize(
        "changes",
        [
            {"seq": 1, "key": "'other-1'"},  # a seq twice
            {"seq": 9, "version": 1, "superseded_seq": 99},  # a version twice
            {"seq": 9, "version": 2},  # two that are current
            {"seq": 9, "key": "'other-1'", "superseded_seq": 9},  # superseded by itself
            {"seq": 9, "key": "'other-1'", "integrity": 3},  # no such trust
        ],
        ids=["seq twice", "version twice", "two current", "superseded by itself", "no such trust"],
    )
    def test_it_refuses_a_row_that_cannot_be(self, bench, raw, changes):
        row = bench.note()
        names = [*COLUMNS, "superseded_seq"]
        values = ", ".join(str(changes.get(name, name)) for name in names)

        with pytest.raises(Refusal):
            raw(f"INSERT INTO entry ({', '.join(names)}) SELECT {values} FROM entry WHERE seq = {row.seq}")

    def test_it_refuses_two_activations_of_one_agent_for_one_binding(self, bench, raw):
        bench.start()  # besides it there are those of the posts

        with pytest.raises(Refusal):
            raw("UPDATE activation SET agent = 'a', binding = '1'")

    @pytest.mark.parametrize("table", ["link", "field", "activation_read"])
    def test_it_refuses_to_change_what_a_version_was_about_and_made_from(self, bench, raw, table):
        row = bench.note()
        made = note(about=(row.key,), fields=(("city", '"Oslo"'),))
        landed(bench.commit(bench.start(), made, reads=ReadSet(strict=(row.seq,))))

        for statement in (f"UPDATE {table} SET seq = 99", f"DELETE FROM {table}"):
            with pytest.raises(Refusal):
                raw(statement)

    def test_it_refuses_a_state_that_does_not_exist(self, bench, raw):
        bench.start()

        with pytest.raises(Refusal):
            raw("UPDATE activation SET state = 'finished'")
