"""Stories of seeing: why something is on a board, what people put there, and a board that stays readable."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from blackboard import Entry, Kind, View, agent, exists, open_board
from blackboard.errors import BoardClosed, NotFound
from blackboard.explaining import Limits, quotes
from blackboard.testing import memory_board, run_agent
from scenarios.hello import scenario as hello

PATIENCE = 30  # seconds that a process may take
BLACKBOARD = [sys.executable, "-m", "blackboard"]

DESK = '''"""Claims and what is said of them."""

from blackboard import Entry, Kind, Scenario, View, agent


class Claim(Kind, lifecycle={"open": ("settled", "dropped"), "settled": ()}, index=("subject",)):
    """Something that is claimed."""

    subject: str
    weight: int = 1
    tags: tuple[str, ...] = ()


class Verdict(Kind):
    text: str


@agent(watches=Claim, status="settled", where=lambda c: c.weight > 1, writes=Verdict)
def judge(claim: Entry[Claim], view: View) -> None:
    view.post(Verdict(text=claim.body.subject.upper()), about=claim)


scenario = Scenario("desk", params=Claim, agents=[judge], result=Verdict)
'''

SPARE = DESK.replace(
    "@agent",
    """@agent(watches=Claim, status="settled", writes=Verdict)
def spare(claim: Entry[Claim], view: View) -> None: ...


@agent""",
).replace("writes=Verdict)\ndef judge", "writes=Verdict, fallback=spare)\ndef judge")


class Name(Kind):
    text: str


class Card(Kind, lifecycle={"rough": "fine"}):
    text: str
    quotes: tuple[dict[str, str | int], ...] = ()


@agent(watches=Name, writes=Card)
def printer(name: Entry[Name], view: View) -> None:
    view.find(Name, strict=False)
    quote = {"text": "as it stands there", "document": "a.md", "line": 7}
    view.post(Card(text=name.body.text, quotes=(quote,)), about=name)


@agent(watches=Card, writes=Card)
def gilder(card: Entry[Card], view: View) -> None:
    view.find(Name)
    view.amend(card, status="fine")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    """Every story begins in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BLACKBOARD_DB", raising=False)
    monkeypatch.delenv("BLACKBOARD_LOG", raising=False)
    (tmp_path / "desk.py").write_text(DESK)


@pytest.fixture
def board():
    own = memory_board()
    yield own
    own.close()


def begun(*words):
    return subprocess.Popen([*BLACKBOARD, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def served(board: str) -> None:
    """Wait until somebody serves the board."""
    until = time.monotonic() + PATIENCE
    while True:
        with open_board(board) as opened:
            if opened.is_served and opened.verdict is None:
                return
        assert time.monotonic() < until, f"nobody came to serve {board}"
        time.sleep(0.02)


class TestWhy:
    def test_draws_the_tree_down_to_the_quotes_and_tells_twice_met_versions_once(self, board):
        (card,) = run_agent(printer, board.post(Name(text="Ada")), board=board)
        run_agent(gilder, card, board=board)

        assert str(board.why("card-1")).splitlines() == [
            "card-1 v2  fine  by gilder (activation 4)  Ada · 1 quote",
            '  "as it stands there" a.md:7',
            "  card-1 v1  rough  by printer (activation 3)  Ada · 1 quote",
            '    "as it stands there" a.md:7',
            "    name-1 v1  posted  by person  Ada",
            "  name-1 v1  see above",
        ]

    def test_marks_what_was_read_loosely(self, board):
        first = board.post(Name(text="Ada"))
        board.post(Name(text="Bob"))
        run_agent(printer, first, board=board)

        lines = str(board.why("card-1")).splitlines()

        assert lines[-1] == "  name-2 v1  posted  by person  Bob  (read loosely)"
        assert [w.strict for w in board.why("card-1").because] == [True, False]

    def test_tells_the_attempts_that_did_not_succeed(self, board):
        tries = iter([True, False])

        @agent(watches=Name, writes=Card)
        def shaky(name: Entry[Name], view: View) -> None:
            if next(tries):
                raise OSError("the pen broke")
            view.post(Card(text="x"))

        from blackboard.testing import run_team

        run_team([shaky], Name(text="Ada"), board=board)

        assert "  failed: OSError: the pen broke (test_seeing.py:" in str(board.why("card-1"))
        assert [a.outcome for a in board.why("card-1").attempts] == ["failed"]

    def test_a_person_who_amends_stands_on_the_version_before(self, board):
        board.amend(board.post(Card(text="x")), status="fine")

        assert str(board.why("card-1")).splitlines() == [
            "card-1 v2  fine  by person  x", "  card-1 v1  rough  by person  x",
        ]  # fmt: skip
        assert str(board.why("card-1", version=1)) == "card-1 v1  rough  by person  x"
        for key, version in (("card-1", 3), ("card-7", None)):
            with pytest.raises(NotFound, match=key):
                board.why(key, version=version)

    def test_stays_within_its_limits_and_says_how_much_is_left_out(self, board):
        @agent(watches=Name, writes=Card)
        def reader(name: Entry[Name], view: View) -> None:
            view.post(Card(text=str(len(view.find(Name)))))

        names = board.post_all([Name(text=str(n)) for n in range(300)])
        run_agent(reader, names[0], board=board)

        lines = str(board.why("card-1")).splitlines()
        assert (len(lines), lines[-1]) == (10, "  … 292 more")
        assert board.why("card-1", limits=Limits(breadth=5, entries=3)).more == 298
        with_all = str(board.why("card-1", limits=Limits(1000, 9, 1000))).splitlines()
        assert len(with_all) == 301

    def test_a_long_chain_is_no_matter(self, board):
        entry = board.post(Card(text="x"))
        for _ in range(1200):
            entry = board.amend(entry)

        whole = board.why("card-1", limits=Limits(9, 10_000, 10_000))

        assert len(str(whole).splitlines()) == 1201
        assert len(whole.as_json()["entries"]) == 1201

    def test_as_json_every_version_stands_once_with_what_it_was_made_from(self, told):
        told("run", "hello", "Ada", "-q")

        found = json.loads(told("why", "last", "welcome-1", "--json")[1])

        assert [e["key"] for e in found["entries"]] == ["welcome-1", "greeting-1", "greeting-1", "guests-1"]
        assert found["entries"][0]["made_from"] == [{"seq": 3, "strict": True}]
        assert found["entries"][0]["activation"]["agent"] == "host"

    def test_on_the_command_line(self, told):
        told("run", "hello", "Ada", "-q")

        code, out, _ = told("why", "last", "greeting-1", "--version", "1")

        assert (code, out.splitlines()) == (0, [
            "greeting-1 v1  rough  by greeter (activation 2)  hello Ada", "  guests-1 v1  posted  by person  Ada",
        ])  # fmt: skip
        assert told("why", "last", "greeting-9")[::2] == (
            2,
            "no entry has the key 'greeting-9'; `blackboard show hello-1` lists those of the board\n",
        )
        assert told("why", "last", "greeting-1", "--version", "9")[2] == "greeting-1 has no version 9; it has 1 to 2\n"

    def test_quotes_are_found_wherever_a_body_holds_them(self):
        body = {"a": [{"b": {"quote": "said", "file": "x.md"}}, {"text": "no file"}], "text": "t", "document": "d"}
        assert [str(q) for q in quotes(body)] == ['"said" x.md']


class TestWhyNot:
    def test_asks_the_agent_of_the_boards_scenario(self, told):
        told("run", "desk.py", "moon", "--weight", "1", "-q")

        code, out, err = told("why-not", "last", "judge")

        assert (code, err) == (0, "")
        assert out.splitlines() == [
            "judge watches claim settled where …",
            "  claim-1 v1: status is open, it watches settled",
            "nearest: claim-1 v1 needs status settled",
        ]
        assert (
            json.loads(told("why-not", "last", "judge", "claim-1", "--json")[1])["findings"][0]["reason"] == "trigger"
        )

    def test_tells_what_is_stored_where_the_scenario_cannot_be_loaded(self, told):
        told("run", "desk.py", "moon", "-q")
        Path("desk.py").write_text("x = 1 / 0")

        code, out, err = told("why-not", "last", "judge")

        assert (code, "status is open, it watches settled" in out) == (0, True)
        assert "only what is stored could be told" in err
        assert "ZeroDivisionError" in err

    def test_an_agent_that_is_not_there_is_a_sentence(self, told):
        told("run", "hello", "Ada", "-q")
        assert told("why-not", "last", "hots")[::2] == (
            2, "there is no agent 'hots'; did you mean host? hello-1 has: greeter, host, polisher\n",
        )  # fmt: skip

    def test_sends_who_asks_for_a_fallback_to_the_agent_that_it_stands_in_for(self, told):
        Path("spare.py").write_text(SPARE)
        told("run", "spare.py", "moon", "-q")

        code, _, err = told("why-not", "last", "spare")

        assert (code, err) == (2, "spare is a fallback of judge and acts on what that has failed at; ask for judge\n")


class TestPosting:
    @pytest.fixture(autouse=True)
    def _open(self, told):
        told("run", "desk.py", "moon", "--activations", "0", "-q")  # quiescent: it has ended
        with open_board() as opened:
            opened.store.reopen(opened.id, (("activations", 100),))

    def test_fields_are_read_as_their_types_want_and_the_key_is_printed(self, told):
        code, out, err = told(
            "post", "last", "claim", "subject=sun", "weight=3", "tags=a", "tags=b", "--about", "claim-1"
        )

        assert (code, out) == (0, "claim-2\n")
        assert err == "nobody works on desk-1 now; `blackboard resume desk-1` goes on with it\n"
        with open_board() as opened:
            entry = opened.entry("claim-2")
        assert entry.body.model_dump() == {"subject": "sun", "weight": 3, "tags": ["a", "b"]}
        assert (entry.about, entry.author, entry.status) == (("claim-1",), "person", "open")

    def test_so_is_json_as_an_argument_and_from_stdin(self, told, monkeypatch):
        assert told("post", "last", "claim", '{"subject": "sun"}', "--status", "settled")[1] == "claim-2\n"
        piped = subprocess.run(
            [*BLACKBOARD, "post", "last", "claim", "-", "--json"], input='{"subject": "Zoë"}', text=True,
            capture_output=True, timeout=PATIENCE, check=True,
        )  # fmt: skip
        assert json.loads(piped.stdout)["body"]["subject"] == "Zoë"
        assert json.loads(piped.stdout)["status"] == "open"

    def test_what_is_posted_is_found_by_its_indexed_fields(self, told):
        told("post", "last", "claim", "subject=sun")
        with open_board() as opened:
            assert opened.sql("SELECT value FROM field ORDER BY seq DESC LIMIT 1") == [{"value": '"sun"'}]

    def test_amend_changes_fields_status_or_all(self, told):
        assert told("amend", "last", "claim-1", "weight=5")[1] == "claim-1\n"
        assert told("amend", "last", "claim-1", "--status", "settled")[0] == 0
        assert told("amend", "last", "claim-1", '{"subject": "mars"}')[0] == 0
        with open_board() as opened:
            bodies = [(r.version, r.status, json.loads(r.body)) for r in opened.store.versions(opened.id, "claim-1")]
        assert [(v, s, b["subject"], b["weight"]) for v, s, b in bodies] == [
            (1, "open", "moon", 1), (2, "open", "moon", 5), (3, "settled", "moon", 5), (4, "settled", "mars", 1),
        ]  # fmt: skip

    def test_without_the_scenario_its_fields_are_not_checked_which_is_said(self, told):
        Path("desk.py").unlink()

        code, out, err = told("post", "last", "claim", "anything=1")

        assert (code, out) == (0, "claim-2\n")
        assert "the fields of claim are not checked" in err
        assert told("post", "last", "claim", "anything=1", "--status", "no")[0] == 2

    def test_many_land_together_or_not_at_all(self):
        with open_board() as opened:
            first = opened.entry("claim-1")
            made = opened.post_all([Name(text=str(n)) for n in range(10_000)], about=first)
            assert [made[0].key, made[-1].key, made[-1].about] == ["name-1", "name-10000", ("claim-1",)]
            head = opened.seq
            with pytest.raises(Exception, match="NUL"):
                opened.post_all([Name(text="a"), Name(text="\0")])
            assert opened.seq == head
            assert opened.post_all([]) == []


class TestCancelling:
    def test_where_nobody_serves_it_the_command_ends_it(self, told):
        told("run", "desk.py", "moon", "--activations", "0", "-q")
        with open_board() as opened:
            opened.store.reopen(opened.id, ())

        code, out, err = told("cancel", "last", "--reason", "not needed")

        assert (code, out) == (0, "")
        assert err.startswith("desk-1 has ended: cancelled: not needed; here, since nobody served it; ")
        with open_board() as opened:
            assert str(opened.verdict) == "cancelled: not needed"
        again = told("cancel", "last")
        assert again == (0, "", "desk-1 had ended already (cancelled); nothing was changed\n")

    @pytest.mark.slow
    def test_where_somebody_serves_it_they_end_it(self, told):
        told("run", "hello", "Ada", "-q")
        process = begun("resume", "hello-1", "--more")
        served("hello-1")

        code, _, err = told("cancel", "hello-1", "--reason", "enough")

        process.communicate(timeout=PATIENCE)
        assert (code, process.returncode) == (0, 3)
        assert "hello-1 has ended: cancelled: enough; by those who served it" in err


class TestABoardThatHasEnded:
    def test_takes_no_posts_and_says_what_opens_it(self, told):
        told("run", "hello", "Ada", "-q")
        refused = told("post", "hello-1", "guests", "names=Bob")
        assert refused == (2, "", "hello-1 has ended (complete); `blackboard resume hello-1 --more` opens it again\n")
        with open_board() as opened, pytest.raises(BoardClosed, match="--more"):
            opened.post(Name(text="x"))

    @pytest.mark.slow
    def test_is_opened_by_more_and_ends_when_all_that_came_in_is_done(self, told):
        told("run", "hello", "Ada", "-q")
        process = begun("resume", "hello-1", "--more")
        served("hello-1")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)  # it waits for a post

        assert told("post", "hello-1", "guests", "names=Bob")[0] == 0

        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (0, "Hello Ada! Hello Bob!\n")
        assert "hello-1 is open for more; in another terminal: blackboard post hello-1 guests …" in err
        assert "Ctrl-C stops here" in err
        assert told("resume", "hello-1")[2] == "hello-1 is complete already\n"

    @pytest.mark.slow
    def test_is_served_by_a_worker_in_the_same_manner(self, told):
        told("run", "hello", "Ada", "-q")
        process = begun("resume", "hello-1", "--more")
        served("hello-1")
        process.send_signal(signal.SIGINT)
        assert "blackboard resume hello-1" in process.communicate(timeout=PATIENCE)[1]
        worker = begun("work", "--board", "hello-1")
        served("hello-1")
        with pytest.raises(subprocess.TimeoutExpired):
            worker.wait(timeout=0.5)

        assert told("post", "hello-1", "guests", "names=Bob")[0] == 0

        assert "complete" in worker.communicate(timeout=PATIENCE)[1]
        assert worker.returncode == 0

    def test_is_complete_only_if_the_goal_holds_when_all_is_done(self, tmp_path):
        board = hello.run(hello.params(names=["Ada"]), db=str(tmp_path / "b.db"))
        board.store.cancel(board.id, "")
        board.close()
        from blackboard import Scenario

        picky = Scenario("hello", params=hello.params, agents=hello.teams, result=hello.result,
                         done=exists(hello.result, at_least=3))  # fmt: skip

        async def more():
            async with picky.reopen(db=str(tmp_path / "b.db"), more=True) as run:
                run.board.post(hello.params(names=["Bob"]))
                return str(await run.end())

        import asyncio

        assert asyncio.run(more()).startswith("quiescent: missing: 3 welcome, there are 2")


class TestALargeBoard:
    @pytest.fixture
    def large(self, told):
        told("run", "desk.py", "moon", "--activations", "0", "-q")
        with open_board() as opened:
            opened.store.reopen(opened.id, ())
            claim = type(opened.entry("claim-1").body)
            opened.post_all([claim(subject=str(n)) for n in range(10_000)])
            opened.post_all([Name(text=str(n)) for n in range(3)])
        return told

    def test_shows_twenty_of_a_kind_and_how_many_more_there_are(self, large):
        lines = large("show", "last")[1].splitlines()

        claims = lines.index("claim (10001)")
        assert lines[claims + 1] == "  … 9981 more (--all, or --kind claim); these changed last"
        assert lines[claims + 2].split()[0] == "claim-9982"
        assert lines[claims + 21].split()[0] == "claim-10001"
        assert lines[lines.index("name (3)") + 1].split()[0] == "name-1"
        assert len(lines) < 50

    def test_shows_all_of_one_kind_or_all_where_that_is_asked_for(self, large):
        assert large("show", "last", "--kind", "name")[1].count("name-") == 3
        assert large("show", "last", "--all")[1].count("claim-") == 10_001
        assert [e["key"] for e in json.loads(large("show", "last", "--kind", "name", "--json")[1])["entries"]] == [
            "name-1", "name-2", "name-3",
        ]  # fmt: skip
        assert large("show", "last", "--kind", "nam")[0] == 2

    def test_reads_no_body_that_it_does_not_show(self, large, monkeypatch):
        seen = []
        monkeypatch.setattr("blackboard.cli.boards.gist", lambda body: seen.append(body) or "")
        with open_board() as opened:
            monkeypatch.setattr(type(opened.store), "current", lambda *_: pytest.fail("it read the whole board"))
            monkeypatch.setattr(type(opened.store), "activations", lambda *_: pytest.fail("it read the whole agenda"))
        large("show", "last")
        assert len(seen) < 50

    def test_as_of_shows_it_as_it_was(self, large):
        lines = large("show", "last", "--as-of", "5000")[1].splitlines()
        assert "claim (4999)" in lines
        assert any(line.startswith("  claim-4999 v1") for line in lines)
        assert not any(line.startswith("  claim-5000 v1") for line in lines)
        assert not any("agenda" in line for line in lines)

    def test_follows_one_kind_of_the_log(self, large):
        assert large("log", "last", "--kind", "name")[1].count("\n") == 3
        assert large("log", "last", "--kind", "nam")[0] == 2

    def test_tells_who_waits_for_whom_and_what_was_done_again(self, large):
        with open_board() as opened:
            rows = [
                ("writer", "parked", 1, "reviewer", 0), ("writer", "parked", 2, "reviewer", 0),
                *(("reviewer", "pending", n, None, 0) for n in range(50)), ("critic", "waiting", 3, "2 note", 4),
            ]  # fmt: skip
            with opened.store._database.writing() as at:
                for n, (name, state, trigger, whom, redone) in enumerate(rows, 1000):
                    at.execute(
                        "INSERT INTO activation (board_id, id, agent, binding, trigger_seq, state, rating, token, "
                        "attempt, redone, waits_for) VALUES ('desk-1', ?, ?, ?, ?, ?, 0, 0, 1, ?, ?)",
                        (n, name, f"x{trigger}", trigger, state, redone, whom),
                    )

        lines = large("show", "last")[1].splitlines()

        waiting = lines.index("waiting")
        assert lines[waiting + 1 : waiting + 3] == [
            "  writer waits for reviewer (50 pending) (2 activations)", "  critic waits for 2 note",
        ]  # fmt: skip
        heads = next(line for line in lines if line.split()[:1] == ["agent"])
        assert heads.split()[-1] == "redone"
        assert next(line for line in lines if line.split()[:1] == ["critic"]).split() == ["critic", "1", "4"]


def test_what_is_shown_fits_a_terminal_of_eighty_columns():
    finished = subprocess.run([*BLACKBOARD, "run", "hello", "A" * 200, "-q"], check=True, timeout=PATIENCE)
    assert finished.returncode == 0
    import pty

    for words in (["why", "last", "welcome-1"], ["why-not", "last", "host"], ["show", "last"]):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(sys.executable, [*BLACKBOARD, *words], {**os.environ, "COLUMNS": "80", "TERM": "dumb"})
        shown = b""
        while True:
            try:
                shown += (part := os.read(terminal, 65536))
            except OSError:
                break
            if not part:
                break
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert max(len(line) for line in shown.decode().splitlines()) <= 80, shown.decode()
