"""Encodings: the text of a file, and surely back to its bytes."""

import codecs
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackboard.tools.documents import Library, Quote, read_passage
from blackboard.tools.documents.encodings import Unreadable, decoded

pytestmark = pytest.mark.usefixtures("cache")


class TestAnEncoding:
    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            (b"plain", ("plain", "utf-8", 0)),
            ("Grüße, 世界".encode(), ("Grüße, 世界", "utf-8", 0)),
            (b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe", ("Grüße", "utf-8", 3)),
            (b"\xff\xfeG\0r\0", ("Gr", "utf-16-le", 2)),
            (b"\xfe\xff\0G\0r", ("Gr", "utf-16-be", 2)),
            (b"\xff\xfe\0\0G\0\0\0", ("G", "utf-32-le", 4)),
            ("„Grüße“, 5 €".encode("cp1252"), ("„Grüße“, 5 €", "cp1252", 0)),
            (b"caf\xe9 \x81" + b" and so on" * 100, ("latin-1", 0)),
            (b"", ("", "utf-8", 0)),
        ],
    )
    def test_is_told_by_the_mark_or_by_what_the_bytes_can_be(self, data, expected):
        assert decoded(data)[-len(expected) :] == expected

    @pytest.mark.parametrize(
        ("text", "encoding"),
        [
            ('<html><head><meta charset="iso-8859-2"></head><p>Žluťoučký kůň', "iso8859-2"),
            ("<meta http-equiv=Content-Type content='text/html; charset=windows-1251'><p>Привет", "cp1251"),
            ('<?xml version="1.0" encoding="shift_jis"?><p>日本語', "shift_jis"),
            ("#!/usr/bin/python\n# -*- coding: koi8-r -*-\n# Привет\n", "koi8-r"),
            ("# vim: set fileencoding=euc-jp :\n# 日本語", "euc_jp"),
        ],
    )
    def test_is_what_the_file_says_of_itself(self, text, encoding):
        assert decoded(text.encode(encoding)) == (text, encoding, 0)

    @pytest.mark.parametrize("said", ["utf-16", "utf-8", "idna", "rot13", "unicode_escape", "utf-7", "nothing", "hz"])
    def test_is_not_what_the_file_cannot_mean(self, said):
        assert decoded(f'<meta charset="{said}"><p>Grüße'.encode("cp1252"))[1] == "cp1252"

    def test_is_none_in_which_a_character_may_be_two(self):
        assert decoded(b'<meta charset="big5hkscs"><p>\x88\x62')[1] == "cp1252"

    def test_that_latin_1_is_declared_means_what_every_browser_takes_it_for(self):
        assert decoded(b'<meta charset="iso-8859-1"><p>\x84caf\xe9\x93')[0].endswith("„café“")

    @pytest.mark.parametrize(
        "data",
        [
            b"GIF89a\0\1",
            b"\xff\xfe\0\xd8\0\0",  # half a pair
            b"\xff\xfe\x00tea\x00\x80" * 50,
            hashlib.sha512(b"x").digest() * 4,
            bytes(range(1, 256)),
        ],
    )
    def test_there_is_none_for_what_is_no_text(self, data):
        with pytest.raises(Unreadable, match="binary"):
            decoded(data)

    @given(
        st.binary()
        | st.text().map(lambda text: text.encode("utf-8"))
        | st.text().map(lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"))
        | st.text(alphabet="äöé€ abc\n").map(lambda text: text.encode("cp1252"))
        | st.binary().map(lambda data: b'<meta charset="gb18030">' + data)
    )
    def test_brings_back_the_bytes_of_every_part(self, data):
        try:
            text, encoding, begin = decoded(data)
        except Unreadable:
            return
        assert b"".join(char.encode(encoding) for char in text) == data[begin:]


class TestADocumentInAnotherEncoding:
    @pytest.mark.parametrize(
        "data",
        [
            "Grüße an alle.\n\nDie Gebühr beträgt 5 €.\n".encode("cp1252"),
            codecs.BOM_UTF16_LE + "Grüße an alle.\n\nDie Gebühr beträgt 5 €.\n".encode("utf-16-le"),
            codecs.BOM_UTF16_BE + "Grüße an alle.\n\nDie Gebühr beträgt 5 €.\n".encode("utf-16-be"),
            codecs.BOM_UTF8 + "Grüße an alle.\n\nDie Gebühr beträgt 5 €.\n".encode(),
        ],
    )
    def test_is_found_read_and_quoted_by_its_own_bytes(self, folder, data):
        (folder / "a.txt").write_bytes(data)
        library = Library(folder)
        [found] = library.search("Gebühr")
        assert found.text == "Die Gebühr beträgt 5 €."
        assert data[found.start : found.end].decode(found.encoding) == found.text
        quote = Quote.of(found, 4, 10)
        assert (quote.text, quote.line) == ("Gebühr", 3)
        assert data[quote.start : quote.end].decode(quote.encoding) == "Gebühr"
        assert library.verify(found)
        assert library.check([quote]) == [""]
        assert read_passage.function("a.txt", quote.start, quote.end, library=library) == "Gebühr"

    def test_a_quote_that_names_no_encoding_is_not_true(self, folder):
        quote = Quote.at("guide.md", 2, 1, "Guide")
        assert Library(folder).check([quote, quote.model_copy(update={"encoding": "nothing"})]) == [
            "",
            "guide.md does not say this there",
        ]
