"""The one reader of the environment. Where an option has the same meaning as a setting, the option wins."""

import os
import sys

DATABASE = "blackboard.db"
CLAUDE = "https://api.anthropic.com"
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")


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


# -- models: what the anthropic library finds by itself, found without loading it -------------------------------------
def model_access() -> str:
    """What opens the way to a model on this machine, by its name; "" where nothing does.

    A key, a token, a header with one, a profile, a workload identity; or the address of a server that is not
    Anthropic's, which may want no key.
    """
    found = (name for name in (*KEYS, "ANTHROPIC_PROFILE") if os.environ.get(name))
    lines = os.environ.get("ANTHROPIC_CUSTOM_HEADERS", "").splitlines()
    if name := next(found, ""):
        return name
    if {"authorization", "x-api-key"} & {line.partition(":")[0].strip().lower() for line in lines}:
        return "ANTHROPIC_CUSTOM_HEADERS"
    if _is_federated():
        return "ANTHROPIC_FEDERATION_RULE_ID"
    if _profile():
        return "a profile of anthropic"
    return "ANTHROPIC_BASE_URL" if is_keyless() else ""


def model_endpoint() -> str:
    """The address that models are asked at: ANTHROPIC_BASE_URL, else what the profile in use says, else Anthropic's."""
    return (os.environ.get("ANTHROPIC_BASE_URL") or _profile_endpoint() or CLAUDE).rstrip("/")


def model_key() -> str:
    """The key or token as the environment has it; "" where there is none."""
    return next((key for name in KEYS if (key := os.environ.get(name))), "")


def is_keyless() -> bool:
    """Whether all that is known is the address of a server that is not Anthropic's."""
    host = (os.environ.get("ANTHROPIC_BASE_URL") or CLAUDE).partition("://")[2].partition("/")[0].partition(":")[0]
    named = any(os.environ.get(name) for name in (*KEYS, "ANTHROPIC_PROFILE"))
    return not host.endswith("anthropic.com") and not named and not _is_federated() and not _profile()


def model_fast() -> str:
    """The model behind `fast`: BLACKBOARD_MODEL_FAST; "" where that says nothing."""
    return os.environ.get("BLACKBOARD_MODEL_FAST") or ""


def model_strong() -> str:
    """The model behind `strong`: BLACKBOARD_MODEL_STRONG; "" where that says nothing."""
    return os.environ.get("BLACKBOARD_MODEL_STRONG") or ""


def _is_federated() -> bool:
    """Whether a workload identity is set up."""
    identity = os.environ.get("ANTHROPIC_IDENTITY_TOKEN") or os.environ.get("ANTHROPIC_IDENTITY_TOKEN_FILE")
    needed = ("ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID")
    return bool(identity and all(os.environ.get(name) for name in needed))


def _config_folder() -> str:
    if said := os.environ.get("ANTHROPIC_CONFIG_DIR"):
        return said
    if sys.platform == "win32":
        home = os.environ.get("APPDATA") or os.path.expanduser("~\\AppData\\Roaming")  # noqa: PTH111
        return os.path.join(home, "Anthropic")  # noqa: PTH118
    return os.path.expanduser("~/.config/anthropic")  # noqa: PTH111


def _profile() -> str:
    """The file of the profile that the library would use; "" where there is none."""
    folder = _config_folder()
    name = os.environ.get("ANTHROPIC_PROFILE") or _read(os.path.join(folder, "active_config")).strip() or "default"  # noqa: PTH118
    file = os.path.join(folder, "configs", f"{name}.json")  # noqa: PTH118
    return file if os.path.isfile(file) else ""  # noqa: PTH113


def _profile_endpoint() -> str:
    """The address in the profile in use; "" where a key goes before it, or it names none."""
    if model_key() or (_is_federated() and not os.environ.get("ANTHROPIC_PROFILE")):
        return ""
    if not (file := _profile()):
        return ""
    import json

    try:
        said = json.loads(_read(file)).get("base_url")
    except (ValueError, AttributeError):
        return ""
    return said if isinstance(said, str) else ""


def _read(file: str) -> str:
    try:
        with open(file, encoding="utf-8") as opened:  # noqa: PTH123
            return opened.read()
    except (OSError, UnicodeDecodeError):
        return ""
