"""Agents that ask models, any crash, any endpoint: the endpoint's own log is held against the journal and the budgets.

`python -m tests.simulation --world asking` runs more seeds, or shows all that happened in one.
"""

import os
from collections import Counter

import pytest

from tests.once import once
from tests.simulation.asking import AskingWorld
from tests.simulation.asking_sabotages import ASKING_SABOTAGES
from tests.simulation.invariants import Violation
from tests.simulation.parts import PARTS, run_all, run_part

SEEDS = int(os.environ.get("BLACKBOARD_SEEDS", "36"))
MUST_HAPPEN = (
    "answers", "write-offs", "late corrections downwards", "late corrections of nothing",
    "journal hits after a takeover or a retry", "stale redos with a free answer", "refusals of the board",
    "refusals of the agent", "refusals of the day", "parked for a budget", "let go on", "breaker opened",
    "breaker half-open", "breaker closed", "rests", "kills while waiting", "kills between response and journal",
    "errors of begin_call", "errors of end_call", "kept", "taken up", "fenced calls", "repeats",
    "given up while waiting",
    "charged while nobody waited", "fault abandoned", "fault overloaded", "fault limited", "fault failing",
    "fault garbled", "fault silent", "fault unreachable", "moot drops", "fallbacks", "resumes", "verdict complete",
    "verdict budget",
)  # fmt: skip
"""A simulation in which one of these never happened proves nothing about it."""
SELDOM = ("late corrections upwards", "breaker trial failed", "fault refused")
"""What happens in some hundreds of seeds."""
FOUND = {
    "journal_never_asked": (0, "what is journaled is not asked again"),
    "journal_by_question": (0, "the journal answers what was asked"),
    "journal_by_step": (0, "the journal answers what was asked"),
    "used_before_journaled": (0, "an answer is journaled before it is used"),
    "unfenced": (4, "no call is begun under a lost claim"),
    "nothing_kept": (1, "what was kept is taken up"),
    "kept_is_left": (8, "what was kept is taken up"),
    "no_cap": (0, "reserved is what is in flight"),
    "settle_forgets": (0, "reserved is what is in flight"),
    "own_budget_forgotten": (2, "reserved is what is in flight"),
    "never_written_off": (0, "every call is settled or written off"),
    "never_corrected": (0, "settled is what was spent"),
    "corrected_twice": (0, "settled is what was spent"),
    "nobody_goes_on": (0, "no budget is slept through"),
    "no_rest": (0, "an endpoint has its rest"),
    "any_number_at_once": (1, "so many calls at once"),
    "any_number_a_minute": (6, "so many calls a minute"),
    "breaker_without_effect": (10, "an open breaker lets nothing through"),
    "breaker_stays_open": (10, "a breaker lets one call through in time"),
}
"""What each sabotage breaks, and a seed from which on that is soon seen."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What has happened in the seeds of a part."""
    return lambda part: once(
        tmp_path_factory, f"asking-{part}", lambda: run_part(AskingWorld, part, SEEDS, " --world asking")
    )


@pytest.mark.slow
@pytest.mark.timeout(max(300, 4 * SEEDS))
class TestAgentsThatAsk:
    @pytest.mark.parametrize("part", range(PARTS))
    def test_never_spend_what_is_not_booked_nor_ask_what_is_journaled(self, runs, part):
        wrong = runs(part).wrong

        assert not wrong, "\n".join(wrong)

    def test_have_met_all_that_can_break(self, runs):
        tally = sum((runs(part).tally for part in range(PARTS)), Counter())

        wanted = MUST_HAPPEN if SEEDS < 200 else (*MUST_HAPPEN, *SELDOM)
        assert [what for what in wanted if not tally[what]] == []
        assert tally["refused"] == 0, "the database had to refuse what the judge let through"


class TestASeedOfThem:
    def test_gives_the_same_steps_again(self):
        first, again = AskingWorld(7), AskingWorld(7)

        first.run()
        again.run()

        assert first.trace == again.trace
        assert first.fingerprint == again.fingerprint != AskingWorld(8).fingerprint


class TestASabotageOfCalls:
    @pytest.mark.slow
    @pytest.mark.parametrize("name", ASKING_SABOTAGES)
    def test_is_found(self, name):
        near, invariant = FOUND[name]

        with ASKING_SABOTAGES[name](), pytest.raises(Violation) as found:
            run_all(AskingWorld, range(near, near + 200))

        assert found.value.invariant == invariant
