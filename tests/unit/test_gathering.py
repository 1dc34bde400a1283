"""Batches and groups against a plain model: whatever comes in whatever order, each is handed over exactly once."""

import random
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from blackboard.activation import Claim, Landed, Lot, Part, Proposal, Stale
from blackboard.records import Notice, Row, Seat
from store.sqlite import open_store
from tests.builders import Bench, Clock, amended, contribution, note

SIZES = {"wholes": None, "pairs": 2, "triples": 3}  # agents that watch groups, and what makes one whole
BATCH = Lot("note", 3)
AGENTS = (*SIZES, "batches")
NAMES = ("g", "h", "-")  # `-`: in no group
STATUS = ("open", "done", "done")


def name_of(text: str, status: str) -> str | None:
    """The group of an entry."""
    return None if text == "-" or status == "retracted" else text


def proposal(agent: str, trigger: int, text: str, status: str) -> list[Proposal]:
    """What an agent makes of a version."""
    if agent == "batches":
        return [Proposal(agent, trigger, many=BATCH)] if status == "open" else []
    name = name_of(text, status)
    part = Part("note") if name is None else Part("note", f'"{name}"', status == "done", SIZES[agent])
    return [Proposal(agent, trigger, many=part)]


def text_of(row: Row) -> str:
    return row.body.split('"')[3]


class Gatherings:
    """Several workers notice, claim, land and are lost in any order."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.clock = chance, Clock()
        self.store = open_store(":memory:", True, self.clock)
        self.bench = Bench.on(self.store, self.clock)
        self.bench.seat(*AGENTS, "writer")
        self.held: list[Claim] = []
        self.late: list[Notice] = []
        self.landed: defaultdict[str, list[tuple[str | None, tuple[int, ...]]]] = defaultdict(list)
        self.sets: list[tuple[str | None, int]] = []  # of `wholes`: each with the last change of the group
        self.known: dict[tuple[int, int], tuple[int, ...]] = {}  # activation, snapshot -> what it was handed

    def run(self, steps: int) -> None:
        can = [self.post, self.change, self.change, self.work, self.look, self.say, self.notice, self.notice,
               self.claim, self.claim, self.act, self.act, self.leave_and_come_back]  # fmt: skip
        for _ in range(steps):
            self.chance.choice(can)()
            self.nothing_is_handed_over_twice()
        self.settle()

    def some(self, most: int) -> list[tuple[str, str]]:
        number = self.chance.randint(1, most)
        return [(self.chance.choice(NAMES), self.chance.choice(STATUS)) for _ in range(number)]

    @property
    def agent(self) -> str:
        return self.chance.choice(AGENTS)

    def notes(self) -> list[Row]:
        return [r for r in self.store.current(self.bench.id) if r.kind == "note"]

    # -- what comes --------------------------------------------------------------------------------------------------
    def post(self) -> None:
        self.bench.post(*[note(text, status=status) for text, status in self.some(3)])

    def change(self) -> None:
        if rows := self.notes():
            status = self.chance.choice(["open", "done", "done", "retracted"])
            self.bench.amend(self.chance.choice(rows), self.chance.choice(NAMES), status=status)

    def work(self) -> None:
        """Some agent writes, in a worker that serves some agents; it may change an entry among the others."""
        claim, new = self.bench.start("writer"), self.some(3)
        served = tuple(self.chance.sample(AGENTS, self.chance.randint(0, len(AGENTS))))
        writes = [note(text, status=status) for text, status in new]
        rows = self.notes()
        if rows and self.chance.random() < 0.5:
            writes[0] = amended(self.chance.choice(rows), new[0][0], status=new[0][1])
        found = [p for a in served for n, (text, status) in enumerate(new) for p in proposal(a, n, text, status)]
        for _ in range(self.chance.randint(1, 2)):  # the answer may be lost, and it is said again
            assert isinstance(self.bench.commit(claim, *writes, proposals=tuple(found), served=served), Landed)

    # -- who notices -------------------------------------------------------------------------------------------------
    def looked(self, agent: str, upto: int | None = None) -> Notice:
        after, head = self.bench.cursor(agent), upto or self.bench.head
        rows = [r for r in self.store.feed(self.bench.id, after) if r.kind == "note" and r.seq <= head]
        found = [p for r in rows for p in proposal(agent, r.seq, text_of(r), r.status)]
        return Notice(agent, after, head, tuple(found))

    def look(self) -> None:
        """A worker has looked, and will say so later."""
        agent, back = self.agent, self.chance.randint(0, 3)
        self.late.append(self.looked(agent, max(self.bench.cursor(agent), self.bench.head - back)))

    def say(self) -> None:
        if self.late:
            self.store.notice(self.bench.id, [self.late.pop(self.chance.randrange(len(self.late)))])

    def notice(self, agent: str | None = None) -> None:
        assert self.store.notice(self.bench.id, [self.looked(agent or self.agent)])

    # -- who acts ----------------------------------------------------------------------------------------------------
    def claim(self) -> None:
        worker, slots = self.chance.choice(("w1", "w2")), self.chance.randint(1, 3)
        self.took(self.bench.claims(self.agent, worker=worker, slots=slots, lease=5).taken)

    def took(self, claims: tuple[Claim, ...]) -> None:
        for claim in claims:
            before = self.known.setdefault((claim.id, claim.snapshot), claim.members)
            assert claim.members == before, "the same snapshot, the same members"
            assert claim.members, "nobody is handed nothing"
            self.held.append(claim)

    def act(self) -> None:
        if not self.held:
            return
        claim = self.held.pop(self.chance.randrange(len(self.held)))
        match self.chance.choice(("land", "land", "land", "fail", "freeze")):
            case "land":
                self.land(claim)
            case "fail":
                self.store.retry(claim, "oops", contribution(claim))
            case _:  # others may take it over, and it comes back
                self.clock.pass_by(10)
                self.held.append(claim)

    def land(self, claim: Claim) -> None:
        ruling = self.bench.commit(claim)
        if isinstance(ruling, Landed):
            self.landed[claim.agent].append((claim.name, claim.members))
            if claim.agent == "wholes":
                self.sets.append((claim.name, claim.trigger))
        elif isinstance(ruling, Stale) and ruling.again is not None:
            self.took((ruling.again,))

    def leave_and_come_back(self) -> None:
        """It looks at all of the feed again."""
        agent = self.agent
        if any(a.state in {"pending", "running"} for a in self.store.activations(self.bench.id, agent)):
            return
        self.store.retire(self.bench.id, [a for a in (*AGENTS, "writer") if a != agent])
        self.store.seat(self.bench.id, [Seat(agent, "note")])

    # -- what must be so -----------------------------------------------------------------------------------------------
    def nothing_is_handed_over_twice(self) -> None:
        for agent, landed in self.landed.items():
            if agent == "batches":
                seqs = [s for _, members in landed for s in members]
                assert len(seqs) == len(set(seqs))
                assert all(len(members) <= BATCH.size for _, members in landed)
            elif agent == "wholes":
                sets = self.sets
                assert len(sets) == len(set(sets)), "the same entries only if others have come and gone"
            else:
                names = [name for name, _ in landed]
                assert len(names) == len(set(names))
                assert all(len(members) == SIZES[agent] for _, members in landed)

    def settle(self) -> None:
        """Everybody looks, whatever can be claimed is, and then it is as a look at the whole board would have it."""
        for _ in range(4):
            for agent in AGENTS:
                self.notice(agent)
                self.clock.pass_by(10)
                self.took(self.bench.claims(agent, worker="w3", slots=100, each=100).taken)
            while self.held:
                self.land(self.held.pop())
            self.nothing_is_handed_over_twice()
        whole: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self.notes():
            if name_of(text_of(row), row.status) is not None:
                whole[text_of(row)].append(row)
        for name, rows in whole.items():
            done = [r for r in rows if r.status == "done"]
            handed = {agent: [m for n, m in self.landed[agent] if n == f'"{name}"'] for agent in SIZES}
            if len(done) == len(rows):
                assert handed["wholes"], name
                assert sorted(handed["wholes"][-1]) == sorted(r.seq for r in rows), name
            for agent in ("pairs", "triples"):
                assert len(handed[agent]) == 1 or len(done) < SIZES[agent], (agent, name)
        taken = {s for _, members in self.landed["batches"] for s in members}
        assert all(row.seq in taken for row in self.notes() if row.status == "open")


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(20, 120))
def test_what_is_handed_over_is_what_a_look_at_the_whole_board_says_each_exactly_once(chance, steps):
    gatherings = Gatherings(random.Random(chance.random()))
    try:
        gatherings.run(steps)
    finally:
        gatherings.store.close()
