"""PDF: paragraphs of pages, quotes of what a page's text holds, and a clear word for what cannot be read."""

import io
import logging
import sys
from contextlib import suppress

import pytest

from blackboard.tools.documents import Library, Quote, read_passage
from blackboard.tools.documents import pdf as pdf_module
from blackboard.tools.documents.pdf import Pdf
from blackboard.tools.documents.reading import Unreadable, read_document
from tests.pdfs import pdf, stream, written

PAGE = """1. Leases
A lease says until when a claim is held. When it expires, an-
other agent may take over the entry that was claimed before.
It is a short one.
The next paragraph tells of money, which is reserved before a
call is made and settled after it."""


def read(*pages, **more):
    return read_document("a-file.pdf", pdf(*pages, **more)).passages


def why_not(data):
    with pytest.raises(Unreadable) as refused:
        read_document("a.pdf", data)
    return str(refused.value)


class TestAPdf:
    def test_has_paragraphs_with_their_page_line_and_heading(self):
        found = read(PAGE, "Nothing else is on the second page of this.")
        assert [(p.page, p.line, p.heading, p.text[:12]) for p in found] == [
            (1, 2, "1. Leases", "A lease says"),
            (1, 5, "1. Leases", "The next par"),
            (2, 1, "1. Leases", "Nothing else"),
        ]

    def test_has_the_words_whole_that_its_lines_part(self):
        assert "expires, another agent" in read(PAGE)[0].text

    def test_has_words_with_hyphens_as_it_has_them_elsewhere(self):
        [found] = read("A well-known rule stands in the first line of it. The well-\nknown rule was writ-\nten twice.")
        assert found.text.endswith("The well-known rule was written twice.")

    def test_counts_bytes_of_the_text_of_the_page(self):
        data = pdf("Für alle.", "Größe und Maß.\n\nEine Gebühr.")
        text = Pdf(data).text(2).encode()
        for p in read_document("a.pdf", data).passages[1:]:
            assert text[p.start : p.end].decode() == p.exact

    def test_does_not_repeat_what_stands_at_the_edge_of_each_page(self):
        pages = [f"The Book of Leases\nText of the page that has number {n}.\n{n}" for n in range(1, 5)]
        assert [p.text for p in read(*pages)] == [f"Text of the page that has number {n}." for n in range(1, 5)]

    def test_has_its_own_title_or_its_first_line_or_its_name(self):
        assert read_document("a.pdf", pdf("Some text", title="The Title")).title == "The Title"
        assert read_document("a.pdf", pdf("Some text\nand more")).title == "Some text"
        assert read_document("a-file.pdf", pdf("1.5", title="")).title == "a file"

    def test_tells_a_table_of_contents_from_prose(self):
        assert [p.prose for p in read("Leases . . . . . . . . . . . 4")] == [False]

    def test_has_headings_where_it_says_that_they_are(self):
        from pypdf import PdfReader, PdfWriter

        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("1 What they are\nA lease ends.\n1 Not a heading"))))
        writer.add_outline_item(title="What they are", page_number=0)
        held = io.BytesIO()
        writer.write(held)
        found = read_document("a.pdf", held.getvalue()).passages
        assert [(p.heading, p.text) for p in found] == [("1 What they are", "A lease ends.\n1 Not a heading")]


class TestAPdfInTheLibrary:
    @pytest.fixture
    def library(self, folder):
        (folder / "law.pdf").write_bytes(pdf("The first page.", PAGE))
        return Library(folder)

    def test_is_found_read_and_quoted_by_its_page(self, library):
        found = next(p for p in library.search("another agent expires claim") if p.page)
        begin = found.text.index("When")
        quote = Quote.of(found, begin, len(found.text))
        assert quote.place == "law.pdf, page 2"
        assert (quote.text[:25], quote.reads[:27]) == ("When it expires, an-\nothe", "When it expires, another ag")
        assert library.read("law.pdf", quote.start, quote.end, page=2) == quote.text.encode()
        assert read_passage.function("law.pdf", quote.start, quote.end, 2, library=library) == quote.text
        assert library.verify(found)
        assert library.verify(quote)
        assert library.check([quote]) == [""]

    def test_is_not_quoted_from_another_page_or_edition(self, library, folder):
        quote = Quote.of(next(p for p in library.search("another agent expires claim") if p.page), 0, 7)
        said = "law.pdf does not say this there"
        assert library.check([quote.model_copy(update={"page": page}) for page in (0, 1, 3)]) == [said] * 3
        (folder / "law.pdf").write_bytes(pdf("The first page.", PAGE, "More."))
        assert library.check([quote]) == ["law.pdf has changed since it was read"]
        (folder / "law.pdf").write_bytes(b"%PDF-1.4 no more")
        assert library.check([quote.model_copy(update={"edition": ""})]) == ["law.pdf cannot be read any more"]
        assert not library.verify(quote)

    def test_that_cannot_be_read_is_named_with_the_reason(self, library, folder):
        (folder / "broken.pdf").write_bytes(b"%PDF-1.4\n" + b"x" * 1000)
        assert library.skipped == [("broken.pdf", "a damaged PDF")]


class TestAPdfThatCannotBeRead:
    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"no pdf",
            b"%PDF-1.7\n%%EOF",
            pdf("text")[:200],
            written([b"<< /Type /Catalog /Pages 1 0 R >>"]),
            written([b"<< /Type /Catalog >>"]),
        ],
    )
    def test_is_damaged(self, data):
        assert why_not(data) in {"a damaged PDF", "no text in it; scanned pages need OCR first"}

    def test_has_only_pictures(self):
        assert why_not(pdf("", "")) == "no text in it; scanned pages need OCR first"

    def test_is_encrypted_unless_an_empty_password_opens_it(self):
        assert why_not(_encrypted("secret")) == "encrypted"
        assert "A lease ends." in read_document("a.pdf", _encrypted("")).passages[0].text

    def test_has_too_many_pages_or_too_much_on_them_or_takes_too_long(self, monkeypatch):
        monkeypatch.setattr(pdf_module, "MOST_PAGES", 2)
        assert why_not(pdf("a", "b", "c")) == "more than 2 pages"
        monkeypatch.setattr(pdf_module, "MOST_TEXT", 10)
        assert why_not(pdf("a word or two")) == "a PDF with more than 0 million characters"
        monkeypatch.setattr(pdf_module, "MOST_SECONDS", -1)
        assert why_not(pdf("a")) == "a PDF that takes longer than -1 seconds"

    def test_would_unpack_to_more_than_is_safe(self):
        bomb = pdf("x").replace(stream(b"BT /F1 12 Tf 14 TL 72 720 Td (x) Tj T* ET"), stream(b" " * 30_000_000))
        assert why_not(bomb) == "a PDF with more in it than is safe to unpack"

    def test_is_told_of_in_one_word_and_not_on_the_way(self, capfd):
        for data in (b"%PDF-1.4 x", pdf("text")[:-60], pdf("text").replace(b"/Font", b"/Fnot")):
            with suppress(Unreadable):
                read_document("a.pdf", data)
        assert capfd.readouterr() == ("", "")
        assert logging.getLogger("pypdf").handlers

    def test_needs_a_library_that_is_not_installed(self, monkeypatch):
        for name in [name for name in sys.modules if name.startswith("pypdf")]:
            monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.setitem(sys.modules, "pypdf", None)
        assert why_not(pdf("text")) == "a PDF; install pypdf to read it"


class TestAPageThatIsBroken:
    def test_leaves_the_others(self):
        good = pdf("The first page.", "The second page.")
        content = stream(b"BT /F1 12 Tf 14 TL 72 720 Td (The first page.) Tj T* ET")
        assert content in good
        bad = good.replace(content, stream(b" " * 30_000_000))
        assert [p.text for p in read_document("a.pdf", bad).passages] == ["The second page."]


def _encrypted(password):
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("A lease ends."))))
    writer.encrypt(password, owner_password="owner", algorithm="RC4-128")
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()
