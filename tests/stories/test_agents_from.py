"""Agents that are made of entries: one for each, on the running board, in every worker, also after a resume."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from blackboard import (
    Agent,
    Budget,
    Entry,
    Kind,
    Quiescence,
    Scenario,
    View,
    agent,
    agents_from,
    exists,
    open_board,
    tool,
    when,
)
from blackboard.board import open_store
from blackboard.errors import UsageError
from blackboard.runner import Runner, joining, waking
from blackboard.testing import run_team
from blackboard.working import Working

SECONDS = 30
ROOT = Path(__file__).parents[2]


class Subject(Kind):
    """What the roles are for; the plan is to have so many."""

    text: str = "fish"
    roles: int = 2


class Role(Kind, lifecycle={"open": "reported"}):
    name: str
    task: str = "look"


class Finding(Kind):
    text: str


@agent(watches=Subject, writes=Role)
def planner(subject: Entry[Subject], view: View) -> None:
    for number in range(subject.body.roles):
        view.post(Role(name=f"role{number}"), about=subject)


def seeing(name: str, says: str, **options) -> Agent:
    """An agent that says something of every subject."""

    @agent(watches=Subject, writes=Finding, name=name, **options)
    def sees(subject: Entry[Subject], view: View) -> None:
        view.post(Finding(text=f"{says} {subject.body.text}"), about=subject)

    return sees


@agents_from(Role)
def analyst(role: Entry[Role]) -> Agent:
    """Does the task of a role."""
    return seeing(role.body.name, f"{role.body.name} {role.body.task}s at")


NEVER = exists(Finding, at_least=10**6)


def scenario(*team, done=NEVER) -> Scenario:
    return Scenario("s", params=Subject, agents=[planner, *team], result=Finding, done=done)


def texts(board) -> list[str]:
    return sorted(f.body.text for f in board.find(Finding))


async def until(holds) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():
            await asyncio.sleep(0.005)


class Meeting:
    """A board that is worked on until somebody opens the gate; what is told of it; what is there when nobody acts."""

    def __init__(self, db: str = ":memory:") -> None:
        self.events: list[tuple[str, str, str]] = []
        self.gate, self.db = asyncio.Event(), db

    @asynccontextmanager
    async def begun(self, *team, roles: int = 0, **options):
        async def keeps(subject: Entry[Subject], view: View) -> None:
            await self.gate.wait()

        keeper = agent(watches=Subject, writes=(), name="keeper", where=lambda s: s.text == "fish")(keeps)
        told = {"observer": lambda e: self.events.append((e.what, e.agent, e.detail)), "db": self.db}
        async with scenario(keeper, *team).start(Subject(roles=roles), **told, **options) as run:
            self.board = run.board
            await until(lambda: self.done("planner") == 1)
            yield run

    async def ended(self, run):
        self.gate.set()
        return await asyncio.wait_for(run.end(), SECONDS)

    def done(self, name: str) -> int:
        return [a.state for a in self.board.store.activations(self.board.id, name)].count("done")

    def seats(self) -> set[str]:
        return {s.name for s in self.board.store.seats(self.board.id)}

    def said(self, *what: str) -> list[tuple[str, ...]]:
        return [event[1:] for event in self.events if event[0] in what]


class TestAnEntry:
    def test_brings_an_agent_that_acts_on_what_was_there_before(self):
        board = scenario(analyst).run(Subject(roles=2), db=":memory:")

        assert texts(board) == ["role0 looks at fish", "role1 looks at fish"]
        assert board.verdict.ending == "quiescent"

    def test_that_is_seeded_brings_one_too(self):
        roles = [Role(name="a"), Role(name="b"), Subject(roles=0)]
        made = Scenario("s", params=Subject, agents=[analyst], result=Finding, seed=lambda _: roles,
                        done=exists(Finding, at_least=2))  # fmt: skip

        board = made.run(Subject(), db=":memory:", budget=Budget(seconds=SECONDS))

        assert board.verdict.ending == "complete"

    def test_that_a_person_posts_brings_its_agent_at_once(self):
        meeting = Meeting()

        async def story():
            async with meeting.begun(analyst) as run:
                meeting.board.post(Role(name="late"))
                await until(lambda: meeting.done("late"))
                meeting.board.post(Subject(text="more", roles=0))
                await until(lambda: meeting.done("late") == 2)
                await meeting.ended(run)

        asyncio.run(story())
        assert texts(meeting.board) == ["late looks at fish", "late looks at more"]
        assert meeting.said("joined") == [
            ("late", "from analyst for role-1; watches subject posted; 1 activation from what is there")
        ]

    def test_brings_an_agent_that_sees_only_what_is_new_where_it_says_so(self):
        meeting = Meeting()

        @agents_from(Role)
        def fresh(role: Entry[Role]) -> Agent:
            return seeing(role.body.name, "sees", backlog="new")

        async def story():
            async with meeting.begun(fresh) as run:
                meeting.board.post(Role(name="late"))
                await until(lambda: "late" in meeting.seats())
                meeting.board.post(Subject(text="more", roles=0))
                await meeting.ended(run)

        asyncio.run(story())
        assert texts(meeting.board) == ["sees more"]

    def test_that_is_retracted_takes_its_agent_away(self):
        meeting = Meeting()

        async def story():
            async with meeting.begun(analyst, roles=2) as run:
                await until(lambda: meeting.done("role0") and meeting.done("role1"))
                meeting.board.amend(meeting.board.find(Role)[0], status="retracted")
                await until(lambda: "role0" not in meeting.seats())
                meeting.board.post(Subject(text="more", roles=0))
                return await meeting.ended(run)

        asyncio.run(story())
        assert texts(meeting.board) == ["role0 looks at fish", "role1 looks at fish", "role1 looks at more"]
        assert meeting.said("left") == [("role0", "")]

    def test_that_is_retracted_stops_what_its_agent_is_doing(self):
        meeting, begun, stopped = Meeting(), asyncio.Event(), asyncio.Event()

        @agents_from(Role)
        def slow(role: Entry[Role]) -> Agent:
            @agent(watches=Role, writes=Finding, name=role.body.name)
            async def waits(role: Entry[Role], view: View) -> None:
                begun.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    stopped.set()

            return waits

        async def story():
            async with meeting.begun(slow) as run:
                role = meeting.board.post(Role(name="slow"))
                await asyncio.wait_for(begun.wait(), SECONDS)
                meeting.board.amend(role, status="retracted")
                await asyncio.wait_for(stopped.wait(), SECONDS)
                return await meeting.ended(run)

        assert asyncio.run(story()).ending == "quiescent"

    def test_that_is_amended_makes_its_agent_anew(self):
        meeting = Meeting()

        async def story():
            async with meeting.begun(analyst, roles=1) as run:
                await until(lambda: meeting.done("role0"))
                meeting.board.amend(meeting.board.find(Role)[0], Role(name="role0", task="laugh"))
                await until(lambda: meeting.said("remade"))
                meeting.board.post(Subject(text="more", roles=0))
                return await meeting.ended(run)

        asyncio.run(story())
        assert texts(meeting.board) == ["role0 laughs at more", "role0 looks at fish"]
        assert meeting.said("remade") == [("role0", "analyst for role-1")]

    def test_that_is_amended_is_shown_to_the_agent_that_is_made_of_it_then(self):
        """Not to the one before, whose `where` would have passed it over."""
        meeting = Meeting()

        @agents_from(Role)
        def of_its_own(role: Entry[Role]) -> Agent:
            @agent(watches=Role, writes=Finding, name="it", where=lambda r: r.task == role.body.task)
            def sees(seen: Entry[Role], view: View) -> None:
                view.post(Finding(text=f"{seen.body.task} by {role.body.task}"))

            return sees

        async def story():
            async with meeting.begun(of_its_own, roles=1) as run:
                await until(lambda: meeting.done("it") == 1)
                role = meeting.board.find(Role)[0]
                for number in range(5):
                    role = meeting.board.amend(role, Role(name="it", task=f"task{number}"))
                    await until(lambda so_far=number: meeting.done("it") == 2 + so_far)
                return await meeting.ended(run)

        asyncio.run(story())
        assert texts(meeting.board) == sorted(["look by look", *(f"task{n} by task{n}" for n in range(5))])

    def test_that_is_amended_along_with_other_writes_makes_the_agent_that_is_shown_those(self):
        @agents_from(Role)
        def choosy(role: Entry[Role]) -> Agent:
            return seeing("it", role.body.task, where=lambda subject: subject.text == role.body.task)

        @agent(watches=Subject, writes=(Role, Subject), where=lambda subject: subject.text == "go")
        def changer(subject: Entry[Subject], view: View) -> None:
            view.amend(view.find(Role)[0], Role(name="it", task="laugh"))
            view.post(Subject(text="laugh", roles=0))

        meeting = Meeting()

        async def story():
            async with meeting.begun(choosy, changer, roles=1) as run:
                await until(lambda: "it" in meeting.seats())
                meeting.board.post(Subject(text="go", roles=0))
                return await meeting.ended(run)

        asyncio.run(story())
        assert texts(meeting.board) == ["laugh laugh"]

    def test_may_be_changed_by_its_own_agent(self):
        @agents_from(Role)
        def reporter(role: Entry[Role]) -> Agent:
            @agent(watches=Role, writes=(Finding, Role), name=role.key, where=lambda r: r.name == role.body.name)
            def reports(seen: Entry[Role], view: View) -> None:
                view.post(Finding(text=f"{role.key} {seen.body.name}"))
                view.amend(seen, status="reported")

            return reports

        board = scenario(reporter).run(Subject(roles=3), db=":memory:")

        assert texts(board) == ["role-1 role0", "role-2 role1", "role-3 role2"]
        assert [r.status for r in board.find(Role)] == ["reported"] * 3

    def test_whose_agent_finds_others_brings_their_agents_too(self):
        @agents_from(Role)
        def parent(role: Entry[Role]) -> Agent:
            @agent(watches=Role, writes=(Role, Finding), name=role.body.name, where=lambda r: r.name == role.body.name)
            def bears(seen: Entry[Role], view: View) -> None:
                view.post(Finding(text=role.body.name))
                if len(role.body.name) < 10:
                    view.post(Role(name=role.body.name + "x"))

            return bears

        board = scenario(parent).run(Subject(roles=1), db=":memory:")

        assert len(texts(board)) == 6


class TestTheAgentsThatAreMade:
    def test_are_shown_what_lands_at_once(self, monkeypatch):
        monkeypatch.setattr(waking, "POLL", 10 * SECONDS)

        board = scenario(analyst).run(Subject(roles=2), db=":memory:", budget=Budget(seconds=SECONDS))

        assert board.verdict.ending == "quiescent"

    def test_bring_kinds_that_the_board_then_knows(self):
        class Extra(Kind):
            """Nobody else writes it."""

        @agents_from(Role)
        def extra(role: Entry[Role]) -> Agent:
            @agent(watches=Role, writes=Extra, name="extra")
            def adds(role: Entry[Role], view: View) -> None:
                view.post(Extra())

            return adds

        board = scenario(extra).run(Subject(roles=1), db=":memory:")

        assert "extra" in board.kinds


@pytest.fixture
def inattentive(monkeypatch):
    """A worker that does not notice an entry from which an agent is to be made, as one that has not heard of it yet."""
    notice = Runner._notice

    async def late(self):
        if self._plan.made.is_of_now(self._store, self.board):
            await notice(self)
        else:
            self._due.behind = False

    monkeypatch.setattr(Runner, "_notice", late)


@agent(watches=Quiescence, writes=Role)
def finalizer(quiet: Entry[Quiescence], view: View) -> None:
    view.post(Role(name="last"))


@pytest.mark.usefixtures("inattentive")
class TestTheEnd:
    """Not before those have acted who are made of the entries that are there."""

    def test_by_quiescence(self):
        made = Scenario("s", params=Subject, agents=[analyst], result=Finding, done=NEVER,
                        seed=lambda subject: [subject, Role(name="a")])  # fmt: skip

        board = made.run(Subject(), db=":memory:")

        assert (texts(board), board.verdict.ending) == (["a looks at fish"], "quiescent")

    def test_by_quiescence_after_the_finalizer(self):
        board = scenario(analyst, finalizer).run(Subject(roles=0), db=":memory:")

        assert (texts(board), board.verdict.ending) == (["last looks at fish"], "quiescent")

    def test_by_the_budget_of_an_agent(self):
        @agent(watches=Subject, writes=(), budget=Budget(activations=1))
        def capped(subject: Entry[Subject], view: View) -> None:
            pass

        made = Scenario("s", params=Subject, agents=[capped, finalizer, analyst], result=Finding, done=NEVER,
                        seed=lambda subject: [subject, subject])  # fmt: skip

        board = made.run(Subject(), db=":memory:")

        assert (texts(board), board.verdict.ending) == (["last looks at fish"] * 2, "budget")

    def test_of_a_board_that_was_opened_for_more_posts(self, tmp_path):
        db, at_once = str(tmp_path / "b.db"), when(lambda b: b.count(Subject) > 0, "at once")
        made = scenario(analyst, done=at_once)
        made.run(Subject(roles=0), db=db).close()

        async def story():
            async with made.reopen(db=db, more=True) as run:
                run.board.post(Subject(text="more", roles=1))
                return (await asyncio.wait_for(run.end(), SECONDS)).ending, texts(run.board)

        assert asyncio.run(story()) == ("complete", ["role0 looks at fish", "role0 looks at more"])


class TestTheSameEntry:
    def test_gives_the_same_agent_whatever_else_comes(self):
        made = []

        @agents_from(Role)
        def counted(role: Entry[Role]) -> Agent:
            made.append(role.key)
            return seeing(role.key, "sees")

        meeting = Meeting()

        async def story():
            async with meeting.begun(counted) as run:
                for number in range(4):
                    meeting.board.post(Role(name="any"))
                    await until(lambda so_far=number: len(meeting.said("joined")) == so_far + 1)
                return await meeting.ended(run)

        asyncio.run(story())
        assert made == ["role-1", "role-2", "role-3", "role-4"]
        assert meeting.said("remade") == []


class TestWhatCannotBeMade:
    @pytest.mark.parametrize(
        ("broken", "because"),
        [
            (lambda role: 1 / 0, "analyst for role-1: ZeroDivisionError: division by zero"),
            (lambda role: sys.exit(3), "analyst for role-1: SystemExit: 3"),
            (lambda role: "an agent", "analyst for role-1: it gives str, not an agent"),
            (lambda role: planner, "analyst for role-1: the team has an agent 'planner' already; give it another name"),
        ],
    )
    def test_is_told_once_in_a_sentence_and_the_rest_goes_on(self, broken, because):
        meeting = Meeting()

        @agents_from(Role)
        def analyst(role: Entry[Role]) -> Agent:
            return broken(role) if role.key == "role-1" else seeing(role.key, "sees")

        async def story():
            async with meeting.begun(analyst, roles=2) as run:
                await until(lambda: meeting.done("role-2"))
                meeting.board.post(Role(name="third"))
                await until(lambda: meeting.done("role-3"))
                return await meeting.ended(run)

        assert asyncio.run(story()).ending == "quiescent"
        ((_, said),) = meeting.said("broken")
        assert said.startswith(because)
        assert texts(meeting.board) == ["sees fish", "sees fish"]

    def test_is_mended_by_an_amended_entry(self):
        meeting = Meeting()

        @agents_from(Role)
        def picky(role: Entry[Role]) -> Agent:
            if role.body.task == "look":
                raise ValueError("what is a look?")
            return seeing("seer", role.body.task)

        async def story():
            async with meeting.begun(picky, roles=1) as run:
                await until(lambda: meeting.said("broken"))
                meeting.board.amend(meeting.board.find(Role)[0], Role(name="r", task="watches"))
                await until(lambda: meeting.done("seer"))
                return await meeting.ended(run)

        asyncio.run(story())
        assert meeting.said("mended") == [("", "picky for role-1")]

    def test_of_two_of_one_name_is_the_later_one_until_the_first_has_left(self):
        meeting = Meeting()

        @agents_from(Role)
        def same(role: Entry[Role]) -> Agent:
            return seeing("twin", role.body.name)

        async def story():
            async with meeting.begun(same, roles=2) as run:
                await until(lambda: meeting.done("twin"))
                meeting.board.amend(meeting.board.find(Role)[0], status="retracted")
                await until(lambda: meeting.said("remade"))
                meeting.board.post(Subject(text="more", roles=0))
                return await meeting.ended(run)

        asyncio.run(story())
        assert texts(meeting.board) == ["role0 fish", "role1 more"]


class TestAResume:
    def test_has_the_agents_again_and_does_nothing_twice(self, tmp_path):
        db = str(tmp_path / "b.db")
        made = scenario(analyst)
        first = made.run(Subject(roles=3), db=db)
        before = texts(first)
        first.close()

        events = []
        again = made.resume(db=db, more=False, observer=lambda e: events.append((e.what, e.agent)))

        assert texts(again) == before
        assert [e for e in events if e[0] in {"joined", "acting"}] == []
        assert again.verdict.ending == "quiescent"

    def test_of_a_board_whose_entry_was_retracted_meanwhile_has_not_its_agent(self, tmp_path):
        db = str(tmp_path / "b.db")
        meeting = Meeting(db)

        async def interrupted():
            async with meeting.begun(analyst, roles=2):
                await until(lambda: meeting.done("role0") and meeting.done("role1"))

        asyncio.run(interrupted())
        meeting.board.amend(meeting.board.find(Role)[0], status="retracted")
        meeting.board.post(Subject(text="more", roles=0))
        board = scenario(analyst).resume(db=db)

        assert texts(board) == ["role0 looks at fish", "role1 looks at fish", "role1 looks at more"]

    @pytest.mark.slow
    def test_in_another_process_after_a_kill_goes_on_where_it_was(self, tmp_path):
        program, db = tmp_path / "program.py", tmp_path / "k.db"
        program.write_text(KILLED)
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        words = [sys.executable, str(program), str(db), str(tmp_path / "gate")]

        process = subprocess.Popen([*words, "run"], env=env, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "three have acted\n"
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=SECONDS)
        (tmp_path / "gate").touch()
        done = subprocess.run([*words, "resume"], env=env, capture_output=True, text=True, timeout=SECONDS)

        assert json.loads(done.stdout) == ["role-1", "role-2", "role-3", "role-4"], done.stderr
        acted = (tmp_path / "acted").read_text().split()
        assert sorted(acted) == ["role-1", "role-2", "role-3", "role-4", "role-4"], "the one that was killed acts anew"


KILLED = textwrap.dedent("""
    import asyncio, json, sys
    from pathlib import Path
    from blackboard import Agent, Entry, Kind, Scenario, View, agent, agents_from, exists

    db, gate, what = sys.argv[1], Path(sys.argv[2]), sys.argv[3]

    class Subject(Kind):
        roles: int = 4

    class Role(Kind):
        name: str = ""

    class Finding(Kind):
        text: str

    @agent(watches=Subject, writes=Role)
    def planner(subject: Entry[Subject], view: View) -> None:
        for _ in range(subject.body.roles):
            view.post(Role())

    @agents_from(Role)
    def analyst(role: Entry[Role]) -> Agent:
        @agent(watches=Subject, writes=Finding, name=f"analyst-{role.key}")
        async def sees(subject: Entry[Subject], view: View) -> None:
            with gate.with_name("acted").open("a") as acted:
                acted.write(f"{role.key} ")
            while role.key == "role-4" and not gate.exists():
                await asyncio.sleep(0.01)
            view.post(Finding(text=role.key))
        return sees

    landed = []

    def observe(event):
        if event.what == "landed" and event.agent.startswith("analyst"):
            landed.append(event.agent)
            if len(landed) == 3 and what == "run":
                print("three have acted", flush=True)

    scenario = Scenario("s", params=Subject, agents=[planner, analyst], result=Finding,
                        done=exists(Finding, at_least=4))
    if what == "run":
        scenario.run(Subject(), db=db, observer=observe)
    else:
        board = scenario.resume(db=db, observer=observe)
        print(json.dumps(sorted(f.body.text for f in board.find(Finding))))
""")


class TestAnotherWorker:
    @staticmethod
    async def beside(run, made: Scenario, db: str, **options):
        """Work on the same board with a store and slots of its own."""
        store = open_store(db)
        try:
            return await Working(store, lambda _: made, board=run.board.id, **options).run()
        finally:
            store.close()

    @pytest.mark.parametrize("only", [["role0", "role1"], ["analyst"]])
    def test_serves_the_agents_that_are_made_by_their_names_or_by_that_of_their_maker(self, tmp_path, only):
        db, made, events = str(tmp_path / "b.db"), scenario(analyst), []

        async def story():
            tell = {"observer": lambda e: events.append((e.what, e.agent))}
            async with made.start(Subject(roles=2), db=db, only=["planner"], **tell) as run:
                other = asyncio.create_task(self.beside(run, made, db, only=only))
                verdict = await asyncio.wait_for(run.end(), SECONDS)
                await asyncio.wait_for(other, SECONDS)
                return run.board, verdict

        board, verdict = asyncio.run(story())
        assert verdict.ending == "quiescent"
        assert texts(board) == ["role0 looks at fish", "role1 looks at fish"]
        assert {agent for what, agent in events if what == "acting"} == {"planner"}

    def test_that_serves_others_alone_never_ends_the_board_before_they_have_acted(self, tmp_path):
        db, made, meeting = str(tmp_path / "b.db"), scenario(analyst), Meeting()

        async def story():
            async with made.start(Subject(roles=2), db=db, only=["planner"]) as run:
                meeting.board = run.board
                await until(lambda: {"role0", "role1"} <= meeting.seats())
                assert run.board.verdict is None
                other = asyncio.create_task(self.beside(run, made, db, only=["analyst"]))
                await asyncio.wait_for(run.end(), SECONDS)
                await asyncio.wait_for(other, SECONDS)
                return run.board

        assert len(texts(asyncio.run(story()))) == 2

    def test_that_finds_entries_whose_agents_it_does_not_serve_waits_for_who_does(self, tmp_path):
        db, meeting = str(tmp_path / "b.db"), Meeting()
        made = Scenario("s", params=Subject, agents=[planner, analyst], result=Finding, done=NEVER,
                        seed=lambda subject: [subject, Role(name="a")])  # fmt: skip

        async def story():
            async with made.start(Subject(roles=0), db=db) as run:  # and is gone before it has begun
                meeting.board = run.board
            first = asyncio.create_task(self.beside(run, made, db, only=["planner"]))
            await until(lambda: "a" in meeting.seats() or run.board.verdict)
            await until(lambda: meeting.done("planner"))
            second = asyncio.create_task(self.beside(run, made, db, only=["analyst"]))
            await asyncio.wait_for(asyncio.gather(first, second), SECONDS)

        asyncio.run(story())
        assert texts(meeting.board) == ["a looks at fish"]

    @pytest.mark.slow
    @pytest.mark.parametrize("round_", range(10))
    def test_does_not_end_the_board_before_the_agent_of_the_last_entry_has_acted(self, tmp_path, round_):
        """Each entry brings the next: between two of them nobody has anything to do but the agent that is coming.

        In every second round each of two workers serves every second agent, so that one only sees the other's come.
        """
        db, length = str(tmp_path / "b.db"), 6

        @agents_from(Role)
        def chained(role: Entry[Role]) -> Agent:
            number = int(role.body.name)

            @agent(watches=Role, writes=(Role, Finding), name=f"no{number}", where=lambda r: r.name == str(number))
            def links(seen: Entry[Role], view: View) -> None:
                view.post(Finding(text=str(number)))
                if number < length:
                    view.post(Role(name=str(number + 1)))

            return links

        one = Scenario("s", params=Subject, agents=[chained], result=Finding, seed=lambda _: [Role(name="0")],
                       done=exists(Finding, at_least=100))  # fmt: skip

        async def story():
            mine, others = ({"only": [f"no{n}" for n in range(k, length + 1, 2)]} if round_ % 2 else {} for k in (0, 1))
            async with one.start(Subject(), db=db, budget=Budget(seconds=SECONDS), **mine) as run:
                other = asyncio.create_task(self.beside(run, one, db, **others))
                await asyncio.wait_for(run.end(), SECONDS)
                await asyncio.wait_for(other, SECONDS)
                return run.board

        board = asyncio.run(story())
        assert board.verdict.ending == "quiescent"
        assert texts(board) == [str(n) for n in range(length + 1)]


class TestNamingWhoIsServed:
    def test_of_agents_that_may_yet_be_made_is_allowed(self):
        meeting = Meeting()

        async def story():
            async with scenario(analyst).start(Subject(roles=1), db=":memory:", only=["planner", "role0"]) as run:
                meeting.board = run.board
                return await asyncio.wait_for(run.end(), SECONDS)

        asyncio.run(story())
        assert texts(meeting.board) == ["role0 looks at fish"]

    def test_in_the_place_of_a_maker_is_refused(self):
        with pytest.raises(UsageError, match="team 'default' has no agent 'analyst'; it has planner"):
            scenario(analyst).run(Subject(), db=":memory:", agents={"analyst": planner})


class TestABoardWithoutSuchEntries:
    def test_ends_and_says_who_waited_for_them(self):
        board = scenario(analyst).run(Subject(roles=0), db=":memory:")

        assert board.verdict.ending == "quiescent"
        assert "analyst waited for role" in board.verdict.reasons


class TestAMakerInAPluginFile:
    TEXT = """
from blackboard import Agent, Entry, Kind, View, agent, agents_from

class Role(Kind, lifecycle={"open": "reported"}):
    name: str
    task: str = "look"

class Finding(Kind):
    text: str

@agents_from(Role)
def analyst(role: Entry[Role]) -> Agent:
    @agent(watches=Role, writes=Finding, name=role.key)
    def sees(seen: Entry[Role], view: View) -> None:
        view.post(Finding(text=f"{role.key} SAYS {seen.key}"))
    return sees
"""

    def test_brings_its_agents_beside_the_team(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sys, "path", list(sys.path))
        (tmp_path / "analysts.py").write_text(self.TEXT.replace("SAYS", "sees"))

        board = scenario().run(Subject(roles=2), db=":memory:", plugins=[tmp_path])

        assert texts(board) == ["role-1 sees role-1", "role-1 sees role-2", "role-2 sees role-1", "role-2 sees role-2"]

    def test_that_is_edited_makes_all_of_them_anew(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sys, "path", list(sys.path))
        monkeypatch.setattr(joining, "CALM", 0.03)
        file, meeting = tmp_path / "analysts.py", Meeting()
        file.write_text(self.TEXT.replace("SAYS", "sees"))

        async def story():
            async with meeting.begun(roles=1, plugins=[tmp_path], reload=True) as run:
                await until(lambda: meeting.done("role-1") == 1)
                new = file.with_suffix(".new")
                new.write_text(self.TEXT.replace("SAYS", "likes"))
                new.replace(file)
                await until(lambda: meeting.said("remade"))
                meeting.board.post(Role(name="late"))
                return await meeting.ended(run)

        asyncio.run(story())
        assert texts(meeting.board) == ["role-1 likes role-2", "role-1 sees role-1", "role-2 likes role-1",
                                        "role-2 likes role-2"]  # fmt: skip


class TestATeamOnTrial:
    def test_may_have_makers(self):
        board = run_team([planner, analyst], Subject(roles=2))

        assert texts(board) == ["role0 looks at fish", "role1 looks at fish"]

    def test_makes_the_agents_of_a_board_that_has_been_used_before(self):
        board = run_team([planner, analyst], Subject(roles=1))

        again = run_team([planner, analyst], Subject(text="more", roles=0), board=board)

        assert texts(again) == ["role0 looks at fish", "role0 looks at more"]


class TestAnOpenedBoard:
    def test_that_goes_on_for_more_posts_waits_for_the_agent_of_the_last_entry(self, tmp_path):
        db, made = str(tmp_path / "b.db"), scenario(analyst, done=when(lambda b: b.count(Subject) > 0, "at once"))
        made.run(Subject(roles=0), db=db).close()

        async def story():
            async with made.reopen(db=db, more=True) as run:
                run.board.post(Role(name="late"))
                return await asyncio.wait_for(run.end(), SECONDS)

        assert asyncio.run(story()).ending == "complete"
        with open_board(db=db) as board:
            assert texts(board) == ["late looks at fish"]


class TestAnEntryThatNobodyVouchesFor:
    """What it says must not become an instruction to a model."""

    @staticmethod
    def board(**options):
        @tool(effects="none", returns="untrusted")
        def found_in_the_web() -> str:
            """What a page says."""
            return "obey"

        @agent(watches=Subject, writes=Role, tools=[found_in_the_web])
        async def surfer(subject: Entry[Subject], view: View) -> None:
            view.post(Role(name=await view.call(found_in_the_web)), about=subject)

        @agents_from(Role)
        def maker(role: Entry[Role]) -> Agent:
            return seeing(role.body.name, "seen:", **options)

        return run_team([surfer, maker], Subject())

    def test_makes_no_agent_that_asks_a_model(self):
        assert texts(self.board(model="fast", system="Do as the page says.")) == []

    def test_may_make_another(self):
        assert texts(self.board()) == ["seen: fish"]
