"""The user's documents: search them, read exactly what stands at a place, and quote it."""

from blackboard.tools.documents.library import Library
from blackboard.tools.documents.passages import Passage
from blackboard.tools.documents.quotes import Quote
from blackboard.tools.documents.tools import check_quotes, read_passage, search_documents, unread_documents

__all__ = ["Library", "Passage", "Quote", "check_quotes", "read_passage", "search_documents", "unread_documents"]
