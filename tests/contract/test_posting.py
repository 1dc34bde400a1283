"""Posting: what a contribution becomes on the board."""

import hashlib

import pytest

from blackboard.entry import Confidentiality, Integrity, Label
from blackboard.errors import BlackboardError, BoardClosed
from blackboard.records import NewBoard, Seat
from tests.builders import UNCAPPED, Bench, amended, landed, note, query, said


class TestEntries:
    def test_seqs_follow_the_head_without_a_gap(self, bench):
        bench.note()
        landed(bench.commit(bench.start(), note(), note(), note()))
        bench.post()
        bench.note()

        seqs = [r.seq for r in bench.store.feed(bench.id, 0)]

        assert seqs == list(range(1, bench.head + 1)) == [1, 2, 3, 4, 5, 6]

    def test_keys_are_counted_for_each_kind(self, bench):
        bench.post(note(), note(kind="task"), note())
        bench.amend(bench.now("note-1"))
        bench.amend(bench.now("note-2"), status="retracted")

        (third,) = bench.post(note())

        assert third.key == "note-3"
        assert bench.now("task-1").kind == "task"

    def test_a_new_entry_is_version_1_and_current(self, bench):
        row = bench.note("hello")

        assert (row.version, row.born, row.superseded) == (1, row.seq, None)
        assert (row.kind, row.status, row.body) == ("note", "open", '{"text": "hello"}')

    def test_the_hash_stored_is_that_of_the_body_stored(self, bench):
        row = bench.note("naïve 🎈 עברית")

        (stored,) = bench.store.by_seq(bench.id, [row.seq])

        assert hashlib.sha256(stored.body.encode()).hexdigest() == stored.sha256

    def test_the_author_is_who_contributed_unless_the_write_names_another(self, bench):
        claim = bench.start("writer")

        seqs = landed(bench.commit(claim, note(), note(author="board"))).seqs

        assert [r.author for r in bench.store.by_seq(bench.id, seqs)] == ["writer", "board"]

    def test_an_entry_bears_the_activation_and_the_time_of_its_commit(self, bench, clock):
        claim = bench.start()
        clock.pass_by(7)

        (seq,) = landed(bench.commit(claim, note())).seqs

        (row,) = bench.store.by_seq(bench.id, [seq])
        assert (row.activation, row.posted_at) == (claim.id, clock.now())

    def test_what_came_of_nothing_moves_no_head(self, bench):
        claim, head = bench.start(), bench.head

        assert landed(bench.commit(claim)).seqs == ()
        assert (bench.head, bench.state(claim)) == (head, "done")

    def test_the_ruling_names_the_seqs_and_the_keys_in_the_order_of_the_writes(self, bench):
        old = bench.note()
        claim = bench.start()

        ruling = landed(bench.commit(claim, note(kind="task"), amended(old), note()))

        assert ruling.keys == ("task-1", "note-1", "note-2")
        assert [r.key for r in bench.store.by_seq(bench.id, ruling.seqs)] == list(ruling.keys)


class TestLinks:
    def test_a_link_names_a_key(self, bench):
        old = bench.note()

        row = bench.note(kind="task", about=(old.key,))

        assert row.about == ("note-1",)
        assert bench.found(query("task", about="note-1")) == ["task-1"]

    def test_a_link_may_point_at_a_write_of_the_same_contribution_before_or_after_it(self, bench):
        first, second, third = bench.post(note(about=(1,)), note(about=(0,)), note(about=(0, 1)))

        assert (first.about, second.about, third.about) == (("note-2",), ("note-1",), ("note-1", "note-2"))

    def test_a_link_to_an_amended_entry_of_the_same_contribution_is_to_its_key(self, bench):
        old = bench.note()

        _, row = bench.post(amended(old), note(about=(0, old.key)))

        assert row.about == ("note-1",)

    def test_a_link_that_is_said_twice_is_one_link(self, bench):
        old = bench.note()

        row = bench.note(kind="task", about=(old.key, old.key))

        assert row.about == (old.key,)
        assert bench.store.count(bench.id, query("task", about=old.key)) == 1


class TestFields:
    def test_an_entry_is_found_by_each_of_its_fields(self, bench):
        bench.note(fields=(("city", '"Oslo"'), ("year", "2024")))
        bench.note(fields=(("city", '"Oslo"'), ("year", "2025")))

        assert bench.found(query(fields=(("city", '"Oslo"'),))) == ["note-1", "note-2"]
        assert bench.found(query(fields=(("city", '"Oslo"'), ("year", "2025")))) == ["note-2"]
        assert bench.found(query(fields=(("city", '"Rome"'),))) == []

    def test_fields_belong_to_a_version(self, bench):
        old = bench.note(fields=(("city", '"Oslo"'),))
        bench.amend(old, fields=(("city", '"Rome"'),))

        assert bench.found(query(fields=(("city", '"Oslo"'),))) == []
        assert bench.found(query(fields=(("city", '"Rome"'),))) == ["note-1"]

    def test_fields_belong_to_a_kind(self, bench):
        bench.note(kind="task", fields=(("city", '"Oslo"'),))

        assert bench.found(query(fields=(("city", '"Oslo"'),))) == []


class TestLabels:
    LOW = Label(Integrity.UNTRUSTED, Confidentiality.SECRET, frozenset({"tool:web", "file:a"}))

    def test_an_entry_keeps_the_label_with_which_it_was_contributed(self, bench):
        (row,) = bench.post(note(), label=self.LOW)

        assert bench.store.by_seq(bench.id, [row.seq])[0].label == self.LOW
        assert bench.note().label == Label()

    def test_a_kind_is_as_low_as_anything_that_was_ever_counted_in_it(self, bench):
        bench.note()
        (low,) = bench.post(note(), label=self.LOW)
        bench.amend(low, status="done")

        assert bench.store.kind_label(bench.id, "note") == (Integrity.UNTRUSTED, Confidentiality.SECRET)
        assert bench.store.kind_label(bench.id, "task") == (Integrity.USER, Confidentiality.PUBLIC)


class TestProvenance:
    def test_all_that_an_activation_has_looked_at_is_kept_with_it(self, bench):
        first, second = bench.post(note(), note())
        claim = bench.start()
        reads = bench.looked(claim, query(limit=1))

        (seq,) = landed(bench.commit(claim, note(), reads=reads.__class__(reads.strict, (second.seq,)))).seqs

        (row,) = bench.store.by_seq(bench.id, [seq])
        assert set(bench.store.made_from(bench.id, row.activation)) >= {first.seq, second.seq}


class TestOperations:
    def test_a_post_lands_once_for_each_operation(self, bench):
        first = bench.post(note("once"), note("too"), operation="o1")
        bench.note("another")

        repeated = bench.post(note("once"), note("too"), operation="o1")

        assert repeated == first
        assert bench.head == 3

    def test_a_repeated_post_gives_the_same_keys(self, bench):
        store, one = bench.store, said(note(), note(kind="task"))

        assert store.post(bench.id, "o", one) == store.post(bench.id, "o", one)

    def test_a_post_repeated_on_a_board_that_has_ended_is_answered_all_the_same(self, bench):
        first = bench.post(note(), operation="o1")
        bench.store.conclude(bench.id, "{}", bench.head, True)

        assert bench.post(note(), operation="o1") == first

    def test_an_operation_is_of_one_board(self, store, clock):
        one, other = Bench.on(store, clock), Bench.on(store, clock)

        one.post(note(), operation="o1")
        other.post(note(), operation="o1")

        assert (one.head, other.head) == (1, 1)

    def test_a_board_that_has_ended_takes_nothing_more(self, bench):
        bench.store.conclude(bench.id, "{}", bench.head, False)

        with pytest.raises(BoardClosed, match=f"blackboard resume {bench.id}"):
            bench.note()
        assert bench.head == 0

    def test_a_post_is_not_of_the_budget(self, store, clock):
        bench = Bench.on(store, clock, cap=0)

        bench.note()

        assert bench.budget() == (0, 0)

    def test_a_post_that_the_database_refuses_is_an_error_of_the_framework(self, bench):
        old = bench.note()

        with pytest.raises(BlackboardError):
            bench.post(amended(old, "one"), amended(old, "two"))
        assert bench.head == 1


class TestBoards:
    def test_a_board_is_made_with_its_seed_its_seats_and_its_caps_at_once(self, store):
        new = NewBoard(
            "trip", params='{"to": "Oslo"}', team="fast", options='{"a": 1}', kinds='{"note": {}}', caps=UNCAPPED
        )

        board = store.create(new, [Seat("guide", "note open", "v1")], said(note("seed")))

        record = store.board(board)
        assert (record.scenario, record.params, record.team) == ("trip", '{"to": "Oslo"}', "fast")
        assert (record.options, record.kinds, record.status) == ('{"a": 1}', '{"note": {}}', "open")
        assert (record.head, record.epoch, record.verdict, record.quiet) == (1, 1, None, None)
        assert store.seats(board) == [Seat("guide", "note open", "v1", 0)]

    def test_boards_are_numbered_by_scenario_and_listed_oldest_first(self, store, clock):
        made = []
        for scenario in ("trip", "trip", "hike"):
            clock.pass_by(1)
            made.append(store.create(NewBoard(scenario), [], said()))

        assert made == ["trip-1", "trip-2", "hike-1"]
        assert [b.id for b in store.boards()] == made

    def test_boards_made_at_the_same_time_are_still_listed_in_order(self, store):
        made = [store.create(NewBoard("trip"), [], said()) for _ in range(11)]

        assert [b.id for b in store.boards()] == made

    def test_a_seed_that_is_refused_leaves_no_board(self, store, clock):
        row = Bench.on(store, clock).note()

        with pytest.raises(BlackboardError):
            store.create(NewBoard("trip"), [], said(amended(row), amended(row)))

        assert [b.scenario for b in store.boards()] == ["test"]

    def test_boards_share_no_rows(self, store, clock):
        one, other = Bench.on(store, clock), Bench.on(store, clock)
        row = one.note("here", about=("note-9",), fields=(("city", '"Oslo"'),))
        other.note("there")

        assert (other.now("note-1").body, other.head) == ('{"text": "there"}', 1)
        assert other.found(query(about="note-9")) == other.found(query(fields=(("city", '"Oslo"'),))) == []
        one.amend(row)
        assert other.now("note-1").superseded is None

    def test_there_is_no_board_of_another_name(self, store):
        assert store.board("nothing-1") is None
