"""Matching: which agents can act on an entry version."""

import enum
import math

import pytest

from blackboard.activation import GroupWatch, Lot, Part, Proposal
from blackboard.entry import Kind
from blackboard.matching import GroupPattern, Matcher, Pattern


class Task(Kind, lifecycle={"open": "done"}):
    text: str = ""
    size: int = 0


class SameName(Kind, name="task", lifecycle={"open": "done"}):
    """The class that another family has for the same entries."""

    text: str = ""
    size: int = 0


EMPTY = Task()


def matcher(*patterns: Pattern | GroupPattern, groups: tuple[GroupWatch, ...] = ()) -> Matcher:
    return Matcher(patterns, groups)


def match(one: Matcher, body: Kind | str = EMPTY, status: str = "open", trigger: int = 3) -> list[Proposal]:
    return one.match("task", status, body, trigger)


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("an error that cannot even be printed")


class TestAPattern:
    def test_it_takes_its_kind_in_its_statuses(self):
        one = matcher(Pattern("a", Task, ("open", "done"), rating=4))

        assert match(one) == match(one, status="done") == [Proposal("a", 3, 4)]
        assert match(one, status="retracted") == one.match("other", "open", Task(), 3) == []

    def test_every_agent_that_watches_gets_its_own_proposal_in_the_order_of_the_team(self):
        one = matcher(Pattern("b", Task, ("open",)), Pattern("a", Task, ("open",)), Pattern("c", Task, ("done",)))

        assert [p.agent for p in match(one)] == ["b", "a"]

    def test_where_decides_on_the_body(self):
        one = matcher(Pattern("a", Task, ("open",), where=lambda t: t.size > 2))

        assert match(one, Task(size=3)) == [Proposal("a", 3)]
        assert match(one, Task(size=2)) == []

    def test_the_rating_may_depend_on_the_body(self):
        one = matcher(Pattern("a", Task, ("open",), rating=lambda t: t.size * 2))

        assert match(one, Task(size=-3)) == [Proposal("a", 3, -6)]

    def test_a_body_as_text_is_read_as_the_class_of_the_pattern(self):
        one = matcher(Pattern("a", Task, ("open",), where=lambda t: isinstance(t, Task), rating=lambda t: t.size))

        assert match(one, '{"size": 5}') == [Proposal("a", 3, 5)]

    def test_a_body_of_another_class_is_read_as_the_class_of_the_pattern(self):
        one = matcher(Pattern("a", Task, ("open",), where=lambda t: isinstance(t, Task), rating=lambda t: t.size))

        assert match(one, SameName(size=5)) == [Proposal("a", 3, 5)]

    def test_a_body_is_not_read_where_nobody_asks_for_it(self):
        assert match(matcher(Pattern("a", Task, ("open",))), "no JSON") == [Proposal("a", 3)]

    def test_who_is_served_is_known_groups_included(self):
        group = GroupWatch("g", "task", frozenset({"done"}))
        one = matcher(Pattern("a", Task, ("open",)), groups=(group,))

        assert (one.singles, one.served, one.groups) == (("a",), ("a", "g"), (group,))
        assert match(one, status="done") == []


class TestAPatternThatFails:
    """An agent can fail only itself."""

    def broken(self, **options) -> str:
        one = matcher(Pattern("bad", Task, ("open",), **options), Pattern("good", Task, ("open",)))
        bad, good = match(one)
        assert (bad.agent, bad.trigger, good) == ("bad", 3, Proposal("good", 3))
        assert bad.broken is not None
        bad.broken.encode()  # it can be stored
        assert "\0" not in bad.broken
        return bad.broken

    def test_an_error_in_where_or_rating_says_so_and_stops_nobody_else(self):
        assert "AttributeError" in self.broken(where=lambda t: t.txt)
        assert "ZeroDivisionError" in self.broken(rating=lambda t: 1 // t.size)

    def test_a_body_that_the_class_no_longer_takes_is_the_fault_of_the_pattern(self):
        one = matcher(Pattern("a", Task, ("open",), where=lambda t: True))

        (proposal,) = match(one, '{"txt": 1}')

        assert "does not fit Task" in proposal.broken

    @pytest.mark.parametrize("rating", [None, "high", 10**30, 0.5, float("nan")], ids=str)
    def test_a_rating_that_is_no_number_that_can_be_stored_is_broken(self, rating):
        assert "rating" in self.broken(rating=lambda t: rating)

    @pytest.mark.parametrize("message", ["\udc80", "a\0b"], ids=["surrogate", "NUL"])
    def test_whatever_an_error_says_can_be_stored(self, message):
        def fails(task: Task) -> bool:
            raise OSError(message)

        assert "OSError" in self.broken(where=fails)

    def test_an_error_that_cannot_be_printed_is_named(self):
        def fails(task: Task) -> bool:
            raise Unprintable

        assert "Unprintable" in self.broken(where=fails)

    def test_one_that_wants_to_end_the_program_is_broken_too(self):
        def leaves(task: Task) -> bool:
            raise SystemExit(1)

        assert "SystemExit" in self.broken(where=leaves)


class Colour(enum.Enum):
    RED = "red"


class TestABatch:
    def test_what_is_not_acted_on_alone_says_with_how_many(self):
        one = matcher(Pattern("a", Task, ("open",), where=lambda t: t.size > 2, batch=5))

        assert match(one, Task(size=3)) == [Proposal("a", 3, many=Lot("task", 5))]
        assert match(one, Task(size=2)) == []


class TestAGroup:
    def part(self, body=EMPTY, status="done", **options):
        return [p.many for p in match(matcher(GroupPattern("g", Task, **options)), body, status)]

    def test_it_follows_every_status(self):
        one = matcher(GroupPattern("g", Task, by=lambda t: t.text, rating=4))

        assert match(one, Task(text="x")) == [Proposal("g", 3, 4, many=Part("task", '"x"', False))]
        assert match(one, Task(text="x"), "done") == [Proposal("g", 3, 4, many=Part("task", '"x"', True))]
        assert match(one, Task(text="x"), "retracted") == [Proposal("g", 3, 4, many=Part("task"))]
        assert one.match("other", "open", Task(), 3) == []
        assert (one.singles, one.served, one.groups) == (("g",), ("g",), ())

    def test_bodies_as_they_are_stored_are_read(self):
        assert self.part('{"text": "x", "size": 2}', by=lambda t: t.size) == [Part("task", "2", True)]
        assert self.part(SameName(text="x"), by=lambda t: t.text) == [Part("task", '"x"', True)]

    def test_where_decides_who_belongs_to_one(self):
        assert self.part(Task(size=1), by=lambda t: t.text, where=lambda t: t.size > 2) == [Part("task")]

    def test_without_by_the_board_is_the_group(self):
        assert self.part(size=3) == [Part("task", "", True, 3)]

    def test_the_size_may_depend_on_the_body(self):
        assert self.part(Task(size=7), size=lambda t: t.size) == [Part("task", "", True, 7)]

    @pytest.mark.parametrize(
        ("value", "name"),
        [("x", '"x"'), ((1, "é"), '[1, "é"]'), (None, "null"), (True, "true"), (Colour.RED, '"red"'),
         (frozenset({"b", "a", "c"}), '["a", "b", "c"]'), ("\0", '"\\u0000"')],
    )  # fmt: skip
    def test_its_name_is_json(self, value, name):
        assert self.part(by=lambda _: value) == [Part("task", name, True)]

    @pytest.mark.parametrize("value", [["x"], {}, object(), math.nan, "\ud800", Unprintable()])
    def test_a_value_that_has_no_json_or_may_change_is_the_agents_own_failure(self, value):
        left, broken = match(matcher(GroupPattern("g", Task, by=lambda _: value)), status="done")

        assert left == Proposal("g", 3, many=Part("task"))
        assert broken.broken.startswith("g: where=, by= or size= failed: ")

    @pytest.mark.parametrize("size", [0, -1, "x", None, 2.0])
    def test_a_size_that_is_none_is_the_agents_own_failure(self, size):
        _, broken = match(matcher(GroupPattern("g", Task, size=lambda _: size)), status="done")

        assert "a size is a whole number of at least 1" in broken.broken

    def test_what_fails_leaves_the_others_alone(self):
        one = matcher(GroupPattern("bad", Task, by=lambda t: t.nothing), GroupPattern("good", Task, size=1))

        assert [p.agent for p in match(one, status="done")] == ["bad", "bad", "good"]
