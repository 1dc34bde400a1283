"""What a question wants to know of its subject: the words that ask for it, and those that tell it."""

import re
from typing import Literal

Aspect = Literal[
    "general",
    "definition",
    "mechanism",
    "reason",
    "people",
    "time",
    "quantity",
    "difference",
    "requirements",
    "limits",
    "benefits",
    "example",
]
"""What one may want to know of a subject."""


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


LIMITS = (
    r"\b(?:risk|limit|limitation|problem|drawback|danger|weakness|downside|disadvantage|failure|pitfall|threat"
    r"|challenge|shortcoming|trade-?off)(?:e?s)?\b"
)
UNSAID = _any(LIMITS, r"(?:benefit|advantage|strength|example|difference|reason|purpose|meaning|requirement)s?")
NAMES = _any(UNSAID.pattern, r"(?:cost|price|use|effect|cause|part|type|kind|feature|step)s?")

# The first that fits wins, so the plain question words come last.
ASKED: dict[Aspect, re.Pattern[str]] = {
    "difference": _any(
        r"\b(?:differs?|differences?|distinctions?|distinguish\w*)\b",
        r"\bdifferent (?:from|to|than)\b",
        r"^how (?:is|are|was|were) .*\bdifferent$",
        r"\b(?:versus|vs)\b",
        r"\bcompar",
        r"\bcontrast\b",
    ),
    "limits": _any(rf"^(?!.*\bsolv).*{LIMITS}", r"\b(?:go|goes|went) wrong\b", r"\bfails?\b"),
    "benefits": _any(r"\b(?:benefit|advantage|strength|gain)s?\b", r"\bsolves?\b", r"\bgood for\b"),
    "example": _any(r"\b(?:example|instance|use case)s?\b"),
    "requirements": _any(r"\b(?:require|prerequisite|precondition)", r"\bneeds?$", r"\bnecessary\b"),
    "quantity": _any(
        r"\bhow (?:many|much|long|often|large|big|fast|far|old|high|deep|heavy|wide|tall|thick)\b",
        r"^what .*\b(?:cost|price|size|number|duration|percentage)s?\b",
        r"^what (?:value|figure|share|amount|limit|age|port)\b",
        r"^what (?:is|are|was|were) the (?:maximum|minimum|largest|longest|shortest|smallest|highest|lowest)\b",
    ),
    "people": _any(r"^who\b(?! (?:is|are|was|were)\b)", r"\bwhom\b"),
    "time": _any(
        r"^when\b(?! (?:should|can|could|may|must|would) (?:i|we|you|one)\b)",
        r"^what (?:year|date|day)\b",
        r"\bsince when\b",
    ),
    "reason": _any(r"^why\b", r"\b(?:reason|purpose)s?\b", r"^what .*\bfor$"),
    "definition": _any(
        r"^(?:what|who)(?:'s|\u2019s| is| are| was| were)\b(?!.*\b(?:of|to do|to be|when|if|that|which|for which)\b)",
        r"\bdefin",
        r"^what (?:do|does|did) (?!it\b|that\b|this\b).+ mean$",
        r"\b(?:meant by|meaning)\b",
    ),
    "mechanism": _any(r"^how\b"),
}

TOLD: dict[Aspect, re.Pattern[str]] = {
    "difference": _any(
        r"\b(?:whereas|while|unlike|instead|rather than|than|versus|neither|in contrast|compared|differ\w*)\b"
    ),
    "limits": _any(
        LIMITS,
        r"\b(?:fail|lose|break|mislead|suffer|leak|cost|hallucinate|poison|exploit)s?\b",
        r"\b(?:not (?:safe|enough|sufficient|reliable|possible)|too (?:long|large|slow|many|much|expensive))\b",
        r"\b(?:cannot|can't|does not|do not|only if|unless|however|lost|stale|wrong|expensive|slow|unsafe|untrusted"
        r"|attack\w*|harm\w*|injection|conflicts?)\b",
    ),
    "benefits": _any(
        r"\b(?:benefit|advantage|gain|improve|save|allow|enable|reduce|avoid|let|solve)s?\b",
        r"\b(?<!no )(?:cheaper|faster|better|safer|easier)\b",
    ),
    "requirements": _any(
        r"\b(?:must|should|need|require|depend)s?\b",
        r"\b(?:have|has|had) to\b",
        r"\b(?:only if|necessary|not enough)\b",
    ),
    "example": _any(r"\b(?:for example|for instance|such as|e\.g\.)"),
    "quantity": _any(r"\d", r"\b(?:half|twice|dozens?|hundreds?|thousands?|millions?|billions?)\b"),
    "people": _any(
        r"(?-i:\b[A-Z][a-z]+ (?:[A-Z]\. )?[A-Z][a-z]+\b)", r"\b(?:colleagues|authors?|researchers?|inventors?|team)\b"
    ),
    "time": _any(
        r"\b(?:1[5-9]|20)\d\d\b",
        r"\b(?:when|before|after|until|once|as soon as)\b",
        r"\b\d+ (?:millisecond|second|minute|hour|day|week|month|year)s?\b",
    ),
    "reason": _any(r"\b(?:because|since|so that|therefore|reason|why|otherwise|in order to|hence)\b"),
    "mechanism": _any(r"\b(?:by|when|then|each|every|first|next|uses?|works?|through|step|sends?|reads?|writes?)\b"),
}


DURATION_ASKED = _any(r"\bhow (?:long|often|old|soon)\b", r"\b(?:duration|period|timeout|interval|term)\b")
DURATION_TOLD = _any(
    r"\b(?:\d[\d.,]*|an?|one|two|three|four|five|six|ten|twelve|few|half an?) "
    r"(?:(?:milli|micro|nano)?seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?|ms)\b"
)

TELLING = frozenset[Aspect](
    ("difference", "requirements", "limits", "benefits", "example", "people", "time", "quantity")
)
"""Aspects that have words of their own: a sentence without one does not tell them."""


def aspect_of(text: str) -> Aspect:
    """What a question wants to know, or a sentence names; "general" if its words do not tell."""
    plain = " ".join(text.split())
    return next((aspect for aspect, asked in ASKED.items() if asked.search(plain)), "general")


def names_aspect(word: str) -> bool:
    """Whether the word names an aspect that things have: `costs`, `risks`."""
    return NAMES.fullmatch(word) is not None


def goes_unsaid(word: str) -> bool:
    """Whether the word only names an aspect: who tells of `risks` or `examples` need not say so."""
    return UNSAID.fullmatch(word) is not None


def signs(sentence: str, aspect: Aspect, question: str = "") -> int:
    """How many signs of telling this aspect the sentence bears; a duration, if the question asks for one."""
    if aspect == "quantity" and DURATION_ASKED.search(question):
        return len(DURATION_TOLD.findall(" ".join(sentence.split())))
    return len(TOLD[aspect].findall(" ".join(sentence.split()))) if aspect in TOLD else 0
