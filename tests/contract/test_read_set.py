"""The read set: what an activation relied on must still be so when its contribution lands."""

import pytest

from blackboard.activation import Landed, QueryRead, ReadSet, Stale
from tests.builders import Bench, again, amended, contribution, counted, landed, moot, note, query


class TestAnEntryThatWasRead:
    def test_when_it_has_changed_the_work_is_done_again_on_the_newest_snapshot(self, bench):
        read = bench.note()
        claim = bench.start()
        bench.amend(read)

        ruling = bench.commit(claim, note(), reads=ReadSet(strict=(read.seq,)))

        redo = again(ruling)
        assert (redo.snapshot, redo.redone, redo.token, redo.attempt) == (bench.head, 1, claim.token, claim.attempt)
        assert ruling.changed == (f"seq {read.seq} was replaced by {bench.head}",)
        assert bench.found(query()) == [read.key], "nothing was written"

    def test_work_that_is_done_again_lands(self, bench):
        read = bench.note()
        claim = bench.start()
        new = bench.amend(read)
        redo = again(bench.commit(claim, note(), reads=ReadSet(strict=(read.seq,))))

        landed(bench.commit(redo, note(), reads=ReadSet(strict=(new.seq,))))

        assert (bench.state(claim), bench.budget()) == ("done", (1, 0))

    def test_what_is_still_relied_on_from_an_older_snapshot_goes_stale_again(self, bench):
        read = bench.note()
        claim = bench.start()
        bench.amend(read)
        reads = ReadSet(strict=(read.seq,))

        redo = again(bench.commit(claim, reads=reads))

        assert again(bench.commit(redo, reads=reads)).redone == 2

    def test_when_it_was_read_loosely_the_work_lands(self, bench):
        read = bench.note()
        claim = bench.start()
        bench.amend(read)

        assert landed(bench.commit(claim, note(), reads=ReadSet(loose=(read.seq,))))

    def test_when_it_was_retracted_the_work_is_stale(self, bench):
        read = bench.note()
        claim = bench.start()
        bench.amend(read, status="retracted")

        assert again(bench.commit(claim, note(), reads=ReadSet(strict=(read.seq,))))

    def test_changes_of_others_do_not_matter(self, bench):
        read, other = bench.post(note(), note())
        claim = bench.start()
        bench.amend(other)

        assert landed(bench.commit(claim, note(), reads=ReadSet(strict=(read.seq,))))

    def test_what_it_amends_itself_counts_even_when_it_was_read_loosely(self, bench):
        read = bench.note()
        claim = bench.start()
        bench.amend(read)

        assert again(bench.commit(claim, amended(read), reads=ReadSet(loose=(read.seq,))))

    def test_of_two_that_amend_the_same_entry_in_one_batch_one_lands(self, bench):
        read = bench.note()
        one, other = bench.start("a"), bench.start("b")

        rulings, _ = bench.store.commit(bench.id, [contribution(c, amended(read)) for c in (one, other)])

        assert [type(r) for r in rulings] == [Landed, Stale]
        assert bench.now(read.key).version == 2

    def test_a_cause_is_kept_for_each_time_that_work_went_stale(self, bench):
        read = bench.note()
        claim = bench.start()
        bench.amend(read)

        bench.commit(claim, reads=ReadSet(strict=(read.seq,)))

        (record,) = bench.store.activations(bench.id, "a")
        assert (record.state, record.redone, record.attempt) == ("running", 1, 1)
        assert record.cause == f"seq {read.seq} was replaced by {bench.head}"


class TestAFind:
    @pytest.fixture
    def claim(self, bench):
        bench.post(note("a"), note("b", about=("task-1",)), note("c", fields=(("city", '"Oslo"'),)))
        bench.note("d", status="done")
        return bench.start()

    def test_when_it_would_give_one_more_the_work_is_stale(self, bench, claim):
        reads = bench.looked(claim, query())
        bench.note()

        assert again(bench.commit(claim, reads=reads)).snapshot == bench.head

    def test_when_it_found_nothing_the_first_that_comes_makes_it_stale(self, bench, claim):
        reads = bench.looked(claim, query("task"))
        assert reads.strict == ()
        bench.note(kind="task")

        assert again(bench.commit(claim, reads=reads))

    def test_when_one_has_changed_into_what_it_looks_for_the_work_is_stale(self, bench, claim):
        reads = bench.looked(claim, query(status=("done",)))
        bench.amend(bench.now("note-1"), status="done")

        assert again(bench.commit(claim, reads=reads))

    def test_when_one_that_it_found_has_left_the_work_is_stale(self, bench, claim):
        reads = bench.looked(claim, query(status=("open",)))
        bench.amend(bench.now("note-1"), status="done")

        assert again(bench.commit(claim, reads=reads))

    @pytest.mark.parametrize(
        "asked",
        [
            query("task"),
            query(status=("done",)),
            query(about="task-1"),
            query(fields=(("city", '"Oslo"'),)),
            query(about="task-1", fields=(("city", '"Oslo"'),)),
        ],
        ids=["kind", "status", "about", "field", "about and field"],
    )
    def test_arrivals_of_another_sort_do_not_matter(self, bench, claim, asked):
        reads = bench.looked(claim, asked)
        bench.note("new", about=("task-2",), fields=(("city", '"Rome"'),))
        bench.amend(bench.now("note-1"), about=("task-3",))

        assert landed(bench.commit(claim, note(), reads=reads))

    @pytest.mark.parametrize(
        ("asked", "arriving"),
        [
            (query(about="task-1"), {"about": ("task-1",)}),
            (query(fields=(("city", '"Oslo"'),)), {"fields": (("city", '"Oslo"'),)}),
            (query(status=("done",)), {"status": "done"}),
        ],
        ids=["about", "field", "status"],
    )
    def test_arrivals_of_this_sort_do(self, bench, claim, asked, arriving):
        reads = bench.looked(claim, asked)
        bench.note("new", **arriving)

        assert again(bench.commit(claim, note(), reads=reads))

    def test_one_that_came_and_left_again_does_not_matter(self, bench, claim):
        reads = bench.looked(claim, query())
        bench.amend(bench.note(), status="retracted")

        assert landed(bench.commit(claim, note(), reads=reads))

    def test_what_was_found_loosely_may_change_and_grow(self, bench, claim):
        bench.amend(bench.now("note-1"))
        bench.note()

        assert landed(bench.commit(claim, reads=ReadSet(loose=(1, 2, 3))))

    def test_what_it_writes_itself_does_not_matter(self, bench, claim):
        assert landed(bench.commit(claim, note(), reads=bench.looked(claim, query())))


class TestAFindWithALimit:
    def test_arrivals_behind_the_last_one_do_not_matter(self, bench):
        bench.post(note(), note(), note())
        claim = bench.start()
        reads = bench.looked(claim, query(limit=2))
        bench.note()
        bench.amend(bench.now("note-3"))

        assert landed(bench.commit(claim, reads=reads))

    def test_arrivals_before_the_last_one_do(self, bench):
        bench.post(note(status="done"), note(), note(), note())
        claim = bench.start()
        reads = bench.looked(claim, query(status=("open",), limit=2))
        bench.amend(bench.now("note-1"), status="open")

        assert again(bench.commit(claim, reads=reads))

    def test_when_fewer_were_found_than_the_limit_any_arrival_does(self, bench):
        bench.note()
        claim = bench.start()
        reads = bench.looked(claim, query(limit=2))
        bench.note()

        assert again(bench.commit(claim, reads=reads))

    def test_a_limit_that_was_just_reached_hides_what_comes_after(self, bench):
        bench.post(note(), note())
        claim = bench.start()
        reads = bench.looked(claim, query(limit=2))
        bench.note()

        assert landed(bench.commit(claim, reads=reads))

    def test_a_limit_of_none_at_all_is_never_stale(self, bench):
        claim = bench.start()
        reads = bench.looked(claim, query(limit=0))
        bench.note()

        assert landed(bench.commit(claim, reads=reads))

    def test_one_that_was_found_and_has_left_makes_room_for_another(self, bench):
        bench.post(note(), note(), note())
        claim = bench.start()
        reads = bench.looked(claim, query(status=("open",), limit=2))
        bench.amend(bench.now("note-1"), status="done")

        assert again(bench.commit(claim, reads=reads))


class TestACount:
    @pytest.fixture
    def claim(self, bench):
        bench.post(note(), note(), note(status="done"))
        return bench.start()

    def test_when_it_would_give_more_the_work_is_stale(self, bench, claim):
        bench.note()

        assert again(bench.commit(claim, reads=counted(query())))

    def test_when_it_would_give_less_the_work_is_stale(self, bench, claim):
        bench.amend(bench.now("note-1"), status="retracted")

        assert again(bench.commit(claim, reads=counted(query())))

    def test_when_one_has_left_and_another_has_come_the_work_lands(self, bench, claim):
        bench.amend(bench.now("note-1"), status="retracted")
        bench.note()

        assert landed(bench.commit(claim, reads=counted(query())))

    def test_when_those_counted_have_only_changed_the_work_lands(self, bench, claim):
        for _ in range(3):
            bench.amend(bench.now("note-1"))

        assert landed(bench.commit(claim, reads=counted(query())))

    def test_when_one_has_changed_its_status_only_that_count_drifts(self, bench, claim):
        bench.amend(bench.now("note-1"), status="done")

        assert again(bench.commit(claim, reads=counted(query(status=("done",)))))

    def test_when_one_has_changed_its_status_the_sum_stays(self, bench, claim):
        bench.amend(bench.now("note-1"), status="done")

        assert landed(bench.commit(claim, reads=counted(query())))

    def test_a_count_by_link_or_field_drifts_with_these_only(self, bench, claim):
        bench.note(about=("task-1",))

        assert landed(bench.commit(claim, reads=counted(query(about="task-2"))))

    def test_a_count_by_link_drifts_when_a_new_version_is_no_longer_about_it(self, bench):
        row = bench.note(about=("task-1",))
        claim = bench.start()
        bench.amend(row, about=())

        assert again(bench.commit(claim, reads=counted(query(about="task-1"))))


class TestAKeyThatWasMissing:
    def test_when_it_has_appeared_the_work_is_stale(self, bench):
        claim = bench.start()
        bench.note()

        ruling = bench.commit(claim, reads=ReadSet(absent=("note-1",)))

        assert again(ruling)
        assert ruling.changed == ("note-1 has appeared",)

    def test_while_it_is_still_missing_the_work_lands(self, bench):
        claim = bench.start()
        bench.note()

        assert landed(bench.commit(claim, reads=ReadSet(absent=("note-2", "task-1"))))

    def test_a_key_that_appeared_and_was_retracted_has_appeared_too(self, bench):
        claim = bench.start()
        bench.amend(bench.note(), status="retracted")

        assert again(bench.commit(claim, reads=ReadSet(absent=("note-1",))))


class TestWhatWokeTheAgent:
    def test_when_the_entry_has_changed_the_work_is_moot(self, bench):
        trigger = bench.note()
        claim = bench.start(on=trigger)
        bench.amend(trigger)
        head = bench.head

        ruling = bench.commit(claim, note())

        assert moot(ruling)
        assert (bench.state(claim), bench.head, bench.budget()) == ("moot", head, (1, 0))

    def test_moot_wins_over_stale(self, bench):
        trigger, read = bench.post(note(), note())
        claim = bench.start(on=trigger)
        bench.post(amended(trigger), amended(read))

        assert moot(bench.commit(claim, reads=ReadSet(strict=(read.seq,))))

    def test_an_agent_that_is_not_strict_lands_all_the_same(self, bench):
        trigger = bench.note()
        claim = bench.start(on=trigger)
        bench.amend(trigger)

        assert landed(bench.commit(claim, note(), woken_by=()))

    def test_work_whose_trigger_changes_while_it_waits_is_never_begun(self, bench):
        bench.seat("a")
        trigger = bench.note()
        bench.wake("a", trigger)
        bench.amend(trigger)

        assert bench.claims().taken == ()
        assert (bench.states(), bench.budget()) == (["moot"], (0, 0))

    def test_work_that_is_tried_again_after_its_trigger_has_changed_is_dropped_and_settled(self, bench):
        trigger = bench.note()
        claim = bench.start(on=trigger)
        bench.store.retry(claim, "no luck")
        bench.amend(trigger)

        assert bench.claims().taken == ()
        assert (bench.state(claim), bench.budget()) == ("moot", (1, 0))


class TestASetThatWokeTheAgent:
    @pytest.fixture
    def claim(self, bench):
        bench.seat("gatherer")
        bench.post(note(status="done"), note(status="done"))
        bench.gather()
        return bench.claim("gatherer")

    def reads(self, bench: Bench, claim):
        rows = bench.store.find(bench.id, query(), claim.trigger)
        seqs = tuple(r.seq for r in rows)
        return {"woken_by": seqs, "reads": ReadSet(strict=seqs, queries=(QueryRead(query(), waking=True),))}

    def test_while_the_set_is_the_same_the_work_lands(self, bench, claim):
        bench.note(kind="task")

        assert landed(bench.commit(claim, note(kind="report"), **self.reads(bench, claim)))

    def test_when_one_more_has_come_the_work_is_moot(self, bench, claim):
        reads = self.reads(bench, claim)
        bench.note()

        assert moot(bench.commit(claim, note(kind="report"), **reads))
        assert bench.found(query("report")) == []

    def test_when_one_of_them_has_changed_the_work_is_moot(self, bench, claim):
        reads = self.reads(bench, claim)
        bench.amend(bench.now("note-1"))

        assert moot(bench.commit(claim, note(kind="report"), **reads))

    def test_when_something_else_has_changed_it_is_done_again_on_the_same_set(self, bench, claim):
        task = bench.note(kind="task")
        reads = self.reads(bench, claim)
        bench.amend(task)

        ruling = bench.commit(claim, note(kind="report"), **(reads | {"reads": ReadSet(strict=(task.seq,))}))

        assert again(ruling).trigger == claim.trigger
