"""Which directives of reStructuredText and Sphinx hold what, and whom they describe."""

import re
from dataclasses import dataclass


def _listed(names: str) -> frozenset[str]:
    return frozenset(names.split())


CODE = _listed(
    """code code-block sourcecode parsed-literal productionlist doctest testcode testoutput testsetup testcleanup
    math csv-table list-table raw graphviz digraph console prompt highlight ipython autosummary plantuml
    mermaid"""
)
NOTHING = _listed(
    """toctree contents index image include literalinclude sectionauthor moduleauthor codeauthor meta tabularcolumns
    role default-role rst-class cssclass class-name module py:module currentmodule py:currentmodule program
    audit-event audit-event-table limited-api-list miscnews title target-notes sectnum header footer unicode
    replace date automodule autoclass autofunction automethod autoattribute autoexception namespace
    c:namespace cpp:namespace"""
)
MODULES = _listed("module currentmodule")
ADMONITIONS = _listed(
    """attention caution danger error hint important note tip warning seealso impl-detail todo container"""
)
"""What may begin on the line of the directive."""
TITLED = _listed("admonition topic sidebar")
VERSIONS = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "versionremoved": "Removed in version",
    "deprecated": "Deprecated since version",
    "deprecated-removed": "Deprecated since version",
    "availability": "Availability:",
}
OF_CLASS = _listed(
    """method classmethod staticmethod abstractmethod coroutinemethod awaitablemethod attribute property
    decoratormethod"""
)
OF_MODULE = _listed(
    """function class data exception decorator coroutinefunction awaitablefunction type enum autofunction"""
)
PLAIN = _listed(
    """setting envvar option cmdoption django-admin django-admin-option templatetag templatefilter fieldlookup
    describe object opcode pdbcommand confval macro var member struct union enumerator command variable
    rst:directive 2to3fixer describe object c-function"""
)
"""Named by themselves."""
WORDS_BEFORE = re.compile(r"(?:(?:async|class|classmethod|static|abstract|final|property|exception)\s+)+")
PYTHON_NAME = re.compile(r"@?([\w.]+)")
C_NAME = re.compile(r"([\w.:~]+)\s*(?:\(|\[|$)")
LONGEST_NAME = 80


@dataclass(frozen=True)
class Under:
    """What stands above: the section, the function or class that is described, the term that is defined."""

    section: str = ""
    described: str = ""
    term: str = ""
    has_sections: bool = True

    def heading(self, title: str) -> str:
        """All of it in a line; of the section nothing where it is the title of the document, or part of the name."""
        below = [part for part in (self.described, self.term) if part]
        is_said = below and (self.section == title or self.section in below[0])
        return ": ".join([self.section, *below] if self.section and not is_said else below)


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
    name, within = found[1], within.partition(", ")[0]
    owner = within.rpartition(".")[2]
    if owner and name.startswith(f"{owner}."):
        return within + name.removeprefix(owner)
    scope = within or (module if kind in OF_MODULE or "." in name else "")
    is_whole = not scope or name.startswith(f"{scope}.") or ("." in name and scope == within)
    return name if is_whole else f"{scope}.{name}"


def _kind(directive: str) -> str:
    kind = directive.lower().rpartition(":")[2]
    return kind if directive.lower() not in PLAIN else directive.lower()
