"""Articles: `a` or `an`, by the word that follows."""

import re

VOWEL = re.compile(
    r"(?!eu|uni(?![nmr]|de|dio)|use|usu|uti|ubi|ura|ones?\b|one-|once)[aeiou]|hour|hono|honest|heir", re.IGNORECASE
)


def article(word: str, there: str) -> str:
    """The article of a word; with a capital if what is there has one."""
    new = "an" if VOWEL.match(word) else "a"
    return new.capitalize() if there[:1].isupper() else new
