"""What can go wrong with a request, and the limit that an endpoint announces."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
    404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 503: "api_error",
    504: "timeout_error", 529: "overloaded_error",
}  # fmt: skip
Breaking = Literal["", "before", "headers", "middle", "short", "garbled", "error"]


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with one request.

    `status`: it is answered with this error. `seconds`: it is answered so much later. `trickle`: seconds that pass
    between the pieces of the answer. `breaks`: the connection breaks
    before a byte of the answer, after the headers, or in the middle; or the answer is short of its end, is garbled, or
    (as a stream) ends in an error. Only what breaks before a byte is not billed.
    """

    status: int = 0
    say: str = ""
    retry_after: float | None = None
    seconds: float = 0
    trickle: float = 0
    breaks: Breaking = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def error(self) -> dict[str, object]:
        """As the API words it."""
        return error(self.status or 529, self.say or "scripted trouble")

    def refuse(self, told: Mapping[str, str]) -> None:
        """Refused, if that is what goes wrong."""
        if self.status and self.breaks != "error":
            raise Refused(self.status, self.say or "scripted trouble", {**told, **self.extra})

    @property
    def extra(self) -> dict[str, str]:
        """Headers of its answer."""
        wanted = {} if self.retry_after is None else {"retry-after": f"{self.retry_after:g}"}
        return {**wanted, **self.headers}


class Refused(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, say: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(say)
        self.status, self.say, self.headers = status, say, headers or {}


def need(holds: object, say: str) -> None:
    """Refused with these words unless it holds."""
    if not holds:
        raise Refused(400, say)


def error(status: int, say: str) -> dict[str, object]:
    """An error in the form of the API."""
    kind = TYPES.get(status) or ("api_error" if status >= 500 else "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": say}}


class Window:
    """So many requests in so many seconds; announced with every answer, as the API does."""

    def __init__(self, requests: int, seconds: float) -> None:
        self._most, self._seconds = requests, seconds
        self._taken, self._until = 0, 0.0
        self._lock = threading.Lock()

    def take(self, now: float) -> dict[str, str]:
        """Count a request; the headers that tell what remains. Refused with 429 if nothing did."""
        with self._lock:
            if now >= self._until:
                self._taken, self._until = 0, now + self._seconds
            self._taken += 1
            is_over = self._taken > self._most
            told = self._told(max(0, self._most - self._taken))
            rest = self._until - now
        if is_over:
            said = f"this would pass the limit of {self._most} requests in {self._seconds:g} seconds"
            raise Refused(429, said, {**told, "retry-after": f"{rest:.3f}"})
        return told

    def _told(self, remaining: int) -> dict[str, str]:
        name = "anthropic-ratelimit-requests"
        reset = datetime.fromtimestamp(self._until, UTC).isoformat().replace("+00:00", "Z")
        return {f"{name}-limit": str(self._most), f"{name}-remaining": str(remaining), f"{name}-reset": reset}
