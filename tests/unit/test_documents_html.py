"""HTML: what a person reads of a page, and where each character of it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackboard.tools.documents import Library, Quote, html
from blackboard.tools.documents.passages import Places, passages

SNIPPETS = [
    *(
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<div class='x'>",
        "</div>",
        "<h2>",
        "</h2>",
        "<li>",
        "<br>",
        "<tr>",
        "<td>",
        "</tr>",
    ),
    *("<pre>", "</pre>", "<dl><dt>", "</dt><dd>", "</dl>", "<nav>", "</nav>", "<main>", "</main>", "<a href=x>¶</a>"),
    *(
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<!x>",
        "<",
        ">",
        "&amp;",
        "&eacute;",
        "&nbsp;",
        "&#0;",
        "&#x41",
        "&",
        "&x;",
    ),
    *(
        "word",
        " ",
        "\n",
        "\r\n",
        "é🎈",
        '"',
        "'",
        "<p title='",
        "a > b",
        "\xad",
        "<table>",
        "</table>",
        "<title>T</title>",
    ),
]
PAGES = st.lists(st.sampled_from(SNIPPETS), max_size=25).map("".join) | st.text()


def read(text):
    return list(passages("page.html", html.outline(text).blocks, Places(text, "utf-8")))


def texts(text):
    return [passage.text for passage in read(text)]


def words(text):
    return text.replace("|", " ").split()  # a part of a row is no row


class TestAPage:
    def test_reads_without_markup_and_with_its_entities(self):
        assert texts("<p>Ein <em>Caf&eacute;</em> &amp; <a href='x'>mehr</a>:&nbsp;5&#8239;&euro;") == [
            "Ein Café & mehr: 5 €"
        ]

    def test_has_its_title_or_its_first_heading(self):
        assert html.outline("<title>My &amp;\n page</title><h1>Other</h1><p>x").title == "My & page"
        assert html.outline("<h1>The <i>first</i></h1><p>x").title == "The first"
        assert html.outline("<p>x").title == ""

    def test_has_passages_under_the_nearest_heading(self):
        found = read("<h1>One</h1><p>first<p>second<h3>Two<a href=#x>¶</a></h3><div>third</div>")
        assert [(p.heading, p.text) for p in found] == [("One", "first"), ("One", "second"), ("Two", "third")]

    def test_has_each_item_by_itself(self):
        assert texts("<ul><li>one<li><p>two</p></li></ul>after") == ["one", "two", "after"]

    def test_has_terms_above_what_they_mean(self):
        found = read(
            "<h1>G</h1><dl><dt>lease</dt><dd><p>until when</p><p>more</p></dd><dt>fence</dt><dd>a token</dl><p>end"
        )
        assert [(p.heading, p.text, p.prose) for p in found] == [
            ("G", "lease", False),
            ("lease", "until when", True),
            ("lease", "more", True),
            ("G", "fence", False),
            ("fence", "a token", True),
            ("G", "end", True),
        ]

    def test_has_the_rows_of_tables_as_lines_that_are_no_prose(self):
        found = read("<table><tr><th>Name</th><th>Size</th></tr><tr><td><p>a</p></td><td>1 <b>MB</b></td></tr></table>")
        assert [(p.text, p.prose) for p in found] == [("Name | Size", False), ("a | 1 MB", False)]

    def test_has_the_text_of_a_table_that_only_arranges(self):
        found = read("<table><tr><td><h2>News</h2><p>One long story.</p></td></tr></table>")
        assert [(p.heading, p.text, p.prose) for p in found] == [("News", "One long story.", True)]

    def test_has_code_as_it_stands(self):
        [found] = read("<pre>\n  <span class='k'>if</span> a &lt; b:\n\n      go()  \n</pre>")
        assert (found.text, found.prose) == ("  if a < b:\n\n      go()", False)

    @pytest.mark.parametrize("name", ["script", "style", "nav", "header", "footer", "aside", "form", "svg", "template"])
    def test_has_nothing_of_what_is_not_its_text(self, name):
        assert texts(f"<p>one</p><{name}>if (a<b) <p>nothing</p></{name}><p>two") == ["one", "two"]

    def test_has_nothing_of_comments_declarations_and_hidden_parts(self):
        assert texts("<!doctype html><!-- <p>no --><p>yes<?php no ?></p><p hidden>no</p>") == ["yes"]
        assert texts("<p title='a hidden thing'>yes") == ["yes"]

    def test_loses_nothing_to_a_menu_that_is_never_closed(self):
        assert texts("<div><nav>menu</div><p>text") == ["text"]

    @pytest.mark.parametrize(
        "main",
        ["<main>{}</main>", "<article>{}</article>", "<div class=body role='main'>{}</div>", "<div role=main>{}</div>"],
    )
    def test_is_its_main_part_where_that_is_marked(self, main):
        page = "<div>before</div>" + main.format("<header><h1>Title</h1></header><div>text</div>") + "<div>after</div>"
        assert [(p.heading, p.text) for p in read(page)] == [("Title", "text")]

    @pytest.mark.parametrize(
        "page", ["<main></main><p>text", "<form><p>text</form>", "<nav>text", "<main><nav>text</nav></main>"]
    )
    def test_is_everything_where_else_there_would_be_nothing(self, page):
        assert texts(page) == ["text"]

    def test_of_an_encyclopedia_has_no_notes_nor_links_to_edit(self):
        page = (
            '<main><h2>Life<span class="mw-editsection">[edit]</span></h2><p>Born 1815.<sup class="reference">[1]</sup>'
            '</p><div class="navbox">links</div></main>'
        )
        assert [(p.heading, p.text) for p in read(page)] == [("Life", "Born 1815.")]

    def test_reads_xhtml(self):
        page = '<?xml version="1.0"?>\n<html xmlns="x"><head><script src="s"/></head><body><p>a<br/>b</p></body></html>'
        assert texts(page) == ["a\nb"]

    def test_parts_words_where_no_line_is_but_a_break(self):
        assert texts("<p>one<br>two<wbr>three \n\t four\xad\u200bfive") == ["one\ntwothree fourfive"]
        assert texts("<p> one<br> two</p> <p>three") == ["one\ntwo", "three"]

    def test_has_signs_between_cells_whatever_white_space_is_there(self):
        assert texts("<tr> <td> a </td> <td> b </td> </tr>") == ["a | b"]


class TestAQuoteOfAPage:
    def test_keeps_the_exact_bytes_and_tells_how_they_read(self, folder):
        page = "<title>P</title>\n<p>Grüße.\nThe <b>caf&eacute;</b> opens &lt; 9.</p>"
        (folder / "p.html").write_text(page, encoding="utf-8", newline="")
        library = Library(folder)
        [found] = library.search("café")
        begin = found.text.index("The")
        quote = Quote.of(found, begin, len(found.text))
        assert (quote.text, quote.reads) == ("The <b>caf&eacute;</b> opens &lt; 9.", "The café opens < 9.")
        assert (quote.sentence, quote.place) == ("The café opens < 9.", "p.html:3")
        assert page.encode()[quote.start : quote.end].decode() == quote.text
        assert library.check([quote]) == [""]


class TestForAnyPage:
    @given(PAGES)
    def test_each_character_has_its_place_in_order(self, text):
        for p in read(text):
            places = [p.place(at, at + 1) for at in range(len(p.text))]
            assert all(start < end for start, end in places)
            assert places == sorted(places)
            for char, (start, end) in zip(p.text, places, strict=True):
                assert (
                    end - start > 1 or char == p.exact[start:end] or (char.isspace() and p.exact[start:end].isspace())
                )

    @given(PAGES)
    def test_passages_are_its_bytes_in_order_without_overlap(self, text):
        data, at = text.encode("utf-8", "surrogatepass"), 0
        for p in read(text):
            assert data[p.start : p.end].decode() == p.exact
            assert p.line == data[: p.start].count(b"\n") + 1
            assert at <= p.start < p.end
            at = p.end

    @given(PAGES)
    def test_what_is_quoted_reads_the_same_by_itself(self, text):
        for p in read(text):
            again = [word for block in html.outline(p.exact).blocks for word in words(block.readable.text)]
            assert again == words(p.text)

    @pytest.mark.parametrize(
        "text",
        ["<a ", '<a ">"', "<!--", "<!", "&", "<div>", "<td>", "<p class=", "<pre> ", "<dl><dt>a", "<script>", "<a>#"],
    )
    def test_it_takes_no_longer_than_its_length(self, text):
        assert len(html.outline(text * (60_000 // len(text))).blocks) <= 60_000
