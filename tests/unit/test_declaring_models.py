"""What agents that ask a model declare: without a function, with options that models take, told apart by their code."""

import copy
from dataclasses import replace

import pytest

from blackboard import Entry, Kind, View, agent, all_done, batched, claude_agent
from blackboard.errors import DeclarationError, UnknownStatus


class Subtask(Kind, lifecycle={"open": ("answered", "flagged")}):
    text: str = ""


class Answer(Kind):
    text: str = ""


class Source(Kind):
    text: str = ""


researcher = claude_agent(
    "researcher", watches=Subtask, writes=Answer, reads=Source, then="answered", system="You look."
)


class TestAnAgentByDeclaration:
    def test_is_an_agent_like_any_other_whose_model_is_fast(self):
        assert (researcher.name, researcher.model, researcher.purpose) == ("researcher", "fast", "You look.")
        assert researcher.is_async
        assert claude_agent("one", watches=Subtask, writes=Answer, model="strong").model == "strong"

    def test_may_write_its_answer_and_what_it_gives_another_status(self):
        assert researcher.grants.writes == {"answer", "subtask"}
        assert claude_agent("one", watches=Subtask, writes=Answer).grants.writes == {"answer"}
        assert claude_agent("one", watches=Subtask, writes=Answer, gives_up="flagged").grants.writes == {
            "answer", "subtask",
        }  # fmt: skip

    def test_may_read_what_it_says_and_nothing_else(self):
        assert researcher.readable == {"subtask", "answer", "source"}

    def test_takes_sets_and_batches(self):
        assert claude_agent("one", watches=all_done(Subtask), writes=Answer).is_group
        assert claude_agent("one", watches=batched(Subtask, 5), writes=Answer, then="answered").is_batched

    @pytest.mark.parametrize(
        ("wrong", "error", "said"),
        [
            ({"then": "gone"}, UnknownStatus, "subtask has no status 'gone'"),
            ({"then": "open"}, DeclarationError, "one: then='open', but subtask open leads to answered, flagged"),
            ({"then": "flagged", "status": "answered"}, DeclarationError, "subtask answered leads nowhere"),
            ({"then": "answered", "watches": all_done(Subtask)}, DeclarationError, "leave out then="),
            ({"gives_up": "gone"}, UnknownStatus, "subtask has no status 'gone'"),
            ({"writes": (Answer, Source)}, DeclarationError, "one: writes= takes the one kind that its answers are"),
            ({"watches": "subtask"}, DeclarationError, "one: watches= takes a kind"),
            ({"tools": [len]}, DeclarationError, "one: a model calls no tools yet"),
            ({"effort": "huge"}, DeclarationError, "effort= takes one of low"),
        ],
    )
    def test_that_cannot_work_is_refused_where_it_is_declared(self, wrong, error, said):
        with pytest.raises(error, match=said):
            claude_agent("one", **{"watches": Subtask, "writes": Answer, **wrong})


def by_decorator(**options):
    @agent(watches=Subtask, writes=Answer, name="researcher", **options)
    async def asks(subtask: Entry[Subtask], view: View) -> None: ...

    return asks


def by_declaration(**options):
    return claude_agent("researcher", watches=Subtask, writes=Answer, **options)


def by_variant(**options):
    return replace(researcher, **options)


@pytest.mark.parametrize("declare", [by_decorator, by_declaration, by_variant])
class TestAnOptionThatThereIsNot:
    @pytest.mark.parametrize("option", ["temperature", "top_p", "top_k", "thinking", "budget_tokens"])
    def test_of_those_that_models_refuse_names_the_one_that_they_take(self, declare, option):
        with pytest.raises(DeclarationError) as refused:
            declare(**{option: 0})

        assert str(refused.value) == f"researcher: models take no {option}=; say effort='low' … 'max'"

    def test_of_any_other_sort_is_named_with_the_nearest(self, declare):
        with pytest.raises(DeclarationError, match=r"researcher: an agent takes no retries=; did you mean retry=\?"):
            declare(retries=3)
        with pytest.raises(DeclarationError, match=r"researcher: an agent takes no xyz=; there are name, action, "):
            declare(xyz=3)


class TestTheVersionOfItsCode:
    @pytest.mark.parametrize(
        "other",
        [{"model": "strong"}, {"system": "You guess."}, {"effort": "low"}, {"max_tokens": 9}, {"prompt": "Go."}],
    )
    def test_is_another_where_the_model_is_told_something_else(self, other):
        assert by_declaration(**other).code_version != by_declaration().code_version

    def test_is_the_same_for_the_same_declaration(self):
        assert by_declaration(system="x").code_version == by_declaration(system="x").code_version

    def test_does_not_depend_on_models_where_none_is_asked(self):
        assert by_decorator(system="x").code_version == by_decorator().code_version
        assert by_decorator(model="fast").code_version != by_decorator(model="strong").code_version


class TestAnAgentAsAValue:
    def test_can_be_copied(self):
        assert copy.copy(researcher) == researcher

    def test_asks_if_its_fallback_does(self):
        assert by_decorator(fallback=by_decorator(model="fast")).asks
        assert not by_decorator().asks
