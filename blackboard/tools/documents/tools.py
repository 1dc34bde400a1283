"""What agents may call."""

from blackboard.errors import UsageError
from blackboard.tool import resource, tool
from blackboard.tools.documents.files import in_words
from blackboard.tools.documents.library import Library
from blackboard.tools.documents.passages import Passage
from blackboard.tools.documents.quotes import Quote

MOST_BYTES = 64 * 1024


@tool(effects="none", returns="untrusted")
def search_documents(query: str, limit: int = 5, library: Library = resource(Library)) -> list[Passage]:
    """Passages of the user's documents that share words with the query, best first, with their byte offsets."""
    return library.search(query, limit)


@tool(effects="none", returns="untrusted")
def unread_documents(library: Library = resource(Library)) -> list[str]:
    """The user's documents that cannot be searched, with the reason: `huge.txt (larger than 5 MB)`."""
    unread = in_words(library.skipped)
    return unread if library.documents else [*unread, "any document (none is left in the folder)"]


@tool(effects="none", returns="untrusted")
def read_passage(document: str, start: int, end: int, page: int = 0, library: Library = resource(Library)) -> str:
    """Exactly what stands now in a document from byte `start` to before byte `end`, at most 64 KiB at once.

    `page`: of a PDF, from 1; the bytes are those of the text on that page.
    """
    if end - start > MOST_BYTES:
        raise UsageError(f"{end - start} bytes are too many at once; ask for at most {MOST_BYTES}")
    # An offset inside a character gives a replacement character, so that it equals no quote.
    return library.read_text(document, start, end, page)


@tool(effects="none", returns="untrusted")
def check_quotes(quotes: list[Quote], library: Library = resource(Library)) -> list[str]:
    """What is wrong with each quote, by reading its file again, byte by byte: empty if it stands there as quoted.

    `a.md has changed since it was read`, `a.md cannot be read any more`, `a.md does not say this there`.
    """
    return library.check(quotes)
