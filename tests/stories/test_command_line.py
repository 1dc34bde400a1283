"""Stories of the command line: what a person types, sees, and gets back."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scenarios.hello import scenario as hello

BLACKBOARD = [sys.executable, "-c", "import sys; from blackboard.cli import run; sys.exit(run())"]
PATIENCE = 30  # seconds that a process may take

GATED = '''"""Steps that wait until a file is there."""

import asyncio
from pathlib import Path

from blackboard import Entry, Kind, Scenario, View, agent, all_done, exists


class Job(Kind):
    """Do so many steps, but the first only when the gate is open."""

    steps: int
    gate: Path


class Step(Kind, lifecycle={"open": "closed"}):
    number: int
    gate: Path


class Sum(Kind, lifecycle={"draft": "final"}):
    text: str

    def __str__(self) -> str:
        return self.text


@agent(watches=Job, writes=(Step, Sum))
def splitter(job: Entry[Job], view: View) -> None:
    """Splits the job."""
    print("agents may print")
    for number in range(job.body.steps):
        view.post(Step(number=number, gate=job.body.gate), about=job)
    view.post(Sum(text="a draft"))


@agent(watches=Step, writes=Step)
async def worker(step: Entry[Step], view: View) -> None:
    """Waits at the gate."""
    gate = step.body.gate
    (gate.parent / f"reached-{step.body.number}").touch()
    while step.body.number and not gate.exists():
        await asyncio.sleep(0.01)
    if gate.exists() and "refuse" in gate.read_text():
        raise ValueError("the gate is shut")
    view.amend(step, status="closed")


@agent(watches=all_done(Step), writes=Sum)
def adder(steps: list[Entry[Step]], view: View) -> None:
    """Adds up."""
    view.post(Sum(text=f"{len(steps)} steps done"), status="final")


scenario = Scenario("gated", params=Job, agents=[splitter, worker, adder], result=Sum)

if __name__ == "__main__":
    scenario.main()
'''


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every story begins in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BLACKBOARD_DB", raising=False)
    monkeypatch.delenv("BLACKBOARD_LOG", raising=False)
    (tmp_path / "gated.py").write_text(GATED)


def begun(*words, **options):
    """A command in a process of its own."""
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.Popen([*BLACKBOARD, *words], **given)


def finished(process):
    out, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in err
    return process.returncode, out, err


def wait_for(*paths):
    until = time.monotonic() + PATIENCE
    while not all(Path(p).exists() for p in paths):
        assert time.monotonic() < until, f"waited too long for {paths}"
        time.sleep(0.01)


def at_the_gate():
    """A run that has reached its gate: its second step is being worked on."""
    process = begun("run", "gated.py", "3", "gate")
    wait_for("reached-1", "reached-2")
    return process


class TestRunning:
    def test_the_result_alone_is_on_stdout_and_the_rest_on_stderr(self):
        Path("gate").touch()
        code, out, err = finished(begun("run", "gated.py", "2", "gate"))
        assert (code, out) == (0, "2 steps done\n")
        assert "splitter  job-1 -> step-1, step-2, sum-1" in err
        assert "worker  step-1 -> closed" in err
        assert "agents may print" in err
        assert "gated-1 complete in" in err
        assert err.endswith(": 4 activations, 7 entries\n")

    def test_quiet_says_nothing_but_the_result(self, told):
        assert told("run", "hello", "Ada", "--quiet") == (0, "Hello Ada!\n", "")

    def test_as_json(self, told):
        code, out, _ = told("run", "hello", "Ada", "--json")
        assert code == 0
        assert json.loads(out) == {
            "board": "hello-1",
            "verdict": {"ending": "complete", "reasons": [], "exit_code": 0},
            "result": {
                "key": "welcome-1", "kind": "welcome", "version": 1, "status": "posted", "body": {"text": "Hello Ada!"},
            },
        }  # fmt: skip

    def test_a_script_of_a_scenario_does_the_same(self, told):
        assert told("run", hello, "Ada", "-q") == (0, "Hello Ada!\n", "")
        script = subprocess.run(
            [sys.executable, "gated.py", "0", "gate", "--activations", "1"],
            capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert script.returncode == 4
        assert "gated-1 ended: quiescent" in script.stderr

    def test_alone_it_lists_what_there_is(self, told):
        code, out, err = told("run")
        assert code == 0
        assert "hello     The smallest board" in out
        assert "blackboard run SCENARIO --help" in err
        assert {k["name"] for k in json.loads(told("run", "--json")[1])} >= {"hello", "research"}

    def test_help_shows_the_parameters_and_the_options_of_every_run(self, told):
        code, out, _ = told("run", "hello", "--help")
        assert code == 0
        assert "Who is coming." in out
        for option in ("--db", "--team", "--agent", "--slots", "--activations", "--seconds", "--json", "--quiet"):
            assert option in out

    def test_a_cap_ends_it_with_what_there_is_and_says_how_to_go_on(self, told):
        Path("gate").touch()
        code, out, err = told("run", "gated.py", "3", "gate", "--activations", "2", "--db", "my.db")
        assert (code, out) == (3, "a draft\n")
        assert "gated-1 ended: budget" in err
        assert "  2 activations are used up\n" in err
        assert "the result is a partial one: sum-1, draft" in err
        assert err.endswith("raise it: blackboard resume gated-1 --db my.db --activations N\n")
        code, out, _ = told("resume", "gated-1", "--db", "my.db", "--activations", "9")
        assert (code, out) == (0, "3 steps done\n")

    def test_an_agent_that_fails_for_good_is_told_of(self, told):
        Path("gate").write_text("refuse")
        code, out, err = told("run", "gated.py", "1", "gate")
        assert (code, out) == (4, "a draft\n")
        assert "worker  step-1 failed, is tried again: ValueError: the gate is shut" in err
        assert "worker  step-1 failed for good: ValueError: the gate is shut" in err
        assert err.endswith("look at it: blackboard show gated-1\n")
        assert "ValueError: the gate is shut" in told("show", "last")[1]

    def test_the_log_names_board_agent_and_activation(self, told):
        err = told("run", "hello", "Ada", "-q", "--log-level", "debug")[2]
        assert "hello-1 greeter 2 landed greeting-1" in err
        assert '{"text":"Hello Ada!"}' in err, "bodies are logged at DEBUG"
        assert "Hello Ada" not in told("run", "hello", "Ada", "-q", "--log-level", "info")[2], "and only there"
        lines = told("--log-json", "--log-level", "INFO", "run", "hello", "Ada", "-q")[2].splitlines()
        assert [json.loads(line)["board"] for line in lines] == ["hello-3"]

    def test_another_teams_agent_takes_a_place(self, told):
        assert told("run", "hello", "Ada", "-q", "--agent", "polisher=offline.polisher")[0] == 0


class TestRefusals:
    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            ("run helo Ada", "there is no scenario 'helo'; did you mean hello?"),
            ("run none.py Ada", "there is no file none.py"),
            ("rum hello", "no such command 'rum'. Did you mean 'run'"),
            ("hello Ada", "'hello' is a scenario; run it: blackboard run hello"),
            ("run hello", "missing argument 'names'; see blackboard run hello --help"),
            ("run gated.py two gate", "steps: Input should be a valid integer"),
            ("run hello Ada --tem x", "no such option: --tem"),
            ("run hello Ada --team x", "hello has no team 'x'; it has offline, claude"),
            ("run hello Ada --agent x=offline.host", "team 'offline' has no agent 'x'"),
            ("run hello Ada --agent host=offline.x", "team 'offline' has no agent 'x'"),
            ("run hello Ada --agent host", "--agent takes NAME=TEAM.AGENT"),
            ("run hello Ada --slots 0", "invalid value for '--slots'"),
            ("run hello Ada --db gated.py", "gated.py is not a database; say another --db"),
            ("run hello Ada --db no/such.db", "the folder of no/such.db does not exist"),
            ("run hello Ada --db oracle://x", "no store is installed for oracle://"),
            ("run research What? --documents no/such", "no/such does not exist"),
            ("boards", "there is no database blackboard.db; `blackboard run` makes one"),
            ("boards --db gated.py", "gated.py is not a database"),
            ("boards --log-level loud", "invalid value for '--log-level'"),
        ],
    )
    def test_a_wrong_command_is_one_sentence_and_exit_2(self, told, words, sentence):
        code, out, err = told(*words.split())
        assert (code, out) == (2, "")
        assert sentence in err
        assert err.count("\n") == 1

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            ("show hello-7", "blackboard.db has no board 'hello-7'; the newest are hello-1, hello-2"),
            ("show hello", "'hello' names 2 boards: hello-1, hello-2"),
            ("resume nope", "blackboard.db has no board 'nope'"),
            ("show last --as-of 99", "hello-2 has 4 versions; --as-of takes 0 to 4"),
            ("log last --kind greting", "there is no kind 'greting'; did you mean greeting?"),
        ],
    )
    def test_a_board_that_is_not_there_is_one_too(self, told, words, sentence):
        told("run", "hello", "Ada")
        told("run", "hello", "Bob")
        code, out, err = told(*words.split())
        assert (code, out) == (2, "")
        assert sentence in err

    def test_every_refused_value_has_its_line(self, told):
        Path("strict.py").write_text(
            "from blackboard import Kind, Scenario\n"
            "class P(Kind):\n    number: int\n    share: float = 0\n"
            "scenario = Scenario('strict', params=P, agents=[], result=P)\n"
        )
        _, _, err = told("run", "strict.py", "x", "--share", "y")
        assert [line.partition(":")[0] for line in err.splitlines()] == ["number", "share"]

    @pytest.mark.parametrize(
        ("source", "sentence"),
        [
            ("import blackboard\nimport no_such_module\n", "bad.py, line 2: ModuleNotFoundError: No module named"),
            ("def x(:\n", "bad.py, line 1: SyntaxError"),
            ("x = 1\n", "bad.py declares no scenario; it takes a variable `scenario = Scenario(...)`"),
            (GATED.replace('if __name__ == "__main__":\n    ', ""), "put main() under `if __name__ == '__main__':`"),
            (
                GATED.replace("result=Sum", "result=Sum, done=exists(Sum, status='x')"),
                "UnknownStatus: sum has no status",
            ),
            (GATED.replace("result=Sum", "result=Sum, resources=lambda p: 1 / 0"), "line 55: ZeroDivisionError"),
        ],
    )
    def test_a_scenario_file_that_is_broken_is_named_with_line_and_cause(self, told, source, sentence):
        Path("bad.py").write_text(source)
        code, out, err = told("run", "bad.py", "1", "gate")
        assert (code, out) == (2, "")
        assert sentence in err
        assert err.count("\n") == 1

    def test_a_scenario_of_a_standard_librarys_name_hides_nothing(self, told):
        Path("code.py").write_text(GATED)
        Path("gate").touch()
        assert told("run", "./code.py", "1", "gate", "-q")[0] == 0
        assert "interact" in dir(__import__("code"))

    def test_words_that_are_no_utf_8_are_refused(self, told):
        code, _, err = told("run", "hello", "\udcff")
        assert code == 2
        assert "is not UTF-8" in err


class TestLooking:
    @pytest.fixture(autouse=True)
    def _a_board(self, told):
        told("run", "hello", "Ada", "Bob")

    def test_boards_are_listed_newest_last(self, told):
        told("run", "hello", "Cleo")
        lines = told("boards")[1].splitlines()
        assert lines[0].split() == ["board", "scenario", "state", "workers", "entries", "age", "params"]
        assert [line.split()[:4] for line in lines[1:]] == [
            ["hello-1", "hello", "complete", "6"],
            ["hello-2", "hello", "complete", "4"],
        ]
        assert [b["board"] for b in json.loads(told("boards", "--json")[1])] == ["hello-1", "hello-2"]

    def test_show_draws_the_board_by_kind(self, told):
        out = told("show", "last")[1]
        assert out.startswith("hello-1  complete\n")
        assert "greeting (2)\n  greeting-1 v2  polished  polisher  Hello Ada!  about guests-1\n" in out
        assert "used      4 of 10000 activations" in out
        assert "  polisher  2\n" in out

    def test_show_as_of_shows_it_as_it_was(self, told):
        out = told("show", "last", "--as-of", "3")[1]
        assert out.startswith("hello-1  as of seq 3 of 6\n")
        assert "greeting-1 v1  rough  greeter  hello Ada" in out
        assert "welcome" not in out
        assert [e["key"] for e in json.loads(told("show", "last", "--as-of", "1", "--json")[1])["entries"]] == [
            "guests-1"
        ]

    def test_show_as_json_holds_everything(self, told):
        board = json.loads(told("show", "hello-1", "--json")[1])
        assert [e["key"] for e in board["entries"]] == ["guests-1", "greeting-1", "greeting-2", "welcome-1"]
        assert {"unit": "activations", "cap": 10000, "used": 4, "reserved": 0} in board["budgets"]
        assert {a["agent"] for a in board["activations"]} == {"greeter", "polisher", "host"}

    def test_the_log_is_the_feed_in_order(self, told):
        lines = told("log", "last")[1].splitlines()
        assert [int(line.split()[0]) for line in lines] == [1, 2, 3, 4, 5, 6]
        polished = "polisher        greeting-1 v2       polished   about guests-1"
        assert any(polished in line for line in lines[3:5]), "the two are polished in any order"
        listed = told("log", "last", "--kind", "welcome", "--json", "-f")[1].splitlines()
        assert [json.loads(line)["body"] for line in listed] == [{"text": "Hello Ada! Hello Bob!"}]

    def test_agents_are_listed_with_what_they_do(self, told):
        out = told("agents")[1]
        assert "polisher     greeting rough -> greeting" in out
        listed = {a["name"]: a for a in json.loads(told("agents", "--json")[1])}
        assert listed["polisher"] == {
            "name": "polisher", "module": "agents.hello.polisher", "watches": "greeting rough", "writes": ["greeting"],
            "tools": [], "purpose": "Gives a rough greeting its capital and its mark.",
            "teams": ["hello/offline", "hello/claude"],
        }  # fmt: skip

    def test_a_board_that_is_complete_shows_its_result_again(self, told):
        assert told("resume", "last") == (0, "Hello Ada! Hello Bob!\n", "hello-1 is complete already\n")

    def test_what_documents_hold_does_not_steer_a_terminal(self, told):
        told("run", "hello", "\x1b[31mred", "a\nb")
        assert "\x1b" not in told("show", "last")[1]
        assert "A\nB" not in told("show", "last")[1]


@pytest.mark.slow
class TestInterruption:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_leaves_a_board_that_can_be_resumed(self, number, told):
        process = at_the_gate()
        process.send_signal(number)
        code, out, err = finished(process)
        assert (code, out) == (130, "")
        assert err.endswith("interrupted; go on with: blackboard resume gated-1\n")
        assert json.loads(told("boards", "--json")[1])[0]["status"] == "open"
        Path("gate").touch()
        assert told("resume", "gated-1", "-q") == (0, "3 steps done\n", "")

    def test_after_kill_nothing_is_done_twice(self, told):
        process = at_the_gate()
        process.kill()
        process.communicate(timeout=PATIENCE)
        Path("gate").touch()
        code, out, _ = told("resume", "last")
        assert (code, out) == (0, "3 steps done\n")
        board = json.loads(told("show", "last", "--json")[1])
        assert sorted(a["agent"] for a in board["activations"] if a["state"] == "done") == [
            "adder", "splitter", "worker", "worker", "worker",
        ]  # fmt: skip
        assert [e["key"] for e in board["entries"]] == ["job-1", "step-1", "step-2", "step-3", "sum-1", "sum-2"]

    def test_a_follower_sees_it_all_and_ends_with_the_board(self):
        process = at_the_gate()
        follower = begun("log", "last", "-f", "--kind", "sum")
        assert select.select([follower.stdout], [], [], PATIENCE)[0]
        first = follower.stdout.readline()
        Path("gate").touch()
        assert "sum-1 v1" in first
        assert "sum-2 v1" in finished(follower)[1]
        assert finished(process)[0] == 0


@pytest.mark.slow
class TestShells:
    def test_a_reader_that_has_seen_enough_is_no_error(self):
        finished(begun("run", "hello", *map(str, range(200)), "-q"))
        reader, writer = os.pipe()
        os.close(reader)
        for words in (["log", "last"], ["show", "last"], ["run", "hello", "Ada", "-q"]):
            process = begun(*words, stdout=writer)
            assert finished(process) == (0, None, "")
        os.close(writer)

    def test_a_closed_stdout_is_no_error(self):
        process = subprocess.run(
            ["/bin/sh", "-c", '"$@" >&-', "sh", *BLACKBOARD, "run", "hello", "Ada", "-q"], stderr=subprocess.PIPE,
            check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert (process.returncode, process.stderr) == (0, b"")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_full_disk_is_a_sentence(self):
        with Path("/dev/full").open("w") as full:
            code, _, err = finished(begun("run", "hello", "Ada", "-q", stdout=full))
        assert code == 2
        assert err == (
            "the result cannot be written: No space left on device; get it again with: blackboard resume hello-1\n"
        )

    def test_a_terminal_that_knows_ascii_only_is_no_error(self):
        process = begun("run", "hello", "Zoë", "-q", env={**os.environ, "PYTHONIOENCODING": "ascii"})
        assert finished(process) == (0, "Hello Zo\\xeb!\n", "")

    def test_on_a_terminal_progress_is_live_and_goes_away(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(sys.executable, [*BLACKBOARD, "run", "gated.py", "3", "gate"])
        wait_for("reached-1", "reached-2")
        shown = _read(terminal, until=b"2 working")
        Path("gate").touch()
        shown += _read(terminal, until=None)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        last = shown.rpartition(b"\x1b[2K")[2].decode()
        assert last.startswith("gated-1 complete in")
        assert last.endswith("entries\r\n3 steps done\r\n")


def _read(terminal, until):
    """What a terminal shows, up to a word or its end."""
    shown, deadline = b"", time.monotonic() + PATIENCE
    while until is None or until not in shown:
        assert time.monotonic() < deadline, shown
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:
                return shown
    return shown


@pytest.mark.slow
def test_help_comes_at_once_and_loads_nothing_heavy():
    heavy = (
        "sqlmodel",
        "sqlalchemy",
        "loguru",
        "anthropic",
        "httpx2",
        "genai_prices",
        "scenarios",
        "agents",
        "rich.live",
    )
    code = (
        f"from blackboard.cli import run; run(['--help']); import sys; print([m for m in {heavy} if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert out.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_a_team_that_asks_no_model_loads_nothing_that_asks_one(tmp_path):
    asking = ("anthropic", "httpx2", "genai_prices", "blackboard.llm.answering")
    words = ["run", "hello", "Ada", "--team", "offline", "--db", str(tmp_path / "b.db")]
    code = f"from blackboard.cli import run; run({words}); import sys; print([m for m in {asking} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert out.stdout.splitlines()[-1] == "[]"
