"""Which directives of reStructuredText and Sphinx hold what, and whom they describe."""

import re

CODE = frozenset(
    """code code-block sourcecode parsed-literal productionlist doctest testcode testoutput testsetup testcleanup math
    csv-table list-table raw graphviz digraph console prompt highlight ipython autosummary plantuml mermaid""".split()
)
NOTHING = frozenset(
    """toctree contents index image include literalinclude sectionauthor moduleauthor codeauthor meta tabularcolumns role
    default-role rst-class cssclass class-name module py:module currentmodule py:currentmodule program audit-event
    audit-event-table limited-api-list miscnews title target-notes sectnum header footer unicode replace date
    automodule autoclass autofunction automethod autoattribute autoexception namespace c:namespace cpp:namespace
    """.split()
)
MODULES = frozenset("module currentmodule".split())
ADMONITIONS = frozenset(
    "attention caution danger error hint important note tip warning seealso impl-detail todo container".split()
)
"""What may begin on the line of the directive."""
TITLED = frozenset("admonition topic sidebar".split())
VERSIONS = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "versionremoved": "Removed in version",
    "deprecated": "Deprecated since version",
    "deprecated-removed": "Deprecated since version",
    "availability": "Availability:",
}
OF_CLASS = frozenset(
    """method classmethod staticmethod abstractmethod coroutinemethod awaitablemethod attribute property
    decoratormethod""".split()
)
OF_MODULE = frozenset(
    "function class data exception decorator coroutinefunction awaitablefunction type enum autofunction".split()
)
PLAIN = frozenset(
    """setting envvar option cmdoption django-admin django-admin-option templatetag templatefilter fieldlookup describe
    object opcode pdbcommand confval macro var member struct union enumerator command variable rst:directive 2to3fixer
    describe object c-function""".split()
)
"""Named by themselves."""
WORDS_BEFORE = re.compile(r"(?:(?:async|class|classmethod|static|abstract|final|property|exception)\s+)+")
PYTHON_NAME = re.compile(r"@?([\w.]+)")
C_NAME = re.compile(r"([\w.:~]+)\s*(?:\(|\[|$)")
LONGEST_NAME = 80


def describes(directive: str) -> bool:
    """Whether it describes a function, a class, an option or the like, which it names."""
    return _kind(directive) in OF_CLASS | OF_MODULE | PLAIN


def name_described(directive: str, signature: str, module: str, within: str) -> str:
    """Whom a signature describes, in full: `os.path.join` of `join(path, *paths)` in the module `os.path`."""
    kind, signature = _kind(directive), signature.replace("\\", "")
    if directive.startswith(("c:", "cpp:")):
        found = C_NAME.search(signature)
        return found[1] if found else signature[:LONGEST_NAME]
    if kind in PLAIN:
        return signature[:LONGEST_NAME]
    found = PYTHON_NAME.match(WORDS_BEFORE.sub("", signature))
    if not found:
        return signature[:LONGEST_NAME]
    scope = within if kind in OF_CLASS else within or module
    name = found[1]
    is_whole = not scope or name.startswith(scope + ".") or ("." in name and kind in OF_CLASS)
    return name if is_whole else f"{scope}.{name}"


def _kind(directive: str) -> str:
    kind = directive.lower().rpartition(":")[2]
    return kind if directive.lower() not in PLAIN else directive.lower()
