"""The controller: a pure function from what it is shown to a verdict, a first strike, or nothing yet."""

import json
from dataclasses import replace
from types import MappingProxyType

import pytest

from blackboard.budget import Budget
from blackboard.calls import Short, Shortage
from blackboard.controller import EXIT, Goal, Quiet, Trouble, Verdict, Watching, alerts, decide, until_alert
from blackboard.records import Spent, Summary

NO_CAP = Budget()
BUSY, WAITING, IDLE = {"running": {"a": 1}}, {"pending": {"a": 2}}, {}
PARKED = {"parked": {"a": 1}}
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

        assert said.reasons == ("a was not asked about 2, and 1 of a was under way",)

    @pytest.mark.parametrize(
        ("states", "told"),
        [
            ({"pending": {"critic": 3}}, "critic was not asked about 3"),
            ({"running": {"writer": 2}}, "2 of writer were under way"),
            (
                {"pending": {"critic": 1}, "waiting": {"critic": 2, "editor": 1}, "parked": {"cutter": 1}},
                "critic was not asked about 3, editor was not asked about 1, and 1 of cutter was parked",
            ),
        ],
    )
    def test_who_was_not_asked_is_told_in_one_sentence_also_where_a_stop_holds(self, states, told):
        assert decide(summary(states), Goal(reached=True), NO_CAP).reasons == (told,)
        assert decide(summary(states), Goal(stop="bad"), NO_CAP).reasons == ("bad", told)

    def test_an_unreached_one_leaves_the_board_open_while_there_is_something_to_do(self):
        for states in (BUSY, WAITING, PARKED):
            assert decide(summary(states), MISSING, NO_CAP) is None
            assert decide(summary(states, quiet=5), MISSING, NO_CAP) is None
        assert decide(summary(unnoticed=("a",)), MISSING, NO_CAP) is None


class TestEndingsBeforeTheGoal:
    def test_the_stop_condition_fails_the_board_at_once_with_the_last_causes(self):
        said = decide(summary(BUSY, failures=("a failed: x",)), Goal(stop="3 failure"), NO_CAP)

        assert (said.ending, said.exit_code) == ("failed", 5)
        assert said.reasons == ("3 failure", "1 of a was under way", "a failed: x")

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


class TestTheBudgetOfAnAgent:
    SPENT = MappingProxyType({"a": Spent("activations", 2, 2, 0)})

    def test_where_only_work_of_its_is_left_there_is_nothing_to_do(self):
        assert isinstance(decide(summary(WAITING, of_agents=self.SPENT), MISSING, NO_CAP), Quiet)

    def test_the_second_time_the_board_ends_for_it_and_names_it(self):
        said = decide(summary(WAITING, of_agents=self.SPENT, quiet=4), MISSING, NO_CAP)

        assert (said.ending, said.exit_code) == ("budget", 3)
        assert said.reasons == (
            "a has used up its 2 activations", "2 of a not done", "missing: 1 report, there are 0",
        )  # fmt: skip

    @pytest.mark.parametrize(
        "states",
        [WAITING | BUSY, {"pending": {"a": 1, "b": 1}}, {"running": {"b": 1}, "pending": {"a": 1}}],
        ids=["it is at work", "others may begin", "others are at work"],
    )
    def test_while_there_is_other_work_the_board_goes_on(self, states):
        assert decide(summary(states, of_agents=self.SPENT, quiet=4), MISSING, NO_CAP) is None

    def test_what_has_not_been_noticed_may_be_work_of_others(self):
        seen = summary(WAITING, of_agents=self.SPENT, quiet=4, unnoticed=("b",))

        assert decide(seen, MISSING, NO_CAP) is None

    @pytest.mark.parametrize("own", [Spent("activations", 2, 1, 1), Spent("activations", None, 9, 0)])
    def test_what_has_its_share_or_no_cap_can_go_on(self, own):
        assert decide(summary(WAITING, of_agents={"a": own}, quiet=4), MISSING, NO_CAP) is None


class TestABudgetThatAllowsNoCall:
    SHORT = Shortage("a", 1, Short("board:b-1", "nano_usd", 30_000_000, 500_000_000, 490_000_000))

    def test_leaves_nothing_to_do_and_a_finalizer_hears_of_it(self):
        said = decide(summary(PARKED, short=(self.SHORT,)), MISSING, NO_CAP)

        assert said == Quiet(("a needs up to 0.03 USD for a call, and 0.01 of the board's 0.5 USD are left",))

    def test_the_second_time_the_board_ends_for_it_with_all_that_is_not_done(self):
        said = decide(summary(PARKED, short=(self.SHORT,), quiet=5), MISSING, NO_CAP)

        assert (said.ending, said.exit_code) == ("budget", 3)
        assert said.reasons == (
            "a needs up to 0.03 USD for a call, and 0.01 of the board's 0.5 USD are left",
            "1 of a not done", "missing: 1 report, there are 0",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("states", "more"),
        [
            (PARKED | BUSY, {}),
            ({"parked": {"a": 1, "b": 1}}, {}),
            (PARKED | {"pending": {"b": 1}}, {}),
            (PARKED, {"unnoticed": ("b",)}),
        ],
        ids=["somebody works", "another is parked for somebody", "another may begin", "something was not noticed"],
    )
    def test_while_there_is_other_work_the_board_goes_on(self, states, more):
        assert decide(summary(states, short=(self.SHORT,), quiet=5, **more), MISSING, NO_CAP) is None

    HELD = replace(SHORT, tried=1)

    def test_that_keeps_the_last_activation_from_others_ends_the_board_with_both_reasons(self):
        full = (Spent("activations", 3, 2, 1),)
        states = PARKED | {"pending": {"b": 1}}

        said = decide(summary(states, short=(self.HELD,), budgets=full), MISSING, NO_CAP)

        assert said == Verdict("budget", (
            "3 activations are used up",
            "a needs up to 0.03 USD for a call, and 0.01 of the board's 0.5 USD are left",
            "1 of a not done", "1 of b not done", "missing: 1 report, there are 0",
        ))  # fmt: skip
        assert decide(summary(states, short=(self.SHORT,), budgets=full), MISSING, NO_CAP) is None

    def test_that_keeps_the_last_activation_of_its_agent_leaves_nothing_to_do(self):
        own = {"a": Spent("activations", 3, 2, 1)}
        states = PARKED | {"pending": {"a": 1}}

        assert isinstance(decide(summary(states, short=(self.HELD,), of_agents=own), MISSING, NO_CAP), Quiet)
        assert decide(summary(states, short=(self.SHORT,), of_agents=own), MISSING, NO_CAP) is None

    @pytest.mark.parametrize("unit", ["nano_usd", "tokens", "calls"])
    def test_is_not_told_by_what_is_settled_since_a_smaller_call_may_still_fit(self, unit):
        full = summary(WAITING, budgets=(Spent("activations", 9, 1, 0), Spent(unit, 5, 5, 0)), quiet=5)

        assert decide(full, MISSING, NO_CAP) is None

    @pytest.mark.parametrize(
        ("scope", "unit", "asked", "cap", "used", "told"),
        [
            (
                "agent:b-1/a", "tokens", 4000, 5000, 4880,
                "up to 4,000 tokens for a call, and 120 of its own 5,000 tokens are",
            ),
            ("board:b-1", "calls", 1, 3, 3, "another call, and nothing of the board's 3 calls is"),
            (
                "day:2026-01-02", "calls", 1, 1, 1,
                "another call, and nothing of the 1 call that the database may use today is",
            ),
        ],
    )  # fmt: skip
    def test_is_told_with_whose_it_is_what_was_asked_and_what_is_left(self, scope, unit, asked, cap, used, told):
        short = Shortage("a", 2, Short(scope, unit, asked, cap, used))

        said = decide(summary({"parked": {"a": 2}}, short=(short,), quiet=5), Goal(), NO_CAP)

        assert said.reasons == (f"a needs {told} left (2 activations)", "2 of a not done")


class TestTrouble:
    CIRCLE, FAILING = Trouble(livelock="a repeats b"), Trouble(breaker=("3 of the last 4 activations failed", "x"))

    @pytest.mark.parametrize(
        ("trouble", "wanted", "code"), [(CIRCLE, "livelock", 4), (FAILING, "breaker", 5)], ids=["circle", "failures"]
    )
    def test_ends_a_board_on_which_somebody_works_and_says_why_and_what_is_missing(self, trouble, wanted, code):
        said = decide(summary(BUSY | WAITING), MISSING, NO_CAP, trouble=trouble)

        assert (said.ending, said.exit_code) == (wanted, code)
        assert said.reasons == (*filter(None, (trouble.livelock, *trouble.breaker)), "missing: 1 report, there are 0")

    def test_comes_after_a_goal_that_is_reached_a_stop_a_cancel_and_a_deadline(self):
        both = Trouble(self.CIRCLE.livelock, self.FAILING.breaker)
        seen = summary(BUSY, cancelled="x", ran_seconds=9)

        assert ending(decide(seen, Goal(reached=True), Budget(seconds=1), (), both)) == "complete"
        assert ending(decide(seen, Goal(stop="bad"), Budget(seconds=1), (), both)) == "failed"
        assert ending(decide(seen, Goal(), Budget(seconds=1), (), both)) == "cancelled"
        assert ending(decide(summary(BUSY, ran_seconds=9), Goal(), Budget(seconds=1), (), both)) == "deadline"


class TestAlerts:
    def told(self, *spent, own=None, ran=0.0, seconds=None):
        seen = summary(budgets=spent, of_agents=own or {}, ran_seconds=ran)
        return [(a.unit, a.used, a.cap) for a in alerts(seen, Budget(seconds=seconds))]

    @pytest.mark.parametrize(("settled", "reserved"), [(8, 0), (0, 8), (5, 3), (10, 0)])
    def test_one_is_due_when_four_fifths_are_used_or_reserved(self, settled, reserved):
        assert self.told(Spent("activations", 10, settled, reserved)) == [("activations", settled + reserved, 10)]

    @pytest.mark.parametrize(
        "spent", [Spent("activations", 10, 7, 0), Spent("activations", 4, 4, 0), Spent("activations", None, 99, 0)],
        ids=["there is more", "the cap is small", "there is no cap"],
    )  # fmt: skip
    def test_none_is_due(self, spent):
        assert self.told(spent) == []

    def test_they_are_of_seconds_and_of_agents_too(self):
        assert self.told(own={"a": Spent("activations", 5, 4, 0)}, ran=48.5, seconds=60) == [
            ("activations of a", 4, 5), ("seconds", 48.5, 60),
        ]  # fmt: skip

    def test_they_are_of_what_calls_take_too_with_money_in_dollars(self):
        own = {"a": (Spent("tokens", 100, 80, 0), Spent("calls", 100, 79, 0))}
        seen = summary(budgets=(Spent("nano_usd", 500_000_000, 100_000_000, 300_000_000),), calls_of_agents=own)

        assert [(a.unit, a.used, a.cap) for a in alerts(seen, NO_CAP)] == [("usd", 0.4, 0.5), ("tokens of a", 80, 100)]

    def test_claims_are_counted_only_towards_budgets_of_activations(self):
        assert until_alert(summary(budgets=(Spent("calls", 100, 3, 0),))) is None

    @pytest.mark.parametrize(
        ("spent", "claims"),
        [
            (Spent("activations", 10, 3, 1), 4),
            (Spent("activations", 7, 0, 0), 6),
            (Spent("activations", 10, 9, 0), None),
            (Spent("activations", 4, 0, 0), None),
        ],
    )
    def test_how_many_claims_it_takes_until_the_next_is_known(self, spent, claims):
        assert until_alert(summary(budgets=(spent,))) == claims
        assert until_alert(summary(of_agents={"a": spent})) == claims


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


class TestABoardThatWasOpenedForMore:
    @staticmethod
    def said(states=IDLE, goal=Goal(reached=True), head=6, **options):  # noqa: B008 a frozen value
        return decide(summary(states, head=head, epoch_head=5, **options), goal, NO_CAP, more=True)

    def test_waits_whatever_holds_until_something_has_come_in(self):
        for goal in (Goal(reached=True), MISSING, Goal(stop="3 failure")):
            assert self.said(goal=goal, head=5) is None
            assert self.said(goal=goal, head=5, quiet=5) is None

    def test_is_complete_by_its_goal_only_when_nothing_is_left_to_do(self):
        assert self.said(BUSY) is None
        assert self.said(WAITING) is None
        assert self.said(unnoticed=("a",)) is None

        assert ending(self.said()) == "complete"

    def test_is_quiescent_in_two_strikes_where_the_goal_is_missing(self):
        assert isinstance(self.said(goal=MISSING), Quiet)

        assert self.said(goal=MISSING, quiet=6).reasons == ("missing: 1 report, there are 0",)

    def test_is_ended_by_what_ends_any_other(self):
        assert ending(self.said(head=5, cancelled="enough")) == "cancelled"
        assert ending(self.said(goal=Goal(stop="3 failure"))) == "failed"
        late = summary(head=5, epoch_head=5, ran_seconds=9)
        assert ending(decide(late, MISSING, Budget(seconds=1), more=True)) == "deadline"
