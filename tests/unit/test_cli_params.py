"""A scenario's parameters on the command line, and the small things that its output is made of."""

from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer
from pydantic import BaseModel, Field, ValidationError

from blackboard import Kind
from blackboard.cli import params
from blackboard.cli.drawing import GAP, fitting
from blackboard.cli.gist import count, few, gist, scores, shortened
from blackboard.cli.options import verb_first
from blackboard.cli.speech import printable


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    x: int


def parsed(model, *words):
    """What a model makes of these words."""
    found = {}

    def verb(**given):
        found.update(given)

    verb.__signature__ = __import__("inspect").Signature(params.parameters(model))
    app = typer.Typer(add_completion=False)
    app.command()(verb)
    with typer.main.get_command(app).make_context("x", list(words)) as context:
        context.command.invoke(context)
    return params.validated(model, found)


class TestParameters:
    def test_required_fields_are_arguments_in_their_order_and_the_others_options(self):
        class P(Kind):
            first: str
            second: int
            third: float = 1.5

        assert parsed(P, "a", "2") == P(first="a", second=2)
        assert parsed(P, "a", "2", "--third", "3") == P(first="a", second=2, third=3.0)

    def test_underscores_become_dashes(self):
        class P(Kind):
            at_most: int = 3

        assert parsed(P, "--at-most", "4").at_most == 4

    def test_a_bool_is_a_flag_with_its_opposite(self):
        class P(Kind):
            careful: bool = False
            polite: bool = True

        assert parsed(P) == P()
        assert parsed(P, "--careful", "--no-polite") == P(careful=True, polite=False)

    def test_a_required_bool_is_a_word(self):
        class P(Kind):
            careful: bool

        assert parsed(P, "yes").careful is True

    def test_literals_and_enums_are_choices(self):
        class P(Kind):
            mode: Literal["fast", "slow"] = "fast"
            level: Literal[1, 2] = 1
            colour: Colour = Colour.RED

        assert parsed(P) == P()
        assert parsed(P, "--mode", "slow", "--level", "2", "--colour", "blue") == P(
            mode="slow", level=2, colour=Colour.BLUE
        )
        with pytest.raises(typer.BadParameter, match="'fast', 'slow'"):
            parsed(P, "--mode", "medium")

    def test_lists_repeat_and_a_required_one_takes_all_words(self):
        class P(Kind):
            names: list[str]
            tags: tuple[str, ...] = ("a",)
            ranks: frozenset[int] = frozenset()

        assert parsed(P, "Ada", "Bob") == P(names=["Ada", "Bob"])
        assert parsed(P, "Ada", "--tags", "x", "--tags", "y", "--ranks", "2").tags == ("x", "y")
        assert parsed(P, "Ada", "--ranks", "2", "--ranks", "3").ranks == {2, 3}

    def test_a_second_required_list_is_an_option_that_must_be_there(self):
        class P(Kind):
            names: list[str]
            places: list[str]

        assert parsed(P, "Ada", "--places", "x", "--places", "y") == P(names=["Ada"], places=["x", "y"])
        with pytest.raises(typer.TyperException, match=r"--places|places"):
            parsed(P, "Ada")

    def test_a_list_may_stand_before_another_argument(self):
        class P(Kind):
            names: list[str]
            place: str

        assert parsed(P, "Ada", "Bob", "Rome") == P(names=["Ada", "Bob"], place="Rome")

    def test_optional_dates_paths_and_constrained_values_are_read_by_the_model(self):
        class P(Kind):
            when: date | None = None
            folder: Path | None = None
            share: Annotated[float, Field(ge=0, le=1)] = 0.5
            either: int | str = 0

        made = parsed(P, "--when", "2026-01-02", "--folder", "x", "--share", "0.25", "--either", "x")
        assert made == P(when=date(2026, 1, 2), folder=Path("x"), share=0.25, either="x")
        assert parsed(P) == P()

    def test_nested_values_are_typed_as_json(self):
        class P(Kind):
            inner: Inner
            more: dict[str, int] | None = None

        assert parsed(P, '{"x": 3}', "--more", '{"a": 1}') == P(inner=Inner(x=3), more={"a": 1})
        with pytest.raises(ValidationError, match="inner"):
            parsed(P, "{no json")

    def test_defaults_that_are_made_anew_are_left_to_the_model(self):
        class P(Kind):
            names: list[str] = Field(default_factory=lambda: ["made"])

        assert parsed(P).names == ["made"]

    def test_everything_that_the_model_refuses_is_told_at_once(self):
        class P(Kind):
            number: int
            share: Annotated[float, Field(le=1)] = 0

        with pytest.raises(ValidationError) as refused:
            parsed(P, "x", "--share", "2")
        assert refused.value.error_count() == 2

    def test_fields_are_known_by_their_names_also_where_they_have_an_alias(self):
        class P(BaseModel):
            number: int = Field(alias="Number")

        assert parsed(P, "3").number == 3

    def test_help_in_brackets_is_no_markup(self):
        class P(Kind):
            """Do [it]."""

        assert params.described(P) == "Do \\[it]."


class TestVerbFirst:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("boards", "boards"),
            ("--db x boards", "boards --db x"),
            ("--db=x boards", "boards --db=x"),
            ("--json --log-level DEBUG show last", "show --json --log-level DEBUG last"),
            ("run --db x -q hello Ada", "run hello --db x -q Ada"),
            ("--db x run --quiet hello --db y Ada", "run hello --db x --quiet --db y Ada"),
            ("run --help", "run --help"),
            ("--help", "--help"),
            ("run --json", "run --json"),
            ("log -f last", "log -f last"),
            ("", ""),
        ],
    )
    def test_shared_options_may_stand_before_the_verb(self, typed, meant):
        assert verb_first(typed.split()) == meant.split()


class TestGist:
    def test_knows_one_from_many(self):
        assert gist({"changes": [{}], "entries": [{}], "text": [{}, {}]}) == "1 change · 1 entry · 2 text"

    def test_names_a_few_of_many(self):
        assert few(["a", "b"]) == "a, b"
        assert few([f"note-{n}" for n in range(1, 1501)]) == "note-1, note-2, note-3, note-4 and 1496 more"

    def test_texts_stand_bare_and_the_others_with_their_names(self):
        body = (
            '{"subject": "Rust", "quotes": [{"a": 1}, {"a": 2}], "confidence": 0.5, "n": 3, "empty": "", "flag": true}'
        )
        assert gist(body) == "Rust · 2 quotes · confidence 0.5 · n 3 · flag"

    def test_a_single_field_needs_no_name(self):
        assert gist('{"names": ["Ada", "Bob"]}') == "Ada, Bob"

    def test_it_is_one_line_without_control_characters(self):
        assert gist({"text": "a\n\x1b[31mb\tc"}) == "a [31mb c"

    def test_a_long_text_is_cut(self):
        assert shortened("x" * 20, 5) == "xxxx…"

    def test_scores_are_picked_out(self):
        assert scores('{"score": 4, "text": "x"}') == " (score 4)"
        assert scores('{"score": 0}') == scores('{"text": "score"}') == scores("[1]") == ""

    def test_counting(self):
        assert [count(1, "entry"), count(2, "entry"), count(0, "activation")] == [
            "1 entry",
            "2 entries",
            "0 activations",
        ]


class TestTables:
    def test_columns_that_fit_stay_as_they_are(self):
        assert fitting([3, 4], 7 + GAP, -1) == [3, 4]

    def test_the_greedy_column_gives_first_then_the_widest(self):
        assert fitting([10, 100, 10], 60, 1) == [10, 60 - 20 - 2 * GAP, 10]
        assert sum(fitting([30, 100, 10], 40, 1)) + 2 * GAP == 40

    def test_no_room_at_all_is_survived(self):
        assert min(fitting([30, 100, 10], 1, 0)) >= 1


class TestPrintable:
    def test_what_would_steer_a_terminal_is_a_space(self):
        assert printable("a\x1b[2Jb\u202ec") == "a [2Jb c"

    def test_what_is_kept_is_kept(self):
        assert printable("a\n\tb\r", keep="\n\t") == "a\n\tb "
