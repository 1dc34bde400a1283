"""Makes the generated pages anew: `python docs/make.py [cli] [pictures]`. With --check it says what is out of date.

Without a name it makes both. Pictures take runs of the real program, about a minute; they need a POSIX terminal.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the pages tell of this clone, not of what is installed

from docs.making import commands, pictures

MAKERS = {"cli": commands.files, "pictures": pictures.files}


def main(words: list[str]) -> int:
    """Write or check; the exit code."""
    named = [word for word in words if word != "--check"] or list(MAKERS)
    if unknown := [word for word in named if word not in MAKERS]:
        sys.stderr.write(f"there is no page {unknown[0]!r}; it is one of {', '.join(MAKERS)}\n")
        return 2
    made = {file: text for name in named for file, text in MAKERS[name]().items()}
    stale = [file for file, text in made.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    for file in stale:
        if "--check" in words:
            sys.stderr.write(f"{file.name} is not what the program gives now; make it anew: python docs/make.py\n")
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(made[file], encoding="utf-8")
            sys.stdout.write(f"{file}\n")
    return int("--check" in words and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
