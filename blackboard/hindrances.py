"""Hindrances: what keeps an agent from acting on one entry. Asked in the order in which an activation would get there:
trigger, refraction and what became of the activation, then grants, where, unless, ready, and whether it was seen.

User code (`where`, `ready`) runs here, for people who look, outside any transaction.
"""

from blackboard import shortages
from blackboard.conditions import Condition
from blackboard.entry import Entry, decode
from blackboard.errors import BodyRefused, told
from blackboard.gist import count, shortened
from blackboard.hindering import MANY, Case, Hindrance, Reason
from blackboard.records import ActivationRecord, Row

LONGEST_CAUSE = 240  # characters
GRANTS = ("writes=", "reads=", "tools=")  # a cause that names one of these is a grant that was missing


def hindrance(
    case: Case, row: Row, own: ActivationRecord | None, earlier: tuple[ActivationRecord, int] | None
) -> Hindrance:
    """What keeps the agent from acting on this version. `earlier`: its activation by an older version."""
    if row.kind != case.watched.kind:
        watches = f"its kind is {row.kind}, {case.name} watches {case.watched.words}"
        return Hindrance("trigger", watches, f"to be of another kind: {case.watched.kind}", MANY)
    if own is not None:
        return became(case, own)
    if row.status not in case.watched.statuses:
        return _past(case, row, *earlier) if earlier else _other_status(case, row)
    return _private(case, row) or _refused(case, row) or case.held_back or _not_ready(case, row) or unseen(case, row)


def _other_status(case: Case, row: Row) -> Hindrance:
    wanted = "/".join(case.watched.statuses)
    steps = _steps_to(case, row.status)
    never = "" if steps is not None else f", to which {row.status} does not lead"
    lacks = f"status {wanted}" if steps is not None else f"a new {row.kind} that is {wanted}"
    sentence = f"status is {row.status}, it watches {wanted}{never}"
    return Hindrance("trigger", sentence, lacks, MANY if steps is None else steps)


def _steps_to(case: Case, status: str) -> int | None:
    """How many changes of status lead from here to one that wakes it."""
    reached, level, steps = {status}, [status], 0
    while level:
        if any(s in case.watched.statuses for s in level):
            return steps
        level = [b for a in level for b in case.lifecycle.get(a, ()) if b not in reached]
        reached |= set(level)
        steps += 1
    return None


def _past(case: Case, row: Row, one: ActivationRecord, version: int) -> Hindrance:
    """The status has gone on: what became of it while the version before was there."""
    if one.state == "done":
        sentence = f"it has acted on an earlier version; status is {row.status} now"
        return Hindrance("refraction", sentence, f"status {'/'.join(case.watched.statuses)} again", MANY, one.id)
    if one.state == "failed":
        return became(case, one)
    wanted, steps = "/".join(case.watched.statuses), _steps_to(case, row.status)
    sentence = f"v{version} was changed before it could act; status is {row.status}, it watches {wanted}"
    return Hindrance("superseded", sentence, f"status {wanted}", MANY if steps is None else steps, one.id)


def _private(case: Case, row: Row) -> Hindrance | None:
    if case.agent is None or not case.agent.kind.private or row.author == case.name:
        return None
    return Hindrance("grants", f"{row.kind} is private: only {row.author} reads it", f"a {row.kind} of its own")


def _refused(case: Case, row: Row) -> Hindrance | None:
    """What `where` says; without the agent, that it must have said no."""
    if case.agent is None:
        seen = case.seat is not None and case.seat.cursor >= row.seq
        return Hindrance("where", "its where= says no", "another body") if case.watched.tests and seen else None
    if case.agent.where is None:
        return None
    try:
        wanted = case.agent.where(decode(case.agent.kind, row.body, row.key))
    except BodyRefused as error:
        return Hindrance("where", f"its class does not take the body: {shortened(str(error))}", "another body")
    except Exception as error:  # user code
        return Hindrance("where", f"its where= fails on it: {told(error)}", "a where= that does not fail")
    return None if wanted else Hindrance("where", "its where= says no", "another body")


def _not_ready(case: Case, row: Row) -> Hindrance | None:
    if case.agent is None or case.agent.ready is None or isinstance(case.agent.ready, Condition):
        return None
    try:
        entry = Entry(
            row.key, row.version, row.status, decode(case.agent.kind, row.body, row.key), row.about, row.author,
            row.label, row.seq,
        )  # fmt: skip
        is_ready = case.agent.ready(entry, case.reader)
    except Exception as error:  # user code
        return Hindrance("ready", f"its ready= fails on it: {told(error)}", "a ready= that does not fail")
    return None if is_ready else Hindrance("ready", "its ready= says no yet", "what its ready= asks for")


def unseen(case: Case, row: Row) -> Hindrance:
    """It matches, and there is no activation."""
    cursor = case.seat.cursor if case.seat else 0
    if cursor >= row.seq:
        if case.agent is not None and case.agent.backlog == "new":
            return Hindrance("unnoticed", "it was there before the agent joined, which takes new ones", "a new one")
        return Hindrance("unknown", "nothing that is stored tells why", "a look at the log, --log-level DEBUG")
    if case.ended is not None:
        return Hindrance("verdict", f"the board had ended ({case.ended}) before it was noticed", case.reopening)
    if not case.is_served:
        return _unserved(case)
    return Hindrance("unnoticed", f"it has not noticed it yet: it has read up to seq {cursor}", "a moment")


def _unserved(case: Case) -> Hindrance:
    return Hindrance("unserved", f"nobody serves {case.name}", f"`blackboard work --agents {case.name}`")


# -- what became of an activation ------------------------------------------------------------------------------------
def became(case: Case, one: ActivationRecord) -> Hindrance:
    """Why an activation has not (or not yet, or not again) led to anything."""
    if one.state == "pending":
        return _pending(case, one)
    if one.state == "moot":
        return _dropped(case, one)
    if one.state == "waiting":
        return _waits(case, one)
    if one.state == "failed":
        return _failed(one)
    if one.state == "parked" and (one.waits_for or "").startswith("budget/"):
        return _short(case, one)
    if one.state == "parked":
        whom = one.waits_for or "somebody"
        return Hindrance("parked", f"it is parked: it waits for {whom}", whom, activation=one.id)
    if one.state == "running":
        reason: Reason = "conflict" if one.redone else "running"
        return Hindrance(reason, f"it acts on it now{_tried(one)}", "a moment", activation=one.id)
    return Hindrance("refraction", "it has acted on it already", "a new version", activation=one.id)


def _short(case: Case, one: ActivationRecord) -> Hindrance:
    """A budget allows it no call."""
    unit = (one.waits_for or "").partition("/")[2]
    found = (s.short for s in case.summary.short if s.agent == case.name and s.short.unit == unit)
    short = next(found, None)
    if short is None:  # it has been freed between two looks
        return Hindrance("budget", f"it waits for its {unit}: {_cause(one)}", "a higher cap", activation=one.id)
    remedy = shortages.remedy(short, case.record.id)
    return Hindrance("budget", f"it {shortages.lack(short)}", f"more: {remedy}", activation=one.id)


def _tried(one: ActivationRecord) -> str:
    again = [f"attempt {one.attempt}"] if one.attempt > 1 else []
    again += [f"done again {count(one.redone, 'time')} after conflicts: {_cause(one)}"] if one.redone else []
    return f" ({', '.join(again)})" if again else ""


def _cause(one: ActivationRecord) -> str:
    return shortened(one.cause or "no cause was kept", LONGEST_CAUSE)


def _failed(one: ActivationRecord) -> Hindrance:
    cause = _cause(one)
    reason: Reason = "grants" if any(g in cause for g in GRANTS) else "error"
    after = f" after {count(one.attempt, 'attempt')}" if one.attempt else ""
    return Hindrance(reason, f"it failed for good{after}: {cause}", "that mended, and a new version", activation=one.id)


def _dropped(case: Case, one: ActivationRecord) -> Hindrance:
    if case.ended is not None and (one.cause is None or "has ended" in one.cause):
        return _too_late(case, one)
    cause = shortened(one.cause or "it was not needed any more", LONGEST_CAUSE)
    reason: Reason = "unless" if cause.startswith("not needed") else "superseded"
    return Hindrance(reason, f"it was dropped: {cause}", "a new version", activation=one.id)


def _too_late(case: Case, one: ActivationRecord) -> Hindrance:
    sentence = f"the board ended ({case.ended}) before it could act"
    return Hindrance("verdict", sentence, case.reopening, activation=one.id)


def _waits(case: Case, one: ActivationRecord) -> Hindrance:
    if case.held_back is not None and case.held_back.reason == "ready":
        return case.held_back
    what = one.waits_for or (case.agent.waiting_for if case.agent is not None else "") or "its ready= to hold"
    return Hindrance("ready", f"it waits for {what}", what, activation=one.id)


def _pending(case: Case, one: ActivationRecord) -> Hindrance:
    """What holds back an activation that could be claimed; the first that is so."""
    if case.ended is not None:
        return _too_late(case, one)
    if case.held_back is not None and case.held_back.reason == "unless":
        return case.held_back
    if not case.is_served:
        return _unserved(case)
    if one.due_at is not None and one.due_at > case.now:
        wait = f"{one.due_at - case.now:.0f} s"
        return Hindrance("due", f"it failed and is tried again in {wait}: {_cause(one)}", wait, activation=one.id)
    if case.least_rating is not None and one.rating < case.least_rating:
        sentence = f"its rating {one.rating} is below the least that is claimed, {case.least_rating}"
        return Hindrance("rating", sentence, f"a rating of {case.least_rating}", activation=one.id)
    if case.used_up is not None and not one.attempt:
        return Hindrance("budget", case.used_up, "a higher cap", activation=one.id)
    return _in_line(case, one)


def _in_line(case: Case, one: ActivationRecord) -> Hindrance:
    """Nothing is in the way but others."""
    if one.redone:
        sentence = f"it was done again {count(one.redone, 'time')} after conflicts: {_cause(one)}"
        return Hindrance("conflict", sentence, "that nobody changes what it reads", activation=one.id)
    busy = case.summary.states.get("running", {}).get(case.name, 0)
    most = case.agent.concurrency if case.agent is not None else None
    if most is not None and busy >= most:
        sentence = f"it acts on {count(busy, 'other')}, which is its concurrency="
        return Hindrance("turn", sentence, "its turn", activation=one.id)
    return Hindrance("turn", "it waits for its turn", "its turn", activation=one.id)
