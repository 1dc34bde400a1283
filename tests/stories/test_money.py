"""Stories of money on the command line: what a board has cost, what was asked, what is allowed."""

import json
from contextlib import closing

import pytest

from blackboard.calls import ANY, Amounts, Ended, Limits, NewCall
from blackboard.seam import REAL
from store.sqlite import open_store
from tests.builders import Bench, Clock
from tests.calling import begins, spent_board

WIDTH = 100  # columns that no line of a fixed form passes


@pytest.fixture
def clock(monkeypatch):
    """One clock for the store and the command line."""
    its = Clock()
    monkeypatch.setattr(REAL, "now", its.now)
    return its


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "default.db")


@pytest.fixture
def spent(path, clock):
    """A board on which models were asked, in vain too."""
    with closing(open_store(path, True, clock)) as store:
        spent_board(store, clock)


@pytest.fixture
def silent(path, clock):
    """A board on which no model was asked."""
    with closing(open_store(path, True, clock)) as store:
        bench = Bench.on(store, clock)
        bench.start("a", on=bench.note())


def rows(out, title):
    """The lines below a title, words that are two columns apart."""
    below = out.partition(f"\n{title}\n")[2].partition("\n\n")[0]
    return [[cell for cell in line.strip().split("  ") if cell] for line in below.splitlines()[1:]]


@pytest.mark.usefixtures("spent")
class TestTheCostOfABoard:
    def test_is_told_with_what_is_not_known_of_it(self, told):
        _, out, _ = told("cost", "last")
        assert out.splitlines()[:3] == [
            "research-1  about 1.0244 USD, 8 calls, 116,120 tokens",
            "  not in it: 1 call of unknown price, 1 call under way",
            "  in it at most: 1 call of which nothing was heard any more",
        ]
        assert "cached: 10,000 tokens read, 1,000 written, 0.0088 USD saved" in out

    def test_is_told_by_agent_and_model_the_dearest_first(self, told):
        _, out, _ = told("cost", "last")
        agents = [(row[0].strip(), row[1].strip()) for row in rows(out, "agents")]
        assert agents[:3] == [("unlucky", "fast"), ("researcher", "fast"), ("writer", "claude-opus-5-5")]

    def test_says_what_was_for_nothing_and_why(self, told):
        _, out, _ = told("cost", "last", "--json")
        found = {reason: (its["calls"], its["nano_usd"]) for reason, its in json.loads(out)["for_nothing"].items()}
        assert found == {
            "conflicts": (1, 700_000), "retries": (1, 300_000), "crashes": (1, 1_000_000_000), "failures": (1, 0),
        }  # fmt: skip

    def test_says_what_is_left_of_the_budgets(self, told):
        told("limits", "--usd-a-day", "2.5")
        _, out, _ = told("cost", "last")
        assert [[cell.strip() for cell in row] for row in rows(out, "budgets")] == [
            ["this board", "USD", "1.0244", "1", "2.9756", "5"], ["this board", "calls", "7", "1", "32", "40"],
            ["today", "USD", "1.0244", "1", "0.4756", "2.5"],
        ]  # fmt: skip

    def test_names_activations_that_log_shows(self, told):
        _, out, _ = told("cost", "last", "--json")
        for call in json.loads(out)["dearest_calls"]:
            code, shown, _ = told("log", "last", "--prompt", str(call["activation"]))
            assert code == 0
            assert f"call {call['call']}  " in shown

    def test_fits_on_a_page(self, told):
        _, out, _ = told("cost", "last")
        assert max(map(len, out.splitlines())) <= WIDTH

    def test_as_json_is_exact(self, told):
        _, out, _ = told("cost", "last", "--json")
        found = json.loads(out)
        assert found["nano_usd"] == 2_100_000 + 300_000 + 12_345_678 + 700_000 + 1_000_000_000 + 9_000_000
        assert sum(part["nano_usd"] for part in found["parts"]) == found["nano_usd"]

    def test_stands_in_the_list_of_boards(self, told):
        _, out, _ = told("boards")
        assert "about 1.0244 USD" in out
        _, out, _ = told("boards", "--json")
        assert json.loads(out)[0]["cost"]["calls"] == 8


@pytest.mark.usefixtures("spent")
class TestTheCostOfAnEntry:
    def test_is_that_of_its_line_step_by_step(self, told):
        _, out, _ = told("cost", "last", "report-1")
        head, _, *steps = out.splitlines()
        assert head == "report-1 v1  0.0237 USD, 4 calls, 15,710 tokens"
        assert [" ".join(step.split()) for step in steps] == [
            "report-1 v1 8 writer 1 3,000 0.009 USD", "answer-1 v1 4 researcher 2 12,010 0.0126 USD",
            "subtask-1 v1 3 planner 1 700 0.0021 USD", "1 more step of its line asked no model",
        ]  # fmt: skip

    def test_that_no_model_was_asked_for_is_a_sentence(self, told):
        code, out, _ = told("cost", "last", "question-1")
        assert (code, "it was made from nothing that a model was asked for" in out) == (0, True)

    def test_stands_where_why_begins(self, told):
        _, out, _ = told("why", "last", "report-1")
        assert out.splitlines()[0].endswith("all of it  0.0237 USD")
        assert "USD" not in out.partition("\n")[2]

    def test_that_is_not_there_is_a_sentence(self, told):
        code, _, err = told("cost", "last", "answer-9")
        assert (code, "no entry has the key 'answer-9'" in err) == (2, True)


@pytest.mark.usefixtures("silent")
class TestABoardWithoutCalls:
    def test_has_cost_nothing(self, told):
        assert told("cost", "last") == (0, "test-1 has called no model, so it has cost nothing\n", "")

    @pytest.mark.parametrize("verb", [("show", "last"), ("boards",), ("why", "last", "note-1"), ("log", "last")])
    def test_says_no_word_of_money(self, told, verb):
        _, out, _ = told(*verb)
        assert ("USD" in out, "cost" in out, "activation 1" in out) == (False, False, False)

    def test_has_activations_that_asked_nothing(self, told):
        assert told("log", "last", "--prompt", "3") == (0, "activation 3 of a has called no model\n", "")
        assert told("log", "last", "--prompt", "2") == (0, "activation 2 is a post from outside: nobody acted\n", "")


@pytest.mark.usefixtures("spent")
class TestWhatWasAsked:
    def test_is_shown_call_by_call_with_its_answer(self, told):
        _, out, _ = told("log", "last", "--prompt", "4")
        assert "call 2  fast at script  done, overloaded  activation 4 of researcher" in out
        assert "fault: 529" in out
        assert "  user:\n    What is it?\n  answer:\n    It is  [31mred.\n    (end_turn)\n" in out

    def test_does_not_steer_a_terminal(self, told):
        _, out, _ = told("log", "last", "--prompt", "4")
        assert "\x1b" not in out

    def test_is_there_for_programs_as_it_was_sent(self, told):
        _, out, _ = told("log", "last", "--prompt", "4", "--json")
        failed, answered = json.loads(out)
        assert answered["request"]["messages"] == [{"role": "user", "content": "What is it?"}]
        assert (failed["response"], answered["response"]["stop_reason"]) == (None, "end_turn")

    def test_of_an_activation_that_is_not_there_is_a_sentence(self, told):
        code, _, err = told("log", "last", "--prompt", "99")
        assert (code, err.count("\n")) == (2, 1)
        assert "research-1 has no activation 99" in err

    def test_goes_with_no_other_option_of_log(self, told):
        code, _, err = told("log", "last", "--prompt", "4", "--follow")
        assert (code, "leave out --follow and --kind" in err) == (2, True)

    def test_can_be_found_by_the_log(self, told):
        _, out, _ = told("log", "last")
        assert [line.partition("activation ")[2] for line in out.splitlines()] == ["", "3", "3", "4", "", "8"]


class TestLimits:
    def test_there_are_none_at_first(self, told, silent):
        code, out, _ = told("limits")
        assert (code, out.startswith("no limit: ")) == (0, True)

    def test_are_kept_until_they_are_lifted(self, told, path):
        # given limits of all and of a model, before there is any board
        told("limits", "--usd-a-day", "2.5", "--calls-at-once", "4")
        told("limits", "--model", "fast", "--requests-a-minute", "50")
        # when one is lifted and one changed
        code, out, _ = told("limits", "--none", "calls-at-once", "--usd-a-day", "3", "--json")
        # then
        assert code == 0
        assert json.loads(out)[ANY] == {
            "requests_a_minute": None, "tokens_a_minute": None, "calls_at_once": None, "tokens_a_day": None,
            "calls_a_day": None, "usd_a_day": 3.0,
        }  # fmt: skip
        with closing(open_store(path, False)) as store:
            assert store.limits()["fast"] == Limits(requests_a_minute=50)

    def test_are_told_with_what_is_used_today(self, told, spent):
        told("limits", "--calls-a-day", "100", "--tokens-a-minute", "9000")
        _, out, _ = told("limits")
        assert [line.split() for line in out.splitlines()[1:]] == [
            ["all", "together", "tokens", "a", "minute", "9,000"],
            ["all", "together", "calls", "a", "day", "100", "8"],
        ]

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("--none", "calls"), "there is no limit 'calls'"),
            (("--calls-at-once", "0"), "--calls-at-once takes a number of at least 1, not 0"),
            (("--usd-a-day", "nan"), "--usd-a-day takes a number of at least 0, not nan"),
            (("--usd-a-day", "1", "--none", "usd-a-day"), "contradict each other"),
        ],
    )
    def test_that_make_no_sense_are_refused_in_a_sentence(self, told, silent, words, sentence):
        code, _, err = told("limits", *words)
        assert (code, err.count("\n")) == (2, 1)
        assert sentence in err


class TestShow:
    def test_tells_what_is_used_and_held_of_all_budgets(self, told, spent):
        _, out, _ = told("show", "last")
        assert "used       5 of 20 activations, 0.0 seconds\n" in out
        assert "           1.0244 of 5 USD, 116,120 tokens, 7 of 40 calls\n" in out
        assert "held       1 USD, 100,000 tokens, 1 call for calls under way" in out
        assert "cost       about 1.0244 USD; `blackboard cost research-1` tells more" in out

    def test_tells_which_budget_parked_work_waits_for(self, told, path, clock):
        with closing(open_store(path, True, clock)) as store:
            store.limit(ANY, Limits(calls_a_day=1))
            bench = Bench.on(store, clock)
            begins(bench, bench.start("first"), "a question")
            second = bench.start("second")
            short = store.begin_call(asked_again(second))
            assert store.park(second, short, "no call is left")
        _, out, _ = told("show", "last")
        assert "second waits for a budget: it needs another call" in " ".join(out.split())
        _, out, _ = told("show", "last", "--json")
        (waits,) = json.loads(out)["short"]
        assert (waits["agent"], waits["unit"], waits["cap"]) == ("second", "calls", 1)

    def test_tells_which_models_do_not_take_calls_as_usual(self, told, path, clock):
        with closing(open_store(path, True, clock)) as store:
            bench = Bench.on(store, clock)
            claim = bench.start("a")
            for number in range(5):
                call = begins(bench, claim, f"question {number}")
                store.end_call(ended(bench, call, fault="overloaded"))
        _, out, _ = told("show", "last")
        assert "\nmodels\n  fast at script: open for " in out
        assert "of the last 10 calls failed" in out
        _, out, _ = told("show", "last", "--json")
        assert json.loads(out)["models"][0]["state"] == "open"


def asked_again(claim):
    return NewCall(claim, "another", 1, "script", "fast", "{}", Amounts(1, 1))


def ended(bench, call, fault):
    return Ended(bench.id, call, spent=Amounts(0, 0), fault=fault, cause="529")
