"""Terms: under which a board is worked on. Kept in its row, so that `resume` and every worker have the same."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from blackboard.budget import Budget


@dataclass(frozen=True)
class Terms:
    """All but the scenario, the parameters and the team."""

    declared_in: str = ""  # the file of the scenario, where it is found again
    budget: Budget = field(default_factory=Budget)
    agents: Mapping[str, str | None] = field(default_factory=dict)  # put in place of the team's -> TEAM.AGENT
    breaker: tuple[int, int] | None = (10, 20)  # so many failures among so many activations end the board
    least_rating: int | None = None  # what is rated lower is not begun
    more: bool = False  # it was opened again for more posts: see controller.decide
    plugins: Sequence[str] = ()  # folders and files whose agents sit at the board too
    models: Mapping[str, str] = field(default_factory=dict)  # tier, agent or * (all) -> tier or id

    @classmethod
    def of(cls, text: str) -> "Terms":
        """As they stand in a board's row; what an older release did not know has its default."""
        known: dict[str, Any] = {k: v for k, v in json.loads(text).items() if k in cls.__dataclass_fields__}
        breaker = known.get("breaker", cls.breaker)
        made = {"budget": Budget(**known.get("budget", {})), "breaker": tuple(breaker) if breaker else None}
        return cls(**{**known, **made})

    def __str__(self) -> str:
        return json.dumps(asdict(self))
