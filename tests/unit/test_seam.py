"""Lanes: threads for one kind of work, none of which can starve another."""

import asyncio
import threading

import pytest

from blackboard.seam import Lane

SECONDS = 10


def in_loop(story):
    return asyncio.run(asyncio.wait_for(story(), SECONDS))


class TestALane:
    def test_runs_no_more_at_once_than_it_has_threads(self):
        now, most, lock = 0, 0, threading.Lock()

        def job():
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            threading.Event().wait(0.005)
            with lock:
                now -= 1

        async def story():
            lane = Lane("l", 3)
            await asyncio.gather(*(lane.run(job) for _ in range(20)))
            lane.close()

        in_loop(story)
        assert most == 3

    def test_a_job_that_is_given_up_takes_no_place_from_the_others(self):
        hang = threading.Event()

        async def story():
            lane = Lane("l", 2)
            for _ in range(4):  # more than it has threads
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await lane.run(lambda: hang.wait(SECONDS))
            done = await asyncio.gather(*(lane.run(lambda n=n: n) for n in range(10)))
            lane.close()
            return done

        assert in_loop(story) == list(range(10))
        hang.set()

    def test_a_job_that_is_given_up_before_it_began_is_not_run(self):
        ran, go = [], threading.Event()

        async def story():
            lane = Lane("l", 1)
            first = lane.start(lambda: go.wait(SECONDS))
            second = lane.start(lambda: ran.append("second"))
            second.cancel()
            go.set()
            await first
            await lane.run(lambda: ran.append("third"))
            lane.close()

        in_loop(story)
        assert ran == ["third"]

    @pytest.mark.parametrize("error", [ValueError("v"), StopIteration("s"), SystemExit(1)])
    def test_whatever_a_job_raises_reaches_whoever_waits(self, error):
        def job():
            raise error

        async def story():
            lane = Lane("l", 1)
            try:
                await lane.run(job)
            except BaseException as raised:
                return raised
            finally:
                lane.close()

        raised = in_loop(story) if not isinstance(error, SystemExit) else None
        assert raised is None or str(error) in str(raised)

    def test_serves_those_who_have_no_loop(self):
        lane = Lane("l", 1)
        assert lane.submit(lambda: 7).result(SECONDS) == 7
        lane.close()
