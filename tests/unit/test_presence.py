"""Who is there and how they are woken: between stores of this process, and with real processes that really die."""

import errno
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.observers import Observer

from blackboard.seam import Seam
from store import locks
from store.bells import discard
from store.presence import Attendance, Presence, Sidecar

SECONDS = 20  # that anything here may take at most
ROUNDS = 300
NOBODY = 2**22 + 1  # no process has this number: it is above the limit of the kernel

# What another process does: it has a `sidecar`, tells of itself in lines, and stays until its input ends.
PREAMBLE = """
import os, sys
from pathlib import Path
from store.presence import Sidecar

folder = Path(sys.argv[1])
sidecar = Sidecar(folder)

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def stay():
    sys.stdin.read()
"""
ARRIVES = "sidecar.arrive('ann'); say('here'); stay()"
LEAVES = "sidecar.arrive('ann'); say('here'); sys.stdin.readline(); sidecar.leave('ann'); say('left'); stay()"
LISTENS = "sidecar.listen(lambda: None); say('listening'); stay()"
TELLS_WHAT_IT_READS = """
board = os.open(folder.parent / "board", os.O_RDONLY)
sidecar.listen(lambda: say(os.pread(board, 8, 0).decode()))
say("listening")
stay()
"""
FORKS = """
sidecar.arrive("ann")
sidecar.listen(lambda: None)
sidecar.attend(os.getppid())
sidecar.ring()
child = os.fork()
if child == 0:
    sidecar.leave("ann")
    sidecar.arrive("bob")
    sidecar.ring()
    sidecar.listen(lambda: None)()
    sidecar.attend(os.getppid())
    inherited = [os.path.realpath(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")]
    say("child", sum(str(folder) in path for path in inherited), sidecar.workers(), sidecar.gone("ann"))
    stay()
    os._exit(0)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
"""


class Child:
    """Another process with a sidecar of the same folder."""

    def __init__(self, script: str, folder: Path) -> None:
        command = [sys.executable, "-c", PREAMBLE + script, str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.pid = self.process.pid
        self._read = b""

    def line(self) -> str:
        """What it says next."""
        while b"\n" not in self._read:
            ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
            assert ready, "the other process says nothing"
            more = os.read(self.process.stdout.fileno(), 65536)
            assert more, "the other process has ended"
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return line.decode()

    def go_on(self) -> None:
        self.process.stdin.write(b"\n")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(SECONDS)

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def end(self) -> None:
        self.kill()
        self.process.stdin.close()
        self.process.stdout.close()


class Heard:
    """A hint that tells how often it was given."""

    def __init__(self) -> None:
        self._given = threading.Semaphore(0)

    def __call__(self) -> None:
        self._given.release()

    def once(self) -> bool:
        return self._given.acquire(timeout=SECONDS)

    def never(self) -> bool:
        return not self._given.acquire(blocking=False)


class Board:
    """Eight bytes in a file: what is written here before a ring must be read after it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT)

    def write(self, number: int) -> str:
        text = f"{number:08}"
        os.pwrite(self._file, text.encode(), 0)
        return text


class Wall(Seam):
    """The time of the wall, as a test wants it."""

    time = 1e9

    def now(self) -> float:
        return self.time


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "board.db-live"


@pytest.fixture
def other(folder) -> Iterator[Callable[[str], Child]]:
    """Starts another process."""
    children: list[Child] = []

    def start(script: str) -> Child:
        children.append(Child(script, folder))
        return children[-1]

    yield start
    for child in children:
        child.end()


@pytest.fixture
def sidecars(folder) -> Iterator[Callable[..., Sidecar]]:
    """One more store of the same folder."""
    made: list[Sidecar] = []

    def make(*seam: Seam) -> Sidecar:
        made.append(Sidecar(folder, *seam))
        return made[-1]

    yield make
    for sidecar in made:
        sidecar.close()


@pytest.fixture
def sidecar(sidecars) -> Sidecar:
    return sidecars()


def bells(folder: Path) -> set[str]:
    return {found.name for found in folder.glob("*.bell")}


def all_end(threads: set[threading.Thread]) -> bool:
    for thread in threads:
        thread.join(SECONDS)
    return not any(thread.is_alive() for thread in threads)


def open_files() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


@pytest.mark.slow
class TestAWorkerOfAnotherProcess:
    def test_that_is_killed_is_gone(self, sidecar, other):
        worker = other(ARRIVES)
        assert worker.line() == "here"
        assert not sidecar.gone("ann")

        worker.kill()

        assert sidecar.gone("ann")
        assert sidecar.workers() == ["ann"]

    def test_that_is_stopped_is_not_gone(self, sidecar, other):
        worker = other(ARRIVES)
        worker.line()

        worker.stop()

        assert not sidecar.gone("ann")

    def test_that_has_left_is_unknown(self, sidecar, other):
        worker = other(LEAVES)
        worker.line()
        assert sidecar.workers() == ["ann"]

        worker.go_on()

        assert worker.line() == "left"
        assert sidecar.workers() == []
        assert not sidecar.gone("ann")

    def test_stays_gone_until_it_is_forgotten(self, sidecar, other):
        worker = other(ARRIVES)
        worker.line()
        worker.kill()

        sidecar.arrive("bob")
        assert sidecar.gone("ann")
        sidecar.forget("ann")

        assert not sidecar.gone("ann")
        assert sidecar.workers() == ["bob"]

    def test_that_lives_cannot_be_forgotten(self, sidecar, other):
        worker = other(ARRIVES)
        worker.line()

        sidecar.forget("ann")
        worker.kill()

        assert sidecar.gone("ann")


class TestAWorker:
    def test_is_there_for_itself_and_for_other_stores_until_it_leaves(self, sidecar, sidecars):
        another = sidecars()

        sidecar.arrive("ann")

        assert not sidecar.gone("ann")
        assert not another.gone("ann")
        assert another.workers() == ["ann"]
        another.leave("ann")  # of another store: it is not its to leave
        assert another.workers() == ["ann"]
        sidecar.leave("ann")
        assert another.workers() == []
        assert not another.gone("ann")

    def test_of_a_store_that_was_closed_is_gone(self, sidecar, sidecars):
        another = sidecars()
        sidecar.arrive("ann")

        sidecar.close()

        assert another.gone("ann")

    def test_that_nobody_has_seen_is_not_known_to_be_gone(self, sidecar):
        assert not sidecar.gone("nobody")
        sidecar.forget("nobody")
        assert sidecar.workers() == []

    @pytest.mark.skipif(sys.platform != "linux", reason="counts open files as Linux shows them")
    def test_that_leaves_or_is_asked_for_keeps_nothing_open(self, sidecar):
        before = open_files()
        sidecar.arrive("ann")
        sidecar.gone("ann")

        sidecar.leave("ann")

        assert open_files() == before

    def test_that_leaves_while_somebody_asks_is_unknown(self, sidecar, sidecars, monkeypatch):
        another, flock = sidecars(), locks.fcntl.flock
        another.arrive("ann")

        def left_meanwhile(descriptor, how):
            another.leave("ann")
            flock(descriptor, how)

        monkeypatch.setattr(locks.fcntl, "flock", left_meanwhile)

        assert not sidecar.gone("ann")
        assert sidecar.workers() == []

    def test_may_have_any_name(self, sidecar, sidecars):
        another = sidecars()

        for name in ("../../up", "a.b/c", ".", "ä b"):
            sidecar.arrive(name)

        assert another.workers() == sorted(["../../up", "a.b/c", ".", "ä b"])
        sidecar.close()
        assert another.gone("../../up")

    def test_that_is_swept_away_before_it_was_locked_arrives_all_the_same(self, sidecar, monkeypatch):
        hold, swept = locks.hold, []

        def swept_once(path):
            lock = hold(path)
            if not swept:
                swept.append(path)
                path.unlink()
            return lock

        monkeypatch.setattr("store.presence.hold", swept_once)
        sidecar.arrive("ann")

        assert swept
        assert sidecar.workers() == ["ann"]
        assert not sidecar.gone("ann")


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system does not tell when a process ends")
class TestAttending:
    @pytest.mark.slow
    def test_a_worker_tells_of_its_end_when_it_is_known_to_be_gone(self, sidecar, other):
        worker, told = other(ARRIVES), Heard()
        worker.line()
        sidecar.listen(told)
        sidecar.attend(worker.pid)
        assert told.never()

        worker.process.kill()

        assert told.once()
        assert sidecar.gone("ann")

    def test_a_process_that_is_not_there_hints_at_once_and_only_once(self, sidecar):
        told = Heard()
        sidecar.listen(told)

        sidecar.attend(NOBODY)
        sidecar.attend(NOBODY)

        assert told.once()
        assert told.never()

    def test_ones_own_process_and_one_that_cannot_be_attended_do_nothing(self, sidecar):
        told = Heard()
        sidecar.listen(told)

        sidecar.attend(os.getpid())
        sidecar.attend(-1)

        assert told.never()
        assert not [thread for thread in threading.enumerate() if thread.name == "attendant"]

    def test_ends_with_the_store(self, sidecar):
        sidecar.attend(os.getppid())
        (thread,) = [thread for thread in threading.enumerate() if thread.name == "attendant"]

        sidecar.close()

        thread.join(SECONDS)
        assert not thread.is_alive()

    @pytest.mark.slow
    def test_tells_of_each_of_several_and_of_none_twice(self, sidecar, other):
        workers, told = [other("say('here'); stay()") for _ in range(3)], Heard()
        sidecar.listen(told)
        for worker in workers * 2:
            sidecar.attend(worker.pid)

        for worker in workers:
            worker.kill()
            sidecar.attend(worker.pid)
            assert told.once()

        assert told.never()


@pytest.mark.slow
class TestABellOfAnotherProcess:
    def test_is_heard_each_time(self, sidecar, other, tmp_path):
        board = Board(tmp_path / "board")
        listener = other(TELLS_WHAT_IT_READS)
        assert listener.line() == "listening"

        for number in range(ROUNDS):
            written = board.write(number)
            sidecar.ring()

            heard = (line for line in iter(listener.line, None) if line == written)
            assert next(heard) == written

    def test_is_heard_after_the_last_of_a_burst(self, sidecar, other, tmp_path):
        board = Board(tmp_path / "board")
        listener = other(TELLS_WHAT_IT_READS)
        listener.line()

        for number in range(ROUNDS):
            written = board.write(number)
            sidecar.ring()

        assert next(line for line in iter(listener.line, None) if line == written)

    def test_is_swept_by_who_arrives_or_listens_when_its_process_has_died(self, sidecar, sidecars, other, folder):
        dead, alive = other(LISTENS), other(LISTENS)
        dead.line(), alive.line()
        assert len(bells(folder)) == 2

        dead.kill()
        sidecar.arrive("ann")

        assert len(bells(folder)) == 1
        alive.kill()
        sidecars().listen(lambda: None)
        assert len(bells(folder)) == 1

    def test_that_was_half_swept_or_half_made_is_swept(self, sidecar, other, folder):
        dead = other(LISTENS)
        dead.line()
        (name,) = bells(folder)
        dead.kill()
        (folder / name).rename(folder / "made.new")
        (folder / "half.bell").mkdir()
        (folder / "worker.new").write_bytes(b"")

        sidecar.arrive("ann")

        assert [found.name for found in folder.iterdir()] == ["ann.worker"]


class TestARing:
    def test_wakes_all_who_listen_in_other_stores_and_never_its_own(self, sidecar, sidecars, folder):
        another, first, second, own = sidecars(), Heard(), Heard(), Heard()
        another.listen(first)
        another.listen(second)
        sidecar.listen(own)

        sidecar.ring()

        assert first.once()
        assert second.once()
        assert own.never()
        assert sorted(bell.read_bytes() for bell in folder.glob("*.bell/*")) == [b"\0", b"\1"]

    def test_does_not_wake_who_has_stopped_listening(self, sidecar, sidecars, folder):
        another, stopped, stays = sidecars(), Heard(), Heard()
        stop = another.listen(stopped)
        stop_last = another.listen(stays)

        stop()
        stop()
        sidecar.ring()

        assert stays.once()
        assert stopped.never()
        stop_last()
        assert bells(folder) == set()
        sidecar.ring()
        another.listen(stays)
        sidecar.ring()
        assert stays.once()

    def test_wakes_the_others_though_a_hint_fails(self, sidecar, sidecars):
        another, heard = sidecars(), Heard()
        another.listen(lambda: 1 // 0)
        another.listen(heard)

        sidecar.ring()
        assert heard.once()
        sidecar.ring()
        assert heard.once()

    def test_wakes_one_whose_bell_was_made_in_the_same_instant(self, sidecars, folder):
        wall, heard = Wall(), Heard()
        ringer, listener = sidecars(wall), sidecars()
        listener.arrive("ann")
        stamp = folder.stat()
        wall.time = stamp.st_mtime + 0.05

        ringer.ring()
        listener.listen(heard)
        os.utime(folder, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # as coarse time stamps would have it
        ringer.ring()

        assert heard.once()

    def test_looks_into_the_folder_only_when_it_has_changed(self, sidecars, folder, monkeypatch):
        wall, listings = Wall(), []
        ringer, listener = sidecars(wall), sidecars()
        listener.arrive("ann")
        wall.time = folder.stat().st_mtime + 1
        listdir = Path.iterdir
        monkeypatch.setattr(Path, "iterdir", lambda path: listings.append(path) or listdir(path))

        for _ in range(100):
            ringer.ring()
        assert listings == [folder]
        heard = Heard()
        listener.listen(heard)
        os.utime(folder, (wall.time, wall.time))
        ringer.ring()

        assert heard.once()
        assert listings.count(folder) == 3  # the one who listens has swept

    def test_is_nothing_where_nobody_has_ever_listened(self, sidecar, folder):
        sidecar.ring()

        assert not folder.exists()

    @pytest.mark.skipif(sys.platform != "linux", reason="counts open files as Linux shows them")
    def test_lets_go_of_the_bells_when_the_folder_has_vanished(self, sidecar, sidecars, folder):
        listeners = [sidecars(), sidecars()]
        for listener in listeners:
            listener.listen(lambda: None)
        sidecar.ring()
        before = open_files()

        shutil.rmtree(folder)
        sidecar.ring()

        assert open_files() == before - len(listeners)

    @pytest.mark.skipif(sys.platform != "linux", reason="counts open files as Linux shows them")
    def test_lets_go_of_a_bell_that_was_taken_away(self, sidecar, sidecars):
        stop = sidecars().listen(lambda: None)
        sidecars().listen(lambda: None)
        sidecar.ring()
        stop_watching = open_files()
        stop()
        without_the_bell = open_files()

        sidecar.ring()

        assert without_the_bell < stop_watching
        assert open_files() == without_the_bell - 1

    def test_finds_the_folder_that_was_made_again(self, sidecar, sidecars, folder):
        first, again, heard = sidecars(), sidecars(), Heard()
        first.listen(lambda: None)
        sidecar.ring()
        shutil.rmtree(folder)

        again.listen(heard)
        sidecar.ring()

        assert heard.once()


class TestListening:
    def test_makes_one_bell_for_all_and_takes_it_away_with_the_store(self, sidecar, folder):
        before = set(threading.enumerate())
        sidecar.listen(lambda: None)
        watching = set(threading.enumerate()) - before
        sidecar.listen(lambda: None)

        assert set(threading.enumerate()) - before == watching
        assert all(thread.daemon for thread in watching)
        assert len(bells(folder)) == 1
        sidecar.close()

        assert bells(folder) == set()
        assert all_end(watching)

    def test_makes_another_bell_when_one_was_swept_away_before_it_was_locked(self, sidecar, sidecars, monkeypatch):
        hold, swept, heard = locks.hold, [], Heard()

        def swept_once(path):
            lock = hold(path)
            if not swept:
                swept.append(path)
                discard(path.parent)
            return lock

        monkeypatch.setattr("store.bells.hold", swept_once)
        sidecar.listen(heard)
        sidecars().ring()

        assert swept
        assert heard.once()

    def test_may_be_stopped_by_the_hint_itself(self, sidecar, sidecars):
        another, heard = sidecars(), Heard()

        def last():
            stop()
            heard()

        stop = another.listen(last)
        sidecar.ring()

        assert heard.once()

    def test_may_be_stopped_while_a_hint_uses_the_store(self, sidecar, sidecars, monkeypatch):
        another, started, stopping, heard = sidecars(), threading.Event(), threading.Event(), Heard()
        stop_observer = Observer.stop

        def observed_stop(observer):
            stopping.set()
            stop_observer(observer)

        def busy():
            started.set()
            stopping.wait(SECONDS)
            another.ring()
            heard()

        monkeypatch.setattr(Observer, "stop", observed_stop)
        stopper = threading.Thread(target=another.listen(busy), daemon=True)
        sidecar.ring()
        assert started.wait(SECONDS)

        stopper.start()

        assert heard.once()
        assert all_end({stopper})

    @pytest.mark.parametrize("when", ["watchdog.observers.Observer", "watchdog.observers.inotify_c.inotify_add_watch"])
    def test_is_quietly_nothing_when_the_system_has_no_more_watches(self, sidecar, folder, monkeypatch, capfd, when):
        def none_left(*_):
            raise OSError(errno.ENOSPC, "inotify watch limit reached")

        before = set(threading.enumerate())
        monkeypatch.setattr(when, none_left)
        stop = sidecar.listen(lambda: None)

        assert bells(folder) == set()
        assert all_end(set(threading.enumerate()) - before)
        stop()
        assert capfd.readouterr() == ("", "")

    @pytest.mark.slow
    def test_loads_watchdog_only_then(self):
        script = "import sys, store.presence; print('watchdog' in sys.modules)"

        told = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=SECONDS
        )

        assert told.stdout == "False\n"


class TestAFolderThatCannotBeMade:
    def test_is_quietly_nothing(self, tmp_path):
        (tmp_path / "file").write_text("")
        sidecar = Sidecar(tmp_path / "file" / "live")

        sidecar.arrive("ann")
        stop = sidecar.listen(lambda: None)
        sidecar.ring()

        assert sidecar.workers() == []
        assert not sidecar.gone("ann")
        sidecar.forget("ann")
        sidecar.leave("ann")
        stop()
        sidecar.close()


class TestASystemWithoutLocks:
    def test_knows_nobody_to_be_gone_and_rings_all_the_same(self, sidecar, sidecars, folder, monkeypatch):
        another, heard = sidecars(), Heard()
        elsewhere = sidecars()
        elsewhere.arrive("bob")
        elsewhere.close()
        monkeypatch.setattr(locks, "fcntl", None)

        another.arrive("ann")
        another.listen(heard)
        sidecar.ring()

        assert heard.once()
        assert not sidecar.gone("bob")
        assert sidecar.workers() == ["bob"]
        assert len(bells(folder)) == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at open files as Linux shows them")
class TestAForkedChild:
    def test_has_none_of_the_locks_and_does_nothing_in_the_name_of_its_parent(self, sidecar, other, folder):
        heard = Heard()
        sidecar.listen(heard)
        parent = other(FORKS)

        assert parent.line() == "child 0 [] False"

        assert heard.once()  # the ring of the parent
        assert heard.never()
        assert sidecar.workers() == ["ann"]
        assert not sidecar.gone("ann")
        assert len(bells(folder)) == 2
        parent.kill()  # the child goes on
        assert sidecar.gone("ann")

    def test_that_ends_leaves_its_parent_the_lock(self, sidecar, other):
        parent = other(FORKS.replace("    stay()\n", "") + "say('waited'); stay()")
        parent.line()

        assert parent.line() == "waited"

        assert sidecar.workers() == ["ann"]
        assert not sidecar.gone("ann")


class TestAClosedStore:
    def test_has_no_effect_any_more(self, sidecar, sidecars, folder):
        another, heard = sidecars(), Heard()
        sidecar.close()
        another.listen(heard)

        sidecar.arrive("ann")
        sidecar.listen(lambda: None)()
        sidecar.attend(os.getppid())
        sidecar.ring()
        sidecar.close()

        assert another.workers() == []
        assert len(bells(folder)) == 1
        assert heard.never()

    def test_keeps_no_hint(self, sidecar):
        heard = Heard()
        alive = weakref.ref(heard)
        sidecar.listen(heard)

        sidecar.close()
        del heard

        assert alive() is None


class TestAMemory:
    def test_has_workers_and_knows_none_to_be_gone(self):
        attendance: Presence = Attendance()

        attendance.arrive("ann")
        attendance.arrive("bob")
        attendance.leave("bob")
        attendance.forget("ann")

        assert attendance.workers() == ["ann"]
        assert not attendance.gone("ann")
        assert not attendance.gone("bob")

    def test_hints_to_nobody(self):
        attendance, heard = Attendance(), Heard()

        stop = attendance.listen(heard)
        attendance.attend(NOBODY)
        attendance.ring()
        stop()
        attendance.close()

        assert heard.never()
