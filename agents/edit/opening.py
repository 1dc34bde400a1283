"""From the user's files to what is on the board first."""

import re
from collections.abc import Iterator
from pathlib import Path

from agents.edit.kinds import Figure, Manuscript, Section, Style, Term
from agents.edit.markdown import split
from agents.edit.rules.spelling import capitalized
from blackboard import Kind
from blackboard.errors import UsageError

LARGEST = 150_000  # bytes of a document: the edited one is one entry on the board, and entries are kept small
SPELLING = re.compile(r"[^\W_](?:[\w \t.&/+'\u2019-]*[\w+#])?#?")
VALUE = re.compile(
    r"(?P<number>[-\u2212+]?\d+(?:[.,_]\d+)*)(?![eE][-+]?\d)"
    r"(?:[ \t]*(?P<unit>[^\W\d]\S*(?:[ \t]+\S+)*|[%\u00b0]\S*))?"
)


def pages(manuscript: Manuscript) -> Iterator[Kind]:
    """What an edit begins with: the manuscript, the style, the sections. UsageError for files that cannot be used."""
    text = _document(manuscript.document)
    yield manuscript
    yield Style(terms=_glossary(manuscript.glossary), figures=_facts(manuscript.facts), words=manuscript.words)
    for number, piece in enumerate(split(text)):
        yield Section(number=number, text=piece.text, under=piece.under)


def _document(path: Path) -> str:
    text = _text(path, "the document")
    if not text.strip("\ufeff \t\r\n"):
        raise UsageError(f"{path} is empty; name a Markdown document with some text")
    if "\0" in text:
        raise UsageError(f"{path} holds the character NUL, so it is no text; name a Markdown document")
    if (size := len(Section(number=0, text=text).model_dump_json().encode())) > LARGEST:
        raise UsageError(
            f"{path} has {size // 1000} kB, and `edit` takes {LARGEST // 1000} kB at most; split it into documents"
        )
    return text


def _text(path: Path, what: str) -> str:
    """What is in a file, line ends as they are. UsageError."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: {what} is not UTF-8 (byte {error.start}); save it in that encoding") from error
    except OSError as error:
        raise UsageError(f"{path}: {what} cannot be read: {error.strerror}; give the path of a text file") from error


def _lines(path: Path | None, what: str, form: str) -> Iterator[tuple[str, str, str]]:
    """Name, value and source of each line; empty lines and those that begin with # are for people."""
    for number, line in enumerate(_text(path, what).splitlines() if path is not None else (), start=1):
        said = line.removeprefix("\ufeff").strip()
        if not said or said.startswith("#"):
            continue
        name, colon, value = (" ".join(part.split()) for part in said.partition(":"))
        source = f"{path.name if path else ''}, line {number}"
        if not (name and colon and value):
            raise UsageError(f"{source}: “{said[:60]}” is not of the form `{form}`")
        yield name, value, source


def _glossary(path: Path | None) -> tuple[Term, ...]:
    """The terms. UsageError for a line that says none, or the opposite of another one."""
    terms: list[Term] = []
    known: dict[str, str] = {}
    for preferred, listed, source in _lines(path, "the glossary", "preferred: variant, variant"):
        variants = tuple(dict.fromkeys(v.strip() for v in listed.split(",") if v.strip() not in {"", preferred}))
        for spelling in (preferred, *variants):
            if not SPELLING.fullmatch(spelling):
                raise UsageError(
                    f"{source}: “{spelling}” is no term; a term is words, and ends with a letter or number"
                )
        terms.append(Term(preferred=preferred, variants=variants, source=source))
    for term in terms:
        for spelling in (s for variant in term.variants for s in capitalized(variant)):
            first = known.setdefault(spelling, term.preferred)
            if first != term.preferred:
                raise UsageError(f"{term.source}: “{spelling}” is a variant of “{first}” already; keep one of them")
    for term in terms:
        if (other := known.get(term.preferred)) is not None and other != term.preferred:
            raise UsageError(f"{term.source}: “{term.preferred}” is preferred here, but “{other}” is preferred to it")
    return tuple(terms)


def _facts(path: Path | None) -> tuple[Figure, ...]:
    """The figures. UsageError for a line without a number, or a second one about the same subject."""
    figures: dict[str, Figure] = {}
    for subject, value, source in _lines(path, "the facts", "subject: value"):
        found = VALUE.fullmatch(value)
        if found is None:
            raise UsageError(
                f"{source}: “{value[:60]}” is no number with or without a unit, as in `page size: 4096 bytes`"
            )
        if (before := figures.get(subject.lower())) is not None:
            raise UsageError(f"{source}: “{subject}” has a value already ({before.source}); keep one of them")
        said = f"{source}: {subject}: {value}"
        figures[subject.lower()] = Figure(
            subject=subject, number=found["number"], unit=found["unit"] or "", source=said
        )  # fmt: skip
    return tuple(figures.values())
