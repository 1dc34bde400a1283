"""The library keeps up: what is changed, added or deleted while a board is open counts at the next search."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from blackboard.errors import UsageError
from blackboard.seam import Seam
from blackboard.tools.documents import Library, Quote, files, unread_documents, upkeep

ROOT = Path(__file__).parents[2]


class Clock(Seam):
    """Time that passes only when a test says so."""

    def __init__(self):
        self.seconds = 0.0

    def monotonic(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def library(folder, clock):
    found = Library(folder, seam=clock)
    found.search("lease")
    return found


def rewritten(path, text):
    """Another text of the same length with the same time, as coarse clocks and restored files have it."""
    before = path.stat()
    assert len(text.encode()) == before.st_size
    path.write_text(text, encoding="utf-8", newline="")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


class TestASearch:
    def test_looks_again_when_a_second_has_passed(self, library, folder, clock):
        (folder / "new.md").write_text("A zebra.")
        clock.seconds = 0.9
        assert library.search("zebra") == []
        clock.seconds = 1.1
        assert library.search("zebra")
        (folder / "new.md").write_text("A giraffe instead.")
        (folder / "guide.md").unlink()
        clock.seconds = 2.2
        assert (library.search("zebra"), library.search("lease")) == ([], [])
        assert library.search("giraffe")

    def test_sees_a_change_that_left_size_and_time_as_they_were(self, library, folder, clock):
        (folder / "new.md").write_text("A zebra.")
        clock.seconds = 2
        assert library.search("zebra")
        rewritten(folder / "new.md", "A camel.")
        clock.seconds = 4
        assert library.search("camel")

    def test_looks_less_often_at_a_folder_that_takes_long(self, library, folder, clock, monkeypatch):
        clock.seconds = 2
        with monkeypatch.context() as patched:
            patched.setattr(upkeep.files, "list_documents", _slowly(clock, 0.5))
            library.search("lease")
        (folder / "new.md").write_text("A zebra.")
        clock.seconds = 2.5 + 9.9
        assert library.search("zebra") == []
        clock.seconds = 2.5 + 10.1
        assert library.search("zebra")

    def test_reads_nothing_when_nothing_has_changed(self, library, clock, monkeypatch):
        monkeypatch.setattr(upkeep.files, "read_listed", None)
        clock.seconds = 5
        assert library.search("lease")

    def test_follows_what_another_library_has_put_into_the_index(self, library, folder, clock):
        other = Library(folder, seam=clock)
        (folder / "new.md").write_text("A zebra.")
        other.refresh()
        assert library.search("zebra")

    def test_puts_back_what_another_library_took_out_by_an_older_look(self, library, folder, clock):
        other = Library(folder, seam=clock)
        other.refresh()
        other._index.drop("guide.md")
        clock.seconds = 2
        assert library.search("lease")

    def test_gives_nothing_when_every_document_has_gone(self, library, folder, clock):
        (folder / "guide.md").unlink()
        (folder / "blank.md").write_text("")
        clock.seconds = 2
        assert library.search("lease") == []
        assert library.documents == 0
        assert unread_documents.function(library) == [
            "blank.md (no text in it)",
            "any document (none is left in the folder)",
        ]

    def test_gives_nothing_when_the_folder_itself_has_gone(self, library, folder, clock):
        (folder / "guide.md").unlink()
        folder.rmdir()
        clock.seconds = 2
        assert library.search("lease") == []

    def test_of_a_folder_that_never_had_a_document_says_so_each_time(self, tmp_path, cache, clock):
        (tmp_path / "empty").mkdir()
        library = Library(tmp_path / "empty", seam=clock)
        for _ in range(2):
            with pytest.raises(UsageError, match="has no readable document"):
                library.search("lease")
        (tmp_path / "empty" / "a.md").write_text("A lease.")
        assert library.search("lease")


class TestACheck:
    def test_that_finds_a_change_makes_the_next_search_look_at_once(self, library, folder):
        [found] = library.search("lease", limit=1)
        quote = Quote.of(found, 0, 7)
        assert library.check([quote]) == [""]
        (folder / "guide.md").write_text("# Guide\n\nA zebra has come.")
        assert library.search("zebra") == []
        assert library.check([quote]) == ["guide.md has changed since it was read"]
        assert library.search("zebra")

    def test_that_finds_a_file_gone_does_so_too(self, library, folder):
        (folder / "new.md").write_text("A zebra.")
        library.refresh()
        quote = Quote.of(library.search("zebra")[0], 0, 8)
        (folder / "new.md").unlink()
        assert library.check([quote]) == ["new.md cannot be read any more"]
        assert library.search("zebra") == []

    def test_reads_what_it_doubts_whatever_its_time_says(self, library, folder, monkeypatch):
        quote = Quote.of(library.search("lease", limit=1)[0], 0, 7)
        listed = files.list_documents(folder)
        text = (folder / "guide.md").read_text(encoding="utf-8")
        (folder / "guide.md").write_text(text.replace("lease", "zebra"), encoding="utf-8", newline="")
        monkeypatch.setattr(upkeep.files, "list_documents", lambda _: listed)  # a file system that tells no change
        assert library.check([quote]) == ["guide.md has changed since it was read"]
        assert library.search("zebra")


class TestALargeFolder:
    @pytest.fixture
    def small_batches(self, monkeypatch):
        monkeypatch.setattr(upkeep, "MOST_FILES", 3)

    def test_is_read_in_parts_that_stand_when_a_later_one_fails(self, folder, small_batches, monkeypatch):
        for n in range(10):
            (folder / f"{n}.md").write_text(f"zebra {n}")
        library = Library(folder)
        with monkeypatch.context() as patched:
            patched.setattr(upkeep, "read_document", _failing_at(8, upkeep.read_document))
            with pytest.raises(ZeroDivisionError):
                library.refresh()
        assert len(library._index.known()) == 6
        assert len(library.search("zebra", 50)) == 10

    @pytest.mark.slow
    def test_is_whole_after_a_kill_in_the_middle(self, folder):
        for n in range(40):
            (folder / f"{n}.md").write_text(f"zebra {n}\n\n" + "other words\n\n" * 30)
        program = (
            "import os, signal, sys; from pathlib import Path; from blackboard.tools.documents import Library, upkeep\n"
            "upkeep.MOST_FILES = 7; read = upkeep.read_document; left = [25]\n"
            "def reading(path, data):\n"
            "    left[0] -= 1\n"
            "    return read(path, data) if left[0] else os.kill(os.getpid(), signal.SIGKILL)\n"
            "upkeep.read_document = reading; Library(Path(sys.argv[1])).refresh()"
        )
        ended = subprocess.run([sys.executable, "-c", program, str(folder)], cwd=ROOT, timeout=60, check=False)
        assert ended.returncode == -signal.SIGKILL
        library = Library(folder)
        found = library.search("zebra", 50)
        assert library.documents == 41
        assert sorted(p.document for p in found) == sorted(f"{n}.md" for n in range(40))

    @pytest.mark.slow
    def test_may_change_under_threads_that_search_it(self, folder, small_batches):
        library, wrong = Library(folder), []
        library.search("lease")
        stopped = threading.Event()

        def search():
            while not stopped.is_set():
                try:
                    library.refresh()
                    library.search("zebra lease")
                except Exception as error:
                    wrong.append(error)
                    return

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for n in range(60):
            (folder / f"{n % 7}.md").write_text(f"zebra {n}\n\n" * 5)
            (folder / f"{(n + 3) % 7}.md").unlink(missing_ok=True)
        stopped.set()
        for thread in threads:
            thread.join(timeout=60)
        library.refresh()
        assert wrong == []
        assert library.documents == len(list(folder.glob("*.md")))


def _slowly(clock, seconds):
    listed = files.list_documents

    def slow(where):
        clock.seconds += seconds
        return listed(where)

    return slow


def _failing_at(nth, function):
    calls = []

    def wrapped(*args):
        calls.append(args)
        return 1 / 0 if len(calls) == nth else function(*args)

    return wrapped
