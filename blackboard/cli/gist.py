"""Bodies, times and names in few words."""

from datetime import UTC, datetime

from blackboard.gist import body_of, count, few, gist, scores, shortened
from blackboard.seam import REAL


def age(since: float) -> str:
    """How long ago: `5 s`, `3 min`, `2 h`, `4 d`."""
    seconds = max(REAL.now() - since, 0.0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


def clock(at: float) -> str:
    """The time of day here, and the day if it is not today."""
    moment, now = (datetime.fromtimestamp(t, UTC).astimezone() for t in (at, REAL.now()))
    return moment.strftime("%H:%M:%S" if moment.date() == now.date() else "%Y-%m-%d %H:%M:%S")


def iso(at: float) -> str:
    """The moment for programs: ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


__all__ = ["age", "body_of", "clock", "count", "few", "gist", "iso", "scores", "shortened"]
