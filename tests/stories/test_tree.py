"""A tree: ten of a level become one of the next, each group once, whoever works on it."""

from collections.abc import Sequence

import pytest

from blackboard import Entry, Kind, View, agent, all_done, batched
from blackboard.testing import run_team

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
