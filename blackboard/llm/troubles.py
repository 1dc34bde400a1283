"""What an endpoint means when it gives no message: which fault, whether it costs, how long it wants rest. Pure."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from blackboard.calls import Fault
from blackboard.llm.provider import ProviderError

LONGEST_WORDS = 500  # characters of an endpoint's own words
FAULTS: Mapping[int, Fault] = {408: "failing", 409: "failing", 429: "limited", 529: "overloaded"}
"""By status; all else from 500 is failing, all else refused."""
TYPES: Mapping[str, Fault] = {
    "overloaded_error": "overloaded", "rate_limit_error": "limited", "api_error": "failing", "timeout_error": "failing",
}  # fmt: skip
"""By type, of an error in the middle of a stream."""
REMEDIES: Mapping[int, str] = {
    401: "is ANTHROPIC_API_KEY of this endpoint?", 403: "is ANTHROPIC_API_KEY of this endpoint?",
    404: "--model takes another model, ANTHROPIC_BASE_URL another endpoint",
}  # fmt: skip
"""What a person can do who reads it."""
GATEWAYS = frozenset({502, 504, *range(520, 528)})
"""Said by what stands before an endpoint, which may have done its work all the same."""
COUNTED = ("requests", "tokens", "input-tokens", "output-tokens")


def of_answer(status: int, headers: Mapping[str, str], body: object, now: float) -> ProviderError:
    """An error that came instead of a message."""
    fault: Fault = FAULTS.get(status) or ("failing" if status >= 500 else "refused")
    if fault == "limited" and headers.get("x-should-retry") == "false":
        fault = "refused"  # a limit that no waiting lifts, as one of spending
    is_free = _error(body) is not None or status not in GATEWAYS
    rest = None if fault == "refused" else wanted_rest(headers, now)
    remedy = f" ({REMEDIES[status]})" if status in REMEDIES else ""
    return ProviderError(fault, f"{status}: {words(body) or 'no reason said'}{remedy}", is_free=is_free, rest=rest)


def of_event(body: object) -> ProviderError:
    """An error that came when a stream had begun; what was made until then may be charged."""
    said = _error(body) or {}
    return ProviderError(TYPES.get(str(said.get("type")), "failing"), f"broke off: {words(body)}", is_free=False)


def words(body: object) -> str:
    """The endpoint's own words: the message of its error, else the beginning of what it sent."""
    error = _error(body)
    said = error.get("message") if error is not None else None
    text = said if isinstance(said, str) else "" if body is None else str(body)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_WORDS else f"{text[:LONGEST_WORDS]}…"


def wanted_rest(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds for which the endpoint wants to hear nothing: until a limit that is used up is new, or as it says."""
    said = _retry_after(headers, now)
    return spent_rest(headers, now) if said is None else said


def spent_rest(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until a limit of which nothing remains is new; None where something remains of each."""
    rests = [
        rest
        for name in COUNTED
        if headers.get(f"anthropic-ratelimit-{name}-remaining") == "0"
        and (rest := _until(headers.get(f"anthropic-ratelimit-{name}-reset"), headers, now)) is not None
    ]
    return max(rests, default=None)


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    said = headers.get("retry-after")
    for text, unit in ((headers.get("retry-after-ms"), 1000), (said, 1)):
        try:
            seconds = float(text or "") / unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        return max(0.0, parsedate_to_datetime(said or "").timestamp() - now)
    except (TypeError, ValueError):
        return None


def _until(reset: str | None, headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until a time that the endpoint's clock says; a wrong clock of this machine makes it no longer."""
    try:
        at = datetime.fromisoformat(reset or "")
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    rest = at.timestamp() - now
    with suppress(KeyError, TypeError, ValueError):
        rest = min(rest, at.timestamp() - parsedate_to_datetime(headers["date"]).timestamp() + 1)
    return rest if rest > 0 else None


def _error(body: object) -> Mapping[str, Any] | None:
    """The error in the form of the Messages API; None where it is of another."""
    error = body.get("error") if isinstance(body, Mapping) else None
    return error if isinstance(error, Mapping) else None
