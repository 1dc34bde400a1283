"""Makers: what @agents_from refuses, what they give for entries, and how they stand in teams and in the catalogue."""

import pytest

from blackboard import Agent, AgentMaker, Entry, Kind, Scenario, View, agent, agents_from, exists
from blackboard.cli.catalogue import Listed, as_json, draw
from blackboard.errors import DeclarationError
from blackboard.making import Made, Making
from blackboard.testing import memory_board


class Role(Kind, lifecycle={"open": "reported"}):
    name: str = "a"


class Note(Kind):
    """Whatever."""


class Secret(Kind, private=True):
    """Of one agent."""


@agent(watches=Note, writes=Note)
def reader(note: Entry[Note], view: View) -> None:
    """Reads."""


@agents_from(Role)
def analyst(role: Entry[Role]) -> Agent:
    """Does the task of a role.

    At length.
    """
    return agent(watches=Role, writes=Note, name=role.body.name)(lambda role, view: None)


class TestAMaker:
    def test_is_a_value_with_the_name_and_the_purpose_of_its_function(self):
        assert isinstance(analyst, AgentMaker)
        assert (analyst.name, analyst.kind, analyst.purpose.partition("\n")[0]) == (
            "analyst", Role, "Does the task of a role.",
        )  # fmt: skip

    def test_takes_a_kind(self):
        with pytest.raises(DeclarationError, match=r"agents_from\(\) takes a kind, not 'role'"):
            agents_from("role")

    def test_takes_no_kind_that_is_private_to_its_author(self):
        with pytest.raises(DeclarationError, match="secret is private to its author, so no agent can come of it"):
            agents_from(Secret)

    def test_takes_a_function_of_one_entry(self):
        with pytest.raises(DeclarationError, match=r"two: what makes an agent takes \(entry\)"):

            @agents_from(Role)
            def two(role, view):
                """Takes what an agent takes."""

    def test_takes_no_coroutine(self):
        with pytest.raises(DeclarationError, match="later: it makes an agent at once; leave out `async`"):

            @agents_from(Role)
            async def later(role):
                """Makes it later."""


class TestWhatIsMade:
    def test_is_the_same_agent_for_the_same_version(self):
        board, making = memory_board(), Making()
        role = board.post(Role())
        (first,) = making.of([analyst], board.store, board.id)
        board.post(Role(name="b"))

        again = making.of([analyst], board.store, board.id)
        board.amend(role, status="reported")
        amended = making.of([analyst], board.store, board.id)

        assert again[0].made is first.made
        assert [one.source for one in amended] == ["analyst for role-1", "analyst for role-2"]
        assert amended[0].made is not first.made
        assert amended[1].made is again[1].made

    def test_is_not_of_now_as_soon_as_an_entry_comes_changes_or_goes(self):
        board = memory_board()
        board.post(Note())
        assert Made((analyst,)).is_of_now(board.store, board.id)

        role = board.post(Role())
        assert not Made((analyst,)).is_of_now(board.store, board.id)
        assert Made((analyst,), frozenset({role.seq})).is_of_now(board.store, board.id)

        board.amend(role, status="retracted")
        assert not Made((analyst,), frozenset({role.seq})).is_of_now(board.store, board.id)
        assert Made((analyst,)).is_of_now(board.store, board.id)

    def test_asks_the_store_nothing_where_there_are_no_makers(self):
        assert Made().is_of_now(None, "")


class TestATeam:
    def test_with_a_maker_and_an_agent_of_one_name_is_refused(self):
        same = agent(watches=Note, writes=Note, name="analyst")(lambda note, view: None)

        with pytest.raises(DeclarationError, match="two agents called 'analyst'"):
            Scenario("s", params=Note, agents=[same, analyst], result=Note)

    def test_with_a_maker_of_a_kind_with_another_lifecycle_is_refused(self):
        class Role(Kind):
            """The same name, other statuses."""

        other = agent(watches=Role, writes=Note, name="other")(lambda role, view: None)

        with pytest.raises(DeclarationError, match="two kinds called 'role' have different lifecycles"):
            Scenario("s", params=Note, agents=[other, analyst], result=Note)

    def test_may_have_a_goal_that_only_agents_reach_who_are_still_to_be_made(self):
        class Goal(Kind):
            """Nobody writes it so far."""

        with pytest.raises(DeclarationError, match="no agent of team 'default' writes goal"):
            Scenario("s", params=Note, agents=[reader], result=Goal).run(Note(), db=":memory:")

        board = Scenario("s", params=Note, agents=[analyst], result=Goal, done=exists(Goal)).run(Note(), db=":memory:")

        assert board.verdict.ending == "quiescent"


class TestTheCatalogue:
    def test_says_of_what_agents_come(self, capsys):
        draw([Listed(analyst, "agents.roles", ("s/default",))])

        shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
        assert shown == [
            "analyst for each role an agent",
            "Does the task of a role.",
            "agents.roles, sits in s/default",
        ]

    def test_says_so_to_programs_too(self):
        assert as_json(Listed(analyst, "agents.roles")) == {
            "name": "analyst", "module": "agents.roles", "from": "role",
            "watches": None, "writes": None, "tools": None, "purpose": analyst.purpose, "teams": (),
        }  # fmt: skip
