"""A private kind is an agent's scratchpad: on the board, versioned and labelled, and read by nobody else but people."""

import pytest

from blackboard import Entry, Failure, Kind, View, agent, all_done, exists
from blackboard.errors import DeclarationError, NotDeclared, NotFound
from blackboard.team import check
from blackboard.testing import memory_board, run_agent, run_team


class Word(Kind):
    text: str


class Tally(Kind, private=True):
    words: int


class Total(Kind):
    words: int


@agent(watches=Word, writes=(Tally, Total), concurrency=1)
def counter(word: Entry[Word], view: View) -> None:
    """Counts on its scratchpad how many words it has seen."""
    mine = view.find(Tally)
    if mine:
        view.amend(mine[0], Tally(words=mine[0].body.words + 1))
    else:
        view.post(Tally(words=1))


class TestAPrivateKind:
    def test_is_there_for_the_agent_that_wrote_it(self):
        board = run_team([counter], Word(text="a"), Word(text="b"), Word(text="c"))

        (tally,) = board.find(Tally)
        assert (tally.body.words, tally.version, tally.author) == (3, 3, "counter")

    def test_is_seen_by_people(self):
        board = run_team([counter], Word(text="a"))

        assert [e.kind for e in board.entries("tally")] == ["tally"]

    def test_is_not_found_counted_or_got_by_another_agent(self):
        with memory_board() as board:
            run_agent(counter, Word(text="a"), board=board)
            seen = []

            @agent(watches=Word, writes=Tally)
            def spy(word: Entry[Word], view: View) -> None:
                """Looks where it should not."""
                seen.append((view.find(Tally), view.count(Tally), view.linked(word, Tally)))
                with pytest.raises(NotFound):
                    view.get(Tally, "tally-1")

            run_agent(spy, board.post(Word(text="b")), board=board)

            assert seen == [([], 0, [])]

    def test_of_one_agent_does_not_make_the_work_of_another_stale(self):
        with memory_board() as board:

            @agent(watches=Word, writes=Tally)
            def other(word: Entry[Word], view: View) -> None:
                """Counts for itself, while the first one writes."""
                if not board.find(Tally):
                    run_agent(counter, board.post(Word(text="between")), board=board)
                view.post(Tally(words=view.count(Tally) + 1))

            run_agent(other, board.post(Word(text="a")), board=board)

            assert sorted((t.author, t.body.words) for t in board.find(Tally)) == [("counter", 1), ("other", 1)]

    def test_that_a_person_has_corrected_is_still_its_own(self):
        with memory_board() as board:
            run_agent(counter, Word(text="a"), board=board)
            board.amend(board.find(Tally)[0], Tally(words=40))

            run_agent(counter, Word(text="b"), board=board)

            assert [t.body.words for t in board.find(Tally)] == [41]

    def test_wakes_its_author_alone(self):
        @agent(watches=Tally, writes=(Tally, Total))
        def closer(tally: Entry[Tally], view: View) -> None:
            """Reads out what it has noted itself."""
            view.post(Total(words=tally.body.words))

        board = run_team([counter, closer], Word(text="a"))

        assert board.find(Total) == []

    def test_cannot_be_watched_by_who_does_not_write_it(self):
        @agent(watches=Tally, writes=Total)
        def spy(tally: Entry[Tally], view: View) -> None:
            """Wants to be told."""

        with pytest.raises(DeclarationError, match="spy watches tally, which is private to its author"):
            check("s", "default", [counter, spy])

    def test_cannot_be_waited_for_as_a_whole(self):
        with pytest.raises(DeclarationError, match="tally is private"):
            agent(watches=all_done(Tally), writes=Total)(lambda tallies, view: None)


class TestWhatAnAgentReads:
    def test_is_refused_at_its_line_where_it_has_said_what_it_reads(self):
        @agent(watches=Word, writes=Total, reads=())
        def narrow(word: Entry[Word], view: View) -> None:
            """Says that it reads what it watches and writes, and reads more."""
            view.find(Total)
            view.find(Tally)

        with pytest.raises(NotDeclared, match="narrow reads tally; add it to reads="):
            run_agent(narrow, Word(text="a"))

    def test_may_be_what_its_conditions_look_at(self):
        class Bell(Kind):
            pass

        @agent(watches=Word, writes=Total, reads=(), ready=exists(Bell), unless=exists(Bell, at_least=2))
        def waiting(word: Entry[Word], view: View) -> None:
            """Waits for a bell, which it has nowhere else said to read."""
            view.post(Total(words=1))

        board = run_team([waiting], Word(text="a"), Bell())

        assert (len(board.find(Total)), board.find(Failure)) == (1, [])

    def test_may_be_what_it_has_declared(self):
        @agent(watches=Word, writes=Total, reads=Tally)
        def narrow(word: Entry[Word], view: View) -> None:
            """Reads what it says."""
            view.post(Total(words=view.count(Tally)))

        assert [e.body.words for e in run_agent(narrow, Word(text="a"))] == [0]
