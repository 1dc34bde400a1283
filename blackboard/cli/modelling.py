"""What `doctor` says of models: whether they can be asked, what they cost, what the database lets them take today."""

from blackboard import settings
from blackboard.cli import budgets
from blackboard.errors import StoreError, UsageError
from blackboard.llm.client import Claude
from blackboard.llm.tiers import FAST, STRONG, TIERS
from blackboard.ports import Looking
from blackboard.records import Finding


def of_this_machine() -> list[Finding]:
    """Who can be asked from here, and for what."""
    return [_access(), _prices()]


def _access() -> Finding:
    found = settings.model_access()
    if not found:
        return Finding("ok", "models", "none can be asked: ANTHROPIC_API_KEY is not set")
    try:
        return Finding("ok", "models", f"there is {found}; calls go to {Claude().endpoint}")
    except UsageError as error:
        return Finding("warning", "models", str(error), "mend it; agents without a model act as they did")


def _prices() -> Finding:
    from blackboard.llm.prices import bound  # a list that takes a while to load

    said = {FAST: settings.model_fast(), STRONG: settings.model_strong()}
    names = {tier: said[tier] or TIERS[tier].model for tier in TIERS}
    told = ", ".join(f"{tier} {model}" for tier, model in names.items())
    unknown = sorted({model for model in names.values() if bound(model, 1, 1) is None})
    if not unknown:
        return Finding("ok", "prices", f"{told}: known")
    return Finding(
        "warning", "prices", f"{told}; what {' and '.join(unknown)} costs is not known, so no budget in USD binds it",
        "give budgets of tokens or calls: --tokens N, --calls N",
    )  # fmt: skip


def of_today(store: Looking) -> list[Finding]:
    """What of the limits a day is used; nothing where the database is so damaged that it cannot tell."""
    try:
        return [_today(store)]
    except StoreError:
        return []


def _today(store: Looking) -> Finding:
    told = budgets.today_in_words(store)
    if not told:
        return Finding("ok", "today", "the database sets no limit a day; `blackboard limits` can")
    used_up = [spent for _, spent in budgets.today(store) if spent.settled + spent.reserved >= (spent.cap or 0)]
    if not used_up:
        return Finding("ok", "today", "; ".join(told))
    return Finding("warning", "today", "; ".join(told), "`blackboard limits` raises it; or go on tomorrow (UTC)")
