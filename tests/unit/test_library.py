"""The library: searches that never fail, over an index that follows its folder and mends itself."""

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blackboard.errors import StoreError
from blackboard.tools.documents import Library
from blackboard.tools.documents import index as index_module

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("cache")


def index_file(cache):
    return next(cache.glob("*.db"))


def failing_at_second(put):
    calls = []

    def wrapped(*args):
        calls.append(args)
        return put(*args) if len(calls) == 1 else 1 / 0

    return wrapped


class TestSearch:
    def test_the_passage_that_answers_comes_first(self, folder):
        found = Library(folder).search("What happens when a lease expires?")
        assert found[0].text.startswith("A lease says")
        assert (found[0].document, found[0].heading, found[0].line) == ("guide.md", "Leases", 7)

    def test_all_words_once_beat_one_word_often(self, folder):
        (folder / "noise.md").write_text("lease lease lease lease lease\n\n" + "Some other words stand here.\n\n" * 20)
        assert "expires" in Library(folder).search("lease expires")[0].text

    def test_the_words_of_the_heading_and_the_title_count(self, folder):
        assert Library(folder).search("money")[0].heading == "Money"
        assert Library(folder).search("guide")

    def test_word_forms_and_accents_do_not_matter(self, folder):
        (folder / "more.md").write_text("Cafés were reserving tables.", encoding="utf-8")
        assert Library(folder).search("cafe")[0].document == "more.md"
        assert {p.document for p in Library(folder).search("reserve")} == {"guide.md", "more.md"}

    def test_prose_goes_before_code_that_matches_as_well(self, folder):
        (folder / "code.md").write_text("```\nfence token\n```\n\nfence token\n")
        assert [p.prose for p in Library(folder).search("fence token")] == [True, False]

    def test_equals_are_ordered_by_document_and_place(self, folder):
        for name in "cab":
            (folder / f"{name}.md").write_text("zebra here\n\nzebra here\n")
        found = Library(folder).search("zebra", limit=6)
        assert [p.document for p in found] == ["a.md", "a.md", "b.md", "b.md", "c.md", "c.md"]
        assert found[0].start < found[1].start

    def test_scores_fall_and_passages_are_true(self, folder):
        library = Library(folder)
        found = library.search("agents entries lease budget call")
        assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
        assert all(library.verify(p) for p in found)

    def test_it_gives_no_more_than_asked_and_nothing_for_strange_words(self, folder):
        library = Library(folder)
        assert len(library.search("agents lease budget", limit=2)) == 2
        assert library.search("xylophone") == library.search("") == library.search("?!") == []

    def test_a_query_of_stopwords_looks_for_them(self, folder):
        (folder / "hamlet.txt").write_text("To be, or not to be.")
        assert Library(folder).search("to be or not to be")[0].document == "hamlet.txt"

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        query=st.text()
        | st.text(alphabet="\"'*^:(){}+-ANDORNOTEAR lease\0\ud800", max_size=40)
        | st.sampled_from(
            ['"', "lease AND", "NEAR(a b", "text:lease", "lease*", "-lease", "^lease", "{a b}: c", "l" * 9999]
        ),
        limit=st.integers(),
    )
    def test_no_query_is_an_error(self, folder, query, limit):
        assert len(Library(folder).search(query, limit)) <= 50


class TestIndex:
    def test_it_follows_added_changed_and_deleted_files(self, folder):
        library = Library(folder)
        assert library.documents == 1
        (folder / "deep").mkdir()
        (folder / "deep" / "new.txt").write_text("A zebra.")
        library.refresh()
        assert library.search("zebra")[0].document == "deep/new.txt"
        (folder / "deep" / "new.txt").write_text("Now a giraffe instead.")
        library.refresh()
        assert library.search("zebra") == []
        assert library.search("giraffe")[0].text == "Now a giraffe instead."
        (folder / "deep" / "new.txt").unlink()
        library.refresh()
        assert library.search("giraffe") == []
        assert library.documents == 1

    def test_only_changed_content_is_read_again(self, folder, monkeypatch):
        (folder / "new.txt").write_text("A zebra.")
        Library(folder).refresh()
        read = []
        monkeypatch.setattr(index_module.Index, "put", lambda self, file, *rest: read.append(file.path))
        os.utime(folder / "guide.md", ns=(1, 1))  # written again, the same content
        (folder / "new.txt").write_text("A giraffe, longer.")
        Library(folder).refresh()
        assert read == ["new.txt"]

    def test_after_many_changes_it_finds_what_a_new_one_finds(self, folder, tmp_path, monkeypatch):
        library = Library(folder)
        for n in range(6):
            (folder / f"{n % 3}.md").write_text(f"# Part {n}\n\nlease number {n}\n\n" + "entries and claims\n\n" * n)
            library.refresh()
        (folder / "1.md").unlink()
        library.refresh()
        monkeypatch.setenv("BLACKBOARD_CACHE", str(tmp_path / "other"))
        assert library.search("lease entries part", 50) == Library(folder).search("lease entries part", 50)

    def test_it_is_kept_for_the_next_library(self, folder, monkeypatch):
        Library(folder).search("lease")
        monkeypatch.setattr("blackboard.tools.documents.upkeep.read_document", None)
        assert Library(folder).search("lease")

    @pytest.mark.parametrize("content", [b"", b"no database at all" * 500])
    def test_a_file_that_is_no_index_is_replaced(self, folder, cache, content):
        Library(folder).refresh()
        index_file(cache).write_bytes(content)
        assert Library(folder).search("lease")

    def test_a_foreign_database_is_replaced(self, folder, cache):
        Library(folder).refresh()
        index_file(cache).unlink()
        name = next(cache.glob("*.lock")).with_suffix(".db")
        with sqlite3.connect(name) as foreign:
            foreign.execute("CREATE TABLE document(other TEXT)")
        foreign.close()
        assert Library(folder).search("lease")

    @pytest.mark.parametrize("table", ["passage", "words_data", "words_content"])
    def test_an_index_that_lost_a_table_is_replaced_during_the_search(self, folder, cache, table):
        library = Library(folder)
        library.refresh()
        with sqlite3.connect(index_file(cache)) as vandal:
            vandal.execute("PRAGMA writable_schema = ON")
            vandal.execute("DELETE FROM sqlite_schema WHERE name = ?", (table,))
            vandal.execute("PRAGMA schema_version = 99")
        vandal.close()
        assert library.search("lease")

    def test_an_index_with_destroyed_pages_is_replaced(self, folder, cache):
        (folder / "big.md").write_text("\n\n".join(f"lease number {n} of many" for n in range(3000)))
        Library(folder).refresh()
        file = index_file(cache)
        for side in cache.glob("*.db-*"):
            side.unlink()
        data = bytearray(file.read_bytes())
        data[8192:] = b"\xff" * len(data[8192:])
        file.write_bytes(data)
        assert Library(folder).search("lease number 7", limit=1)

    def test_a_library_survives_that_another_replaces_the_index_under_it(self, folder, cache):
        first = Library(folder)
        first.refresh()
        for part in cache.glob("*.db*"):
            part.unlink()
        second = Library(folder)
        assert first.search("lease") == second.search("lease")
        (folder / "new.txt").write_text("A zebra.")
        first.refresh()
        second.refresh()
        assert first.search("zebra") == second.search("zebra") != []

    def test_two_libraries_of_one_folder_see_the_same(self, folder):
        one, other = Library(folder), Library(folder)
        assert one.search("lease") == other.search("lease")
        (folder / "new.txt").write_text("A zebra.")
        one.refresh()
        assert one.search("zebra") == other.search("zebra") != []

    def test_threads_may_share_a_library(self, folder):
        library = Library(folder)
        found, expected = [], Library(folder).search("lease claim")

        def work():
            library.refresh()
            found.append(library.search("lease claim"))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert found == [expected] * 8

    @pytest.mark.slow
    def test_processes_may_index_one_folder_at_once(self, folder):
        for n in range(30):
            (folder / f"{n}.md").write_text(f"# Part {n}\n\nzebra {n}\n\n" + "some other words\n\n" * 50)
        program = (
            "import sys; from pathlib import Path; from blackboard.tools.documents import Library\n"
            "library = Library(Path(sys.argv[1])); print(library.documents, len(library.search('zebra', 50)))"
        )
        command = [sys.executable, "-c", program, str(folder)]
        running = [
            subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)
        ]
        assert [process.communicate(timeout=60) for process in running] == [(b"31 30\n", b"")] * 4

    def test_without_a_cache_folder_it_is_in_the_temporary_folder(self, folder, tmp_path, monkeypatch):
        (tmp_path / "a file").write_text("in the way")
        monkeypatch.setenv("BLACKBOARD_CACHE", str(tmp_path / "a file" / "cache"))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        assert Library(folder).search("lease")
        assert list(tmp_path.glob("blackboard-*/documents-*.db"))

    def test_with_no_place_at_all_it_says_so(self, folder, tmp_path, monkeypatch):
        (tmp_path / "a file").write_text("in the way")
        monkeypatch.setenv("BLACKBOARD_CACHE", str(tmp_path / "a file" / "cache"))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "a file"))
        with pytest.raises(StoreError, match="BLACKBOARD_CACHE"):
            Library(folder).search("lease")

    def test_a_failed_refresh_changes_nothing(self, folder, monkeypatch):
        library = Library(folder)
        library.refresh()
        (folder / "a.txt").write_text("A zebra.")
        (folder / "b.txt").write_text("A giraffe.")
        with monkeypatch.context() as patched:
            patched.setattr(library._index, "put", failing_at_second(library._index.put))
            with pytest.raises(ZeroDivisionError):
                library.refresh()
        assert set(library._index.known()) == {"guide.md"}
        assert library.search("zebra")
