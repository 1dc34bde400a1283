"""Reading again what was found: exact bytes, quotes that stand or do not, and nothing outside the folder."""

import os

import pytest

from blackboard.errors import UsageError
from blackboard.tools.documents import (
    Library,
    Passage,
    Quote,
    read_passage,
    search_documents,
    unread_documents,
)

TOOLS = (search_documents, read_passage, unread_documents)
pytestmark = pytest.mark.usefixtures("cache")


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
            *("link.md", ".env.md", ".git/a.md", "program.exe", "pipe.md", "guide.md/x.md"),
            *("missing.md", "", ".", "a.md\0", "\ud800.md", "x" * 5000 + ".md"),
        ],
    )
    def test_nothing_but_the_documents_of_the_folder_is_read(self, folder, tmp_path, document):
        (tmp_path / "secret.md").write_text("secret")
        (folder / "a").mkdir()
        (folder / ".git").mkdir()
        for name in (".env.md", ".git/a.md", "program.exe"):
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
        (folder / "guide.md").write_text((folder / "guide.md").read_text().replace("until when", "how  long!"))
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
        assert read_passage.function(found.document, found.start, found.end, library=library) == found.text

    def test_an_offset_inside_a_character_equals_no_quote(self, folder):
        (folder / "u.md").write_text("für", encoding="utf-8")
        assert read_passage.function("u.md", 0, 2, library=Library(folder)) == "f\N{REPLACEMENT CHARACTER}"

    def test_a_model_cannot_ask_for_everything(self, folder):
        with pytest.raises(UsageError, match="at most 65536"):
            read_passage.function("guide.md", 0, 10_000_000, library=Library(folder))
