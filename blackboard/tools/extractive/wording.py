"""Finds what a question is about from its words alone: no grammar, no model."""

import re
from collections.abc import Iterator

from blackboard.tools.extractive.aspects import goes_unsaid

WORD = re.compile(r"[^\W_]+(?:[-'\u2019./_][^\W_]+)*[+#]*")
AUXILIARY = "(?:do|does|did|can|could|should|would|will|must|may|might)"


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


DETERMINERS = _listed("a an the this each every its their his her my your our no some any")
RELATIVE = _listed("that which who what it he she nobody anybody everybody somebody anyone someone everyone one")
FINITE = re.compile(rf"\b(?:is|are|was|were|has|have|had|{AUXILIARY})\b")
PARTICIPLE = re.compile(
    r"(?!embed|hundred|infrared)\w{3,}(?<!e)ed|lost|held|kept|done|made|sent|gone|left|found|built|paid|written"
    r"|broken|chosen|taken|stolen|given|known|withdrawn|drawn|shown|thrown|grown|worn|born|seen|begun|bought|brought"
    r"|caught|taught|led|met|won|sold|told|driven|hidden|spoken|forgotten|spent"
)
"""Says what happens to a thing; alone it is none."""
PASSIVE = re.compile(r".*\b(?:is|are|was|were|be|been)\b", re.IGNORECASE)
WHY_IS = re.compile(r"why (?:is|are|was|were) (?!there\b)", re.IGNORECASE)
STATE = re.compile(
    r" (?:valid|invalid|ready|available|alive|active|open|empty|full|safe|unsafe|free|necessary|possible|important"
    r"|useful|lazy|slow|fast|cheap|expensive|dangerous|hard|easy|better|worse)$"
)
AMOUNT = re.compile(
    r"\d[\d.,]* (?:(?:milli|micro|nano)?seconds?|minutes?|hours?|days?|weeks?|months?|years?|ms|percent|times"
    r"|(?:kilo|mega|giga|tera)?bytes?|[KMGT]i?B|dollars?|euros?|(?:kilo|centi|milli)?met(?:er|re)s?|(?:kilo)?grams?)"
)
HOW = _listed("long large big fast far heavy wide tall")
"""Asked for by how, they are no things."""

FUNCTION = _listed(
    """a about above across after against all also although always am among an and another any anybody anyone are around
    as at be because become becomes been before behind being below best better between both brought but by came can
    cannot could did differ different differs do does doing done down during each either else enough ever every
    everybody few five for four from further gave got had happen happened happens has have having he her here hers him
    his how i if in inside instead into is it its itself just least less like made many may me mean means meant might
    mine more most much must my near neither never no nobody none nor not nothing now of off often ok on once one
    one's only onto or other others our ours out outside over own per perhaps please quite rather really require
    required requirements requires same several shall she should since so some somebody someone something still such
    than that the their theirs them themselves then there these they thing things this those though three through
    throughout to together too took toward towards two under until up upon us used useful using versus very via vs was
    way ways we well went were what whatever when whenever where wherever whether which whichever while who whom whose
    why will with within without work worked works would wrong yes yet you your yours"""
)
"""Words that carry no subject."""

VERBS = _listed(
    """accept achieve acquire act add agree aim allow answer appear append apply arise arrive ask authenticate authorise
    authorize avoid base become begin behave belong break bring build burn buy call cause change choose claim come
    communicate compare compete compress configure consist contain continue contribute convert cooperate coordinate
    cost crash create deal decide define delete deny depend deploy describe detect develop die differ disable disallow
    disappear discover displace enable encrypt end ensure examine execute exist expect expire explain fail fall favor
    favour fear fetch find finish fit follow forbid forget get give go grow guarantee hallucinate handle hang hear
    help hold ignore implement improve include increase inherit insert inspect install introduce invent investigate
    invoke involve keep kill know lead leak learn leave let live lose make manage mean measure meet migrate move need
    obtain occur offer organise organize override owe perform prefer prevent produce protect prove provide raise reach
    react read receive recover reduce register reject rely remain remember remove render renew replace require resolve
    restore retrieve run save say scale see select sell send serve share solve speak stand start stay stop store
    struggle submit succeed suffer suggest support survive switch take talk tell tend think throw train treat try turn
    understand uninstall use validate verify want work write"""
)
"""Base forms that part a subject from an object in `how do agents agree on shared state`."""

ADVERB = re.compile(r"(?!family|reply|supply|assembly|anomaly|daily|july|monopoly|butterfly)[a-z]{3,}ly")
NOT_VERBS = _listed("enterprise exercise otherwise franchise expertise merchandise shared")


def words(text: str) -> list[str]:
    """Its words as written, without a possessive; `fine-tuning` and `node.js` are one word each."""
    return [re.sub(r"['\u2019]s$", "", w) for w in WORD.findall(text)]


def carries_subject(word: str) -> bool:
    """Whether the word says what a text is about."""
    return word.lower() not in FUNCTION and not goes_unsaid(word)


def content(text: str) -> list[str]:
    """The words that carry the subject, verbs included."""
    return [w for w in words(text) if carries_subject(w)]


def is_verb(word: str, before: str = "") -> bool:
    """Whether it is most likely a verb: never after an article, inflected (`expires`) only after a noun or `who`."""
    if before in DETERMINERS:
        return False
    if word in VERBS or (len(word) > 6 and word not in NOT_VERBS and re.search(r"(?:i[sz]e|ify)$", word)):
        return True
    inflected = word.endswith(("s", "ed")) and before and (carries_subject(before) or before in RELATIVE)
    return bool(inflected) and word not in NOT_VERBS and not VERBS.isdisjoint((word[:-1], word[:-2]))


def has_verb(sentence: str) -> bool:
    """Whether it has a verb, as a complete sentence does."""
    said = [word.lower() for word in words(sentence)]
    pairs = zip(said[1:], said, strict=False)
    return FINITE.search(sentence.lower()) is not None or any(is_verb(word, before) for word, before in pairs)


def phrases(clause: str) -> list[str]:
    """Its noun phrases, in order: `how do agents agree on shared state` has `agents` and `shared state`."""
    found = list(_phrases(clause))
    inverted = re.search(rf"\b{AUXILIARY}\b", clause, re.IGNORECASE)
    if inverted and not any(is_verb(w) for w in words(clause)):
        found = _without_verb(found, clause)
    elif PASSIVE.match(clause):
        found = [STATE.sub("", _without_participle(p)) for p in found]
        if len(found) == 1 and clause.rstrip("?").endswith(found[0]) and WHY_IS.match(clause):
            found = [_without_state(found[0])]
    return [p for p in dict.fromkeys(found) if _names_something(p)]


def _without_participle(phrase: str) -> str:
    """`budgets` of `how are budgets enforced`."""
    rest, _, last = phrase.rpartition(" ")
    return rest if rest and PARTICIPLE.fullmatch(last) else phrase


def _without_state(phrase: str) -> str:
    """`querysets` of `why are querysets lazy`: what comes last says how they are."""
    rest, _, last = phrase.rpartition(" ")
    return rest if rest and last.islower() else phrase


def _names_something(phrase: str) -> bool:
    """Whether it can be a subject: `killed` by itself, `long`, 9 and `12 hours` are none."""
    is_amount = AMOUNT.fullmatch(phrase) or not re.search(r"[^\W\d_]", phrase)
    return not (PARTICIPLE.fullmatch(phrase) or phrase in HOW or is_amount)


def _phrases(clause: str) -> Iterator[str]:
    """Stretches of neighbouring words that carry the subject."""
    run: list[str] = []
    before, at = "", 0
    for match in WORD.finditer(clause):
        word = re.sub(r"['\u2019]s$", "", match.group())
        parted = bool(clause[at : match.start()].strip())
        verb = is_verb(word, "" if parted else before.lower())
        if run and (parted or verb or not carries_subject(word) or ADVERB.fullmatch(word)):
            yield " ".join(run)
            run = []
        if carries_subject(word) and not verb and not ADVERB.fullmatch(word):
            run.append(word)
        before, at = word, match.end()
    if run:
        yield " ".join(run)


def _without_verb(found: list[str], clause: str) -> list[str]:
    """After do, does, can there is a verb: the word that ends the clause, else the last of the first phrase."""
    if not found:
        return found
    *others, last = found
    verb = last.split()[-1]
    if verb.islower() and not verb.endswith("s") and clause.endswith(verb) and (not others or verb == last):
        return [p for p in (*others, last.removesuffix(verb).strip()) if p]
    subject, _, verb = found[0].rpartition(" ")
    return [subject, *found[1:]] if subject and verb.islower() else found


def is_name(phrase: str) -> bool:
    """Whether it is written as a name: a capital or a digit inside (`RLHF`, `Paxos`, `GPT-4`)."""
    return any(c.isupper() or c.isdigit() for c in phrase)


def main_phrases(clause: str) -> list[str]:
    """The one or two phrases that a clause is about: names first, then those of several words, else all."""
    found = phrases(clause)
    named = [p for p in found if is_name(p) and not (p.istitle() and clause.startswith(p))]
    several = [p for p in found if " " in p]
    return (list(dict.fromkeys([*named, *several])) or found)[:2]


def is_plural(phrase: str) -> bool:
    """Whether `are` goes with it. Names in -s (`Paxos`, `Kubernetes`) are one thing."""
    last = phrase.rpartition(" ")[2]
    if last[:1].isupper() and not re.fullmatch(r"[A-Z]{2,}s", last):
        return bool(re.search(r"(?:er|or|nt|on|ng|el|em|et|ck|ie|ge|se)s$", last))
    return last.endswith("s") and not re.search(r"(?:ss|us|is|as|ics)$", last)


def with_article(phrase: str, clause: str) -> str:
    """The phrase with the article that it has there: `a run`, `the verifier`; but not in `the lease of a worker`."""
    article = re.search(rf"\b(an?|the(?! {re.escape(phrase)} of\b)) {re.escape(phrase)}\b", clause, re.IGNORECASE)
    return f"{article.group(1).lower()} {phrase}" if article else phrase
