"""Short words for tests of calls of models: records of them, and boards whose agents have asked."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from blackboard.activation import Claim, Landed, ReadSet, Write
from blackboard.calls import Amounts, Begun, CallRecord, Ended, NewCall, Usage
from blackboard.ports import Store
from blackboard.records import NewBoard, Row
from tests.builders import Bench, Clock, note, said

REQUEST = json.dumps({"model": "fast", "max_tokens": 512, "messages": [{"role": "user", "content": "What is it?"}]})
MESSAGE = json.dumps({"content": [{"type": "text", "text": "It is \x1b[31mred."}], "stop_reason": "end_turn"})
PRICE = json.dumps({"usd": {"input_mtok": "1", "cache_read_mtok": "0.1", "cache_write_mtok": "1.25"}})


def call(id_: int = 1, nano: int | None = 1_000, tokens: int = 10, **more: Any) -> CallRecord:
    """A call that went well, unless something else is said."""
    spent = more.pop("spent", Amounts(nano, tokens))
    made = CallRecord(
        board="b-1", id=id_, activation=1, agent="researcher", token=1, asked=f"hash {id_}", nth=1, endpoint="script",
        model="fast", state="done", fault=None, cause="", rejected=None, bound=Amounts(5_000, 100), spent=spent,
        usage=Usage(), price=None, begun_at=float(id_), ended_at=id_ + 0.5, request="", response=None,
    )  # fmt: skip
    return replace(made, **more)


def asks(bench: Bench, claim: Claim, nano: int | None = 1, words: str = "a question", **more: Any) -> int:
    """The agent asks a model, which answers, unless something else is said; the call's id."""
    begun = begins(bench, claim, words, **{name: more.pop(name) for name in ("model", "request") if name in more})
    tokens = more.pop("tokens", 10)
    how = {"response": MESSAGE, "usage": Usage(5, 5), "spent": Amounts(nano, tokens), **more}
    assert bench.store.end_call(Ended(bench.id, begun, **how))
    return begun


def begins(bench: Bench, claim: Claim, words: str, model: str = "fast", request: str = REQUEST) -> int:
    """A call that is under way."""
    begun = bench.store.begin_call(NewCall(claim, words, 1, "script", model, request, Amounts(10**9, 100_000)))
    assert isinstance(begun, Begun), begun
    return begun.id


def wrote(bench: Bench, claim: Claim, *made: Write, reads: Iterable[Row] = ()) -> list[Row]:
    """What the agent wrote, having read this."""
    landed = bench.commit(claim, *made, reads=ReadSet(strict=tuple(r.seq for r in reads)))
    assert isinstance(landed, Landed), landed
    return bench.store.by_seq(bench.id, landed.seqs)


def spent_board(store: Store, clock: Clock) -> Bench:
    """A board on which models were asked, in vain too: a fault, a crash, a conflict, a failure, an unknown price."""
    caps = (("activations", 20), ("nano_usd", 5 * 10**9), ("tokens", None), ("calls", 40))
    bench = Bench(store, store.create(NewBoard("research", caps=caps), [], said()), clock)
    question = bench.note("How?", kind="question")
    planner = bench.start("planner", on=question)
    asks(bench, planner, 2_100_000, model="claude-opus-5-5", tokens=700)
    first, second = wrote(bench, planner, note("one", kind="subtask"), note("two", kind="subtask"), reads=[question])
    researcher = bench.start("researcher", on=first)
    asks(bench, researcher, 300_000, "limited", fault="overloaded", cause="529", response=None, usage=None)
    asks(bench, researcher, 12_345_678, "found", tokens=12_000, usage=Usage(900, 100, 10_000, 1_000), price=PRICE)
    (answer,) = wrote(bench, researcher, note("because", kind="answer"), reads=[first])
    other = bench.start("checker", on=second)
    asks(bench, other, 700_000, "about two", model="claude-opus-5-5")
    changed = bench.amend(second, "other two")
    assert bench.commit(other, note("late", kind="answer"))
    unlucky = bench.start("unlucky", on=changed)
    asks(bench, unlucky, None, "who knows", tokens=400, model="llama")
    asks(bench, unlucky, None, "lost", spent=None, response=None, usage=None)
    bench.commit(unlucky, failed="ValueError: no")
    writer = bench.start("writer", on=answer)
    asks(bench, writer, 9_000_000, "report", model="claude-opus-5-5", tokens=3_000)
    wrote(bench, writer, note("all of it", kind="report"), reads=[answer])
    begins(bench, bench.start("late", on=answer), "still asked")
    return bench
