"""Stories of boards that run: what happens, in what order, however the activations race."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from blackboard import (
    Board,
    Budget,
    Entry,
    Failure,
    Kind,
    Quiescence,
    Reader,
    Scenario,
    View,
    agent,
    all_done,
    exists,
    resource,
    tool,
    when,
)
from blackboard.errors import DeclarationError, ToolFailed, TooMany, UsageError
from blackboard.testing import memory_board, run_team


class Order(Kind):
    """Make so many parts."""

    parts: int


class Part(Kind, lifecycle={"rough": ("finished", "scrapped")}):
    """One part."""

    number: int


class Machine(Kind):
    """All parts together."""

    numbers: list[int]


@agent(watches=Order, writes=Part)
def cutter(order: Entry[Order], view: View) -> None:
    """Cuts every part."""
    for number in range(order.body.parts):
        view.post(Part(number=number), about=order)


@agent(watches=Part, writes=Part)
def filer(part: Entry[Part], view: View) -> None:
    """Files a part."""
    view.amend(part, status="finished")


@agent(watches=all_done(Part), writes=Machine)
def fitter(parts: Sequence[Entry[Part]], view: View) -> None:
    """Puts all parts together."""
    view.post(Machine(numbers=[p.body.number for p in parts]), about=parts)


TEAM = [cutter, filer, fitter]
factory = Scenario("factory", params=Order, agents=TEAM, result=Machine)


def done_by(board: Board) -> Counter[str]:
    return Counter(a.agent for a in board.store.activations(board.id) if a.state == "done" and a.agent != "outside")


def ending(board: Board) -> str:
    assert board.verdict is not None
    return board.verdict.ending


class TestARun:
    @pytest.mark.parametrize("slots", [1, 3, 8])
    def test_each_agent_acts_once_for_what_wakes_it(self, slots):
        board = factory.run(Order(parts=7), db=":memory:", slots=slots)

        assert done_by(board) == {"cutter": 1, "filer": 7, "fitter": 1}
        assert board.result.body.numbers == list(range(7))
        assert (ending(board), board.verdict.exit_code) == ("complete", 0)

    def test_works_in_code_that_runs_in_an_event_loop(self):
        async def cell():
            return factory.run(Order(parts=1), db=":memory:")

        assert ending(asyncio.run(cell())) == "complete"

    def test_can_be_followed_as_it_lands(self):
        async def follow():
            async with factory.start(Order(parts=2), db=":memory:") as run:
                seen = [(e.seq, e.key, e.status) async for e in run.follow()]
                return seen, await run.end()

        seen, verdict = asyncio.run(follow())
        assert [seq for seq, *_ in seen] == list(range(1, 7))
        assert seen[-1][1] == "machine-1"
        assert verdict.ending == "complete"

    def test_takes_async_agents_too(self):
        @agent(watches=Part, writes=Part, name="filer")
        async def later(part: Entry[Part], view: View) -> None:
            await asyncio.sleep(0)
            view.amend(part, status="finished")

        board = factory.run(Order(parts=3), db=":memory:", agents={"filer": later})
        assert board.result.body.numbers == [0, 1, 2]

    def test_leaves_a_board_on_disk_that_others_can_read(self, tmp_path):
        from blackboard import list_boards, open_board

        path = str(tmp_path / "f.db")
        factory.run(Order(parts=2), db=path).close()

        with open_board(db=path) as board:
            assert board.entries("machine")[0].body.numbers == [0, 1]
            assert [e.status for e in board.history(board.find(Part)[0])] == ["rough", "finished"]
            assert board.as_of(3).count(Part, status="rough") == 2
            assert [line.partition(" (")[0] for line in str(board.why("machine-1")).splitlines()[:2]] == [
                "machine-1 v1  posted  by fitter",
                "  part-1 v2  finished  by filer",
            ]
        assert [b.id for b in list_boards(db=path)] == ["factory-1"]


class TestAGoal:
    def test_that_no_agent_can_reach_is_refused_before_a_board_is_made(self, tmp_path):
        hopeless = Scenario("hopeless", params=Order, agents=[cutter], result=Machine)

        with pytest.raises(DeclarationError, match="no agent of team 'default' writes machine"):
            hopeless.run(Order(parts=1), db=str(tmp_path / "none.db"))
        assert not (tmp_path / "none.db").exists()

    def test_that_is_missed_is_named_with_who_waited_for_what(self):
        board = factory.run(Order(parts=0), db=":memory:")

        assert (ending(board), board.verdict.exit_code) == ("quiescent", 4)
        assert "missing: 1 machine that is posted, there are 0" in board.verdict.reasons
        assert "filer waited for part rough" in board.verdict.reasons
        assert "fitter waited for all part done" in board.verdict.reasons

    def test_gives_a_finalizer_one_chance(self):
        @agent(watches=Quiescence, writes=Machine)
        def finalizer(quiet: Entry[Quiescence], view: View) -> None:
            view.post(Machine(numbers=[]))

        scenario = Scenario("s", params=Order, agents=[*TEAM, finalizer], result=Machine)
        assert ending(scenario.run(Order(parts=0), db=":memory:")) == "complete"

    def test_a_finalizer_that_does_not_help_does_not_run_for_ever(self):
        @agent(watches=Quiescence, writes=Part)
        def finalizer(quiet: Entry[Quiescence], view: View) -> None:
            view.post(Part(number=1), status="scrapped")

        scenario = Scenario(
            "s", params=Order, agents=[cutter, filer, finalizer], result=Machine, done=exists(Part, at_least=9)
        )
        board = scenario.run(Order(parts=0), db=":memory:")
        assert (ending(board), done_by(board)["finalizer"]) == ("quiescent", 1)

    def test_stop_ends_a_board_as_failed(self):
        def broken(board: Reader) -> bool:
            return board.count(Part) > 0

        scenario = Scenario("s", params=Order, agents=TEAM, result=Machine, stop=when(broken, "a part was made"))
        board = scenario.run(Order(parts=1), db=":memory:")
        assert (ending(board), board.verdict.reasons[0], board.verdict.exit_code) == ("failed", "a part was made", 5)


class TestABudget:
    def test_of_activations_is_exact_and_can_be_raised(self, tmp_path):
        path = str(tmp_path / "b.db")
        board = factory.run(Order(parts=9), db=path, budget=Budget(activations=4), slots=3)
        assert (ending(board), board.verdict.exit_code, done_by(board).total()) == ("budget", 3, 4)
        assert board.verdict.reasons[0] == "4 activations are used up"
        board.close()

        board = factory.resume(db=path, budget=Budget(activations=50))
        assert (ending(board), done_by(board)) == ("complete", {"cutter": 1, "filer": 9, "fitter": 1})
        assert board.record.epoch == 2

    def test_of_seconds_ends_the_board_though_an_agent_hangs(self):
        hang = threading.Event()

        @agent(watches=Part, writes=Part, name="filer")
        def hanging(part: Entry[Part], view: View) -> None:
            hang.wait(20)

        board = factory.run(Order(parts=1), db=":memory:", agents={"filer": hanging}, budget=Budget(seconds=0.3))
        hang.set()
        assert (ending(board), board.verdict.exit_code) == ("deadline", 3)

    def test_a_cancelled_board_ends_and_can_be_resumed(self, tmp_path):
        go = threading.Event()

        @agent(watches=Part, writes=Part, name="filer")
        def waiting(part: Entry[Part], view: View) -> None:
            go.wait(20)
            view.amend(part, status="finished")

        async def cancelled():
            async with factory.start(Order(parts=1), db=str(tmp_path / "c.db"), agents={"filer": waiting}) as run:
                run.board.cancel("enough")
                return await run.end()

        verdict = asyncio.run(cancelled())
        go.set()
        assert (verdict.ending, verdict.reasons, verdict.exit_code) == ("cancelled", ("enough",), 3)
        assert ending(factory.resume(db=str(tmp_path / "c.db"))) == "complete"


class TestAFailure:
    def test_is_recorded_and_fails_only_its_own_activation(self):
        @agent(watches=Part, writes=Part, name="filer", retry=1, gives_up="scrapped")
        def clumsy(part: Entry[Part], view: View) -> None:
            if part.body.number == 1:
                raise OSError("the file broke")
            view.amend(part, status="finished")

        board = factory.run(Order(parts=3), db=":memory:", agents={"filer": clumsy})

        assert ending(board) == "complete"
        assert [p.status for p in board.find(Part)] == ["finished", "scrapped", "finished"]
        (failure,) = board.find(Failure)
        assert re.fullmatch(r"OSError: the file broke \(test_running\.py:\d+\)", failure.body.cause)
        assert (failure.body.agent, failure.body.attempts) == ("filer", 2)
        assert (failure.about, failure.author) == (("part-2",), "board")
        causes = board.sql("SELECT outcome, cause FROM attempt ORDER BY number")
        assert causes == [{"outcome": "failed", "cause": failure.body.cause}] * 2
        assert board.verdict.reasons == (f"filer failed: {failure.body.cause}",)

    def test_of_the_program_is_not_tried_again(self):
        @agent(watches=Order, writes=Part)
        def wrong(order: Entry[Order], view: View) -> None:
            view.post(Machine(numbers=[]))

        board = run_team([wrong], Order(parts=1))
        (failure,) = board.find(Failure)
        assert failure.body.attempts == 1
        assert failure.body.cause.startswith("wrong writes machine; add it to writes= (test_running.py:")

    def test_of_time_is_a_failure(self):
        hang = threading.Event()

        @agent(watches=Order, writes=Part, timeout=0.05, retry=0)
        def slow(order: Entry[Order], view: View) -> None:
            hang.wait(20)

        board = run_team([slow], Order(parts=1))
        hang.set()
        assert board.find(Failure)[0].body.cause == "TimeoutError: not finished within 0.05 seconds"

    def test_of_where_is_recorded_and_harms_nobody_else(self):
        bad = replace(filer, name="bad", where=lambda part: part.nonsense)
        board = factory.run(Order(parts=1), db=":memory:")
        board = Scenario("s", params=Order, agents=[*TEAM, bad], result=Machine).run(Order(parts=1), db=":memory:")

        assert ending(board) == "complete"
        (row,) = board.sql("SELECT state, last_cause FROM agenda WHERE agent = 'bad'")
        assert row["state"] == "failed"
        assert "where= or rating= failed: AttributeError" in row["last_cause"]


class Note(Kind, lifecycle={"new": "met"}, index=("subject",)):
    """Something that is compared with all others of its subject."""

    subject: str


class Pair(Kind):
    """Two notes that have met."""

    keys: tuple[str, str]


@agent(watches=Note, writes=(Pair, Note))
def matchmaker(note: Entry[Note], view: View) -> None:
    """Meets every note that was met before."""
    for other in view.find(Note, subject=note.body.subject, status="met"):
        view.post(Pair(keys=(other.key, note.key)), about=[other, note])
    view.amend(note, status="met")


class TestARace:
    @pytest.mark.parametrize("slots", [1, 4, 12])
    def test_each_pair_is_met_exactly_once(self, slots):
        board = memory_board()
        for _ in range(12):
            board.post(Note(subject="a"))
        scenario = Scenario(
            "pairs", params=Order, agents=[matchmaker], result=Pair, seed=lambda _: [Note(subject="a")] * 12,
            done=all_done(Note),
        )  # fmt: skip

        board = scenario.run(Order(parts=0), db=":memory:", slots=slots)

        pairs = [frozenset(p.body.keys) for p in board.find(Pair)]
        assert (len(pairs), len(set(pairs))) == (66, 66)

    def test_other_subjects_do_not_disturb(self):
        scenario = Scenario(
            "pairs", params=Order, agents=[matchmaker], result=Pair, done=all_done(Note),
            seed=lambda _: [Note(subject=str(n)) for n in range(30)],
        )  # fmt: skip
        board = scenario.run(Order(parts=0), db=":memory:", slots=10)
        assert sum(a.redone for a in board.store.activations(board.id)) == 0

    def test_what_woke_an_agent_and_changed_makes_its_work_moot(self):
        first = threading.Event()

        @agent(watches=Note, writes=(Pair, Note))
        def slow(note: Entry[Note], view: View) -> None:
            if note.version == 1:
                first.wait(20)
            view.post(Pair(keys=(f"v{note.version}", note.key)), about=note)
            view.amend(note, status="met")

        @agent(watches=Order, writes=Note)
        def changer(order: Entry[Order], view: View) -> None:
            (note,) = view.find(Note)
            view.amend(note, Note(subject="changed"))

        scenario = Scenario(
            "s", params=Order, agents=[slow, changer], result=Pair, seed=lambda p: [Note(subject="a"), p]
        )

        async def story():
            async with scenario.start(Order(parts=0), db=":memory:") as run:
                async for entry in run.follow():
                    if entry.key == "note-1" and entry.version == 2:
                        first.set()
                return run.board, await run.end()

        board, _ = asyncio.run(story())
        assert [p.body.keys[0] for p in board.find(Pair)] == ["v2"]


class Scale:
    """Weighs."""

    def __init__(self, grams):
        self.grams = grams


@tool(effects="none", returns="untrusted")
def weigh(number: int, scale: Scale = resource(Scale)) -> int:
    """Weigh a part."""
    if number < 0:
        raise ValueError("nothing is that light")
    return scale.grams * number


@tool(effects="external")
def shout(text: str) -> str:
    """Say something to the world."""
    return text


@agent(watches=Part, writes=Machine, tools=[weigh])
async def weigher(part: Entry[Part], view: View) -> None:
    """Weighs a part."""
    view.post(Machine(numbers=[await view.call(weigh, part.body.number)]), about=part)


class TestATool:
    def test_gets_its_resource_and_lowers_the_label(self):
        board = run_team([weigher], Part(number=3), resources=[Scale(2)])
        machine = board.find(Machine)[0]
        assert machine.body.numbers == [6]
        assert (machine.label.integrity.name, machine.label.origins) == ("UNTRUSTED", {"tool:weigh"})

    def test_can_be_replaced_for_a_run(self):
        board = run_team([weigher], Part(number=3), tools={weigh: lambda number: 7})
        assert board.find(Machine)[0].body.numbers == [7]

    def test_that_fails_says_so_to_the_agent(self):
        seen = []

        @agent(watches=Part, writes=Machine, tools=[weigh])
        async def careful(part: Entry[Part], view: View) -> None:
            try:
                await view.call(weigh, part.body.number)
            except ToolFailed as error:
                seen.append(str(error))

        run_team([careful], Part(number=-1), resources=[Scale(1)])
        assert seen == ["weigh: ValueError: nothing is that light"]

    def test_with_effects_is_denied(self):
        @agent(watches=Part, writes=Machine, tools=[shout], retry=0)
        async def loud(part: Entry[Part], view: View) -> None:
            await view.call(shout, "hello")

        (failure,) = run_team([loud], Part(number=1)).find(Failure)
        assert "Denied: shout has effects (external)" in failure.body.cause

    def test_that_needs_what_the_run_does_not_have_is_said(self):
        (failure,) = run_team([weigher], Part(number=1)).find(Failure)
        assert "tool weigh needs a Scale; give one in resources=" in failure.body.cause


class TestALookInVain:
    def test_is_relied_on_too(self):
        """An agent that found two of what it wanted one of is done again when one of them is gone."""
        go, seen = threading.Event(), []

        @agent(watches=Part, writes=Machine)
        def chooser(part: Entry[Part], view: View) -> None:
            try:
                seen.append(view.get(Order, of=part).key)
            except TooMany:
                seen.append("too many")
            go.wait(20)
            view.post(Machine(numbers=[len(seen)]))

        @agent(watches=Machine, writes=Order, where=lambda m: m.numbers == [])
        def thinner(machine: Entry[Machine], view: View) -> None:
            view.retract(view.find(Order)[0])

        async def story():
            scenario = Scenario(
                "s", params=Order, agents=[chooser, thinner], result=Machine, done=exists(Machine, at_least=2),
                seed=lambda _: [Order(parts=1), Order(parts=2)],
            )  # fmt: skip
            async with scenario.start(Order(parts=0), db=":memory:") as run:
                run.board.post(Part(number=1), about=run.board.find(Order))
                async for entry in run.follow():
                    if entry.key == "part-1":
                        run.board.post(Machine(numbers=[]))
                    if entry.status == "retracted":
                        go.set()
                return await run.end()

        assert asyncio.run(story()).ending == "complete"
        assert seen == ["too many", "order-2"]


class TestALimit:
    def test_of_an_agent_is_kept(self):
        now, most, lock = Counter(), Counter(), threading.Lock()

        def counting(name, concurrency):
            def act(part, view):
                with lock:
                    now[name] += 1
                    most[name] = max(most[name], now[name])
                threading.Event().wait(0.002)
                with lock:
                    now[name] -= 1

            return agent(watches=Part, writes=(), name=name, concurrency=concurrency)(act)

        run_team([counting("one", 1), counting("two", 2)], *(Part(number=n) for n in range(12)))
        assert most["one"] == 1
        assert most["two"] <= 2

    def test_rating_decides_who_acts_first(self):
        seen = []
        watcher = agent(watches=Part, writes=(), name="w", concurrency=1, rating=lambda p: p.number)(
            lambda part, view: seen.append(part.body.number)
        )
        run_team([watcher], *(Part(number=n) for n in (3, 9, 1, 7)))
        assert seen == [9, 7, 3, 1]


class TestAnOption:
    @pytest.mark.parametrize(
        ("options", "said"),
        [({"slots": 0}, "slots=0: at least one"), ({"foo": 1}, "there is no option 'foo'; there are db, team")],
    )
    def test_that_makes_no_sense_is_refused_at_once(self, options, said):
        with pytest.raises(UsageError, match=said):
            factory.run(Order(parts=1), db=":memory:", **options)

    def test_params_of_another_class_are_refused(self):
        with pytest.raises(UsageError, match="factory takes a Order, not dict"):
            factory.run({"parts": 1}, db=":memory:")


class TestResuming:
    def test_a_complete_board_gives_its_result_again(self, tmp_path):
        path = str(tmp_path / "r.db")
        factory.run(Order(parts=1), db=path).close()
        assert factory.resume(db=path).result.body.numbers == [0]

    def test_an_interrupted_board_goes_on_where_it_was(self, tmp_path):
        path, go = str(tmp_path / "i.db"), threading.Event()

        @agent(watches=Part, writes=Part, name="filer")
        def waiting(part: Entry[Part], view: View) -> None:
            if part.body.number > 1:
                go.wait(20)
            view.amend(part, status="finished")

        async def interrupted():
            async with factory.start(Order(parts=4), db=path, agents={"filer": waiting}) as run:
                async for entry in run.follow():
                    if entry.status == "finished":
                        break
            return run.board

        board = asyncio.run(interrupted())
        go.set()
        assert board.verdict is None
        assert not [a for a in board.store.activations(board.id) if a.state == "running"]
        board.close()

        board = factory.resume(db=path)
        assert done_by(board) == {"cutter": 1, "filer": 4, "fitter": 1}

    def test_a_board_of_another_scenario_is_refused(self, tmp_path):
        path = str(tmp_path / "o.db")
        factory.run(Order(parts=1), db=path).close()
        other = Scenario("other", params=Order, agents=TEAM, result=Machine)
        with pytest.raises(UsageError, match="factory-1 is a board of factory, not of other"):
            other.resume(db=path)
