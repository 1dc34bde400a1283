"""The agenda, as blackboard systems have always had it: trigger, condition, rating, obviation, quiescence.

The behaviour is that of the agenda shell of GBBopen (its reference manual), in our words.
"""

from dataclasses import replace

from blackboard import Board, Budget, Entry, Kind, Quiescence, Scenario, View, agent, exists, value_per_cost, when


class Job(Kind, lifecycle={"open": "closed"}, index=("name",)):
    name: str
    worth: int = 0


class Done(Kind):
    name: str


class Key(Kind):
    text: str = ""


class Stop(Kind):
    because: str = ""


class Start(Kind):
    jobs: tuple[Job, ...] = ()
    keys: int = 0


@agent(watches=Job, writes=(Done, Job), rating=lambda job: job.worth, concurrency=1)
def worker(job: Entry[Job], view: View) -> None:
    """Does a job."""
    view.post(Done(name=job.body.name), about=job)


def seed(start: Start) -> list[Kind]:
    return [*start.jobs, *(Key() for _ in range(start.keys))]


NEVER = when(lambda board: False, "the end of time")


def run(*agents, jobs=(), keys=0, slots=1, **options) -> Board:
    declared = {k: options.pop(k) for k in ("done", "stop", "least_rating") if k in options}
    scenario = Scenario(
        "agenda", params=Start, agents=list(agents), result=Done, seed=seed, **{"done": NEVER, **declared},
        budget=Budget(activations=100, seconds=60),
    )  # fmt: skip
    return scenario.run(Start(jobs=tuple(jobs), keys=keys), db=":memory:", slots=slots, **options)


def order(board: Board) -> list[str]:
    return [d.body.name for d in board.find(Done)]


def states(board: Board, name: str = "worker") -> list[str]:
    return [a.state for a in board.store.activations(board.id, name)]


class TestATrigger:
    def test_makes_one_activation_for_each_version_and_no_more(self):
        board = run(worker, jobs=[Job(name="a"), Job(name="b")])

        assert (order(board), states(board)) == (["a", "b"], ["done", "done"])

    def test_wakes_only_on_the_events_that_it_names(self):
        board = run(replace(worker, status=("closed",)), jobs=[Job(name="a")])

        assert states(board) == []

    def test_can_be_refused_by_the_activation_predicate(self):
        board = run(replace(worker, where=lambda job: job.name != "a"), jobs=[Job(name="a"), Job(name="b")])

        assert order(board) == ["b"]


class TestAPrecondition:
    def test_keeps_an_activation_waiting_until_it_holds(self):
        @agent(watches=Done, writes=Key)
        def smith(done: Entry[Done], view: View) -> None:
            """Makes a key when the first job is done."""
            if done.body.name == "first":
                view.post(Key())

        locked = replace(worker, name="locked", ready=exists(Key), where=lambda job: job.name == "locked")
        free = replace(worker, where=lambda job: job.name != "locked")
        board = run(locked, free, smith, jobs=[Job(name="locked"), Job(name="first"), Job(name="second")])

        assert order(board)[-1] == "locked"
        assert states(board, "locked") == ["done"]

    def test_that_never_holds_is_told_at_the_end(self):
        board = run(replace(worker, ready=exists(Key)), jobs=[Job(name="a"), Job(name="b")])

        assert states(board) == ["waiting", "waiting"]
        assert board.verdict.ending == "quiescent"
        assert "worker waited for 1 key (2 activations)" in board.verdict.reasons

    def test_may_look_at_the_entry_and_the_board(self):
        def has_its_key(job, board):
            return any(k.body.text == job.body.name for k in board.find(Key))

        @agent(watches=Job, writes=Key, where=lambda job: job.name == "b")
        def smith(job: Entry[Job], view: View) -> None:
            """Makes the key of one job."""
            view.post(Key(text="b"))

        board = run(replace(worker, ready=has_its_key), smith, jobs=[Job(name="a"), Job(name="b")])

        assert (order(board), states(board)) == (["b"], ["waiting", "done"])
        assert "worker waited for its ready= (has_its_key) to hold (1 activation)" in board.verdict.reasons

    def test_is_asked_again_only_when_what_it_looked_at_has_changed(self):
        asked = []

        def has_a_key(job, board):
            asked.append(job.body.name)
            return bool(board.count(Key))

        board = run(replace(worker, ready=has_a_key), replace(worker, name="other"), jobs=[
            Job(name=n) for n in "abcde"
        ])  # fmt: skip

        assert len(order(board)) == 5, "the other agent has posted five entries"
        assert asked == list("abcde"), "none of them of a kind that was looked at"

    def test_is_asked_again_before_acting_and_then_waits_again(self):
        @agent(watches=Key, writes=Key, rating=10)
        def thief(key: Entry[Key], view: View) -> None:
            """Takes the key away before anybody has used it."""
            view.retract(key)

        board = run(replace(worker, ready=exists(Key)), thief, jobs=[Job(name="a")], keys=1)

        assert (order(board), states(board)) == ([], ["waiting"])
        assert board.store.summary(board.id).budgets[0].settled == 1, "the thief's: nothing else was begun"

    def test_that_raises_fails_its_own_agent_alone(self):
        def broken(job, board):
            raise OSError("no such lock")

        board = run(replace(worker, ready=broken, retry=0), replace(worker, name="other"), jobs=[Job(name="a")])

        assert (states(board), order(board)) == (["failed"], ["a"])
        assert any("no such lock" in f.body.cause for f in board.entries("failure"))

    def test_does_not_hold_up_a_fan_in_for_ever(self):
        from blackboard import all_done

        @agent(watches=all_done(Job), writes=Done, ready=exists(Key))
        def closer(jobs, view: View) -> None:
            """Sums up when there is a key."""
            view.post(Done(name=f"all {len(jobs)}"))

        @agent(watches=Job, writes=(Job, Key))
        def shutter(job: Entry[Job], view: View) -> None:
            """Closes jobs; the last one gives a key."""
            view.amend(job, status="closed")
            if view.count(Job, status="closed") == 1:
                view.post(Key())

        board = run(closer, shutter, jobs=[Job(name="a"), Job(name="b")])

        assert order(board) == ["all 2"]


class TestTheRating:
    def test_decides_who_acts_first(self):
        board = run(worker, jobs=[Job(name="low", worth=1), Job(name="high", worth=9), Job(name="mid", worth=5)])

        assert order(board) == ["high", "mid", "low"]

    def test_may_be_the_value_for_the_expected_cost(self):
        by_value = replace(worker, rating=value_per_cost(lambda job: job.worth, lambda job: len(job.name)))

        board = run(
            by_value, jobs=[Job(name="cheap", worth=10), Job(name="dear" * 5, worth=20), Job(name="ok", worth=3)]
        )

        assert order(board) == ["cheap", "ok", "dear" * 5]

    def test_for_a_cost_of_nothing_fails_its_agent_alone(self):
        board = run(replace(worker, rating=value_per_cost(lambda job: 1, lambda job: 0)), jobs=[Job(name="a")])

        assert states(board) == ["failed"]
        assert "an expected cost is positive, not 0" in board.store.activations(board.id, "worker")[0].cause

    def test_below_the_least_stays_pending_and_is_told_at_the_end(self):
        board = run(worker, jobs=[Job(name="low", worth=1), Job(name="high", worth=9)], least_rating=5)

        assert (order(board), states(board)) == (["high"], ["pending", "done"])
        assert board.verdict.ending == "quiescent"
        assert "worker was rated too low (1 activation)" in board.verdict.reasons

    def test_of_an_entry_that_has_changed_moves_it_to_the_head_of_the_queue(self):
        @agent(watches=Key, writes=Job, rating=100)
        def promoter(key: Entry[Key], view: View) -> None:
            """Finds out that a job is worth more."""
            (job,) = view.find(Job, name="low")
            view.amend(job, Job(name="low", worth=50))

        board = run(worker, promoter, jobs=[Job(name="low", worth=1), Job(name="high", worth=9)], keys=1,
                    least_rating=5)  # fmt: skip

        assert order(board) == ["low", "high"]
        assert states(board) == ["moot", "done", "done"]

    def test_least_may_be_lower_when_it_is_resumed(self, tmp_path):
        scenario = Scenario(
            "agenda", params=Start, agents=[worker], result=Done, seed=seed, done=exists(Done), least_rating=5
        )
        db = str(tmp_path / "b.db")
        scenario.run(Start(jobs=[Job(name="low", worth=1)]), db=db).close()

        with scenario.resume("last", db=db, least_rating=0) as board:
            assert (board.verdict.ending, order(board)) == ("complete", ["low"])


class TestOneAtATime:
    def test_sees_what_the_one_before_has_landed(self):
        seen = []

        @agent(watches=Job, writes=Done, concurrency=1, unless=exists(Stop))
        def counter(job: Entry[Job], view: View) -> None:
            """Counts what was done before."""
            seen.append(view.count(Done, strict=False))
            view.post(Done(name=job.body.name))

        run(counter, jobs=[Job(name=str(n)) for n in range(40)], slots=4)

        assert seen == list(range(40))


class TestObviation:
    def test_drops_what_waits_for_its_turn(self):
        board = run(replace(worker, unless=exists(Done)), jobs=[Job(name=n) for n in "abc"])

        assert (order(board), states(board)) == (["a"], ["done", "moot", "moot"])
        (why,) = {a.cause for a in board.store.activations(board.id, "worker") if a.state == "moot"}
        assert why == "not needed: 1 done"

    def test_drops_what_is_not_ready_too(self):
        board = run(
            replace(worker, name="one"), replace(worker, ready=exists(Key), unless=exists(Done)), jobs=[Job(name="a")]
        )

        assert states(board) == ["moot"]

    def test_is_asked_once_more_just_before_acting(self):
        unneeded = replace(worker, name="late", unless=exists(Done), rating=-1)

        board = run(worker, unneeded, jobs=[Job(name="a")])

        assert (order(board), states(board, "late")) == (["a"], ["moot"])

    def test_costs_nothing_of_the_budget(self):
        board = run(replace(worker, unless=exists(Done)), jobs=[Job(name=n) for n in "abc"])

        assert board.store.summary(board.id).budgets[0].settled == 1

    def test_does_not_come_when_the_condition_is_of_before(self):
        board = run(replace(worker, unless=exists(Done, at_least=2)), jobs=[Job(name=n) for n in "abc"])

        assert order(board) == ["a", "b"]


class TestQuiescence:
    def test_is_an_event_first_and_the_end_when_it_comes_again(self):
        @agent(watches=Quiescence, writes=Done)
        def finalizer(quiet: Entry[Quiescence], view: View) -> None:
            """Has the last word."""
            view.post(Done(name="last word"))

        board = run(worker, finalizer, jobs=[Job(name="a")])

        assert order(board) == ["a", "last word"]
        assert (board.verdict.ending, len(board.entries("quiescence"))) == ("quiescent", 1)

    def test_lets_a_finalizer_find_more_to_do(self):
        @agent(watches=Quiescence, writes=Job)
        def finder(quiet: Entry[Quiescence], view: View) -> None:
            """Finds one more job."""
            view.post(Job(name="found"))

        board = run(worker, finder, jobs=[Job(name="a")])

        assert order(board) == ["a", "found"]


class TestAnAgentThatStopsTheBoard:
    def test_ends_it_with_what_is_left_undone(self):
        @agent(watches=Done, writes=Stop)
        def guard(done: Entry[Done], view: View) -> None:
            """Has seen enough."""
            view.post(Stop(because="enough"))

        board = run(worker, replace(guard, rating=5), jobs=[Job(name=n) for n in "abc"], stop=exists(Stop))

        assert (board.verdict.ending, order(board)) == ("failed", ["a"])
        assert board.verdict.reasons[0] == "1 stop"
