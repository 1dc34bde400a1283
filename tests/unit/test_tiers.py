"""Which model an agent asks, and how, where it does not say."""

from dataclasses import replace

import pytest

from blackboard import Entry, Kind, View, agent
from blackboard.errors import DeclarationError
from blackboard.llm.tiers import Defaults, defaults, resolve

HAIKU, OPUS = "claude-haiku-5-5", "claude-opus-5-5"


class Question(Kind):
    text: str


@agent(watches=Question, writes=Question, model="fast")
async def critic(question: Entry[Question], view: View) -> None:
    """Asks nothing here."""


planner = replace(critic, name="planner", model="strong")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    for name in ("BLACKBOARD_MODEL_FAST", "BLACKBOARD_MODEL_STRONG"):
        monkeypatch.delenv(name, raising=False)


class TestTheModelOfAnAgent:
    def test_stands_behind_its_tier(self):
        assert (resolve(critic), resolve(planner)) == (HAIKU, OPUS)

    def test_is_what_the_agent_names_if_that_is_no_tier(self):
        assert resolve(replace(critic, model="llama3.3")) == "llama3.3"

    def test_comes_from_the_environment_where_that_says_what_a_tier_is(self, monkeypatch):
        monkeypatch.setenv("BLACKBOARD_MODEL_FAST", "llama3.3")

        assert (resolve(critic), resolve(planner)) == ("llama3.3", OPUS)

    @pytest.mark.parametrize(
        ("models", "of_critic", "of_planner"),
        [
            ({"fast": "a"}, "a", OPUS),
            ({"*": "a"}, "a", "a"),
            ({"*": "strong"}, OPUS, OPUS),
            ({"critic": "strong"}, OPUS, OPUS),
            ({"critic": "strong", "strong": "a"}, "a", "a"),
            ({"critic": "a", "fast": "b", "*": "c"}, "a", "c"),
            ({"fast": "b", "*": "c"}, "b", "c"),
            ({"fast": "strong", "strong": "fast"}, OPUS, HAIKU),
            ({"fast": "fast"}, HAIKU, OPUS),
        ],
    )
    def test_is_what_a_run_says_of_the_agent_then_of_its_tier_then_of_all(self, models, of_critic, of_planner):
        assert (resolve(critic, models), resolve(planner, models)) == (of_critic, of_planner)

    def test_is_missing_where_the_agent_asks_none(self):
        with pytest.raises(DeclarationError, match="critic asks no model"):
            resolve(replace(critic, model=None))


class TestWhatACallGets:
    @pytest.mark.parametrize(
        ("model", "models", "expected"),
        [
            ("fast", {}, Defaults(1024, "low")),
            ("strong", {}, Defaults(2048, "medium")),
            ("llama3.3", {}, Defaults(1024, "low")),
            ("fast", {"critic": "strong"}, Defaults(2048, "medium")),
            ("strong", {"strong": "llama3.3"}, Defaults(2048, "medium")),
        ],
    )
    def test_goes_by_its_tier_whatever_model_stands_behind_that(self, model, models, expected):
        assert defaults(replace(critic, model=model), models) == expected
