"""The user's documents: search them, and read exactly what stands at a place."""

from blackboard.tools.documents.library import Library
from blackboard.tools.documents.passages import Passage
from blackboard.tools.documents.tools import read_passage, search_documents

__all__ = ["Library", "Passage", "read_passage", "search_documents"]
