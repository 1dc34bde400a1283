"""Stories of endpoints that fail, in every way that is known: what is tried again, who takes over, what is said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from blackboard import Board, Budget, Entry, Kind, Scenario, View, agent, claude_agent
from blackboard.board import open_board
from blackboard.entry import Failure
from blackboard.llm.calling import MOST_RESTS
from blackboard.llm.client import Claude
from blackboard.testing import MessagesServer, Stopped, ToolUse
from blackboard.testing.server import Trouble
from tests.stress.fleet import until

NONE = Trouble()
STREAMED = 5000  # tokens: longer than what comes in one piece
IMPATIENT = 0.15  # seconds


class Topic(Kind):
    """What is to be judged."""

    text: str = "leases"


class Note(Kind):
    """The judgement."""

    score: int


judge = claude_agent("judge", watches=Topic, writes=Note, system="You judge.", retry=2)


@agent(watches=Topic, writes=Note)
def guesser(topic: Entry[Topic], view: View) -> None:
    """Simpler, and always there."""
    view.post(Note(score=0), about=topic)


def judging(one: Any = judge) -> Scenario[Topic]:
    return Scenario("judging", params=Topic, agents=[one], result=Note)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """What is tried again is tried at once."""
    monkeypatch.setattr("blackboard.llm.calling.FIRST", 0.001)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "any")


@pytest.fixture
def serving(monkeypatch) -> Any:
    """Servers that agents ask where nothing else is said; none outlives the test."""
    started: list[MessagesServer] = []

    def start(fault: "Fault", *, once: bool = False, times: int = 1) -> MessagesServer:
        def troubles(number: int, _body: Any) -> Trouble | None:
            return fault.trouble if number <= times or not once else None

        def reply(_request: Any) -> Any:
            made = len([e for e in server.calls if e.status == 200])
            return Note(score=3) if fault.says is None or (once and made >= 1) else fault.says

        server = MessagesServer(reply, troubles=troubles, **fault.server).start()
        started.append(server)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        return server

    yield start
    for server in started:
        server.stop()


@dataclass(frozen=True)
class Fault:
    """A way to fail, and what is to come of it."""

    name: str
    trouble: Trouble = NONE
    says: Any = None  # what comes instead of a note
    rows: tuple[str | None, ...] = ()  # the fault of each call, where it never ends
    said: str = ""  # in the reason of the failure
    outcome: str = "unavailable"
    billed: bool = False  # it may have been, so its bound is booked
    is_streamed: bool = False
    server: Mapping[str, Any] = field(default_factory=dict)

    @property
    def judge(self) -> Any:
        """Who meets it."""
        return replace(judge, max_tokens=STREAMED) if self.is_streamed else judge

    @property
    def is_transient(self) -> bool:
        """Whether the same request is tried again."""
        return self.outcome == "unavailable"


def answered(status: int, fault: str) -> Fault:
    """An error in place of a message."""
    refused = fault == "refused"
    trouble = Trouble(status, say="not today", retry_after=0.02 if status == 429 else None)
    return Fault(str(status), trouble, rows=(fault,) if refused else (fault,) * 3, said=f"{status}: not today",
                 outcome="rejected" if refused else "unavailable")  # fmt: skip


def broken(how: Any, fault: str, said: str, *, is_streamed: bool = False, billed: bool = True) -> Fault:
    """A connection or an answer that breaks."""
    name = f"{how}, streamed" if is_streamed else how
    return Fault(name, Trouble(breaks=how), rows=(fault,) * 3, said=said, billed=billed, is_streamed=is_streamed)


EMPTY = {
    "id": "msg_0", "type": "message", "role": "assistant", "model": "claude-haiku-5-5", "content": [],
    "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 1},
}  # fmt: skip
FAULTS = (
    *(answered(status, "refused") for status in (400, 401, 402, 403, 404, 413)),
    *(answered(status, "failing") for status in (408, 409, 500, 503)),
    answered(429, "limited"),
    answered(529, "overloaded"),
    broken("before", "silent", "no answer"),
    broken("headers", "silent", "no answer"),
    broken("middle", "silent", "no answer"),
    broken("middle", "silent", "no answer", is_streamed=True),
    broken("short", "garbled", "no message came"),
    broken("short", "silent", "the stream broke off", is_streamed=True),
    broken("garbled", "garbled", "no message came"),
    broken("garbled", "garbled", "no message came", is_streamed=True),
    broken("error", "overloaded", "broke off", is_streamed=True),
    Fault("refusal", says=Stopped("refusal", details={"type": "refusal", "category": "cyber", "explanation": "no"}),
          rows=(None,), said="declines to answer: cyber, no", outcome="refusal"),
    Fault("cut off", says=Stopped("max_tokens", '{"sco'), rows=(None, None), said="came to no end within max_tokens",
          outcome="truncated"),
    Fault("pauses", says=Stopped("pause_turn", "well"), rows=(None,) * 6, said="has paused 6 times",
          outcome="unfinished"),
    Fault("too long to be taken", rows=("refused",), said="prompt is too long", outcome="overlong",
          server={"context": 50}),
    Fault("too long to go on", says=Stopped("model_context_window_exceeded", "{"), rows=(None,),
          said="does not fit its context", outcome="overlong"),
    Fault("a tool out of the blue", says=[ToolUse("search", {"for": "it"})], rows=(None, None), said="gave no Note",
          outcome="misshapen"),
    Fault("nothing", says=EMPTY, rows=(None, None), said="gave no Note", outcome="misshapen"),
    Fault("no JSON", says="three, I think", rows=(None, None), said="gave no Note", outcome="misshapen"),
)  # fmt: skip
EVERY = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


def rows(board: Board) -> tuple[str | None, ...]:
    return tuple(call.fault for call in board.store.calls(board.id))


def check_books(board: Board, server: MessagesServer) -> None:
    """Nothing is reserved any more, and no less is booked than the server has billed."""
    budgets = {b.unit: b for b in board.store.summary(board.id).budgets}
    assert {b.reserved for b in budgets.values()} == {0}
    assert budgets["nano_usd"].settled >= server.nano_usd
    assert budgets["calls"].settled == len(board.store.calls(board.id)) == len(server.calls)


class TestAnEndpointThatAlwaysFails:
    @EVERY
    def test_has_its_agent_fail_with_the_reason_and_each_attempt_in_a_row(self, serving, tmp_path, fault):
        server = serving(fault)

        board = judging(fault.judge).run(Topic(), db=str(tmp_path / "b.db"))

        assert rows(board) == fault.rows + ("limited",) * MOST_RESTS * (fault.name == "429")
        (failure,) = board.find(Failure)
        assert fault.said in failure.body.cause
        assert (board.verdict.ending, board.verdict.exit_code) == ("quiescent", 4)
        assert any(fault.said in reason for reason in board.verdict.reasons)
        check_books(board, server)
        bounds = [call.spent == call.bound for call in board.store.calls(board.id)]
        assert not fault.billed or all(bounds)

    @EVERY
    def test_is_stood_in_for_by_a_simpler_agent_where_there_is_one(self, serving, tmp_path, fault):
        server = serving(fault)

        board = judging(replace(fault.judge, fallback=guesser)).run(Topic(), db=str(tmp_path / "b.db"))

        assert [note.body.score for note in board.find(Note)] == [0]
        assert board.verdict.exit_code == 0
        assert rows(board) == fault.rows
        check_books(board, server)


class TestAnEndpointThatFailsOnce:
    @pytest.mark.parametrize(
        "fault", [f for f in FAULTS if f.is_transient or f.outcome in {"truncated", "unfinished", "misshapen"}],
        ids=lambda fault: fault.name,
    )  # fmt: skip
    def test_is_asked_again(self, serving, tmp_path, fault):
        server = serving(fault, once=True)

        board = judging(fault.judge).run(Topic(), db=str(tmp_path / "b.db"))

        assert [note.body.score for note in board.find(Note)] == [3]
        assert board.verdict.exit_code == 0
        assert rows(board) == (fault.rows[0], None)
        check_books(board, server)

    def test_leaves_its_agent_parked_where_the_budget_allows_no_more(self, serving, tmp_path):
        server = serving(answered(529, "overloaded"), once=True)

        board = judging().run(Topic(), db=str(tmp_path / "b.db"), budget=Budget(calls=1))

        assert (board.verdict.ending, board.verdict.exit_code) == ("budget", 3)
        assert "judge needs another call, and nothing of the board's 1 call is left" in board.verdict.reasons[0]
        assert rows(board) == ("overloaded",)
        check_books(board, server)

        resumed = judging().resume(board.id, db=str(tmp_path / "b.db"), budget=Budget(calls=2))

        assert resumed.verdict.exit_code == 0
        assert len(server.calls) == 2


class TestALimitThatSaysWhenItIsOver:
    TIMES = 5

    def test_is_waited_for_more_often_than_a_fault_is_tried_again(self, serving, tmp_path):
        server = serving(answered(429, "limited"), once=True, times=self.TIMES)

        board = judging().run(Topic(), db=str(tmp_path / "b.db"))

        assert board.verdict.exit_code == 0
        assert rows(board) == ("limited",) * self.TIMES + (None,)
        check_books(board, server)

    def test_is_a_fault_like_any_where_somebody_else_could_act(self, serving, tmp_path):
        serving(answered(429, "limited"), once=True, times=self.TIMES)

        board = judging(replace(judge, fallback=guesser)).run(Topic(), db=str(tmp_path / "b.db"))

        assert rows(board) == ("limited",) * 3
        assert [note.body.score for note in board.find(Note)] == [0]


class TestAnEndpointThatIsNotThere:
    def test_costs_nothing(self, serving, tmp_path):
        serving(Fault("gone")).stop()

        board = judging().run(Topic(), db=str(tmp_path / "b.db"))

        assert rows(board) == ("unreachable",) * 3
        assert "no connection" in board.verdict.reasons[-1]
        assert board.verdict.exit_code == 4
        assert [call.spent.nano_usd for call in board.store.calls(board.id)] == [0, 0, 0]


class TestAnEndpointThatTakesTooLong:
    def test_is_given_up_and_booked_at_its_bound(self, serving, tmp_path):
        server = serving(Fault("slow", Trouble(seconds=20)))

        board = judging().run(Topic(), db=str(tmp_path / "b.db"), model=Claude(base_url=server.url, timeout=IMPATIENT))

        assert rows(board) == ("silent",) * 3
        assert all(call.spent == call.bound for call in board.store.calls(board.id))
        assert board.verdict.exit_code == 4
        until(lambda: not server.books.in_flight, "the server sees that nobody waits")
        check_books(board, server)


class TestTheCommandLine:
    @pytest.fixture
    def scenario(self, tmp_path) -> Callable[[str], str]:
        def written(agents: str) -> str:
            file = tmp_path / "judging.py"
            file.write_text(
                "from dataclasses import replace\nfrom blackboard import Scenario\n"
                "from tests.stories.test_model_faults import Note, Topic, guesser, judge\n"
                f"scenario = Scenario('judging', params=Topic, agents=[{agents}], result=Note)\n"
            )
            return str(file)

        return written

    @pytest.mark.parametrize(
        ("status", "agents", "words", "code", "said"),
        [
            (401, "judge", (), 4, "the endpoint refuses it: 401: not today"),
            (529, "judge", (), 4, "gave no answer 3 times: overloaded: 529: not today"),
            (529, "judge", ("--calls", "2"), 3, "nothing of the board's 2 calls is left"),
            (500, "replace(judge, fallback=guesser)", (), 0, "complete"),
        ],
    )
    def test_exits_with_what_became_of_it_and_says_why(
        self, serving, told, scenario, status, agents, words, code, said
    ):
        serving(answered(status, "refused" if status < 500 else "failing"))

        ended, _, err = told("run", scenario(agents), *words)

        assert ended == code
        assert said in err
        with open_board("last") as board:
            assert board.verdict.exit_code == code
