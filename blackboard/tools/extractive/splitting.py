"""Splits a question into parts that can be answered by themselves, by rules about how people ask in English."""

import re
from collections.abc import Iterable
from dataclasses import replace

from blackboard.tools.extractive import wording
from blackboard.tools.extractive.aspects import Aspect, aspect_of, names_aspect
from blackboard.tools.extractive.inquiry import Inquiry

MOST = 5  # inquiries
PLAIN = 5  # words that carry meaning, up to which a question is a plain one
LONGEST = 200  # characters of an inquiry: it becomes a heading
SHOUTED, ACRONYM = 3, 4  # words of a question in capitals; letters up to which one may be an acronym
READ = 6_000  # characters of a question that are looked at


def _pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


ARTICLE = _pattern(r"^(?:an?|the)\s+")
ASKING = r"(?:what|how|why|when|where|who|whom|whose|which)"
BEING = r"(?:is|are|was|were)"
VERB_FIRST = rf"(?:{BEING}|{wording.AUXILIARY}|has|have)"
SOME = r"(?:(?:some|any|all of|all|several|\d+|two|three|four|five|six) )"
ALL = r"(?=(?:the|an?)\b|(?:\w+ )?\w+s (?:(?:and|or) \w+s )?of\b)"
POLITE = _pattern(
    r"^(?:(?:please|so|well|hi|hello|ok|now|and|then|also|but)[,\s]+"
    r"|(?:can|could|would|will) you (?:please )?"
    r"(?=(?:explain|tell|describe|summari|compare|show|say|list|name|give|enumerate))"
    r"|(?:explain|tell|show)(?: to)? (?:me|us)(?: about)? "
    rf"|(?:give|enumerate|tell)(?: me| us)? {SOME}?|(?:list|name)(?: me| us)? (?:{SOME}|{ALL})"
    r"|i(?:'d| would)? (?:want|like|need) to (?:know|understand) (?:about )?"
    r"|(?:explain|describe|summari[sz]e|define|discuss|outline)\s+)+"
)
NEXT_CLAUSE = _pattern(
    rf"[\s,;]*\b(?:and|but|or|then|also)\s+(?={ASKING}\s+\w|{VERB_FIRST} (?:it|they|there|the|an?|i|we|you)\b)",
    rf"[,;]\s*(?={ASKING}\s+\w)",
)
OPEN_QUESTION = _pattern(
    rf"^(?:what|who|which|whose)\b|^(?:{ASKING}\b.*?\s)?{VERB_FIRST}\b",
    rf"^(?:after|before|by|for|from|in|on|since|to|until|with) {ASKING}\b",
)
DEFINITION = _pattern(rf"^(?:what|who)(?:'s|\u2019s| {BEING})\s+(.+)$")
ASPECTS_OF = _pattern(rf"^(?:what {BEING} )?(?:the )?(.+?) (?:of|with|in) (.+)$")
CIRCUMSTANCE = _pattern(r"\s+((?:for|in|when|on|regarding|as)\s.+)$")
ENUMERATED = _pattern(r"\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or|versus|vs\.?|&)\s+")

THING = r"(.{1,80}?)"
WE_USE = rf"{wording.AUXILIARY} (?:i|we|one) (?:use|choose|pick|take|prefer)"
COMPARED = [
    _pattern(f"^{form.replace('X', THING)}$")
    for form in (
        r"(?:compare(?: and contrast)?|contrast) X,? (?:and|or|with|to|against|versus|vs\.?) X",
        rf"(?:what(?:'s|\u2019s| {BEING}) )?(?:the )?(?:\w+ )?(?:difference|distinction)s? between X and X",
        r"how (?:do|does|did|is|are) X (?:differ|different|compared?)(?: from| to| with) X",
        r"how (?:do|does|are) X and X (?:differ|different|compare)",
        rf"{WE_USE} X,? or X",
        rf"when {WE_USE} X (?:instead of|rather than|over) X",
        r"(?:which|what) is \w+:?,? X,? or X",
        r"(?:is|are) X (?:\w+er|worse|more \w+) than X",
        r"X,? (?:versus|vs\.?) X",
    )
]


def plan(question: str) -> list[Inquiry]:
    """One to five inquiries that a person would answer in this order. Never fails, whatever the text."""
    question = _not_shouted(question[:READ])
    asked = clauses(question)
    parts = [part for clause in asked for part in parts_of(clause)]
    if len(parts) == 1:
        parts = [_as_asked(parts[0], question)]
        parts += _further(asked[0], parts[0])
    if not parts:
        parts = [_part(question.strip() or "(an empty question)", "general", "")]
    return _distinct(parts)[:MOST]


def _not_shouted(question: str) -> str:
    """Without the capitals of a question that has nothing else; a short word may be an acronym."""
    if any(c.islower() for c in question) or len(wording.words(question)) < SHOUTED:
        return question
    return re.sub(r"[^\W_]{2,}", lambda word: word[0] if _is_acronym(word[0].lower()) else word[0].lower(), question)


def _is_acronym(word: str) -> bool:
    return len(word) <= ACRONYM and wording.carries_subject(word) and not wording.is_verb(word)


def _as_asked(part: Inquiry, question: str) -> Inquiry:
    """With the question mark that a question in another language has too."""
    asked = " ".join(question.split())
    return replace(part, text=asked) if asked.lower() == f"{part.text}?".lower() else part


def clauses(question: str) -> list[str]:
    """The separate questions in it, each understandable alone; remarks around questions are left out."""
    sentences = [s.strip() for s in re.findall(r"(?:[^?!.;\n]|\.(?=\S))+[?!.;]?", question)]
    found: list[str] = []
    for sentence in [s for s in sentences if s.endswith("?")] or sentences:
        plain = re.sub(r"[\s?!.;:,]+$", "", " ".join(sentence.split()))
        parted = (POLITE.sub("", part).strip() for part in NEXT_CLAUSE.split(POLITE.sub("", plain)))
        found += [part for part in parted if wording.words(part)]
    return _without_pronouns(found[: 2 * MOST])


def _without_pronouns(asked: list[str]) -> list[str]:
    """`and what are its risks` means the subject of the question before."""
    found: list[str] = []
    subject = ""
    for clause in asked:
        found.append(_named(clause, subject) if subject else clause)
        subject = subject or _topic(clause) or _first_thing(clause)
    return found


def _first_thing(clause: str) -> str:
    """What a clause is about, with the article that it has there."""
    return next((wording.with_article(p, clause) for p in wording.main_phrases(clause)[:1]), "")


def _named(clause: str, subject: str) -> str:
    """The clause with the subject in place of its pronouns; as functions, since a subject may hold a backslash."""
    possessive = f"{subject}'" if subject.endswith("s") else f"{subject}'s"
    clause = re.sub(r"\b(?:its|their)\b", lambda _: possessive, clause, flags=re.IGNORECASE)
    return re.sub(r"\b(?:it|they|them)\b", lambda _: subject, clause, flags=re.IGNORECASE)


def parts_of(clause: str) -> list[Inquiry]:
    """What one question falls into: the things compared and their difference, what is listed, or just itself."""
    return _compared(clause) or _several_aspects(clause) or _several_things(clause) or [_whole(clause)]


def _compared(clause: str) -> list[Inquiry]:
    match = next((m for pattern in COMPARED if (m := pattern.match(clause))), None)
    if match is None:
        return []
    left, right = match.groups()
    circumstance = m.group(1) if (m := CIRCUMSTANCE.search(right)) else ""
    things = [t for t in (*ENUMERATED.split(left), CIRCUMSTANCE.sub("", right)) if wording.words(t)]
    things = list(dict.fromkeys(things))[: MOST - 1]
    if len(things) < 2:
        return []
    together = f"{', '.join(things[:-1])} and {things[-1]}"
    differ = f"How do {together} differ {circumstance}".strip()
    return [*(asking_what(thing) for thing in things), _part(differ, "difference", together)]


def _several_aspects(clause: str) -> list[Inquiry]:
    """`What are the costs and risks of X`: one part for each."""
    match = ASPECTS_OF.match(clause)
    items = [i for i in ENUMERATED.split(match.group(1)) if i] if match else []
    if match is None or len(items) < 2 or not all(names_aspect(i.split()[-1]) for i in items):
        return []
    of = match.group(2)
    return [_part(f"What are the {item} of {of}", aspect_of(f"what {item}"), ARTICLE.sub("", of)) for item in items]


def _several_things(clause: str) -> list[Inquiry]:
    """`What are X and Y`, or a list `X, Y and Z`: one part for each."""
    match = DEFINITION.match(clause)
    items = [i for i in ENUMERATED.split(match.group(1) if match else clause) if wording.words(i)]
    listed = len(items) > 1 and (match or not _is_sentence(clause)) and all(len(i.split()) <= 4 for i in items)
    return [asking_what(item) for item in items] if listed else []


def _whole(clause: str) -> Inquiry:
    """The clause itself; a bare phrase asks what it is."""
    return asking_what(clause) if _topic(clause) == clause else _part(clause)


def _further(clause: str, part: Inquiry) -> list[Inquiry]:
    """What else one wants to know who asks a single plain question."""
    if topic := _topic(clause):
        how = f"How {'do' if wording.is_plural(topic) else 'does'} {topic} work"
        return [_part(how, "mechanism", part.subject), _limits(topic)]
    if not _is_sentence(clause):
        return []
    main = [wording.with_article(phrase, clause) for phrase in wording.main_phrases(clause)]
    definitions = [asking_what(phrase) for phrase in main]
    if len(wording.content(clause)) > PLAIN:
        # Who asks for a detail knows what the common things in it are.
        return [asking_what(phrase) for phrase in main if " " in phrase or wording.is_name(phrase)]
    if not main or part.aspect not in ("general", "mechanism", "benefits", "requirements"):
        return definitions
    bare = ARTICLE.sub("", main[0])
    if wording.is_name(bare):
        return [*definitions, _limits(main[0])]
    # Common words are seldom defined: `shared state` is only described.
    return [_required(main[0]), _limits(main[0])] if " " in bare else definitions


def _topic(clause: str) -> str:
    """What a bare phrase or a `what is` asks about, as written; empty if the clause is another question."""
    match = DEFINITION.match(clause) if aspect_of(clause) == "definition" else None
    topic = match.group(1) if match else "" if _is_sentence(clause) else clause
    plain = topic.isascii() and len(topic.split()) <= 5 and not re.search(r"\bof\b", topic)
    return topic if plain and wording.content(topic) else ""


def _is_sentence(clause: str) -> bool:
    return re.match(rf"(?:{ASKING}|{VERB_FIRST})\b|.*\s(?:{BEING}|has|have)\s", clause, re.IGNORECASE) is not None


def asking_what(thing: str) -> Inquiry:
    """The part that asks what a thing is, in words that fit it: an article needs a thing that can be counted."""
    thing = thing.strip()
    bare = ARTICLE.sub("", thing)
    if wording.is_plural(bare):
        text = f"What are {bare}"
    elif bare != thing or bare.endswith("ing") or wording.is_name(bare.split()[-1]):
        text = f"What is {thing}"
    else:
        text = f"What is meant by “{bare}”"
    return _part(text, "definition", bare)


def _required(thing: str) -> Inquiry:
    does = "do" if wording.is_plural(thing) else "does"
    return _part(f"What {does} {thing} require", "requirements", ARTICLE.sub("", thing))


def _limits(thing: str) -> Inquiry:
    return _part(f"What are the problems and limits of {thing}", "limits", ARTICLE.sub("", thing))


def _part(clause: str, aspect: Aspect | None = None, subject: str | None = None) -> Inquiry:
    whole = len(clause) <= LONGEST
    text = clause if whole else clause[:LONGEST].rsplit(" ", 1)[0].rstrip(" ,") + " …"
    text = text[:1].upper() + text[1:] + ("?" if whole and OPEN_QUESTION.match(clause) else "")
    about = _subject(clause) if subject is None else subject
    return Inquiry(text=text, aspect=aspect or aspect_of(clause), subject=about[:LONGEST])


def _subject(clause: str) -> str:
    """What a clause is about, in few words."""
    return ARTICLE.sub("", _topic(clause)) or " and ".join(wording.main_phrases(clause))


def _distinct(parts: Iterable[Inquiry]) -> list[Inquiry]:
    """Without those that ask the same of the same thing."""
    seen: dict[tuple[str, frozenset[str]], Inquiry] = {}
    for part in parts:
        meant = frozenset(w.lower().rstrip("s") for w in wording.content(part.text) if not wording.is_verb(w))
        seen.setdefault((part.aspect, meant or frozenset((part.text,))), part)
    return list(seen.values())
