"""The controller: a pure function from what it is shown to a verdict, a first strike, or nothing yet."""

import json

import pytest

from blackboard.budget import Budget
from blackboard.controller import EXIT, Goal, Quiet, Verdict, Watching, decide
from blackboard.records import Spent, Summary

NO_CAP = Budget()
BUSY, WAITING, IDLE = {"running": {"a": 1}}, {"pending": {"a": 2}}, {}
MISSING = Goal(missing=("1 report, there are 0",))


def summary(states=IDLE, **options) -> Summary:
    return Summary(
        **{
            "status": "open",
            "head": 5,
            "quiet": None,
            "cancelled": None,
            "ran_seconds": 0.0,
            "states": states,
            **options,
        }
    )


def ending(said) -> str | None:
    return said.ending if isinstance(said, Verdict) else said


class TestAGoal:
    @pytest.mark.parametrize("states", [IDLE, BUSY, WAITING])
    def test_when_it_is_reached_the_board_is_complete_whatever_else_goes_on(self, states):
        full = summary(states, cancelled="enough", ran_seconds=99, unnoticed=("a",))

        said = decide(full, Goal(reached=True, stop="bad"), Budget(seconds=1))

        assert (said.ending, said.exit_code) == ("complete", 0)

    def test_who_was_still_busy_is_named(self):
        said = decide(summary(BUSY | WAITING), Goal(reached=True), NO_CAP)

        assert said.reasons == ("1 running activation of a dropped", "2 pending activations of a dropped")

    def test_an_unreached_one_leaves_the_board_open_while_there_is_something_to_do(self):
        for states in (BUSY, WAITING):
            assert decide(summary(states), MISSING, NO_CAP) is None
        assert decide(summary(unnoticed=("a",)), MISSING, NO_CAP) is None


class TestEndingsBeforeTheGoal:
    def test_the_stop_condition_fails_the_board_at_once_with_the_last_causes(self):
        said = decide(summary(BUSY, failures=("a failed: x",)), Goal(stop="3 failure"), NO_CAP)

        assert (said.ending, said.reasons, said.exit_code) == ("failed", ("3 failure", "a failed: x"), 5)

    @pytest.mark.parametrize(("reason", "reasons"), [("enough", ("enough",)), ("", ())])
    def test_a_cancel_ends_it_at_once(self, reason, reasons):
        said = decide(summary(BUSY, cancelled=reason), MISSING, NO_CAP)

        assert (said.ending, said.reasons, said.exit_code) == ("cancelled", reasons, 3)

    def test_the_deadline_ends_it_at_once_and_says_what_is_missing(self):
        said = decide(summary(BUSY, ran_seconds=60), MISSING, Budget(seconds=60))

        assert (said.ending, said.exit_code) == ("deadline", 3)
        assert said.reasons == ("60 seconds of work are used up", "missing: 1 report, there are 0")

    def test_before_the_deadline_it_goes_on(self):
        assert decide(summary(BUSY, ran_seconds=59.9), MISSING, Budget(seconds=60)) is None

    def test_a_deadline_of_none_at_all_is_over_at_once(self):
        assert ending(decide(summary(WAITING), MISSING, Budget(seconds=0))) == "deadline"

    def test_a_budget_of_which_nothing_is_left_ends_it_when_nobody_works_any_more(self):
        spent = (Spent("activations", 3, 3, 0),)
        assert decide(summary(BUSY | WAITING, budgets=spent), MISSING, NO_CAP) is None

        said = decide(summary(WAITING, budgets=spent), MISSING, NO_CAP)

        assert (said.ending, said.exit_code) == ("budget", 3)
        assert said.reasons == ("3 activations are used up", "2 of a not done", "missing: 1 report, there are 0")

    @pytest.mark.parametrize(
        "spent", [Spent("activations", 3, 2, 0), Spent("activations", 3, 2, 1), Spent("activations", None, 3, 0)],
        ids=["something is left", "what waits has its share", "there is no cap"],
    )  # fmt: skip
    def test_a_budget_does_not_end_a_board_on_which_something_can_be_begun(self, spent):
        assert decide(summary(WAITING, budgets=(spent,)), MISSING, NO_CAP) is None

    def test_a_budget_does_not_end_a_board_on_which_nothing_waits(self):
        assert isinstance(decide(summary(budgets=(Spent("activations", 3, 3, 0),)), MISSING, NO_CAP), Quiet)

    @pytest.mark.parametrize(
        ("goal", "options", "wanted"),
        [
            (Goal(reached=True, stop="bad"), {"cancelled": "x", "ran_seconds": 9}, "complete"),
            (Goal(stop="bad"), {"cancelled": "x", "ran_seconds": 9}, "failed"),
            (Goal(), {"cancelled": "x", "ran_seconds": 9}, "cancelled"),
            (Goal(), {"ran_seconds": 9}, "deadline"),
        ],
    )
    def test_of_several_reasons_to_end_the_first_of_these_counts(self, goal, options, wanted):
        assert ending(decide(summary(BUSY, **options), goal, Budget(seconds=1))) == wanted


class TestQuiescence:
    WATCHING = (Watching("busy", "task open", 2), Watching("idle", "report final", 0))

    def test_the_first_is_a_strike_that_names_who_waits_for_what(self):
        assert decide(summary(), MISSING, NO_CAP, self.WATCHING) == Quiet(("idle waited for report final",))

    def test_the_second_ends_the_board_and_says_what_is_missing_what_failed_and_who_waited(self):
        said = decide(summary(quiet=4, failures=("a failed: x",)), MISSING, NO_CAP, self.WATCHING)

        assert (said.ending, said.exit_code) == ("quiescent", 4)
        assert said.reasons == ("missing: 1 report, there are 0", "a failed: x", "idle waited for report final")

    def test_after_the_first_strike_new_work_is_done_first(self):
        for options in ({"states": BUSY}, {"states": WAITING}, {"unnoticed": ("a",)}):
            assert decide(summary(quiet=4, **options), MISSING, NO_CAP) is None

    def test_failed_activations_are_nothing_left_to_do(self):
        assert isinstance(decide(summary({"failed": {"a": 1}}), MISSING, NO_CAP), Quiet)

    def test_there_is_always_a_reason(self):
        assert decide(summary(quiet=4), Goal(), NO_CAP).reasons == ("nothing was left to do",)


class TestAVerdict:
    def test_it_reads_as_a_sentence(self):
        assert str(Verdict("budget", ("3 activations are used up", "2 of a not done"))) == (
            "budget: 3 activations are used up; 2 of a not done"
        )
        assert str(Verdict("complete")) == "complete"

    def test_every_ending_has_the_exit_code_of_the_manual(self):
        assert EXIT == {
            "complete": 0, "budget": 3, "deadline": 3, "cancelled": 3, "quiescent": 4, "livelock": 4, "failed": 5,
            "breaker": 5,
        }  # fmt: skip

    def test_it_can_be_stored(self):
        said = decide(summary(quiet=4), MISSING, NO_CAP)

        assert json.loads(json.dumps({"ending": said.ending, "reasons": said.reasons}))["ending"] == "quiescent"
