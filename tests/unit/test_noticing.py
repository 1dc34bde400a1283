"""Noticing: what agents have not seen of the feed."""

from blackboard import Entry, Kind, View, agent, all_done
from blackboard.runner.noticing import Noticing
from blackboard.runner.plan import matcher, seats
from blackboard.runner.view import Toolbox
from blackboard.seam import REAL
from blackboard.testing import memory_board


class Note(Kind):
    pass


@agent(watches=Note, writes=())
def single(note: Entry[Note], view: View) -> None: ...


@agent(watches=all_done(Note), writes=())
def gatherer(notes: list[Entry[Note]], view: View) -> None: ...


def looked(board, *agents):
    noticing = Noticing(board.store, board.id, Toolbox(REAL.lane("test", 1)))
    return noticing.unnoticed({a.name: a for a in agents}, matcher(agents))


class TestAnAgentWithoutASeat:
    def test_notices_nothing_since_it_has_left(self):
        board = memory_board()
        board.post(Note())

        assert looked(board, single, gatherer) == ([], [])

    def test_notices_all_when_it_has_one(self):
        board = memory_board()
        board.post(Note())
        board.store.seat(board.id, seats([single, gatherer]))

        notices, groups = looked(board, single, gatherer)

        assert ([len(n.proposals) for n in notices], [g.agent for g in groups]) == ([1], ["gatherer"])
