"""Agents in plugin files that come to a running board, change and leave it, while the others go on."""

import asyncio
import json
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from blackboard import Entry, Kind, Scenario, View, agent, exists, open_board
from blackboard.board import open_store
from blackboard.errors import UsageError
from blackboard.runner import joining
from blackboard.working import Working

SECONDS = 20
PLUGIN = """
import time
from pathlib import Path
from blackboard import Entry, Kind, View, agent

class Item(Kind, lifecycle={{"open": ("held", "shut")}}):
    number: int = 0

class Remark(Kind, lifecycle={{"said": "heard"}}):
    text: str

@agent(watches=Item, writes=Remark{options})
def {name}(item: Entry[Item], view: View) -> None:
    {does}
    view.post(Remark(text="{says}"), about=item)
"""


class Job(Kind):
    """Keep the board going until the gate is open."""

    gate: Path
    items: int = 2


class Item(Kind, lifecycle={"open": ("held", "shut")}):
    number: int = 0


class End(Kind):
    text: str = "the end"


@agent(watches=Job, writes=Item)
def splitter(job: Entry[Job], view: View) -> None:
    for number in range(job.body.items):
        view.post(Item(number=number), about=job)


@agent(watches=Job, writes=End)
async def keeper(job: Entry[Job], view: View) -> None:
    while not job.body.gate.exists():
        await asyncio.sleep(0.005)
    view.post(End())


class Remark(Kind, lifecycle={"said": "heard"}):
    text: str


scenario = Scenario("kept", params=Job, agents=[splitter, keeper], result=End)
waiting = Scenario("kept", params=Job, agents=[splitter], result=Remark, done=exists(Remark, at_least=2))


class Meeting:
    """A board that is worked on until the gate is open, and what was told of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.gate, self.db = folder / "plugins", folder / "gate", str(folder / "b.db")
        self.folder.mkdir()
        self.events: list[tuple[str, str, str]] = []

    def drop(self, name: str, says: str = "hello", *, does: str = "pass", options: str = "") -> Path:
        """A plugin file, all at once."""
        text = PLUGIN.format(name=name, says=says, does=does, options=options and f", {options}")
        return self.write(name, text)

    def write(self, name: str, text: str) -> Path:
        file = self.folder / f"{name}.py"
        unfinished = file.with_suffix(".new")
        unfinished.write_text(text)
        return unfinished.replace(file)

    def observe(self, event) -> None:
        self.events.append((event.what, event.agent, event.detail))

    @asynccontextmanager
    async def begun(self, of: Scenario = scenario, items: int = 2, **options):
        said = {"plugins": [self.folder], "reload": True, "observer": self.observe, "db": self.db, **options}
        async with of.start(Job(gate=self.gate, items=items), **said) as run:
            self.board = run.board
            await until(lambda: self.board.store.board(self.board.id).head >= 1 + items or options.get("only"))
            yield run

    async def ended(self, run):
        self.gate.touch()
        return await asyncio.wait_for(run.end(), SECONDS)

    def said(self, what: str) -> list[tuple[str, str]]:
        return [(who, detail) for told, who, detail in self.events if told == what]

    def remarks(self) -> list[str]:
        return sorted(f"{e.about[0]} {e.body.text}" for e in self.board.entries("remark"))

    def states(self, name: str) -> list[str]:
        return sorted(a.state for a in self.board.store.activations(self.board.id, name))

    def seats(self) -> set[str]:
        return {s.name for s in self.board.store.seats(self.board.id)}


async def until(holds) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():
            await asyncio.sleep(0.005)


@pytest.fixture
def meeting(tmp_path, monkeypatch):
    monkeypatch.setattr(joining, "CALM", 0.03)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    return Meeting(tmp_path)


class TestAnAgentThatComes:
    def test_acts_on_what_is_there_after_it_was_told_how_much_that_is(self, meeting):
        async def story():
            async with meeting.begun() as run:
                meeting.drop("late")
                await until(lambda: len(meeting.remarks()) == 2)
                return await meeting.ended(run)

        assert asyncio.run(story()).ending == "complete"
        assert meeting.remarks() == ["item-1 hello", "item-2 hello"]
        assert meeting.said("joined") == [
            ("late", "from plugins/late.py; watches item open; 2 activations from what is there")
        ]
        told = [what for what, who, _ in meeting.events if who == "late"]
        assert told[0] == "joined"

    def test_is_told_of_current_entries_alone_that_its_where_takes(self, meeting):
        async def story():
            async with meeting.begun(items=4) as run:
                items = meeting.board.find(Item)
                meeting.board.amend(items[0], status="shut")
                meeting.board.amend(items[1])
                meeting.drop("late", options="where=lambda i: i.number != 2")
                await until(lambda: len(meeting.remarks()) == 2)
                await meeting.ended(run)

        asyncio.run(story())
        assert meeting.remarks() == ["item-2 hello", "item-4 hello"]
        assert "2 activations from" in meeting.said("joined")[0][1]

    def test_is_shown_only_what_is_new_if_it_wants_no_backlog(self, meeting):
        async def story():
            async with meeting.begun() as run:
                meeting.drop("late", options="backlog='new'")
                await until(lambda: "late" in meeting.seats())
                meeting.board.post(Item(number=7))
                await until(lambda: meeting.remarks())
                await meeting.ended(run)

        asyncio.run(story())
        assert len(meeting.remarks()) == 1
        assert meeting.said("joined")[0][1].endswith("is shown only what is new")
        assert meeting.states("late") == ["done"]

    def test_brings_the_lifecycles_of_its_kinds(self, meeting):
        async def story():
            async with meeting.begun() as run:
                meeting.drop("late")
                await until(lambda: len(meeting.remarks()) == 2)
                await meeting.ended(run)

        asyncio.run(story())
        assert json.loads(meeting.board.record.kinds)["remark"] == {"said": ["heard"]}

    def test_can_be_what_the_goal_waits_for(self, meeting):
        async def story():
            async with meeting.begun(waiting) as run:
                meeting.drop("late")
                return await asyncio.wait_for(run.end(), SECONDS)

        assert asyncio.run(story()).ending == "complete"

    def test_keeps_a_board_from_being_quiescent_while_it_is_being_loaded(self, meeting, monkeypatch):
        monkeypatch.setattr(joining, "CALM", 0.3)

        class Never(Kind):
            pass

        async def story():
            open_ended = Scenario("kept", params=Job, agents=[splitter, keeper], result=Never, done=exists(Never))
            async with meeting.begun(open_ended) as run:
                meeting.drop("late")
                meeting.gate.touch()
                return await asyncio.wait_for(run.end(), SECONDS)

        assert asyncio.run(story()).ending == "quiescent"
        assert meeting.remarks() == ["item-1 hello", "item-2 hello"]

    def test_with_the_name_of_one_of_the_team_is_told_and_does_not_sit(self, meeting):
        async def story():
            async with meeting.begun() as run:
                meeting.drop("splitter")
                await until(lambda: meeting.said("broken"))
                await meeting.ended(run)

        asyncio.run(story())
        said = "plugins/splitter.py: the team has an agent 'splitter' already; give it another name"
        assert meeting.said("broken") == [("", said)]

    def test_whose_kind_has_another_lifecycle_than_the_boards_is_told_and_does_not_sit(self, meeting):
        async def story():
            async with meeting.begun() as run:
                text = PLUGIN.format(name="late", says="x", does="pass", options="")
                meeting.write("late", text.replace('{"open": ("held", "shut")}', '{"open": "closed"}'))
                await until(lambda: meeting.said("broken"))
                await meeting.ended(run)

        asyncio.run(story())
        ((_, said),) = meeting.said("broken")
        assert said.startswith("plugins/late.py: the kind 'item' of late has another lifecycle than the one")


class TestAnAgentThatIsEdited:
    def test_acts_by_its_new_code_on_what_comes_and_does_nothing_twice(self, meeting):
        meeting.drop("late", "first")

        async def story():
            async with meeting.begun() as run:
                await until(lambda: len(meeting.remarks()) == 2)
                meeting.drop("late", "second")
                await until(lambda: meeting.said("changed"))
                meeting.board.post(Item())
                await until(lambda: len(meeting.board.entries("remark")) == 3)
                await meeting.ended(run)

        asyncio.run(story())
        texts = [e.body.text for e in meeting.board.entries("remark")]
        assert (sorted(texts), meeting.said("joined")) == (["first", "first", "second"], [])

    def test_ends_what_it_has_begun_with_the_code_that_it_began_with(self, meeting, tmp_path):
        wait = f"while not Path({str(tmp_path / 'go')!r}).exists(): time.sleep(0.005)"
        meeting.drop("late", "first", does=wait, options="concurrency=1")

        async def story():
            async with meeting.begun() as run:
                await until(lambda: "running" in meeting.states("late"))
                meeting.drop("late", "second")
                await until(lambda: meeting.said("changed"))
                (tmp_path / "go").touch()
                await until(lambda: len(meeting.remarks()) == 2)
                await meeting.ended(run)

        asyncio.run(story())
        assert sorted(e.body.text for e in meeting.board.entries("remark")) == ["first", "second"]

    def test_with_another_ready_acts_on_what_has_waited_for_the_one_before(self, meeting):
        meeting.drop("late", options="ready=lambda item, board: False")

        async def story():
            async with meeting.begun() as run:
                await until(lambda: meeting.states("late") == ["waiting", "waiting"])
                meeting.drop("late", options="ready=lambda item, board: item.body.number == 1")
                await until(lambda: meeting.remarks() == ["item-2 hello"])
                await until(lambda: meeting.states("late") == ["done", "waiting"])
                meeting.drop("late")
                await until(lambda: len(meeting.remarks()) == 2)
                await meeting.ended(run)

        asyncio.run(story())

    def test_that_wakes_on_something_else_now_is_woken_by_what_an_old_activation_writes(self, meeting, tmp_path):
        """Who acted while others were exchanged had matched its writes with those who sat there before."""
        wait = f"while not Path({str(tmp_path / 'go')!r}).exists(): time.sleep(0.005)"
        meeting.drop("first", "x", does=wait, options="where=lambda i: i.number == 0")
        hears = PLUGIN.format(name="second", says="y", does="pass", options="").replace(
            "watches=Item", "watches=Remark, where=lambda r: HEARS"
        )
        meeting.write("second", hears.replace("HEARS", "False"))

        async def story():
            async with meeting.begun() as run:
                await until(lambda: meeting.states("first") == ["running"])
                meeting.write("second", hears.replace("HEARS", "r.text == 'x'"))
                await until(lambda: meeting.said("changed"))
                (tmp_path / "go").touch()
                await until(lambda: len(meeting.remarks()) == 2)
                await meeting.ended(run)

        asyncio.run(story())
        assert [e.body.text for e in meeting.board.entries("remark")] == ["x", "y"]

    def test_that_is_broken_now_goes_on_as_it_was_until_it_is_mended(self, meeting):
        meeting.drop("late", "first")

        async def story():
            async with meeting.begun() as run:
                await until(lambda: len(meeting.remarks()) == 2)
                meeting.write("late", "def f(:\n")
                await until(lambda: meeting.said("broken"))
                meeting.board.post(Item())
                await until(lambda: len(meeting.board.entries("remark")) == 3)
                meeting.drop("late", "mended")
                await until(lambda: meeting.said("mended"))
                meeting.board.post(Item())
                await until(lambda: len(meeting.board.entries("remark")) == 4)
                await meeting.ended(run)

        asyncio.run(story())
        said = "plugins/late.py, line 1: SyntaxError: invalid syntax; what it had before stays"
        assert (meeting.said("broken"), meeting.said("mended")) == ([("", said)], [("", "plugins/late.py")])
        assert [e.body.text for e in meeting.board.entries("remark")] == ["first"] * 3 + ["mended"]


class TestAnAgentThatGoes:
    def test_gives_up_what_it_has_begun_and_the_board_goes_on_without_it(self, meeting, tmp_path):
        wait = f"while not Path({str(tmp_path / 'go')!r}).exists(): time.sleep(0.005)"
        file = meeting.drop("late", does=wait, options="concurrency=1")

        async def story():
            async with meeting.begun() as run:
                await until(lambda: "running" in meeting.states("late"))
                file.unlink()
                await until(lambda: meeting.said("left"))
                await until(lambda: "late" not in meeting.seats())
                (tmp_path / "go").touch()
                return await meeting.ended(run)

        assert asyncio.run(story()).ending == "complete"
        assert (meeting.remarks(), meeting.states("late")) == ([], ["moot", "moot"])
        assert meeting.said("left") == [("late", "")]

    def test_leaves_its_slot_to_others(self, meeting):
        file = meeting.drop("late", does="time.sleep(60)", options="concurrency=1")

        async def story():
            async with meeting.begun(slots=2) as run:
                await until(lambda: "running" in meeting.states("late"))
                file.unlink()
                meeting.drop("other")
                await until(lambda: len(meeting.remarks()) == 2)
                return await meeting.ended(run)

        assert asyncio.run(story()).ending == "complete"
        assert meeting.said("lost") == []  # at once, not when the heart finds that the claim has gone

    def test_may_fail_as_it_goes(self, meeting):
        text = PLUGIN.format(name="late", says="x", does="pass", options=", retry=0")
        stubborn = """
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        raise ValueError("never") from None
"""
        text = text.replace("def late", "async def late").replace("    pass\n", stubborn)
        file = meeting.write("late", "import asyncio\n" + text)

        async def story():
            async with meeting.begun() as run:
                await until(lambda: "running" in meeting.states("late"))
                file.unlink()
                meeting.drop("other")
                await until(lambda: len(meeting.remarks()) == 2)
                return await meeting.ended(run)

        assert asyncio.run(story()).ending == "complete"
        assert meeting.said("failed") == []

    def test_does_what_it_had_not_done_when_it_is_back_and_nothing_twice(self, meeting, tmp_path):
        wait = f"""if item.body.number:
        while not Path({str(tmp_path / "go")!r}).exists(): time.sleep(0.005)"""
        file = meeting.drop("late", "first", does=wait)

        async def story():
            async with meeting.begun(items=3) as run:
                await until(lambda: len(meeting.remarks()) == 1)
                file.unlink()
                await until(lambda: "late" not in meeting.seats())
                meeting.drop("late", "second")
                await until(lambda: len(meeting.remarks()) == 3)
                (tmp_path / "go").touch()
                await meeting.ended(run)

        asyncio.run(story())
        assert meeting.remarks() == ["item-1 first", "item-2 second", "item-3 second"]
        assert "2 activations from what is there" in meeting.said("joined")[0][1]

    def test_is_one_whose_file_makes_another_now(self, meeting):
        meeting.drop("late")

        async def story():
            async with meeting.begun() as run:
                await until(lambda: len(meeting.remarks()) == 2)
                meeting.write("late", PLUGIN.format(name="other", says="other", does="pass", options=""))
                await until(lambda: len(meeting.remarks()) == 4)
                await meeting.ended(run)

        asyncio.run(story())
        assert meeting.seats() == {"splitter", "keeper", "other"}


class TestAnAgentOfManyEntries:
    """Its counters go with it, and are made anew from all that is on the board when it is back."""

    MANY = PLUGIN.replace("def {name}(item: Entry[Item]", "def {name}(item: list[Entry[Item]]")
    BY_PARITY = "all_done(Item, by=lambda i: i.number % 2, size={size})"

    def write(self, meeting, watches: str, says: str = "hello", options: str = "") -> Path:
        text = self.MANY.format(name="late", says=says, does="pass", options=options)
        text = text.replace("import Entry", "import Entry, all_done, batched")
        text = text.replace("watches=Item", f"watches={watches}")
        return meeting.write("late", text)

    def test_comes_back_to_the_batches_that_it_had_not_done(self, meeting):
        file = self.write(meeting, "batched(Item, 2)", options=", ready=lambda items, board: False")

        async def story():
            async with meeting.begun(items=3) as run:
                await until(lambda: meeting.states("late"))
                file.unlink()
                await until(lambda: "late" not in meeting.seats())
                self.write(meeting, "batched(Item, 2)")
                await until(lambda: len(meeting.remarks()) == 2)
                await meeting.ended(run)

        asyncio.run(story())
        about = sorted(e.about for e in meeting.board.entries("remark"))
        assert about == [("item-1", "item-2"), ("item-3",)]

    def test_comes_back_to_the_groups_that_it_had_not_done(self, meeting):
        file = self.write(meeting, self.BY_PARITY.format(size=2))

        async def story():
            async with meeting.begun(items=4) as run:
                items = meeting.board.find(Item)
                for item in (items[0], items[2]):
                    meeting.board.amend(item, status="shut")
                await until(lambda: len(meeting.remarks()) == 1)
                file.unlink()
                await until(lambda: "late" not in meeting.seats())
                for item in (items[1], items[3]):
                    meeting.board.amend(item, status="shut")
                self.write(meeting, self.BY_PARITY.format(size=2), "again")
                await until(lambda: len(meeting.remarks()) == 2)
                await meeting.ended(run)

        asyncio.run(story())
        texts = [(e.about, e.body.text) for e in meeting.board.entries("remark")]
        assert texts == [(("item-1", "item-3"), "hello"), (("item-2", "item-4"), "again")]

    def test_that_groups_otherwise_now_counts_anew(self, meeting):
        self.write(meeting, self.BY_PARITY.format(size=9))

        async def story():
            async with meeting.begun(items=4) as run:
                for item in meeting.board.find(Item):
                    meeting.board.amend(item, status="shut")
                await until(lambda: all(s.cursor == meeting.board.seq for s in meeting.board.store.seats(run.board.id)))
                self.write(meeting, self.BY_PARITY.format(size=2))
                await until(lambda: len(meeting.remarks()) == 2)
                await meeting.ended(run)

        asyncio.run(story())
        assert sorted(e.about for e in meeting.board.entries("remark")) == [("item-1", "item-3"), ("item-2", "item-4")]


class TestSeveralWorkersThatReload:
    def test_take_in_who_comes_and_let_go_who_leaves_together(self, meeting):
        async def story():
            async with meeting.begun(items=6) as run, self.working(meeting), self.working(meeting):
                file = meeting.drop("late")
                await until(lambda: len(meeting.remarks()) == 6)
                meeting.drop("late", "again")
                served = lambda: [s.agents.get("late") for s in meeting.board.serving]  # noqa: E731
                await until(lambda: len(served()) == 3 and len(set(served())) == 1 and served()[0])
                file.unlink()
                await until(lambda: served() == [None] * 3)
                meeting.drop("late", "more")
                meeting.board.post(Item())
                await until(lambda: len(meeting.remarks()) == 7)
                return await meeting.ended(run)

        assert asyncio.run(story()).ending == "complete"
        assert len({r.split()[0] for r in meeting.remarks() if "item" in r}) >= 6
        assert meeting.states("late") == ["done"] * 7

    @staticmethod
    @asynccontextmanager
    async def working(meeting):
        store = open_store(meeting.db)
        one = Working(store, lambda record: scenario, reload=True)
        task = asyncio.create_task(one.run())
        try:
            yield one
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            store.close()


class TestTheFoldersOfABoard:
    def test_are_known_to_every_worker_and_to_a_resume(self, meeting):
        meeting.drop("late")

        async def story():
            async with meeting.begun(waiting, only=["splitter"], reload=False):
                await until(lambda: len(meeting.board.entries("item")) == 2)

        asyncio.run(story())
        board = waiting.resume(db=meeting.db)

        assert (len(board.entries("remark")), board.verdict.ending) == (2, "complete")

    def test_may_have_gone_when_it_is_resumed_which_is_told(self, meeting):
        meeting.drop("late")

        async def story():
            async with meeting.begun(only=["splitter"], reload=False):
                await until(lambda: len(meeting.board.entries("item")) == 2)
            meeting.gate.touch()
            meeting.folder.rename(meeting.folder.parent / "elsewhere")

        asyncio.run(story())
        with pytest.warns(UserWarning, match="plugins: there is no such plugin folder"):
            board = scenario.resume(db=meeting.db)

        assert (board.entries("remark"), board.verdict.ending) == ([], "complete")

    def test_may_be_others_after_a_resume(self, meeting, tmp_path):
        async def story():
            async with meeting.begun(waiting, only=["splitter"]):
                await until(lambda: len(meeting.board.entries("item")) == 2)

        asyncio.run(story())
        (tmp_path / "others").mkdir()
        meeting.drop("late").rename(tmp_path / "others" / "late.py")

        board = waiting.resume(db=meeting.db, plugins=[tmp_path / "others"])

        assert len(board.entries("remark")) == 2
        assert json.loads(board.record.options)["plugins"] == [str(tmp_path / "others")]

    def test_are_by_default_those_of_the_environment(self, meeting, monkeypatch):
        monkeypatch.setenv("BLACKBOARD_PLUGINS", str(meeting.folder))
        meeting.drop("late")
        meeting.gate.touch()

        board = scenario.run(Job(gate=meeting.gate), db=meeting.db)

        assert "late" in {s.name for s in board.store.seats(board.id)}

    @pytest.mark.parametrize(
        ("place", "said"),
        [
            ("nowhere", "there is no plugin folder .*nowhere; --plugins takes a folder, or one .py file"),
            ("plugins/bad.py", r"plugins/bad.py, line 1: SyntaxError: invalid syntax"),
            ("plugins/none.py", r"plugins/none.py makes no agent"),
            ("plugins/notes.txt", r"notes.txt is no Python file"),
        ],
    )
    def test_that_were_named_and_cannot_be_used_are_refused_before_there_is_a_board(self, meeting, place, said):
        meeting.write("bad", "def f(:\n")
        meeting.write("none", "")
        (meeting.folder / "notes.txt").touch()

        with pytest.raises(UsageError, match=said):
            scenario.run(Job(gate=meeting.gate), db=meeting.db, plugins=[place])

        assert not Path(meeting.db).exists()

    def test_are_needed_for_a_reload(self, meeting):
        with pytest.raises(UsageError, match="there is no plugin folder to watch"):
            scenario.run(Job(gate=meeting.gate), db=meeting.db, reload=True)

    def test_may_hold_a_broken_file_which_is_a_warning(self, meeting):
        meeting.write("bad", "def f(:\n")
        meeting.drop("late")
        meeting.gate.touch()

        with pytest.warns(UserWarning, match="plugins/bad.py, line 1: SyntaxError"):
            scenario.run(Job(gate=meeting.gate), db=meeting.db, plugins=[meeting.folder])

        with open_board(db=meeting.db) as board:
            assert board.verdict.ending == "complete"
