"""What must be true of calls and budgets after every transaction, by the endpoint's own log."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from blackboard.calls import Beginning, CallRecord, Ended, Lost, NewCall, Short, Wait
from tests.simulation.askers import EXPECTED
from tests.simulation.invariants import Board, Row, Violation
from tests.simulation.process import Process

if TYPE_CHECKING:
    from tests.simulation.asking import AskingWorld
    from tests.simulation.endpoint import Seen

UNITS = {"nano_usd": "usd", "tokens": "tokens", "calls": "calls"}
FORGOTTEN, MINUTE = 900.0, 60.0
CALLS = """
    SELECT board_id, id, activation_id, agent, token, asked, nth, model, state, fault, rejected, day, begun_at,
        bound_usd, bound_tokens, spent_usd, spent_tokens, input_tokens, response
    FROM call ORDER BY board_id, id
"""
BUDGETS = "SELECT * FROM budget WHERE unit <> 'activations'"
SHORTS = """
    SELECT s.*, a.state, a.waits_for FROM short s
    JOIN activation a ON a.board_id = s.board_id AND a.id = s.activation_id
"""
Key = tuple[str, int]


def _scopes(call: Row) -> tuple[str, ...]:
    """Of what budgets a call takes."""
    board, day = call["board_id"], call["day"]
    return f"board:{board}", f"agent:{board}/{call['agent']}", f"day:{day}", f"day:{day}/{call['model']}"


class AskingBoard(Board):
    """A board whose agents ask."""

    expected = EXPECTED


class Books:
    """All calls and budgets of the database as they were after the last transaction."""

    def __init__(self, world: "AskingWorld") -> None:
        self._world = world
        self._calls: dict[Key, dict[str, Any]] = {}
        self._shorts: list[dict[str, Any]] = []
        self._doors: dict[str, dict[str, Any]] = {}
        self._budgets: dict[tuple[str, str], dict[str, Any]] = {}
        self._rest_until = 0.0  # by the clocks of those who heard of it
        self._last: dict[tuple[str, int, str, int], Key] = {}  # of each question: its last call
        self.kept: dict[Key, str | None] = {}  # answers that were kept beside the database

    # -- rows ------------------------------------------------------------------------------------------------------
    def _all(self, text: str) -> list[dict[str, Any]]:
        cursor = self._world.database._writer.execute(text)
        names = [d[0] for d in cursor.description]
        return [dict(zip(names, r, strict=True)) for r in cursor]

    def demand(self, good: object, invariant: str, detail: str = "") -> None:
        """Note what must be so, and is not."""
        if not good:
            self._world.violation = self._world.violation or Violation(invariant, detail)

    def state_of(self, seen: "Seen") -> str:
        """Of the call that a request is of."""
        return str(self._calls[seen.board, seen.call]["state"])

    # -- the check -------------------------------------------------------------------------------------------------
    def check(self, process: Process) -> None:
        """After a transaction of this process."""
        before, door, budgets = self._calls, self._doors, self._budgets
        self._calls = {(c["board_id"], c["id"]): c for c in self._all(CALLS)}
        self._budgets = {(b["scope"], b["unit"]): b for b in self._all(BUDGETS)}
        self._doors = {g["model"]: g for g in self._all("SELECT * FROM gate")}
        self._told(door)
        for key, call in self._calls.items():
            was = before.get(key)
            if was is None:
                self._is_begun(process, call, before, door.get(call["model"]))
            elif was["state"] != call["state"]:
                self._has_moved(was, call)
            else:
                self.demand(was["response"] == call["response"], "an answer does not change", str(key))
        self.demand(before.keys() <= self._calls.keys(), "no call is lost")
        if before != self._calls or budgets != self._budgets:
            self._balance()
            self._truth()
        self._sleepers()

    def _told(self, before: dict[str, dict[str, Any]]) -> None:
        for model, door in self._doors.items():
            was = before.get(model, {"open_until": None, "opened": 0})
            if door["open_until"] is not None and was["open_until"] is None:
                self._world.count("breaker opened")
            if door["opened"] > was["opened"] > 0:
                self._world.count("breaker trial failed")
            if door["open_until"] is None and was["open_until"] is not None:
                self._world.count("breaker closed")

    # -- a call begins ---------------------------------------------------------------------------------------------
    def _is_begun(self, process: Process, call: Row, before: dict[Key, dict[str, Any]], door: Row | None) -> None:
        told = f"{process.doing} by {process.name}: {dict(call)}"
        board = self._world.boards[call["board_id"]]
        held = board.activations.get(call["activation_id"])
        good = held and held["state"] == "running" and held["token"] == call["token"] and board.row["status"] == "open"
        self.demand(good and held["owner"] == process.name, "no call is begun under a lost claim", f"{told}: {held}")
        question = call["board_id"], call["activation_id"], call["asked"], call["nth"]
        last = self._last.get(question)
        if last is not None:
            self._is_repeated(call, before[last], self._calls[last])
        self._last[question] = call["board_id"], call["id"]
        self._passes(process, call, before, door)

    def _is_repeated(self, call: Row, was: Row, last: Row) -> None:
        """For each call that is made again there is a reason, which the one before carries."""
        told = f"call {call['id']} of {call['board_id']} repeats {dict(last)}"
        self.demand(was["response"] is None, "what is journaled is not asked again", told)
        mishap = was["state"] == "unknown" or last["state"] == "unknown" or was["fault"]
        never_sent = not any(s.call == last["id"] and s.board == last["board_id"] for s in self._world.endpoint.log)
        self.demand(mishap or never_sent, "a repeat has its reason", told)
        self._world.count("repeats")

    def _passes(self, process: Process, call: Row, before: dict[Key, dict[str, Any]], door: Row | None) -> None:
        """Rests, limits and the breaker allow it."""
        now, told = call["begun_at"], f"call {call['id']} of {call['board_id']} by {process.name}"
        self.demand(now >= self._rest_until, "an endpoint has its rest", f"{told} at {now}, until {self._rest_until}")
        others = [c for c in before.values() if c["state"] == "inflight" and c["begun_at"] > now - FORGOTTEN]
        others = [
            c for c in others if self._calls[c["board_id"], c["id"]]["state"] == "inflight" and self._is_held(c, now)
        ]
        limits = self._world.limits
        most, rate = limits.calls_at_once, limits.requests_a_minute
        self.demand(most is None or len(others) < most, "so many calls at once", f"{told}: {len(others)} of {most}")
        minute = sum(c["begun_at"] > now - MINUTE for c in before.values())
        self.demand(rate is None or minute < rate, "so many calls a minute", f"{told}: {minute} of {rate}")
        if door is not None and door["open_until"] is not None:
            self.demand(not now < door["open_until"] <= now + 300, "an open breaker lets nothing through", told)
            trials = [c for c in others if c["begun_at"] >= door["open_until"]]
            self.demand(not trials or now < door["open_until"], "one call is tried", f"{told}: {trials}")
            self._world.count("breaker half-open")

    def _is_held(self, call: Row, now: float) -> bool:
        """Whether somebody who is not silent past the lease waits for it."""
        held = self._world.boards[call["board_id"]].activations.get(call["activation_id"])
        if held is None or (held["state"], held["token"]) != ("running", call["token"]):
            return False
        return bool(held["lease_until"] >= now)

    def _has_moved(self, was: Row, call: Row) -> None:
        told = f"{dict(was)} became {dict(call)}"
        moves = {"inflight": {"done", "unknown"}, "unknown": {"late"}}
        self.demand(call["state"] in moves.get(was["state"], ()), "a call ends once", told)
        if call["state"] == "unknown":
            self._world.count("write-offs")
        if call["state"] == "late":
            change = call["spent_usd"] - was["spent_usd"]
            self._world.count(
                f"late corrections {'downwards' if change < 0 else 'upwards' if change else 'of nothing'}"
            )

    def begun(self, process: Process, new: NewCall, said: Beginning) -> None:
        """What a process was told when it wanted to begin a call."""
        if isinstance(said, CallRecord):
            its = (said.activation, said.asked, said.nth) == (new.claim.id, new.asked, new.nth)
            self.demand(its and said.board == new.claim.board, "the journal answers what was asked", f"{new}: {said}")
            self._world.count("rejected answers given again" if said.rejected else "")
            if said.token < new.claim.token:
                self._world.count("journal hits after a takeover or a retry")
            elif new.claim.redone:
                self._world.count("stale redos with a free answer")
        elif isinstance(said, Short):
            self._world.count(f"refusals of the {said.scope.partition(':')[0]}")
        elif isinstance(said, Lost):
            self._world.count("fenced calls")
        elif isinstance(said, Wait) and said.is_open:
            now, door = process.seam.now(), self._doors[new.model]
            trials = [
                c for c in self._calls.values() if c["state"] == "inflight" and c["begun_at"] >= door["open_until"]
            ]
            self.demand(now < door["open_until"] or trials, "a breaker lets one call through in time", f"{now} {door}")

    def ended(self, process: Process, ended: Ended) -> None:
        """What was journaled of a call, as news."""
        if ended.rest is not None:
            self._rest_until = max(self._rest_until, process.seam.now() + ended.rest)

    def used(self, board: str, calls: list[int]) -> None:
        """Answers of these calls are used now."""
        for id_ in calls:
            call = self._calls.get((board, id_))
            good = call is not None and call["response"] is not None and call["state"] in {"done", "late"}
            self.demand(good, "an answer is journaled before it is used", f"{board} {id_}: {call}")

    # -- the balance -----------------------------------------------------------------------------------------------
    @staticmethod
    def _amount(call: Row, unit: str, of: str) -> int:
        return 1 if unit == "calls" else int(call[f"{of}_{UNITS[unit]}"] or 0)

    def _balance(self) -> None:
        """Each budget is what its calls have taken, and within its cap."""
        sums: dict[tuple[str, str], list[int]] = {of: [0, 0, 0] for of in self._budgets}
        for call in self._calls.values():
            flies = call["state"] == "inflight"
            for scope in _scopes(call):
                for unit in UNITS:
                    if (sum_ := sums.get((scope, unit))) is None:
                        continue
                    bound = self._amount(call, unit, "bound")
                    spent = 0 if flies else self._amount(call, unit, "spent")
                    sum_[0] += bound if flies else 0
                    sum_[1] += spent
                    sum_[2] += max(0, spent - bound)
        for of, (reserved, settled, over) in sums.items():
            b = self._budgets[of]
            told = f"{b}: of calls {reserved} reserved, {settled} settled, {over} over"
            self.demand(b["reserved"] == reserved, "reserved is what is in flight", told)
            self.demand(b["settled"] == settled, "settled is what was spent", told)
            self.demand(b["overrun"] == over, "what was more than its bound is told", told)
            cap = b["cap"]
            self.demand(cap is None or settled - over + reserved <= cap, "the cap of a budget holds", told)

    def _truth(self) -> None:
        """What the endpoint has charged is booked, call by call, and it saw no more than was begun."""
        sent = Counter((s.board, s.call) for s in self._world.endpoint.log)
        for seen in self._world.endpoint.log:
            self.charged(seen)
        self.demand(not sent or max(sent.values()) == 1, "a call is sent once", str(sent.most_common(1)))

    def charged(self, seen: "Seen") -> None:
        """What this request has taken is booked."""
        call = self._calls.get((seen.board, seen.call))
        if call is None:
            self.demand(False, "what was sent was begun", f"{seen.board} {seen.call}")
            return
        of = "bound" if call["state"] == "inflight" else "spent"
        usd, tokens = self._amount(call, "nano_usd", of), self._amount(call, "tokens", of)
        told = f"{seen.charged} nano-dollars, {seen.tokens} tokens of {call['board_id']} {call['id']}: {usd}, {tokens}"
        if call["input_tokens"] is not None:
            self.demand((usd, tokens) == (seen.charged, seen.tokens), "what is told is what was charged", told)
        elif not seen.is_over:
            self.demand(seen.charged <= usd and seen.tokens <= tokens, "true spend is booked", told)

    # -- who waits for a budget --------------------------------------------------------------------------------------
    def _sleepers(self) -> None:
        """Nobody waits for a budget that has room, when nobody is there to take it."""
        shorts = self._all(SHORTS)
        for short in shorts:
            good = short["state"] == "parked" and short["waits_for"] == f"budget/{short['unit']}"
            self.demand(good, "who waits for a budget is parked", str(short))
        for board in self._world.boards.values():
            if board.row["status"] == "closed" and board.verdict in {"budget", "quiescent"}:
                slept = [s for s in self._shorts if s["board_id"] == board.id and self._has_room(s)]
                self.demand(not slept, "no budget is slept through", str(slept))
        before = {(s["board_id"], s["activation_id"]) for s in self._shorts}
        gone = before - {(s["board_id"], s["activation_id"]) for s in shorts}
        self._world.count("let go on" if gone else "")
        self._shorts = shorts

    def _has_room(self, short: Row) -> bool:
        budget = self._budgets.get((short["scope"], short["unit"]))
        if budget is None or budget["cap"] is None:
            return True
        return bool(short["amount"] <= budget["cap"] - budget["settled"] - budget["reserved"])

    # -- the end ---------------------------------------------------------------------------------------------------
    def check_end(self) -> None:
        """All boards have ended: nothing is in flight, nothing reserved, nothing lost that was kept."""
        flying = [k for k, c in self._calls.items() if c["state"] == "inflight"]
        self.demand(not flying, "every call is settled or written off", str(flying))
        reserved = [dict(b) for b in self._budgets.values() if b["reserved"]]
        self.demand(not reserved, "nothing stays reserved", str(reserved))
        for key, response in self.kept.items():
            call = self._calls[key]
            good = call["state"] in {"done", "late"} and call["response"] == response
            good |= response is None and call["state"] != "inflight"
            self.demand(good, "what was kept is taken up", f"{key}: {call}")
