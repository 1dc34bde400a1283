"""The judge: what may land, and exactly what is then written. By itself; and with a real store against a model."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from blackboard.activation import Claim, Contribution, Fenced, GroupWatch, Landed, Proposal, QueryRead, ReadSet, Stale
from blackboard.entry import Entry, Label
from blackboard.errors import BoardClosed, UsageError
from blackboard.judge import Facts, NewActivation, Writes, is_whole, judge
from store.sqlite import open_store
from tests.builders import Bench, Body, Clock, amended, contribution, note, query

CLAIM = Claim("b", 7, "a", 3, None, 5, 2, 1)
RUNNING = Facts("open", head=9, state="running", token=2)
DONE = frozenset({"done"})


def version(seq: int, key: str = "note-1", number: int = 1, status: str = "open") -> Entry[Body]:
    return Entry(key, number, status, Body(), (), "a", Label(), seq)


def facts(**options) -> Facts:
    return replace(RUNNING, **options)


def made(*writes, **options) -> Contribution:
    return Contribution(CLAIM, "a", writes, **options)


class TestTheFence:
    def test_who_holds_the_token_may_land(self):
        assert isinstance(judge(RUNNING, made()), Writes)

    @pytest.mark.parametrize("state", ["waiting", "pending", "parked", "moot", "done", "failed"])
    def test_an_activation_that_is_not_running_takes_nothing(self, state):
        assert isinstance(judge(facts(state=state), made()), Fenced)

    @pytest.mark.parametrize("token", [1, 3])
    def test_another_token_is_fenced(self, token):
        ruling = judge(facts(token=token), made())

        assert isinstance(ruling, Fenced)
        assert f"under token {token}, not 2" in ruling.reason

    def test_a_board_that_has_ended_takes_nothing(self):
        assert judge(facts(board="closed"), made()) == Fenced("the board has ended")

    def test_the_fence_comes_before_the_read_set(self):
        assert isinstance(judge(facts(token=3, superseded={3: 8}), made(woken_by=(3,))), Fenced)


class TestOwnAck:
    @pytest.mark.parametrize("state", ["done", "failed"])
    @pytest.mark.parametrize("board", ["open", "closed"])
    def test_what_has_landed_under_this_token_has_landed(self, state, board):
        seen = facts(state=state, board=board, done_seq=6, superseded={3: 8})

        assert judge(seen, made(note(), note(), woken_by=(3,))) == Landed((5, 6))

    def test_under_another_token_it_was_another_who_landed(self):
        assert isinstance(judge(facts(state="done", token=3, done_seq=6), made(note())), Fenced)

    def test_of_no_writes_no_seqs_are_given(self):
        assert judge(facts(state="done", done_seq=6), made()) == Landed(())


class TestWhatWasReliedOn:
    def test_what_woke_it_is_moot_when_it_has_changed(self):
        assert judge(facts(superseded={3: 8}), made(woken_by=(3,))) == Stale(("seq 3 was replaced by 8",), moot=True)

    def test_what_it_read_makes_it_stale_when_it_has_changed(self):
        ruling = judge(facts(superseded={4: 8}), made(woken_by=(3,), reads=ReadSet(strict=(4,))))

        assert ruling == Stale(("seq 4 was replaced by 8",), moot=False)

    def test_what_it_amends_must_be_the_newest(self):
        assert isinstance(judge(facts(superseded={4: 8}), made(replace(note(), base=version(4)))), Stale)

    def test_what_it_read_loosely_may_have_changed(self):
        assert isinstance(judge(facts(superseded={4: 8}), made(reads=ReadSet(loose=(4,)))), Writes)

    def test_a_key_that_has_appeared_makes_it_stale(self):
        assert judge(facts(appeared=("note-1",)), made()) == Stale(("note-1 has appeared",))

    def test_a_query_that_has_drifted_makes_it_stale_or_moot_if_it_woke_it(self):
        reads = ReadSet(queries=(QueryRead(query()), QueryRead(query("task"), waking=True)))

        assert judge(facts(drifted={0: "1 more"}), made(reads=reads)) == Stale(("1 more",), moot=False)
        assert judge(facts(drifted={1: "1 more"}), made(reads=reads)) == Stale(("1 more",), moot=True)

    def test_all_changes_are_named(self):
        seen = facts(superseded={4: 8, 3: 7}, appeared=["note-1"], drifted={0: "1 more"})
        reads = ReadSet(strict=(4, 3), queries=(QueryRead(query()),))

        ruling = judge(seen, made(reads=reads))

        assert ruling.changed == ("seq 3 was replaced by 7", "seq 4 was replaced by 8", "note-1 has appeared", "1 more")


class TestWhatIsWritten:
    def test_seqs_follow_the_head_and_keys_the_last_key_of_their_kind(self):
        seen = facts(marks={"note": {"open": 2, "retracted": 1}})

        writes = judge(seen, made(note(), note(kind="task"), note()))

        assert [(e.seq, e.key, e.version, e.born) for e in writes.entries] == [
            (10, "note-4", 1, 10), (11, "task-1", 1, 11), (12, "note-5", 1, 12),
        ]  # fmt: skip
        assert writes.head == 12

    def test_an_amendment_replaces_its_base_and_keeps_key_and_birth(self):
        (new,) = judge(RUNNING, made(replace(note(), base=version(6, number=3), born=2))).entries

        assert (new.key, new.version, new.replaces, new.born) == ("note-1", 4, 6, 2)

    def test_links_to_places_become_keys_each_once(self):
        writes = (note(about=(1, "task-9", "task-9")), note(kind="task", about=(0, 1)))

        entries = judge(RUNNING, made(*writes)).entries

        assert [e.about for e in entries] == [("task-1", "task-9"), ("note-1", "task-1")]

    def test_the_counts_of_a_status_move_with_the_entries(self):
        closed = replace(note(status="done"), base=version(6))

        writes = judge(RUNNING, made(closed, note(), note(kind="task")))

        assert writes.marks == {("note", "done"): 1, ("note", "open"): 0, ("task", "open"): 1}


class TestWhatItSetsOff:
    def test_proposals_of_agents_that_have_noticed_everything_become_activations(self):
        seen = facts(cursors={"x": 9, "y": 8})
        proposals = (Proposal("x", 1, 5), Proposal("y", 0), Proposal("x", 0, broken="oops"))

        writes = judge(seen, made(note(), note(), proposals=proposals, served=("x", "y")))

        assert writes.activations == (NewActivation("x", 11, 5), NewActivation("x", 10, 0, broken="oops"))
        assert (writes.advanced, writes.lagging) == (("x",), True)

    def test_when_all_have_noticed_everything_nobody_lags(self):
        writes = judge(facts(cursors={"x": 9, "y": 9}), made(note(), served=("x", "y")))

        assert (writes.advanced, writes.lagging) == (("x", "y"), False)

    def test_something_is_left_to_notice_where_an_agent_has_conditions(self):
        assert judge(RUNNING, made(note(), unasked=True)).lagging
        assert not judge(RUNNING, made(unasked=True)).lagging, "nothing was written"

    def gathered(self, *writes, marks, cursor=9):
        groups = (GroupWatch("x", "note", DONE, rating=4),)
        seen = facts(cursors={"x": cursor}, marks={"note": marks})
        return judge(seen, made(*writes, groups=groups, served=("x",))).activations

    def test_a_set_that_becomes_whole_wakes_who_waits_for_it(self):
        last = replace(note(status="done"), base=version(6))

        assert self.gathered(last, marks={"open": 1, "done": 2}) == (NewActivation("x", 10, 4, group="note"),)
        assert self.gathered(last, marks={"open": 2, "done": 2}) == ()
        assert self.gathered(last, marks={"open": 1, "done": 2}, cursor=8) == ()

    def test_a_kind_that_is_not_touched_wakes_nobody(self):
        assert self.gathered(note(kind="task"), marks={"done": 2}) == ()


class TestAWholeSet:
    @pytest.mark.parametrize(
        ("counts", "whole"),
        [({}, False), ({"open": 0}, False), ({"done": 1}, True), ({"done": 1, "open": 1}, False),
         ({"done": 1, "open": 0}, True), ({"retracted": 2}, False), ({"done": 1, "retracted": 2}, True)],
    )  # fmt: skip
    def test_there_is_one_at_least_and_none_is_unfinished(self, counts, whole):
        assert is_whole(counts, DONE) is whole


# -- judge and landing against a model ---------------------------------------------------------------------------------
@dataclass
class Version:
    """The model's entry version."""

    seq: int
    key: str
    number: int
    status: str
    city: str
    about: tuple[str, ...]
    born: int


@dataclass
class Work:
    """The model's activation."""

    trigger: int
    snapshot: int
    token: int
    state: str = "running"
    landed: tuple[int, ...] = ()


@dataclass
class Model:
    """What a board is, written as plainly as can be: a list of versions; all else is computed from it."""

    feed: list[Version] = field(default_factory=list)
    work: dict[int, Work] = field(default_factory=dict)
    open: bool = True

    def at(self, seq: int) -> dict[str, Version]:
        newest = {v.key: v for v in self.feed[:seq]}
        return dict(sorted(newest.items(), key=lambda item: item[1].born))

    def ask(self, asked, seq: int) -> list[int]:
        def answers(v: Version) -> bool:
            city = all(value == v.city for _, value in asked.fields)
            return v.status in asked.status and city and (asked.about is None or asked.about in v.about)

        return [v.seq for v in self.at(seq).values() if answers(v)][: asked.limit]

    def append(self, writes) -> tuple[int, ...]:
        keys = [w.base.key if w.base else None for w in writes]
        born = len({v.key for v in self.feed})
        for place, _ in enumerate(writes):
            if keys[place] is None:
                born += 1
                keys[place] = f"note-{born}"
        for key, write in zip(keys, writes, strict=True):
            old = self.at(len(self.feed)).get(key)
            seq, city = len(self.feed) + 1, dict(write.fields)["city"]
            number, birth = (old.number + 1, old.born) if old else (1, seq)
            self.feed.append(Version(seq, key, number, write.status, city, write.about, birth))
        return tuple(range(len(self.feed) - len(writes) + 1, len(self.feed) + 1))

    def rule(self, claim, writes, relied: "Relied") -> str:
        """What a commit comes to; and it is done."""
        work, head = self.work[claim.id], len(self.feed)
        if work.token == claim.token and work.state == "done":
            return "Landed"
        if not self.open or work.state != "running" or work.token != claim.token:
            return "Fenced"
        current = {v.seq for v in self.at(head).values()}
        if claim.trigger not in current:
            work.state = "moot"
            return "moot"
        bases = {w.base.seq for w in writes if w.base}
        finds = all(self.ask(q, claim.snapshot) == self.ask(q, head) for q in relied.finds)
        counts = all(len(self.ask(q, claim.snapshot)) == len(self.ask(q, head)) for q in relied.counts)
        absent = not any(key in self.at(head) for key in relied.absent)
        if not (set(relied.strict) | bases <= current and finds and counts and absent):
            work.snapshot = head
            return "Stale"
        work.state, work.landed = "done", self.append(writes)
        return "Landed"


@dataclass
class Relied:
    """What a contribution of the model relies on."""

    strict: tuple[int, ...] = ()
    finds: tuple = ()
    counts: tuple = ()
    absent: tuple[str, ...] = ()


CITIES = st.sampled_from(['"Oslo"', '"Rome"'])
STATUSES = st.sampled_from(["open", "done", "retracted"])
ABOUT = st.sampled_from([(), ("note-1",), ("note-2",)])
CHANGES = st.lists(st.tuples(st.integers(0, 6), STATUSES, CITIES, ABOUT, st.booleans()), max_size=3)
FINDS = st.builds(
    query,
    status=st.sets(STATUSES, min_size=1).map(sorted),
    about=st.sampled_from([None, "note-1", "note-2"]),
    fields=st.sampled_from([(), (("city", '"Oslo"'),)]),
    limit=st.sampled_from([None, None, 1, 2]),
)
COUNTS = FINDS.map(lambda q: replace(q, limit=None))
WORKERS = st.sampled_from(["w1", "w2"])


class BoardAgainstModel(RuleBasedStateMachine):
    """Random work of random workers, applied to both."""

    @initialize()
    def begin(self):
        self.clock, self.model = Clock(), Model()
        self.bench = Bench.on(open_store(":memory:", True, self.clock), self.clock)
        self.bench.seat("a")
        self.claims: list[Claim] = []
        self.made: list[tuple[Contribution, Relied]] = []

    def teardown(self):
        if hasattr(self, "bench"):
            self.bench.store.close()

    def writes(self, changes, seq: int):
        """New entries, or amendments of what was current at this seq; each entry once."""
        there, taken, made = list(self.model.at(seq).values()), set(), []
        for which, status, city, about, new in changes:
            options = {"status": status, "fields": (("city", city),), "about": about}
            if new or which >= len(there):
                made.append(note(**options))
            elif which not in taken:
                taken.add(which)
                (row,) = self.bench.store.by_seq(self.bench.id, [there[which].seq])
                made.append(amended(row, **options))
        return tuple(made)

    @rule(changes=CHANGES, behind=st.integers(0, 3))
    def post(self, changes, behind):
        writes = self.writes(changes, max(len(self.model.feed) - behind, 0))
        current = {v.seq for v in self.model.at(len(self.model.feed)).values()}
        if not self.model.open:
            with pytest.raises(BoardClosed):
                self.bench.post(*writes)
        elif all(w.base.seq in current for w in writes if w.base):
            assert tuple(r.seq for r in self.bench.post(*writes)) == self.model.append(writes)
        else:
            with pytest.raises(UsageError):
                self.bench.post(*writes)

    @precondition(lambda self: self.model.open and self.model.feed)
    @rule(which=st.integers(0, 20), worker=WORKERS)
    def wake_and_claim(self, which, worker):
        trigger = self.model.feed[which % len(self.model.feed)]
        self.bench.wake("a", *self.bench.store.by_seq(self.bench.id, [trigger.seq]))
        self.take(worker)

    @rule(worker=WORKERS)
    def take_over(self, worker):
        self.clock.pass_by(31)
        self.take(worker)

    def take(self, worker):
        current = {v.seq for v in self.model.at(len(self.model.feed)).values()}
        for claim in self.bench.claims("a", worker=worker).taken:
            old = self.model.work.get(claim.id)
            if old is None or old.state == "pending":
                assert claim.trigger in current, "it is revalidated before it begins"
            assert claim.token > (old.token if old else 0)
            assert claim.snapshot == (old.snapshot if old else len(self.model.feed))
            self.model.work[claim.id] = Work(claim.trigger, claim.snapshot, claim.token)
            self.claims.append(claim)
        waiting = {a.id: a.state for a in self.bench.store.activations(self.bench.id, "a")}
        for number, work in self.model.work.items():
            if work.state == "pending" and waiting[number] == "moot":
                assert work.trigger not in current
                work.state = "moot"

    @precondition(lambda self: self.claims)
    @rule(
        which=st.integers(0, 9), changes=CHANGES,
        finds=st.lists(FINDS, max_size=2), counts=st.lists(COUNTS, max_size=2),
        strict=st.sets(st.integers(1, 12), max_size=2), absent=st.sets(st.integers(1, 8), max_size=1),
    )  # fmt: skip
    def commit(self, which, changes, finds, counts, strict, absent):
        claim = self.claims[-1 - which % len(self.claims)]
        work, there = self.model.work[claim.id], self.model.at(claim.snapshot)
        if (work.state, work.token) == ("done", claim.token):
            return  # what landed under this token is only ever repeated as it was: `commit_again`
        seen = [v.seq for v in there.values()]
        read = tuple(sorted(seen[n] for n in strict if n < len(seen)))
        missing = tuple(f"note-{n}" for n in absent if f"note-{n}" not in there)
        relied = Relied(read, tuple(finds), tuple(counts), missing)
        looks = [self.bench.looked(claim, q) for q in finds]
        reads = ReadSet(
            strict=tuple(dict.fromkeys([*read, *(s for look in looks for s in look.strict)])),
            queries=(*(q for look in looks for q in look.queries), *(QueryRead(q, counted=True) for q in counts)),
            absent=missing,
        )
        self.land(contribution(claim, *self.writes(changes, claim.snapshot), reads=reads), relied)

    @precondition(lambda self: self.made)
    @rule(which=st.integers(0, 9))
    def commit_again(self, which):
        self.land(*self.made[-1 - which % len(self.made)])

    def land(self, one, relied):
        (ruling,), _ = self.bench.store.commit(self.bench.id, [one])
        said = "moot" if isinstance(ruling, Stale) and ruling.moot else type(ruling).__name__
        assert said == self.model.rule(one.claim, one.writes, relied), ruling
        if isinstance(ruling, Landed):
            work = self.model.work[one.claim.id]
            assert ruling.seqs == work.landed
            assert ruling.keys == tuple(self.model.feed[s - 1].key for s in work.landed)
            self.made.append((one, relied))
        elif said == "Stale":
            assert ruling.again.snapshot == self.model.work[one.claim.id].snapshot
            self.claims.append(ruling.again)

    @precondition(lambda self: self.claims)
    @rule(which=st.integers(0, 9))
    def retry(self, which):
        claim = self.claims[-1 - which % len(self.claims)]
        work = self.model.work[claim.id]
        held = (work.state, work.token) == ("running", claim.token)

        assert self.bench.store.retry(claim, "no luck") is held
        if held:
            work.state = "pending"

    @precondition(lambda self: len(self.model.feed) > 8)
    @rule(moved=st.booleans())
    def end_and_reopen(self, moved):
        head = len(self.model.feed)
        assert self.bench.store.conclude(self.bench.id, "{}", head - moved, False) is (self.model.open and not moved)
        if moved:
            return
        if self.model.open:
            self.model.open = False
            for work in self.model.work.values():
                if work.state == "running":
                    work.state = "pending"
        else:
            self.bench.store.reopen(self.bench.id, ())
            self.model.open = True

    @invariant()
    def they_are_the_same(self):
        if not hasattr(self, "bench"):
            return
        feed = self.bench.store.feed(self.bench.id, 0)
        assert [(r.seq, r.key, r.version, r.status, r.about, r.born) for r in feed] == [
            (v.seq, v.key, v.number, v.status, v.about, v.born) for v in self.model.feed
        ]
        now = self.bench.store.current(self.bench.id)
        assert [r.seq for r in now] == [v.seq for v in self.model.at(len(feed)).values()]
        states = {a.id: a.state for a in self.bench.store.activations(self.bench.id, "a")}
        assert {n: states[n] for n in self.model.work} == {n: w.state for n, w in self.model.work.items()}


TestBoardAgainstModel = BoardAgainstModel.TestCase
TestBoardAgainstModel.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
