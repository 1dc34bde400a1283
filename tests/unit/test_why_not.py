"""Why not: each thing that can keep an agent from acting is told by its name, with the one thing that is missing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from blackboard import Agent, Budget, Entry, Kind, Scenario, View, agent, all_done, exists, when
from blackboard.activation import Agenda, Contribution, Proposal
from blackboard.board import Board
from blackboard.calls import Short, Shortage
from blackboard.errors import NotFound, UsageError
from blackboard.hindering import Case, Watched
from blackboard.records import Notice, Worker
from blackboard.runner.plan import seats
from blackboard.testing import memory_board, run_agent, run_team
from blackboard.whynot import why_not


class Draft(Kind, lifecycle={"rough": ("fine", "dropped"), "fine": ()}):
    text: str = ""


class Review(Kind):
    text: str = ""


@agent(watches=Draft, writes=Review)
def critic(draft: Entry[Draft], view: View) -> None:
    view.post(Review(text=draft.body.text), about=draft)


@agent(watches=all_done(Draft), writes=Review)
def binder(drafts: Sequence[Entry[Draft]], view: View) -> None:
    view.post(Review(text=str(len(drafts))))


def broken(_: Any, *more: Any) -> bool:
    raise RuntimeError("no idea")


@pytest.fixture
def board():
    own = memory_board()
    yield own
    own.close()


def seated(board: Board, one: Agent, *, noticed: bool = True, served: bool = True) -> None:
    """A seat for the agent, up to the head if it has noticed everything; and a worker that serves it."""
    board.store.seat(board.id, [replace(s, cursor=board.seq if noticed else 0) for s in seats([one])])
    if served:
        board.store.announce(Worker("w", "here", 1))
        board.store.serve(board.id, "w", {one.name: ""}, 5)


def proposed(board: Board, one: Agent, entry: Entry[Any], rating: int = 0, broken: str | None = None) -> None:
    """An activation of the agent by this entry."""
    seated(board, one)
    place = next(s.cursor for s in board.store.seats(board.id) if s.name == one.name)
    board.store.notice(board.id, [Notice(one.name, place, board.seq, (Proposal(one.name, entry.seq, rating, broken),))])


def claimed(board: Board, one: Agent) -> Any:
    (claim,) = board.store.claim(board.id, Agenda("w", {one.name: 1}, 1)).taken
    return claim


def stored(board: Board, **values: object) -> None:
    """Put into the agenda what another part of the board would have put there."""
    words = ", ".join(f"{name} = :{name}" for name in values)
    with board.store._database.writing() as at:
        at.execute(f"UPDATE activation SET {words} WHERE agent <> 'outside'", values)


def reasons(board: Board, one: Agent | str, key: str | None = None) -> list[tuple[str, str]]:
    return [(f.hindrance.reason, str(f)) for f in board.why_not(one, key).findings]


class TestAnEntryThatDoesNotWakeIt:
    def test_by_its_status_is_told_with_the_status_that_would(self, board):
        board.post(Draft(), status="fine")
        seated(board, critic)

        (found,) = board.why_not(critic).findings

        assert found.hindrance.reason == "trigger"
        assert str(found) == "draft-1 v1: status is fine, it watches rough, to which fine does not lead"

    def test_by_its_kind_is_told_when_it_is_asked_about(self, board):
        board.post(Review())
        seated(board, critic)

        assert reasons(board, critic, "review-1") == [
            ("trigger", "review-1 v1: its kind is review, critic watches draft rough")
        ]

    def test_by_its_where_is_told_and_so_is_a_where_that_fails(self, board):
        board.post(Draft())
        for where, told in ((lambda _: False, "its where= says no"), (broken, "its where= fails on it: RuntimeError")):
            one = replace(critic, where=where)
            seated(board, one)
            ((reason, sentence),) = reasons(board, one)
            assert reason == "where"
            assert told in sentence

    def test_where_only_its_name_is_known_is_told_from_what_is_stored(self, board):
        board.post(Draft())
        seated(board, replace(critic, where=lambda _: False))

        assert reasons(board, "critic") == [("where", "draft-1 v1: its where= says no")]

    def test_many_of_the_same_are_one_sentence(self, board):
        board.post_all([Draft() for _ in range(37)])
        seated(board, critic, served=False)
        board.post(Draft(), status="fine")

        assert reasons(board, replace(critic, where=lambda _: False)) == [
            ("where", "37 drafts: its where= says no"),
            ("trigger", "draft-38 v1: status is fine, it watches rough, to which fine does not lead"),
        ]

    def test_that_is_private_to_another_is_a_missing_grant(self, board):
        class Note(Kind, private=True):
            text: str = ""

        reader = Agent(name="reader", action=lambda e, v: None, watches=Note)
        board.post(Note())
        seated(board, reader)

        assert reasons(board, reader) == [("grants", "note-1 v1: note is private: only person reads it")]


class TestAConditionThatHoldsItBack:
    def test_says_what_is_missing(self, board):
        board.post(Draft())
        one = replace(critic, ready=exists(Review, at_least=2) & exists(Draft))
        seated(board, one)

        why = board.why_not(one)

        assert [f.hindrance.reason for f in why.findings] == ["ready"]
        assert why.nearest == "draft-1 v1 needs 2 review, there are 0"

    def test_of_its_own_code_may_say_no_or_fail(self, board):
        board.post(Draft())
        for ready, told in ((lambda e, b: b.count(Review) > 0, "its ready= says no yet"), (broken, "fails on it")):
            one = replace(critic, ready=ready)
            seated(board, one)
            ((reason, sentence),) = reasons(board, one)
            assert (reason, told in sentence) == ("ready", True)

    def test_fails_in_words_where_its_when_raises(self, board):
        board.post(Draft())
        for one in (replace(critic, ready=when(broken, "luck")), replace(critic, unless=when(broken, "luck"))):
            seated(board, one)
            assert "RuntimeError: no idea" in reasons(board, one)[0][1]

    def test_unless_is_told_also_of_what_waits_for_its_turn(self, board):
        entry = board.post(Draft())
        board.post(Review())
        one = replace(critic, unless=exists(Review))
        seated(board, one)
        assert reasons(board, one) == [("unless", "draft-1 v1: unless 1 review, which is so")]

        proposed(board, one, entry)

        assert reasons(board, one) == [("unless", "draft-1 v1: unless 1 review, which is so")]

    def test_that_is_stored_is_told_where_only_its_name_is_known(self, board):
        proposed(board, critic, board.post(Draft()))
        stored(board, state="waiting", waits_for="2 review")

        assert reasons(board, "critic") == [("ready", "draft-1 v1: it waits for 2 review")]

    def test_is_told_of_what_really_waited_and_of_what_was_really_dropped(self, board):
        waits = replace(critic, name="waits", ready=exists(Review, at_least=2))
        asks = replace(critic, name="asks", ready=lambda e, b: False)
        drops = replace(critic, name="drops", unless=exists(Review))
        board.post(Review())

        run_team([waits, asks, drops], Draft(), board=board)

        assert reasons(board, waits) == [
            ("ready", "draft-1 v1: it waits until 2 review; missing: 2 review, there is 1")
        ]
        assert reasons(board, asks) == [("ready", "draft-1 v1: it waits for its ready= to hold")]
        assert reasons(board, "asks") == reasons(board, asks)
        assert reasons(board, drops)[0][0] == "unless"


class TestAnActivation:
    def test_that_is_done_is_refraction_and_what_came_of_it_is_named(self, board):
        run_agent(critic, board.post(Draft(text="x")), board=board)

        why = board.why_not(critic)

        assert str(why).splitlines() == [
            "critic watches draft rough",
            "draft-1 v1: it has acted on it already (activation 3, which wrote review-1 v1)",
            "nearest: it has acted on all that it watches; a new entry or version would wake it",
        ]

    def test_of_an_earlier_version_is_told_where_the_status_has_gone_on(self, board):
        entry = board.post(Draft())
        run_agent(critic, entry, board=board)
        board.amend(entry, status="fine")

        ((reason, sentence),) = reasons(board, critic, "draft-1")

        assert reason == "refraction"
        assert sentence.startswith("draft-1 v2: it has acted on an earlier version; status is fine now (activation 3")

    def test_that_was_overtaken_by_a_newer_version_is_superseded(self, board):
        entry = board.post(Draft())
        proposed(board, critic, entry)
        board.amend(entry, status="fine")
        board.store.claim(board.id, Agenda("w", {"critic": 1}, 1))

        assert reasons(board, critic) == [
            ("superseded", "draft-1 v2: v1 was changed before it could act; status is fine, it watches rough")
        ]

    def test_that_runs_or_was_done_again_after_conflicts_is_told(self, board):
        proposed(board, critic, board.post(Draft()))
        claimed(board, critic)
        assert reasons(board, critic) == [("running", "draft-1 v1: it acts on it now")]

        stored(board, redone=3)

        assert reasons(board, critic) == [
            ("conflict", "draft-1 v1: it acts on it now (done again 3 times after conflicts: no cause was kept)")
        ]

    def test_that_has_failed_is_told_with_its_attempts_and_cause(self, board):
        proposed(board, critic, board.post(Draft()))
        claim = claimed(board, critic)
        board.store.commit(board.id, [Contribution(claim, "critic", failed="RuntimeError: no idea (x.py:3)")])

        assert reasons(board, critic) == [
            ("error", "draft-1 v1: it failed for good after 1 attempt: RuntimeError: no idea (x.py:3)")
        ]

    def test_that_failed_for_want_of_a_declaration_is_a_missing_grant(self, board):
        proposed(board, critic, board.post(Draft()))
        claim = claimed(board, critic)
        board.store.commit(board.id, [Contribution(claim, "critic", failed="add draft to writes=")])

        assert reasons(board, critic)[0][0] == "grants"

    def test_that_failed_and_is_to_be_tried_again_says_when(self, board):
        proposed(board, critic, board.post(Draft()))
        board.store.retry(claimed(board, critic), "RuntimeError: no idea")
        stored(board, due_at=4e9)

        ((reason, sentence),) = reasons(board, critic)

        assert reason == "due"
        assert "RuntimeError: no idea" in sentence

    def test_that_is_parked_says_for_whom(self, board):
        proposed(board, critic, board.post(Draft()))
        stored(board, state="parked", waits_for="binder")

        assert reasons(board, critic) == [("parked", "draft-1 v1: it is parked: it waits for binder")]
        assert board.why_not(critic).nearest == "draft-1 v1 needs binder"

    def test_that_waits_for_its_turn_says_who_goes_first(self, board):
        first, second = board.post_all([Draft(), Draft()])
        proposed(board, critic, first, rating=5)
        proposed(board, critic, second, rating=1)

        assert reasons(board, critic, "draft-2") == [
            ("turn", "draft-2 v1: it waits for its turn (activation 4, 1 other goes first, rated up to 5 against 1)")
        ]

    def test_below_the_least_rating_is_told(self, board):
        proposed(board, critic, board.post(Draft()), rating=1)
        with board.store._database.writing() as at:
            at.execute("UPDATE board SET options = '{\"least_rating\": 3}'")

        assert reasons(board, critic) == [("rating", "draft-1 v1: its rating 1 is below the least that is claimed, 3")]

    def test_that_no_budget_allows_is_told(self, board):
        proposed(board, critic, board.post(Draft()))
        board.store.reopen(board.id, (("activations", 0),))

        assert reasons(board, critic) == [("budget", "draft-1 v1: 0 activations of the board are used up")]
        assert board.why_not(critic).nearest == "draft-1 v1 needs a higher cap"

    def test_that_its_own_budget_did_not_allow_is_told_with_the_way_out(self):
        poor = replace(critic, budget=Budget(activations=1))
        twice = Scenario(
            "twice", params=Draft, agents=[poor], result=Review, seed=lambda draft: [draft, draft],
            done=exists(Review, at_least=2),
        )  # fmt: skip

        with twice.run(Draft(), db=":memory:") as board:
            assert board.verdict.ending == "budget"
            (left,) = (f for f in board.why_not(poor).findings if f.hindrance.reason == "verdict")

        assert left.hindrance.lacks == "a higher budget= where it is declared, then `blackboard resume twice-1`"


class TestAnAgentThatIsNotThere:
    def test_is_unserved_where_nobody_serves_it(self, board):
        proposed(board, critic, board.post(Draft()))
        board.store.release(board.id, "w")

        why = board.why_not(critic)

        assert [f.hindrance.reason for f in why.findings] == ["unserved"]
        assert why.nearest == "draft-1 v1 needs `blackboard work --agents critic`"

    def test_or_has_not_looked_yet(self, board):
        board.post(Draft())
        seated(board, critic, noticed=False)

        assert reasons(board, critic) == [
            ("unnoticed", "draft-1 v1: it has not noticed it yet: it has read up to seq 0")
        ]

    def test_came_later_and_takes_new_entries_only(self, board):
        board.post(Draft())
        late = replace(critic, backlog="new")
        seated(board, late)

        assert "before the agent joined" in reasons(board, late)[0][1]

    def test_or_came_to_a_board_that_had_ended(self, board):
        proposed(board, critic, board.post(Draft()))
        board.store.release(board.id, "w")
        board.cancel("enough")
        for one in (critic, "critic"):
            assert reasons(board, one) == [("verdict", "draft-1 v1: the board ended (cancelled) before it could act")]
            assert board.why_not(one).nearest == f"draft-1 v1 needs `blackboard resume {board.id}`"

    def test_has_no_seat_at_all(self, board):
        with pytest.raises(UsageError, match=r"has no agent 'nobody'; it has none"):
            board.why_not("nobody")
        board.post(Draft())
        assert reasons(board, critic)[0][0] == "unserved"

    def test_is_told_who_could_write_what_it_watches_where_there_is_none(self, board):
        writer = replace(critic, name="writer", writes=(Draft,))
        seated(board, writer)
        seated(board, binder)

        assert board.why_not(critic).nearest == "there is no draft on the board; writer may write it"
        with pytest.raises(NotFound, match="draft-9"):
            board.why_not(critic, "draft-9")


class TestAFanIn:
    def test_that_is_not_whole_names_what_it_waits_for(self, board):
        board.post(Draft(), status="fine")
        board.post(Draft())
        seated(board, binder)

        assert reasons(board, binder) == [
            ("ready", "draft-1 v1: it waits for the others: draft-2 rough"),
            ("trigger", "draft-2 v1: it is rough, and binder waits until all are done"),
        ]

    def test_by_groups_tells_each_group_by_itself(self, board):
        one = replace(binder, watches=all_done(Draft, by=lambda d: d.text, size=2))
        board.post_all([Draft(text="a"), Draft(text="b")])
        board.post(Draft(text="b"), status="fine")
        seated(board, one)

        told = dict(reversed(reasons(board, one)))

        assert told["ready"] == "draft-3 v1: it waits for the others of group 'b': draft-2 rough"

    def test_that_has_acted_says_so_until_something_new_comes(self, board):
        gatherer = replace(binder, writes=(Review,))
        board.post(Draft(), status="fine")
        run_team([gatherer], board=board)
        assert reasons(board, gatherer)[0][0] == "refraction"

        board.post(Draft())

        assert [r for r, _ in reasons(board, gatherer)] == ["ready", "trigger"]


def test_json_holds_every_entry(board):
    board.post_all([Draft() for _ in range(5)])
    seated(board, replace(critic, where=lambda _: False))

    told = board.why_not("critic").as_json()

    assert [e["key"] for e in told["findings"][0]["entries"]] == [f"draft-{n}" for n in range(1, 6)]
    assert (told["findings"][0]["reason"], told["nearest"]) == ("where", "draft-1 v1 needs another body")


class TestABudgetThatAllowsNoCall:
    def case(self, board, short):
        entry = board.post(Draft())
        proposed(board, critic, entry)
        claimed(board, critic)
        stored(board, state="parked", waits_for="budget/nano_usd", owner=None, lease_until=None)
        summary = replace(board.store.summary(board.id), short=(Shortage("critic", 1, short),))
        record = board.record
        return Case(
            board.store, board, record, summary, "critic", Watched.by(critic), board.store.seats(board.id)[0], critic,
            True, 0.0,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("scope", "whose", "remedy"),
        [
            ("board:{}", "the board's 0.5 USD", "`blackboard resume {} --usd N`"),
            ("agent:{}/critic", "its own 0.5 USD", "a higher budget= where it is declared, then"),
            ("day:2026-01-02", "the 0.5 USD that the database may use today", "`blackboard limits` shows"),
        ],
    )  # fmt: skip
    def test_is_named_with_what_is_left_of_it_and_how_there_can_be_more(self, board, scope, whose, remedy):
        short = Short(scope.format(board.id), "nano_usd", 30_000_000, 500_000_000, 490_000_000)

        told = why_not(self.case(board, short), None)

        (finding,) = told.findings
        assert finding.hindrance.reason == "budget"
        assert str(finding) == f"draft-1 v1: it needs up to 0.03 USD for a call, and 0.01 of {whose} are left"
        assert told.nearest.startswith(f"draft-1 v1 needs more: {remedy.format(board.id)}")
