"""Agents of many entries: a tree, in which ten of a level become one of the next; what comes, some at a time."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from blackboard import Entry, Kind, View, agent, all_done, batched, exists
from blackboard.activation import Part
from blackboard.entry import Failure
from blackboard.errors import UsageError
from blackboard.reader import Reader
from blackboard.runner.noticing import Noticing
from blackboard.runner.plan import matcher, seats
from blackboard.runner.view import Toolbox
from blackboard.seam import REAL
from blackboard.testing import memory_board, run_agent, run_team

CHUNKS = 123


class Text(Kind):
    """What is to be summed up."""

    words: tuple[str, ...]


class Summary(Kind):
    """So many words in one."""

    text: str
    number: int
    of: int
    level: int = 0

    @property
    def group(self) -> tuple[int, int]:
        """Those that become one of the next level."""
        return self.level, self.number // 10

    @property
    def siblings(self) -> int:
        """How many there are of them."""
        return min(10, self.of - self.number // 10 * 10)


@agent(watches=Text, writes=Summary)
def splitter(text: Entry[Text], view: View) -> None:
    words = text.body.words
    for number, word in enumerate(words):
        view.post(Summary(text=word, number=number, of=len(words)), about=text)


@agent(
    watches=all_done(Summary, by=lambda s: s.group, size=lambda s: s.siblings),
    where=lambda s: s.of > 1,
    writes=Summary,
)
def reducer(group: Sequence[Entry[Summary]], view: View) -> None:
    one = group[0].body
    parts = sorted((s.body for s in group), key=lambda s: s.number)  # they come in the order of their keys
    text = " ".join(s.text for s in parts)
    view.post(Summary(text=text, number=one.number // 10, of=-(-one.of // 10), level=one.level + 1), about=group)


class TestATreeOfTens:
    @pytest.fixture
    def board(self):
        return run_team([splitter, reducer], Text(words=tuple(f"w{n}" for n in range(CHUNKS))))

    def test_the_root_has_every_word_once_and_in_order(self, board):
        (root,) = board.find(Summary, status="posted")[-1:]

        assert (root.body.level, root.body.of) == (3, 1)
        assert root.body.text.split() == [f"w{n}" for n in range(CHUNKS)]

    def test_each_level_has_a_tenth_of_the_one_below(self, board):
        levels = [s.body.level for s in board.find(Summary)]

        assert [levels.count(n) for n in range(5)] == [CHUNKS, 13, 2, 1, 0]

    def test_each_group_was_handed_over_once(self, board):
        rows = board.sql("SELECT woken_by, state FROM agenda WHERE agent = 'reducer' ORDER BY id")

        assert {r["state"] for r in rows} == {"done"}
        assert len(rows) == 13 + 2 + 1
        assert "all summary [0, 12]" in {r["woken_by"] for r in rows}

    def test_what_was_made_of_a_group_is_made_from_all_of_it(self, board):
        made_from = board.sql(
            "SELECT key, count(*) AS n FROM provenance JOIN board_now USING (board_id, key)"
            " WHERE provenance.author = 'reducer' AND body ->> 'level' = 1 GROUP BY key"
        )

        assert sorted(r["n"] for r in made_from) == [3, *[10] * 12]


class Mail(Kind):
    """Something that comes one at a time."""

    text: str


class Digest(Kind):
    """Some of them at once."""

    texts: tuple[str, ...]


@agent(watches=batched(Mail, 10), writes=Digest, concurrency=1)
def digester(mails: Sequence[Entry[Mail]], view: View) -> None:
    view.post(Digest(texts=tuple(m.body.text for m in mails)), about=mails)


class TestABatch:
    def test_what_is_there_is_taken_ten_at_a_time_in_order(self):
        board = run_team([digester], *[Mail(text=str(n)) for n in range(25)])

        digests = board.find(Digest)
        assert [len(d.body.texts) for d in digests] == [10, 10, 5]
        assert [t for d in digests for t in d.body.texts] == [str(n) for n in range(25)]
        assert digests[0].about == tuple(f"mail-{n + 1}" for n in range(10))

    def test_people_are_told_how_many_it_took(self):
        board = run_team([digester], *[Mail(text=str(n)) for n in range(12)])

        rows = board.sql("SELECT woken_by FROM agenda WHERE agent = 'digester' ORDER BY id")
        assert [r["woken_by"] for r in rows] == ["batch of 10 mail", "batch of 2 mail"]

    def test_one_alone_is_handed_exactly_what_a_test_gives_it(self):
        (digest,) = run_agent(digester, Mail(text="a"), Mail(text="b"))

        assert digest.body.texts == ("a", "b")

    def test_in_a_test_too_nothing_is_handed_over_twice(self):
        board = memory_board()
        mail = board.post(Mail(text="a"))
        run_agent(digester, mail, board=board)

        with pytest.raises(UsageError, match="digester cannot act: it has acted on mail-1 already"):
            run_agent(digester, mail, board=board)


class Go(Kind):
    """Now."""


class Stone(Kind):
    """Something that weighs."""

    grams: int


class TestReadiness:
    def many(self, *, ready) -> list[int]:
        @agent(watches=batched(Mail, 10), writes=Digest, ready=ready, concurrency=1)
        def waiter(mails: Sequence[Entry[Mail]], view: View) -> None:
            view.post(Digest(texts=tuple(m.body.text for m in mails)), about=mails)

        board = run_team([waiter], *[Mail(text=str(n)) for n in range(3)])
        assert board.find(Digest) == []
        run_team([waiter], Mail(text="3"), Go(), board=board)
        return [len(d.body.texts) for d in board.find(Digest)]

    def test_a_batch_gathers_until_its_condition_holds(self):
        assert self.many(ready=exists(Go)) == [4]

    def test_a_function_is_asked_about_all_that_is_handed_over(self):
        def enough(mails: Sequence[Entry[Mail]], board: Reader) -> bool:
            return len(mails) > 3 and board.count(Go) > 0

        assert self.many(ready=enough) == [4]

    def test_a_group_waits_for_its_condition(self):
        ready = replace(reducer, ready=exists(Go))
        texts = [Summary(text="w", number=n, of=2) for n in range(2)]
        board = run_team([ready], *texts)
        assert board.count(Summary) == 2

        run_team([ready], Go(), board=board)

        assert board.count(Summary) == 3


class TestAGroup:
    def test_one_alone_acts_on_the_group_that_a_test_gives_it(self):
        (one,) = run_agent(reducer, *[Summary(text=str(n), number=n, of=3) for n in range(3)])

        assert (one.body.text, one.body.level) == ("0 1 2", 1)

    def test_without_entries_it_acts_on_what_is_there(self):
        board = memory_board()
        for n in range(3):
            board.post(Summary(text=str(n), number=n, of=3))

        (one,) = run_agent(reducer, board=board)

        assert one.body.text == "0 1 2"

    def test_one_that_is_not_whole_is_said_so(self):
        with pytest.raises(UsageError, match="reducer cannot act: no group is whole"):
            run_agent(reducer, Summary(text="0", number=0, of=3))

    def test_so_many_of_the_board_are_handed_over_once(self):
        @agent(watches=all_done(Mail, size=3), writes=Digest)
        def first(mails: Sequence[Entry[Mail]], view: View) -> None:
            view.post(Digest(texts=tuple(m.body.text for m in mails)), about=mails)

        board = run_team([first], *[Mail(text=str(n)) for n in range(7)])

        assert [d.body.texts for d in board.find(Digest)] == [("0", "1", "2")]

    def test_why_not_knows_that_a_group_of_so_many_was_handed_over_whatever_came_later(self):
        board = run_team([reducer], *[Summary(text="w", number=n, of=2) for n in range(2)])
        board.post(Summary(text="late", number=0, of=2))

        (found,) = [f for f in board.why_not(reducer).findings if "summary-1" in str(f)]

        assert "summary-4" in str(found)
        assert str(found).endswith("it has acted on it already")

    def test_an_entry_that_is_being_changed_meanwhile_is_still_waited_for(self, monkeypatch):
        """The version that follows is not in the feed yet as far as it was read."""
        board = memory_board()
        old = board.post(Draft(text="g"))
        rows = board.store.feed(board.id, 0)
        replaced = [rows[0]._replace(superseded=2)]
        monkeypatch.setattr(board.store, "feed", lambda _, after: replaced if after == 0 else [])

        @agent(watches=all_done(Draft, by=lambda d: d.text), writes=Digest)
        def gatherer(drafts: Sequence[Entry[Draft]], view: View) -> None: ...

        board.store.seat(board.id, seats([gatherer]))
        looking = Noticing(board.store, board.id, Toolbox(REAL.lane("test", 1)))
        ((notice,), _) = looking.unnoticed({"gatherer": gatherer}, matcher([gatherer]))

        assert [p.many for p in notice.proposals] == [Part("draft", '"g"', False)]
        assert notice.proposals[0].trigger == old.seq

    def test_a_value_that_cannot_be_had_fails_its_agent_and_nothing_else(self):
        @agent(watches=all_done(Stone, by=lambda s: 100 // s.grams, size=2), writes=Digest)
        def weigher(stones: Sequence[Entry[Stone]], view: View) -> None:
            view.post(Digest(texts=("weighed",)), about=stones)

        board = run_team([weigher], Stone(grams=5), Stone(grams=0), Stone(grams=5))

        assert [d.about for d in board.find(Digest)] == [("stone-1", "stone-3")]
        (cause,) = board.sql("SELECT last_cause AS c FROM agenda WHERE state = 'failed'")
        assert cause["c"].startswith("weigher: where=, by= or size= failed: ZeroDivisionError")


class Draft(Kind, lifecycle={"open": ("done", "dropped")}):
    """Something that many of are worked on."""

    text: str


class TestGivingUp:
    def test_every_entry_that_it_was_handed_is_moved_on_and_the_failure_is_about_all(self):
        @agent(watches=batched(Draft, 5), writes=Draft, gives_up="dropped", retry=0, concurrency=1)
        def breaker(drafts: Sequence[Entry[Draft]], view: View) -> None:
            raise OSError(f"no way with {len(drafts)}")

        board = run_team([breaker], *[Draft(text=str(n)) for n in range(3)])

        assert [d.status for d in board.find(Draft)] == ["dropped"] * 3
        (failure,) = board.find(Failure)
        assert failure.about == ("draft-1", "draft-2", "draft-3")
        assert "no way with 3" in failure.body.cause
