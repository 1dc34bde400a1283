"""A stranger's path: from `new-agent` to an agent that takes part in a running board, by the command line alone."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from blackboard import open_board
from blackboard.errors import BlackboardError

BLACKBOARD = [sys.executable, "-m", "blackboard"]
PATIENCE = 30  # seconds that anything may take

MEETING = '''"""A meeting that goes on until the gate is open."""

import asyncio
from pathlib import Path

from agents.hello.greeter import greeter
from agents.hello.kinds import Guests, Welcome
from blackboard import Entry, Scenario, View, agent


@agent(watches=Guests, writes=Welcome)
async def keeper(guests: Entry[Guests], view: View) -> None:
    """Keeps the meeting going."""
    while not Path("gate").exists():
        await asyncio.sleep(0.01)
    view.post(Welcome(text="that was all"))


scenario = Scenario("meeting", params=Guests, agents=[greeter, keeper], result=Welcome)
'''


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    """Every story begins in a folder of its own with a scenario and an empty plugin folder."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLACKBOARD_DB", "meeting.db")
    monkeypatch.delenv("BLACKBOARD_PLUGINS", raising=False)
    (tmp_path / "meeting.py").write_text(MEETING)
    (tmp_path / "plugins").mkdir()


def until(holds, what: str, saying=lambda: ""):
    """What holds, once it does."""
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < end, f"waited too long for {what}: {saying()}"
        time.sleep(0.01)
    return found


class Running:
    """A command in a process of its own, whose stderr is read while it runs."""

    def __init__(self, *words: str) -> None:
        self._err = Path(f"stderr-{time.monotonic_ns()}")
        with self._err.open("w") as err:
            self.process = subprocess.Popen([*BLACKBOARD, *words], stdout=subprocess.PIPE, stderr=err, text=True)

    @property
    def err(self) -> str:
        return self._err.read_text()

    def says(self, words: str) -> None:
        until(lambda: words in self.err or self.process.poll() is not None, words, lambda: self.err)
        assert words in self.err

    def ended(self) -> tuple[int, str, str]:
        out, _ = self.process.communicate(timeout=PATIENCE)
        assert "Traceback" not in self.err
        return self.process.returncode, out, self.err


@pytest.fixture
def meeting():
    """The running board; whatever becomes of the test, its process ends."""
    begun = Running("run", "meeting.py", "Ada", "Bob", "--plugins", "plugins", "--reload")
    yield begun
    begun.process.kill()
    begun.process.communicate()


def entries(kind: str) -> list[str]:
    """What is on the newest board, of a kind."""
    with suppress(BlackboardError), open_board() as board:  # there is none yet
        return [e.body.text for e in board.entries(kind)]
    return []


def edited(file: Path, **changes: str) -> str:
    text = file.read_text()
    for before, after in changes.values():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


@pytest.mark.slow
class TestAStranger:
    def test_sees_a_new_agent_take_part_in_a_running_board_breaks_it_and_mends_it(self, meeting, told):
        until(lambda: len(entries("greeting")) == 2, "greetings")

        # a new agent, tried as it was written, then edited in three lines
        code, out, _ = told("new-agent", "shouter", "--watches", "greeting", "--in", "drafts")
        assert (code, out.split()) == (0, ["drafts/shouter.py", "drafts/test_shouter.py"])
        subprocess.run([sys.executable, "-m", "pytest", "-q", "drafts"], check=True, timeout=PATIENCE)
        draft = Path("drafts/shouter.py")
        loud = edited(
            draft,
            purpose=("say here what it is for", "says it louder"),
            task=("Notes what it is shown; edit this.", "Says every greeting louder."),
            work=('f"seen: {entry.key}"', "entry.body.text.upper()"),
        )
        draft.write_text(loud)

        # dropped into the folder it joins, and acts on what is there
        draft = draft.rename("plugins/shouter.py")
        meeting.says("shouter  has joined from plugins/shouter.py; watches greeting rough; 2 activations from what is")
        until(lambda: sorted(entries("shouter_note")) == ["HELLO ADA", "HELLO BOB"], "notes")
        assert "shouter_note" in told("show", "last")[1]
        assert "shouter_note-1" in told("log", "last", "--kind", "shouter_note")[1]
        why = told("why", "last", "shouter_note-1")[1].splitlines()
        assert "shouter_note-1 v1  posted  by shouter" in why[0]
        assert " v1  rough  by greeter" in why[1]

        # broken it says where, and goes on as it was
        draft.write_text(loud.replace("def shouter(", "def shouter)("))
        meeting.says("plugins/shouter.py, line 14: SyntaxError: ")
        assert "; what it had before stays\n" in meeting.err
        greet("hello Cleo")
        until(lambda: "HELLO CLEO" in entries("shouter_note"), "the old code")

        # mended it acts anew
        draft.write_text(loud.replace("upper()", "upper() + '!'"))
        meeting.says("plugins/shouter.py is mended")
        greet("hello Dan")
        until(lambda: "HELLO DAN!" in entries("shouter_note"), "the new code")

        # gone it leaves, and the meeting comes to its end
        draft.unlink()
        meeting.says("shouter  has left")
        Path("gate").touch()
        code, out, _ = meeting.ended()
        assert (code, out) == (0, "that was all\n")
        assert len(entries("shouter_note")) == 4


def greet(text: str) -> None:
    """Somebody posts a greeting."""
    from agents.hello.kinds import Greeting

    with open_board() as board:
        board.post(Greeting(text=text))


@pytest.mark.slow
class TestAWorker:
    def test_brings_plugins_to_the_boards_that_it_serves_and_watches_them(self, told):
        meeting = Running("run", "meeting.py", "Ada", "--agents", "keeper")
        worker = Running("work", "--plugins", "plugins", "--reload", "--agents", "greeter,shouter")
        try:
            until(lambda: entries("greeting"), "the worker")
            told("new-agent", "shouter", "--watches", "greeting")
            worker.says("meeting-1  shouter  has joined from plugins/shouter.py")
            until(lambda: len(entries("shouter_note")) == 1, "a note")
            Path("gate").touch()
            assert meeting.ended()[0] == 0
        finally:
            for one in (meeting, worker):
                one.process.kill()
                one.process.communicate(timeout=PATIENCE)

    def test_of_a_run_watches_with_it_and_tells_nothing_twice(self):
        Path("plugins/bad.py").write_text("def f(:\n")
        meeting = Running("run", "meeting.py", "Ada", "--plugins", "plugins", "--reload", "--workers", "1")
        try:
            meeting.says("plugins/bad.py, line 1: SyntaxError: invalid syntax")
            until(lambda: _serving() == 2, "the crew")
            Path("gate").touch()
            code, _, err = meeting.ended()
            assert (code, err.count("SyntaxError")) == (0, 1)
        finally:
            meeting.process.kill()
            meeting.process.communicate()


def _serving() -> int:
    with suppress(BlackboardError), open_board() as board:
        return len(board.serving)
    return 0


class TestRunning:
    def test_tells_of_a_broken_plugin_and_goes_on_with_the_rest(self, told):
        told("new-agent", "shouter", "--watches", "greeting")
        Path("plugins/bad.py").write_text("from blackboard import agent\nimport nowhere\n")
        Path("gate").touch()

        code, out, err = told("run", "meeting.py", "Ada", "--plugins", "plugins")

        assert (code, out) == (0, "that was all\n")
        assert "plugins/bad.py, line 2: ModuleNotFoundError: No module named 'nowhere'\n" in err

    @pytest.mark.parametrize("quiet", [(), ("--quiet",)])
    def test_refuses_a_broken_plugin_that_was_named(self, told, quiet):
        Path("plugins/bad.py").write_text("def f(:\n")

        code, out, err = told("run", "meeting.py", "Ada", "--plugins", "plugins/bad.py", *quiet)

        assert (code, out, err) == (2, "", "plugins/bad.py, line 1: SyntaxError: invalid syntax\n")
        assert not Path("meeting.db").exists()

    def test_tells_of_a_broken_plugin_even_if_it_is_to_be_quiet(self, told):
        Path("plugins/bad.py").write_text("def f(:\n")
        Path("gate").touch()

        told_quietly = told("run", "meeting.py", "Ada", "--plugins", "plugins", "--quiet")

        assert told_quietly == (0, "that was all\n", "plugins/bad.py, line 1: SyntaxError: invalid syntax\n")

    def test_needs_a_folder_to_watch(self, told):
        code, _, err = told("run", "meeting.py", "Ada", "--reload")

        said = "there is no plugin folder to watch; say one with --plugins DIR, or leave out --reload\n"
        assert (code, err) == (2, said)


class TestTheListOfAgents:
    def test_holds_the_plugins_with_their_files_and_what_is_broken(self, told):
        told("new-agent", "shouter", "--watches", "greeting")
        Path("plugins/bad.py").write_text("def f(:\n")

        code, out, err = told("agents", "--plugins", "plugins", "--json")

        listed = {a["name"]: a for a in json.loads(out)}
        assert {k: listed["shouter"][k] for k in ("module", "watches", "writes")} == {
            "module": "plugins/shouter.py", "watches": "greeting rough", "writes": ["shouter_note"],
        }  # fmt: skip
        assert "greeter" in listed
        assert (code, err) == (2, "plugins/bad.py, line 1: SyntaxError: invalid syntax\n")

    def test_knows_the_folders_of_the_environment(self, told, monkeypatch):
        monkeypatch.setenv("BLACKBOARD_PLUGINS", os.pathsep.join(["plugins", "more"]))
        told("new-agent", "shouter")
        told("new-agent", "mumbler", "--in", "more")

        code, out, _ = told("agents")

        assert (code, "plugins/shouter.py" in out, "more/mumbler.py" in out) == (0, True, True)

    def test_holds_what_other_distributions_offer_and_tells_what_they_break(self, told, monkeypatch, tmp_path):
        (tmp_path / "offered.py").write_text(
            "from blackboard import Entry, Failure, View, agent\n\n@agent(watches=Failure, writes=())\n"
            "def mourner(failure: Entry[Failure], view: View) -> None: ...\n"
        )
        about = tmp_path / "offering-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: offering\nVersion: 1.0\n")
        doors = "[blackboard.agents]\nmourner = offered:mourner\nall = offered\nlost = nowhere\nodd = offered:__doc__\n"
        (about / "entry_points.txt").write_text(doors)
        monkeypatch.syspath_prepend(str(tmp_path))

        code, out, err = told("agents")

        assert (code, out.count("mourner")) == (2, 1)
        assert "the entry point lost = nowhere of offering cannot be loaded: ModuleNotFoundError: No module" in err
        assert "the entry point odd = offered:__doc__ of offering is no agent and no module with agents" in err

    def test_tells_who_hides_our_packages(self, told, monkeypatch):
        from blackboard.cli import health

        monkeypatch.setattr(health, "shadowed", lambda: ["openai-agents installs a package 'agents' too; pip …"])

        assert told("agents")[2] == "openai-agents installs a package 'agents' too; pip …\n"


class TestANewAgent:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("2x",), "'2x' cannot be the name of a function in Python"),
            (("class",), "'class' cannot be the name of a function in Python"),
            (("a b",), "'a b' cannot be the name of a function in Python"),
            (("json",), "there is a Python module 'json' already, which would hide yours"),
            (("greeter",), "there is an agent 'greeter' already, in agents.hello.greeter"),
            (("test_it",), "a file test_it.py is not looked at for agents"),
            (("_it",), "a file _it.py is not looked at for agents"),
            (("there",), "plugins/there.py is there already"),
            (("it", "--watches", "greting"), "there is no kind 'greting'; did you mean greeting"),
            (("it", "--in", "plugins/there.py"), "plugins/there.py is no folder"),
        ],
    )
    def test_is_refused_in_a_sentence_and_nothing_is_written(self, told, words, said):
        Path("plugins/there.py").touch()

        code, out, err = told("new-agent", *words)

        assert (code, out) == (2, "")
        assert err.startswith(said)
        assert err.count("\n") == 1
        assert [p.name for p in Path("plugins").iterdir()] == ["there.py"]

    def test_may_be_said_with_a_hyphen_and_is_written_where_the_environment_says(self, told, monkeypatch):
        monkeypatch.setenv("BLACKBOARD_PLUGINS", os.pathsep.join(["mine", "others"]))

        code, out, err = told("new-agent", "my-agent")

        assert (code, out.split()) == (0, ["mine/my_agent.py", "mine/test_my_agent.py"])
        assert "python -m pytest mine/test_my_agent.py" in err

    @pytest.mark.parametrize("watches", [None, "greeting", "guests", "failure", "other_note", "answer"])
    def test_passes_its_test_as_written(self, told, watches):
        told("new-agent", "other")

        code, out, _ = told("new-agent", "mine", *(("--watches", watches) if watches else ()))

        assert code == 0
        passed = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", out.split()[1]], capture_output=True, text=True, timeout=PATIENCE
        )
        assert passed.returncode == 0, passed.stdout
        assert len(Path("plugins/mine.py").read_text().splitlines()) <= 25
