"""Group watches: an agent that wants all entries of a kind at once, when none is unfinished; or each group of them."""

from dataclasses import replace

import pytest

from blackboard.activation import Agenda, Fenced, Part, Proposal, ReadSet
from blackboard.records import Notice, Seat
from tests.builders import ALL_DONE, again, amended, contribution, landed, moot, note

WATCHING = {"groups": (ALL_DONE,), "served": ("gatherer",)}


@pytest.fixture
def bench(bench):
    bench.seat("gatherer")
    return bench


class TestAWholeSet:
    def test_it_wakes_the_agent_when_the_last_one_is_done(self, bench):
        first, second = bench.post(note(), note())
        bench.gather()
        bench.amend(first, status="done")
        bench.gather()
        assert bench.states("gatherer") == []
        last = bench.amend(second, status="done")

        bench.gather()

        claim = bench.claim("gatherer")
        assert (claim.group, claim.trigger) == ("note", last.seq)

    def test_it_wakes_the_agent_once(self, bench):
        bench.note(status="done")

        for _ in range(3):
            bench.gather()
            bench.note(kind="task")

        assert bench.states("gatherer") == ["pending"]

    def test_it_wakes_the_agent_again_for_a_new_set_only(self, bench):
        bench.note(status="done")
        bench.gather()
        landed(bench.commit(bench.claim("gatherer"), note(kind="report")))
        bench.gather()
        assert bench.states("gatherer") == ["done"]

        bench.note(status="done")
        bench.gather()

        assert bench.states("gatherer") == ["done", "pending"]

    def test_nothing_is_no_set(self, bench):
        bench.note(kind="task", status="done")

        bench.gather()

        assert bench.states("gatherer") == []
        assert bench.cursor("gatherer") == bench.head

    def test_retracted_entries_are_not_waited_for(self, bench):
        _, second = bench.post(note(status="done"), note())
        bench.gather()
        assert bench.states("gatherer") == []

        bench.amend(second, status="retracted")
        bench.gather()

        assert bench.states("gatherer") == ["pending"]

    def test_when_all_were_retracted_there_is_no_set(self, bench):
        bench.amend(bench.note(), status="retracted")

        bench.gather()

        assert bench.states("gatherer") == []

    def test_a_set_that_has_grown_before_anybody_began_is_dropped(self, bench):
        bench.note(status="done")
        bench.gather()
        late = bench.note()

        assert bench.claims("gatherer").taken == ()
        assert bench.states("gatherer") == ["moot"]

        bench.amend(late, status="done")
        bench.gather()
        assert bench.claim("gatherer").group == "note"

    def test_its_rating_orders_it_among_the_others(self, bench):
        row = bench.note(status="done")
        bench.seat("a")
        bench.wake("a", row, rating=5)
        bench.gather(replace(ALL_DONE, rating=9))

        assert [c.agent for c in bench.claims().taken] == ["gatherer", "a"]


class TestACommitThatMakesTheSetWhole:
    @pytest.fixture
    def bench(self, bench):
        bench.post(note(), note(status="done"))
        return bench

    def start(self, bench):
        claim = bench.start("writer")
        bench.gather()
        return claim

    def test_it_wakes_the_agent_in_the_same_transaction(self, bench):
        ruling = landed(bench.commit(self.start(bench), amended(bench.now("note-1"), status="done"), **WATCHING))

        (record,) = bench.store.activations(bench.id, "gatherer")
        assert (record.group, record.trigger, record.state) == ("note", ruling.seqs[-1], "pending")
        assert (ruling.lagging, bench.cursor("gatherer")) == (False, bench.head)

    def test_one_that_leaves_it_unfinished_wakes_nobody(self, bench):
        landed(bench.commit(self.start(bench), amended(bench.now("note-1"), status="done"), note(), **WATCHING))

        assert bench.states("gatherer") == []

    def test_one_that_does_not_touch_the_kind_wakes_nobody(self, bench):
        bench.amend(bench.now("note-1"), status="done")
        claim = self.start(bench)
        landed(bench.commit(claim, note(kind="task"), **WATCHING))

        assert bench.states("gatherer") == ["pending"], "of the notice, and no other"

    def test_a_retraction_can_make_it_whole(self, bench):
        landed(bench.commit(self.start(bench), amended(bench.now("note-1"), status="retracted"), **WATCHING))

        assert bench.states("gatherer") == ["pending"]

    def test_while_the_agent_lags_behind_it_is_woken_by_the_notice_only(self, bench):
        claim = bench.start("writer")

        ruling = landed(bench.commit(claim, amended(bench.now("note-1"), status="done"), **WATCHING))
        assert (ruling.lagging, bench.states("gatherer")) == (True, [])

        bench.gather()
        assert bench.states("gatherer") == ["pending"]

    def test_of_several_that_finish_in_one_batch_the_last_makes_it_whole(self, bench):
        bench.note()
        one, two = bench.start("writer"), bench.start("other")
        bench.gather()
        keys = ("note-1", "note-3")
        made = [
            contribution(c, amended(bench.now(k), status="done"), **WATCHING)
            for c, k in zip((one, two), keys, strict=True)
        ]

        rulings, _ = bench.store.commit(bench.id, made)

        (record,) = bench.store.activations(bench.id, "gatherer")
        assert record.trigger == landed(rulings[1]).seqs[0]

    def test_the_notice_and_the_commit_mean_the_same_set(self, bench):
        landed(bench.commit(self.start(bench), amended(bench.now("note-1"), status="done"), **WATCHING))
        bench.note(kind="task")

        bench.gather()

        assert bench.states("gatherer") == ["pending"]


# -- each group of them ------------------------------------------------------------------------------------------------
def part(row, size=None):
    """The group of an entry is its text, and it is done by its status; in none when that is `-` or it is retracted."""
    name = row.body.split('"')[3]
    if name == "-" or row.status == "retracted":
        return Part("note")
    return Part("note", f'"{name}"', row.status == "done", size)


class Noticing:
    """What the workers of the agent notice of the feed, in which groups."""

    def __init__(self, bench, size=None):
        self.bench, self.size = bench, size

    def __call__(self, upto=None):
        bench = self.bench
        after, head = bench.cursor("gatherer"), upto or bench.head
        rows = [r for r in bench.store.feed(bench.id, after) if r.kind == "note" and r.seq <= head]
        found = tuple(Proposal("gatherer", r.seq, many=part(r, self.size)) for r in rows)
        assert bench.store.notice(bench.id, [Notice("gatherer", after, head, found)])

    def handed(self):
        """The keys of the groups that can be claimed, by the name of the group; they are done at once."""
        claims, keys = self.bench.claims("gatherer").taken, {}
        for claim in claims:
            rows = self.bench.store.by_seq(self.bench.id, claim.members)
            keys.setdefault(claim.name.strip('"'), []).append([r.key for r in rows])
            landed(self.bench.commit(claim))
        return keys


@pytest.fixture
def notice(bench):
    """Groups without a size: none may be unfinished."""
    return Noticing(bench)


@pytest.fixture
def two(bench):
    """Groups that are whole when two are done."""
    return Noticing(bench, 2)


class TestAGroupWithoutASize:
    def test_it_is_handed_over_when_none_of_it_is_unfinished_whatever_the_others_are(self, bench, notice):
        bench.post(note("g", status="done"), note("h", status="done"), note("h"))
        notice()

        assert notice.handed() == {"g": [["note-1"]]}

        bench.amend(bench.now("note-3"), "h", status="done")
        notice()
        assert notice.handed() == {"h": [["note-2", "note-3"]]}

    def test_it_is_handed_over_once(self, bench, notice):
        bench.note("g", status="done")
        notice()
        assert notice.handed() == {"g": [["note-1"]]}

        bench.note("h", status="done")
        bench.note(kind="task")
        notice()

        assert notice.handed() == {"h": [["note-2"]]}

    def test_what_changes_it_makes_a_new_set(self, bench, notice):
        bench.note("g", status="done")
        notice()
        notice.handed()

        bench.note("g", status="done")
        notice()

        assert notice.handed() == {"g": [["note-1", "note-2"]]}

    def test_retracted_entries_leave_it(self, bench, notice):
        bench.post(note("g", status="done"), note("g"))
        notice()
        assert notice.handed() == {}

        bench.amend(bench.now("note-2"), "g", status="retracted")
        notice()

        assert notice.handed() == {"g": [["note-1"]]}

    def test_when_all_have_left_there_is_no_group(self, bench, notice):
        bench.note("g")
        bench.amend(bench.now("note-1"), "g", status="retracted")
        notice()

        assert notice.handed() == {}

    def test_an_entry_whose_value_changes_moves_over_which_may_make_both_whole(self, bench, notice):
        bench.post(note("g", status="done"), note("g"), note("h", status="done"))
        notice()
        notice.handed()

        bench.amend(bench.now("note-2"), "h", status="done")
        notice()

        assert notice.handed() == {"g": [["note-1"]], "h": [["note-3", "note-2"]]}

    def test_an_entry_that_does_not_belong_to_any_is_not_waited_for(self, bench, notice):
        bench.post(note("g", status="done"), note("-"))
        notice()

        assert notice.handed() == {"g": [["note-1"]]}

    def test_one_that_has_changed_before_anybody_began_is_dropped(self, bench, notice):
        bench.note("g", status="done")
        notice()
        bench.note("g")
        notice()

        assert notice.handed() == {}
        assert bench.states("gatherer") == ["moot"]

    def test_a_member_that_has_changed_unnoticed_is_seen_all_the_same(self, bench, notice):
        row = bench.note("g", status="done")
        notice()
        bench.amend(row, "g", status="done")

        assert notice.handed() == {}

        notice()
        assert notice.handed() == {"g": [["note-1"]]}

    def test_one_that_changes_while_it_runs_is_dropped(self, bench, notice):
        bench.note("g", status="done")
        notice()
        claim = bench.claim("gatherer")
        bench.note("g")
        notice()

        assert moot(bench.commit(claim, note(kind="report")))

    def test_a_loose_agent_lands_all_the_same(self, bench, notice):
        bench.note("g", status="done")
        notice()
        claim = bench.claim("gatherer")
        bench.note("g")
        notice()

        landed(bench.commit(claim, note(kind="report"), woken_by=()))

    def test_what_only_reads_something_that_changed_is_done_again(self, bench, notice):
        other = bench.note(kind="task")
        bench.note("g", status="done")
        notice()
        claim = bench.claim("gatherer")
        bench.amend(other)

        redone = again(bench.commit(claim, reads=ReadSet(strict=(other.seq,))))

        assert (redone.members, redone.name) == (claim.members, claim.name)


class TestAGroupOfSoMany:
    def test_it_is_handed_over_when_so_many_are_done_whatever_else_is_there(self, bench, two):
        bench.post(note("g"), note("g", status="done"), note("g", status="done"))
        two()

        assert two.handed() == {"g": [["note-2", "note-3"]]}

    def test_it_is_handed_over_once_whatever_comes_later(self, bench, two):
        bench.post(note("g", status="done"), note("g", status="done"))
        two()
        assert two.handed() == {"g": [["note-1", "note-2"]]}

        bench.amend(bench.now("note-1"), "g", status="done")
        bench.post(note("g", status="done"), note("g", status="done"))
        two()

        assert two.handed() == {}
        assert bench.states("gatherer") == ["done"]

    def test_of_more_that_come_at_once_it_is_the_first(self, bench, two):
        bench.post(*[note("g", status="done") for _ in range(5)])
        two()

        assert two.handed() == {"g": [["note-1", "note-2"]]}

    def test_without_a_value_the_board_is_the_group(self, bench):
        rows = bench.post(note("x", status="done"), note("y", status="done"))
        found = tuple(Proposal("gatherer", r.seq, many=Part("note", "", True, 2)) for r in rows)
        bench.store.notice(bench.id, [Notice("gatherer", bench.cursor("gatherer"), bench.head, found)])

        claim = bench.claim("gatherer")

        assert (claim.members, claim.name) == (tuple(r.seq for r in rows), "")
        (row,) = bench.store.sql("SELECT woken_by FROM agenda WHERE agent = 'gatherer'", {})
        assert row == {"woken_by": "all note"}

    def test_the_newest_of_it_says_how_many(self, bench, two):
        bench.note("g", status="done")
        two.size = 3
        two()
        assert two.handed() == {}

        bench.note("g", status="done")
        two.size = 2
        two()

        assert two.handed() == {"g": [["note-1", "note-2"]]}

    def test_once_it_is_whole_nothing_says_otherwise(self, bench, two):
        bench.post(note("g", status="done"), note("g", status="done"))
        two()
        bench.note("g")
        two.size = 3
        two()

        assert two.handed() == {"g": [["note-1", "note-2"]]}

    def test_a_member_that_changes_before_anybody_began_makes_room_for_another(self, bench, two):
        one, *_ = bench.post(*[note("g", status="done") for _ in range(3)])
        two()
        bench.amend(one, "g", status="retracted")
        two()

        assert two.handed() == {"g": [["note-2", "note-3"]]}
        assert bench.states("gatherer") == ["moot", "done"]

    def test_where_there_are_too_few_others_it_waits_for_one(self, bench, two):
        one, _ = bench.post(note("g", status="done"), note("g", status="done"))
        two()
        bench.amend(one, "g", status="retracted")
        assert two.handed() == {}
        two()
        assert two.handed() == {}

        bench.note("g", status="done")
        two()

        assert two.handed() == {"g": [["note-2", "note-3"]]}

    def test_a_member_that_changes_while_it_runs_drops_the_work_and_the_group_is_handed_over_anew(self, bench, two):
        one, _ = bench.post(note("g", status="done"), note("g", status="done"))
        two()
        claim = bench.claim("gatherer")
        bench.amend(one, "g", status="done")

        assert moot(bench.commit(claim, note(kind="report")))
        two()

        assert two.handed() == {"g": [["note-2", "note-1"]]}

    def test_what_else_comes_while_it_runs_does_not_matter(self, bench, two):
        bench.post(note("g", status="done"), note("g", status="done"))
        two()
        claim = bench.claim("gatherer")
        bench.note("g")
        two()

        landed(bench.commit(claim, note(kind="report")))


class TestWhoTakesItOver:
    @pytest.mark.parametrize("size", [None, 2])
    def test_is_handed_the_same(self, bench, clock, size):
        notice = Noticing(bench, size)
        bench.post(note("g", status="done"), note("g", status="done"))
        notice()
        claim = bench.claim("gatherer", lease=5)
        clock.pass_by(10)

        taken = bench.claim("gatherer", worker="w2")

        assert (taken.members, taken.name, taken.snapshot) == (claim.members, claim.name, claim.snapshot)
        assert isinstance(bench.commit(claim), Fenced)
        landed(bench.commit(taken))

    @pytest.mark.parametrize(("size", "after"), [(None, {}), (1, {"g": [["note-2"]]})])
    def test_is_handed_nothing_that_has_changed(self, bench, clock, size, after):
        notice = Noticing(bench, size)
        one, _ = bench.post(note("g", status="done"), note("g", status="done"))
        notice()
        bench.claim("gatherer", lease=5)
        bench.amend(one, "g", status="open")
        clock.pass_by(10)

        assert bench.claims("gatherer", worker="w2").taken == ()
        assert bench.states("gatherer") == ["moot"]

        notice()
        assert notice.handed() == after

    def test_is_handed_the_same_after_a_failure(self, bench, notice):
        bench.post(note("g", status="done"), note("g", status="done"))
        notice()
        claim = bench.claim("gatherer")
        bench.store.retry(claim, "oops")

        assert bench.claim("gatherer").members == claim.members


class TestEachGroupOnce:
    def test_after_its_agent_has_left_and_sits_down_again(self, bench):
        for size in (None, 1):
            notice = Noticing(bench, size)
            name = f"g{size}"
            bench.note(name, status="done")
            notice()
            assert list(notice.handed()) == [name]
            bench.store.retire(bench.id, [])
            bench.store.seat(bench.id, [Seat("gatherer", "note")])

            notice()

            assert notice.handed() == {}

    def test_an_old_version_that_is_noticed_again_moves_nothing(self, bench, notice):
        row = bench.note("g", status="done")
        bench.amend(row, "h")
        notice()
        assert notice.handed() == {"h": [["note-1"]]}
        bench.store.retire(bench.id, [])
        bench.store.seat(bench.id, [Seat("gatherer", "note")])

        notice(upto=row.seq)
        assert bench.states("gatherer") == ["done"]
        bench.note("g", status="done")
        notice()

        assert notice.handed() == {"g": [["note-2"]]}

    def test_a_notice_that_comes_too_late_changes_nothing(self, bench, notice):
        row = bench.note("g", status="done")
        cursor = bench.cursor("gatherer")
        late = Notice("gatherer", cursor, bench.head, (Proposal("gatherer", row.seq, many=part(row)),))
        notice()

        assert bench.store.notice(bench.id, [late]) is False

        assert notice.handed() == {"g": [["note-1"]]}


class TestACommitThatMakesAGroupWhole:
    def made(self, bench, *writes, **options):
        parts = tuple(
            Proposal("gatherer", n, many=Part("note", '"g"', w.status == "done"))
            for n, w in enumerate(writes)
            if w.kind == "note"
        )
        return {"proposals": parts, "served": ("gatherer",), **options}

    def test_it_can_be_claimed_in_the_same_transaction(self, bench, notice):
        bench.post(note("g", status="done"), note("g"))
        claim = bench.start("writer")
        notice()
        writes = (amended(bench.now("note-2"), "g", status="done"),)

        (ruling,), claims = bench.store.commit(
            bench.id, [contribution(claim, *writes, **self.made(bench, *writes))], Agenda("w1", {"gatherer": 1}, 1)
        )

        assert [c.members for c in claims.taken] == [(1, *landed(ruling).seqs)]
        assert bench.cursor("gatherer") == bench.head

    def test_while_the_agent_lags_behind_the_notice_does_it(self, bench, notice):
        bench.note("g")
        claim = bench.start("writer")
        writes = (amended(bench.now("note-1"), "g", status="done"),)

        assert landed(bench.commit(claim, *writes, **self.made(bench, *writes))).lagging is True
        assert bench.states("gatherer") == []

        notice()
        assert notice.handed() == {"g": [["note-1"]]}

    def test_one_who_does_not_serve_the_agent_leaves_its_counts_alone(self, bench, notice):
        bench.note("g")
        claim = bench.start("writer")
        notice()

        landed(bench.commit(claim, amended(bench.now("note-1"), "g", status="done")))
        bench.note("g")
        notice()

        assert notice.handed() == {}

    def test_repeated_it_counts_nothing_twice(self, bench, notice):
        claim = bench.start("writer")
        notice()
        writes = (note("g", status="done"), note("g"))
        for _ in range(2):
            landed(bench.commit(claim, *writes, **self.made(bench, *writes)))

        bench.amend(bench.now("note-2"), "g", status="done")
        notice()

        assert notice.handed() == {"g": [["note-1", "note-2"]]}


class TestWhatPeopleSeeOfAGroup:
    def test_its_name(self, bench, notice):
        bench.note("g", status="done")
        notice()

        (row,) = bench.store.sql("SELECT woken_by FROM agenda WHERE agent = 'gatherer'", {})
        assert row == {"woken_by": 'all note "g"'}
