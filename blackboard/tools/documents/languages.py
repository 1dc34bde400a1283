"""Programming languages as far as reading their comments needs it: signs of comments, strings, declarations."""

import re
from dataclasses import dataclass

STRING = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
BLOCK = r"(?P<block>/\*[\s\S]*?(?:\*/|\Z))"
HASH_LINES = re.compile(r"(?P<line>^[ \t]*\#[^\n]*)", re.MULTILINE)
PYTHON = re.compile(
    rf"""(?P<line>\#[^\n]*)
    |(?P<doc>[rRuU]?(?:\"\"\"[^"\\]*(?:(?:\\[\s\S]|"(?!""))[^"\\]*)*(?:\"\"\"|\Z)|'''[^'\\]*(?:(?:\\[\s\S]|'(?!''))[^'\\]*)*(?:'''|\Z)))
    |(?P<string>{STRING})""",
    re.VERBOSE,
)
BRACES = re.compile(rf"""(?P<line>//[^\n]*)|{BLOCK}|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)')""")
SCRIPT = re.compile(rf"(?P<line>//[^\n]*)|{BLOCK}|(?P<string>{STRING}|`(?:[^`\\]|\\[\s\S])*`)")
RAW = re.compile(rf"""(?P<line>//[^\n]*)|{BLOCK}|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)'|`[^`]*`)""")
PHP = re.compile(rf"(?P<line>//[^\n]*|^[ \t]*\#(?!\[)[^\n]*)|{BLOCK}|(?P<string>{STRING})", re.MULTILINE)
SQL = re.compile(rf"(?P<line>--[^\n]*)|{BLOCK}|(?P<string>'[^']*')")
LUA = re.compile(rf"(?P<block>--\[(=*)\[[\s\S]*?(?:\]\2\]|\Z))|(?P<line>--[^\n]*)|(?P<string>{STRING})")
RUBY = re.compile(r"(?P<block>^=begin\b[\s\S]*?(?:^=end\b[^\n]*|\Z))|(?P<line>^[ \t]*#[^\n]*)", re.MULTILINE)
INI = re.compile(r"(?P<line>^[ \t]*[#;][^\n]*)", re.MULTILINE)

MODIFIERS = r"""(?:(?:export|default|pub(?:\([^)]*\))?|public|private|protected|internal|static|final|abstract|async
    |const|unsafe|extern(?:\s+"C")?|inline|override|open|sealed|data|partial|virtual|declare|typedef|local)\s+)*"""
NOT_NAMED = r"(?!(?:if|for|while|switch|catch|return|else|elseif|elif|do|new|throw|await|delete|case|using|with)\b)"
PYTHON_DECLARES = re.compile(r"(?:async\s+)?(?:class|def)\s+(?P<name>\w+)")
BRACES_DECLARE = re.compile(
    rf"""{MODIFIERS}(?:
      (?:class|interface|struct|enum(?:\s+class)?|trait|fn|function\*?|fun|namespace|module|mod|record|object|protocol
        |extension|union|type)\s+(?P<name>[A-Za-z_$][\w:.$]*)
      |impl(?:<[^>]*>)?\s+(?:[\w:<>]+\s+for\s+)?(?P<type>\w+)
      |func\s*(?:\(\s*\w*\s*\*?(?P<owner>\w+)[^)]*\)\s*)?(?P<func>\w+)
      |{NOT_NAMED}(?:[\w<>\[\],.*&:?]+\s+)+[*&]*{NOT_NAMED}(?P<typed>[A-Za-z_$~][\w$:~]*)\s*\([^={{}}]*[{{,;)]?\s*$
      |{NOT_NAMED}(?P<method>[A-Za-z_$~#][\w$:~]*)\s*\([^;={{}}]*\)[^;={{}}]*\{{\s*$
      |(?:let|var)\s+(?P<variable>\w+)\s*[:=].*(?:=>|function\b))""",
    re.VERBOSE,
)
SQL_DECLARES = re.compile(
    r"""(?:create|alter)\s+(?:or\s+replace\s+)?(?:(?:temp|temporary|unique|virtual|materialized)\s+)*
    (?:table|view|function|procedure|trigger|index|type)\s+(?:if\s+not\s+exists\s+)?["`\[]?(?P<name>[\w.]+)""",
    re.VERBOSE | re.IGNORECASE,
)
WORDS_DECLARE = re.compile(
    r"(?:local\s+)?(?:class|module|def|function)\s+(?P<name>[\w.:?!]+)|(?P<shell>[\w-]+)\s*\(\)\s*\{?"
)
KEYS_DECLARE = re.compile(r"\[+(?P<name>[^\]\n]+)\]|-?\s*[\"']?(?P<key>[\w.-]+)[\"']?\s*[:=]")
ASSIGNED = re.compile(
    r"""(?:(?:export|const|let|var|val|static|final|readonly|pub|public|private|protected)\s+)*
    (?!(?:const|let|var|type|import|try|else|pass|return|break|continue|end|do|then)\b)
    (?P<name>[A-Za-z_]\w*)(?:\s+[\w.*\[\]]+)?\s*(?::[^=]*)?(?:=(?!=)|;|,|$)""",
    re.VERBOSE,
)
"""Who is described where there is no declaration below or above: a constant, a field."""
LONGEST = 300
"""Characters of a line that is looked at for a declaration."""


@dataclass(frozen=True)
class Language:
    """How to find what is written for people: groups `line`, `block` and `doc` of `tokens` are comments."""

    tokens: re.Pattern[str]
    declares: re.Pattern[str]

    def declared(self, line: str) -> str:
        """The name that a line declares, empty if it declares none."""
        found = self.declares.match(line) if len(line) <= LONGEST else None
        if not found:
            return ""
        named = {group: name for group, name in found.groupdict().items() if name}
        return f"{named.pop('owner')}.{named.popitem()[1]}" if "owner" in named else named.popitem()[1]


_PYTHON = Language(PYTHON, PYTHON_DECLARES)
_BRACES = Language(BRACES, BRACES_DECLARE)
_SCRIPT = Language(SCRIPT, BRACES_DECLARE)
_RAW = Language(RAW, BRACES_DECLARE)
_KEYS = Language(HASH_LINES, KEYS_DECLARE)
LANGUAGES = {
    **dict.fromkeys((".py", ".pyi"), _PYTHON),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".mts"), _SCRIPT),
    **dict.fromkeys(
        (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".java", ".kt", ".cs", ".rs", ".swift", ".scala"), _BRACES
    ),
    ".go": _RAW,
    ".php": Language(PHP, BRACES_DECLARE),
    ".sql": Language(SQL, SQL_DECLARES),
    ".lua": Language(LUA, WORDS_DECLARE),
    ".rb": Language(RUBY, WORDS_DECLARE),
    **dict.fromkeys((".sh", ".bash"), Language(HASH_LINES, WORDS_DECLARE)),
    **dict.fromkeys((".toml", ".yaml", ".yml"), _KEYS),
    **dict.fromkeys((".ini", ".cfg"), Language(INI, KEYS_DECLARE)),
}
"""By the ends of the names of files."""
