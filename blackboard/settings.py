"""The one reader of the environment. Where an option has the same meaning as a setting, the option wins."""

import os

DATABASE = "blackboard.db"


def database() -> str:
    """Path or URL of the database when none is said: BLACKBOARD_DB, else `blackboard.db` in this folder."""
    return os.environ.get("BLACKBOARD_DB") or DATABASE


def log_level() -> str:
    """The lowest level that is logged to stderr: BLACKBOARD_LOG, else WARNING."""
    return os.environ.get("BLACKBOARD_LOG") or "WARNING"


def synchronous() -> str:
    """How durable a commit is on SQLite: BLACKBOARD_SYNCHRONOUS, FULL (survives a power cut) or NORMAL."""
    return (os.environ.get("BLACKBOARD_SYNCHRONOUS") or "FULL").upper()


def lease() -> float:
    """Seconds after which the claims of a worker that has gone silent may be taken over: BLACKBOARD_LEASE, else 30.

    At least half a second. ValueError.
    """
    said = os.environ.get("BLACKBOARD_LEASE") or "30"
    try:
        seconds = float(said)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 86_400:
        raise ValueError(f"BLACKBOARD_LEASE={said} is no number of seconds up to a day")
    return max(0.5, seconds)


def plugins() -> list[str]:
    """Plugin folders and files of every run, where none are named: BLACKBOARD_PLUGINS, as PATH is written."""
    return [place for place in (os.environ.get("BLACKBOARD_PLUGINS") or "").split(os.pathsep) if place]


def cache_folder() -> str:
    """Where indexes that can be made again are kept: BLACKBOARD_CACHE, else the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 before pathlib is loaded
    return os.environ.get("BLACKBOARD_CACHE") or os.path.join(home, "blackboard")  # noqa: PTH118


def sqlite_library() -> str:
    """Which SQLite keeps boards: BLACKBOARD_SQLITE, `stdlib` for that of Python, else the newer one if installed."""
    return (os.environ.get("BLACKBOARD_SQLITE") or "").lower()
