"""The library: passages with exact places, an index that keeps up, searches that never fail, reads that stay inside."""

import hashlib
import os
import re
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blackboard.errors import StoreError, UsageError
from blackboard.tools.documents import Library, Passage, Quote, read_passage, search_documents, unread_documents
from blackboard.tools.documents import index as index_module
from blackboard.tools.documents.passages import LONGEST_OTHER, LONGEST_PROSE
from blackboard.tools.documents.reading import read_document

GUIDE = """# Guide

Agents watch for entries and post entries.

## Leases

A lease says until when a claim is held. When it expires, another agent may take over.

## Money

A budget is reserved before a call and settled after it.
"""


ROOT = Path(__file__).parents[2]
TOOLS = (search_documents, read_passage, unread_documents)
MARKUP = [
    "# H",
    "text",
    "Ünï 🎈.",
    "\n",
    "\r\n",
    "\n\n",
    "- ",
    "1. ",
    "```",
    "~~~",
    "---",
    "===",
    "    ",
    "\t",
    " ",
    ":",
    ">",
]
MORE = ["a. B", "title: x", "<b>", "é", "|", "word " * 300]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("BLACKBOARD_CACHE", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "docs"
    found.mkdir()
    (found / "guide.md").write_text(GUIDE, encoding="utf-8", newline="")
    return found


def passages(text):
    return read_document("doc.md", text.encode() if isinstance(text, str) else text).passages


def texts(text):
    return [passage.text for passage in passages(text)]


def index_file(cache):
    return next(cache.glob("*.db"))


class TestPassages:
    def test_they_are_the_paragraphs_with_the_nearest_heading_above(self):
        found = passages("intro\n\n# One #\nfirst\nstill first\n\n\n## Two\n\nsecond\n")
        assert [(p.heading, p.text) for p in found] == [("", "intro"), ("One", "first\nstill first"), ("Two", "second")]

    def test_their_offsets_are_bytes_also_after_characters_of_many_bytes(self):
        data = "# Übung 🎈\n\nGrüße, 世界.\n\nzweiter Absatz: é".encode()
        assert [data[p.start : p.end].decode() for p in passages(data)] == ["Grüße, 世界.", "zweiter Absatz: é"]

    def test_windows_line_ends_count_and_stay(self):
        data = b"# H\r\n\r\none\r\ntwo\r\n\r\nthree\r\n"
        found = passages(data)
        assert [(p.text, p.line, p.heading) for p in found] == [("one\r\ntwo", 3, "H"), ("three", 6, "H")]
        assert [data[p.start : p.end] for p in found] == [b"one\r\ntwo", b"three"]

    def test_the_hash_is_of_exactly_these_bytes(self):
        found = passages("a\n\ncafé")[1]
        assert found.sha256 == hashlib.sha256("café".encode()).hexdigest()

    def test_a_byte_order_mark_is_skipped_but_counted(self):
        found = passages(b"\xef\xbb\xbf# H\n\ntext")[0]
        assert (found.start, found.heading, found.text) == (8, "H", "text")

    @pytest.mark.parametrize(
        "heading", ["Title\n=====", "Title\n-----", "=====\nTitle\n=====", "Title\n~~~~~", "### Title ##"]
    )
    def test_underlined_headings_are_headings_too(self, heading):
        assert [(p.heading, p.text) for p in passages(f"{heading}\n\ntext")] == [("Title", "text")]

    def test_front_matter_is_none_but_gives_the_title(self):
        document = read_document("d.md", b"---\ntitle: 'My page'\ntags: [a]\n---\n\n# Head\n\ntext")
        assert (document.title, [p.text for p in document.passages]) == ("My page", ["text"])

    def test_a_rule_at_the_top_is_no_front_matter(self):
        assert texts("---\n\nThis stands here.\n\n---\n\nThat too.") == ["This stands here.", "That too."]

    def test_the_title_is_the_first_heading_or_else_the_name_of_the_file(self):
        assert read_document("a/b.md", b"text\n\n# First\n\n# Second").title == "First"
        assert read_document("a/change-log_2.md", b"text").title == "change log 2"

    def test_code_is_one_passage_and_not_prose(self):
        found = passages("Text.\n```python\n# no heading\n\nx = 1\n```\nMore.\n\n~~~\nend")
        assert [(p.text, p.prose) for p in found] == [
            ("Text.", True),
            ("```python\n# no heading\n\nx = 1\n```", False),
            ("More.", True),
            ("~~~\nend", False),
        ]

    def test_code_in_a_list_ends_where_it_ends(self):
        assert texts("- ```\n  code\n  ```\n\nAfter.") == ["- ```\n  code\n  ```", "After."]

    def test_a_table_is_not_prose(self):
        assert [p.prose for p in passages("| a | b |\n|---|---|\n| 1 | 2 |\n\nText.")] == [False, True]

    def test_list_items_stay_with_their_list_and_what_introduces_it(self):
        text = "The team:\n\n- a planner\n\n  who plans\n\n- a critic"
        assert texts(f"{text}\n\nNext.") == [text, "Next."]

    def test_a_line_without_words_is_none(self):
        assert texts("one\n\n* * *\n\n---\n\n!?\n\ntwo") == ["one", "two"]

    def test_long_prose_is_cut_at_sentence_ends(self):
        sentence = "This is sentence number seven, e.g. a Sentence. "
        found = texts(sentence * 60)
        assert len(found) == 3
        assert all(t.endswith("Sentence.") and len(t.encode()) <= LONGEST_PROSE for t in found)

    def test_a_sentence_without_end_is_cut_between_words(self):
        found = texts("wörter " * 1000)
        assert all(len(t.encode()) <= LONGEST_PROSE and set(t.split()) == {"wörter"} for t in found)
        assert sum(len(t.split()) for t in found) == 1000

    def test_long_code_is_cut_at_line_ends(self):
        found = texts("```\n" + "x = 'Y. Z'\n" * 1000 + "```")
        assert all(len(t) <= LONGEST_OTHER and t.splitlines()[-1] in {"x = 'Y. Z'", "```"} for t in found)

    @given(st.lists(st.sampled_from(MARKUP + MORE), max_size=30).map("".join) | st.text())
    def test_for_any_text_they_are_its_bytes_in_order_without_overlap(self, text):
        data = text.encode()
        at = 0
        for p in passages(data):
            exact = data[p.start : p.end]
            assert p.text.encode() == exact == exact.strip()
            assert p.sha256 == hashlib.sha256(exact).hexdigest()
            assert p.line == data[: p.start].count(b"\n") + 1
            assert at <= p.start < p.end
            assert len(exact) <= (LONGEST_PROSE if p.prose else LONGEST_OTHER)
            at = p.end

    @given(st.text(alphabet="abcé .,\n\r\t", max_size=400))
    def test_no_word_of_a_plain_text_is_lost(self, text):
        text = re.sub(r"\.+", ".", text)  # a line of dots underlines a heading, which is no passage
        letters = [c for c in text if c.isalpha()]
        assert [c for p in passages(text) for c in p.text if c.isalpha()] == letters


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


def failing_at_second(put):
    calls = []

    def wrapped(*args):
        calls.append(args)
        return put(*args) if len(calls) == 1 else 1 / 0

    return wrapped


class TestFolder:
    def test_a_folder_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(UsageError, match=r"--documents takes a folder .*nowhere does not exist"):
            Library(tmp_path / "nowhere")

    def test_a_file_is_no_folder(self, folder):
        with pytest.raises(UsageError, match=r"guide\.md is not a folder"):
            Library(folder / "guide.md")

    def test_a_folder_without_readable_documents_is_an_error_at_the_search(self, tmp_path):
        (tmp_path / "empty").mkdir()
        (tmp_path / "empty" / "blank.md").write_text("\n \n")
        (tmp_path / "empty" / "program.py").write_text("print()")
        library = Library(tmp_path / "empty")
        with pytest.raises(UsageError, match=r"empty has no readable document: blank\.md \(no text in it\); --do"):
            library.search("anything")

    def test_what_cannot_be_read_is_skipped_with_the_reason(self, folder):
        (folder / "picture.md").write_bytes(b"GIF\0\1")
        (folder / "latin.txt").write_bytes("Grüße".encode("latin-1"))
        (folder / "huge.rst").write_bytes(b"word " * 1_000_001)
        (folder / "blank.text").write_text("\n")
        (folder / ".hidden.md").write_text("secret")
        (folder / ".git").mkdir()
        (folder / "node_modules").mkdir()
        (folder / "loop").symlink_to(folder)
        (folder / "link.md").symlink_to(folder / "guide.md")
        os.mkfifo(folder / "pipe.md")
        library = Library(folder)
        assert library.skipped == [
            (".git", "hidden"),
            (".hidden.md", "hidden"),
            ("blank.text", "no text in it"),
            ("huge.rst", "larger than 5 MB"),
            ("latin.txt", "not UTF-8"),
            ("link.md", "a link"),
            ("loop", "a link"),
            ("node_modules", "installed packages"),
            ("picture.md", "binary"),
            ("pipe.md", "not a regular file"),
        ]
        assert library.documents == 1
        assert Library(folder).skipped == library.skipped

    def test_what_a_person_would_miss_is_told_in_few_words(self, folder):
        for name in "abc":
            (folder / f"{name}.md").write_bytes(b"\0")
        (folder / "latin.txt").write_bytes(b"\xff")
        (folder / ".hidden.md").write_text("hidden")
        assert unread_documents.function(Library(folder)) == ["3 files (binary)", "latin.txt (not UTF-8)"]

    def test_a_folder_that_is_opened_is_refused_at_once_with_the_reason(self, tmp_path):
        (tmp_path / "picture.md").write_bytes(b"\0")
        with pytest.raises(UsageError, match=r"has no readable document: picture\.md \(binary\); --documents takes"):
            Library.opened(tmp_path)

    def test_a_name_that_is_not_utf8_is_skipped(self, folder):
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.md")).write_text("text")
        assert Library(folder).skipped == [("caf\N{REPLACEMENT CHARACTER}.md", "its name is not UTF-8")]

    def test_a_skipped_file_that_becomes_readable_is_read(self, folder):
        (folder / "late.md").write_bytes(b"\xff\xfe")
        library = Library(folder)
        assert library.skipped == [("late.md", "not UTF-8")]
        (folder / "late.md").write_text("A zebra.")
        library.refresh()
        assert library.search("zebra")
        assert library.skipped == []


class TestRead:
    def test_it_gives_exactly_the_bytes_that_stand_there_now(self, folder):
        library = Library(folder)
        assert library.read("guide.md", 2, 7) == b"Guide"
        (folder / "guide.md").write_text("# Other")
        assert library.read("guide.md", 2, 7) == b"Other"
        assert library.read("guide.md", 2, 900) == b"Other"

    @pytest.mark.parametrize(
        "document",
        [
            *("../secret.md", "a/../../secret.md", "a/../guide.md", "/etc/hosts", "..\\secret.md", "out/secret.md"),
            *("link.md", ".env.md", ".git/a.md", "program.py", "pipe.md", "guide.md/x.md"),
            *("missing.md", "", ".", "a.md\0", "\ud800.md", "x" * 5000 + ".md"),
        ],
    )
    def test_nothing_but_the_documents_of_the_folder_is_read(self, folder, tmp_path, document):
        (tmp_path / "secret.md").write_text("secret")
        (folder / "a").mkdir()
        (folder / ".git").mkdir()
        for name in (".env.md", ".git/a.md", "program.py"):
            (folder / name).write_text("secret")
        (folder / "link.md").symlink_to(tmp_path / "secret.md")
        (folder / "out").symlink_to(tmp_path)
        os.mkfifo(folder / "pipe.md")
        with pytest.raises(UsageError):
            Library(folder).read(document, 0, 10)

    def test_an_absolute_path_into_the_folder_is_no_document_either(self, folder):
        with pytest.raises(UsageError, match="not a document of this library"):
            Library(folder).read(str(folder / "guide.md"), 0, 10)

    @pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 4), (0, -1)])
    def test_offsets_must_be_a_range(self, folder, start, end):
        with pytest.raises(UsageError, match="no range"):
            Library(folder).read("guide.md", start, end)

    def test_a_passage_is_true_until_its_bytes_change(self, folder):
        library = Library(folder)
        passage = library.search("lease")[0]
        assert library.verify(passage)
        (folder / "guide.md").write_text(GUIDE.replace("until when", "how  long!"))
        assert not library.verify(passage)
        (folder / "guide.md").unlink()
        assert not library.verify(passage)

    def test_a_passage_that_nobody_found_is_not_true(self, folder):
        library = Library(folder)
        passage = library.search("lease")[0]
        assert not library.verify(passage.model_copy(update={"sha256": ""}))
        assert not library.verify(passage.model_copy(update={"text": "A lease is for ever."}))
        assert not library.verify(passage.model_copy(update={"start": -5}))
        assert not library.verify(Passage(document="../x", start=0, end=3, text="abc", sha256=""))


class TestAQuote:
    def test_is_true_until_its_bytes_change(self, folder):
        library = Library(folder)
        (folder / "q.md").write_text("Naïve words.\nA lease ends.\n", encoding="utf-8")
        quote = Quote.at("q.md", len("Naïve words.\n".encode()), 2, "A lease ends.")
        assert library.verify(quote)
        assert quote.place == "q.md:2"
        (folder / "q.md").write_text("Naïve words.\nA lease runs.\n", encoding="utf-8")
        assert not library.verify(quote)

    def test_is_not_true_of_another_place_or_of_no_document(self, folder):
        library = Library(folder)
        (folder / "q.md").write_text("A lease ends.\n", encoding="utf-8")
        assert not library.verify(Quote.at("q.md", 1, 1, "A lease ends."))
        assert not library.verify(Quote.at("../q.md", 0, 1, "A lease ends."))

    def test_reads_links_footnotes_and_line_breaks_as_plain_words(self):
        quote = Quote.at("a.md", 0, 1, "See [the *law*](law.md#2) of\n> leases [^3] here.")
        assert quote.sentence == "See the *law* of leases here."


class TestTools:
    def test_they_do_nothing_to_the_world_and_return_what_nobody_vouches_for(self):
        assert [(t.name, t.effects, t.returns, t.resources) for t in TOOLS] == [
            ("search_documents", "none", "untrusted", {"library": Library}),
            ("read_passage", "none", "untrusted", {"library": Library}),
            ("unread_documents", "none", "untrusted", {"library": Library}),
        ]

    def test_what_one_finds_the_other_reads(self, folder):
        library = Library(folder)
        found = search_documents.function("lease", 1, library)[0]
        assert read_passage.function(found.document, found.start, found.end, library) == found.text

    def test_an_offset_inside_a_character_equals_no_quote(self, folder):
        (folder / "u.md").write_text("für", encoding="utf-8")
        assert read_passage.function("u.md", 0, 2, Library(folder)) == "f\N{REPLACEMENT CHARACTER}"

    def test_a_model_cannot_ask_for_everything(self, folder):
        with pytest.raises(UsageError, match="at most 65536"):
            read_passage.function("guide.md", 0, 10_000_000, Library(folder))
