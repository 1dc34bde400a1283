"""Numbers as they are written, in figures or in plain English, and the units that follow them."""

import re
from dataclasses import dataclass
from fractions import Fraction


def listed(text: str) -> frozenset[str]:
    """Its words, for tables of words."""
    return frozenset(text.split())


ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", *(f"{ten}teen" for ten in ("thir", "four", "fif", "six", "seven", "eigh", "nine"))]
SMALL = {word: n for n, word in enumerate([*ONES, *TEENS], 1)}
TENS = {f"{ten}ty": 10 * n for n, ten in enumerate(("twen", "thir", "for", "fif", "six", "seven", "eigh", "nine"), 2)}
SCALES = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}

_SMALL = rf"(?:(?:{'|'.join(TENS)})(?:[ -](?:{'|'.join(ONES)}))?|{'|'.join(reversed(SMALL))})\b"
_HUNDRED = rf"(?:(?:an?|{_SMALL})[ -])?hundred\b(?: (?:and )?{_SMALL})?"
_SCALE = r"(?:dozen|thousand|million|billion)\b"
FIGURES = r"(?:[0-9]{1,3}(?:[,\u202f\u00a0'][0-9]{3})+(?![0-9])|[0-9]{1,15})(?:\.[0-9]{1,9})?"
NUMBER = rf"(?:{FIGURES}(?: ?{_SCALE})?|\b(?:(?:{_HUNDRED}|{_SMALL}|an?)[ -])?{_SCALE}|\b{_HUNDRED}|\b{_SMALL})"
"""An amount, after white space was made one space each and capitals were made small."""


@dataclass(frozen=True)
class Unit:
    """What an amount is an amount of: `kind` compares with the same kind only, after multiplying by `factor`."""

    kind: str
    factor: Fraction = Fraction(1)
    loose: Fraction = Fraction(1)
    """Another factor that people may mean by the same unit: a kilobyte of 1,024 bytes."""


def amount(text: str) -> tuple[Fraction, Fraction]:
    """What a match of `NUMBER` means, and its grain: that of `1.50` is a hundredth, of `1.5 million` 100,000."""
    found = re.match(FIGURES, text)
    if found is None:
        return Fraction(_spelt_out(text)), Fraction(1)
    plain = re.sub(r"[,\u202f\u00a0']", "", found.group())
    times = SCALES.get(text[found.end() :].strip(), 1)
    return Fraction(plain) * times, Fraction(times, 10 ** len(plain.partition(".")[2]))


def _spelt_out(text: str) -> int:
    number = 0
    for word in re.split(r"[ -]", text):
        if word in SCALES:
            number = max(number, 1) * SCALES[word]
        else:
            number += SMALL.get(word) or TENS.get(word) or (word in ("a", "an"))
    return number


MEASURES = (
    ("mm|millimetre|millimeter", "length", Fraction(1, 1000)),
    ("cm|centimetre|centimeter", "length", Fraction(1, 100)),
    ("metre|meter", "length", Fraction(1)),
    ("km|kilometre|kilometer", "length", Fraction(1000)),
    ("mile", "miles", Fraction(1)),
    ("foot|feet|ft", "feet", Fraction(1)),
    ("inch|inche", "inches", Fraction(1)),
    ("mg|milligram", "mass", Fraction(1, 1000)),
    ("g|gram|gramme", "mass", Fraction(1)),
    ("kg|kilogram|kilogramme", "mass", Fraction(1000)),
    ("tonne|ton", "tons", Fraction(1)),
    ("hz|hertz", "frequency", Fraction(1)),
    ("khz|kilohertz", "frequency", Fraction(1000)),
    ("mhz|megahertz", "frequency", Fraction(10**6)),
    ("ghz|gigahertz", "frequency", Fraction(10**9)),
    ("°c|degrees celsius", "celsius", Fraction(1)),
    ("°f|degrees fahrenheit", "fahrenheit", Fraction(1)),
    ("px|pixel", "pixels", Fraction(1)),
)


def _units() -> dict[str, Unit]:
    seconds = {
        "ns|nanosecond": Fraction(1, 10**9),
        "us|µs|microsecond": Fraction(1, 10**6),
        "ms|msec|millisecond": Fraction(1, 1000),
        "s|sec|second": Fraction(1),
        "min|minute": Fraction(60),
        "h|hr|hour": Fraction(3600),
        "day": Fraction(86_400),
        "week": Fraction(604_800),
    }
    found = {name: Unit("duration", f, f) for names, f in seconds.items() for name in names.split("|")}
    months = {"month": 1, "year": 12, "decade": 120, "century": 1200}  # of no fixed number of days
    found |= {name: Unit("months", Fraction(f), Fraction(f)) for name, f in months.items()}
    for power, (short, long) in enumerate(
        [("k", "kilo"), ("m", "mega"), ("g", "giga"), ("t", "tera"), ("p", "peta")], 1
    ):
        two, ten = Fraction(1024**power), Fraction(1000**power)
        found |= dict.fromkeys((f"{short}b", f"{long}byte"), Unit("size", ten, two))
        found |= dict.fromkeys((f"{short}ib", f"{long[:2]}bibyte"), Unit("size", two, two))
        found |= dict.fromkeys((f"{short}bit", f"{long}bit"), Unit("bits", ten, ten))
    found |= {"byte": Unit("size"), "bit": Unit("bits"), "%": Unit("percent"), "percent": Unit("percent")}
    found |= {"per cent": Unit("percent"), "dollar": Unit("usd"), "usd": Unit("usd"), "$": Unit("usd")}
    found |= {"euro": Unit("eur"), "eur": Unit("eur"), "€": Unit("eur"), "£": Unit("gbp"), "gbp": Unit("gbp")}
    for names, kind, factor in MEASURES:
        found |= {name: Unit(kind, factor, factor) for name in names.split("|")}
    return found


UNITS = _units()
COUNT = Unit("count")
_NAMES = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
UNIT = rf"(?:{_NAMES})(?:(?<=[a-z]{{3}})s)?(?:/[a-z]+)?(?![a-z0-9_])"
"""As it follows an amount, at once, after a space or a hyphen."""


def unit(text: str) -> Unit:
    """What a match of `UNIT` means; `COUNT` for no unit."""
    name, _, each = text.lower().partition("/")
    known = UNITS.get(name) or UNITS.get(name.removesuffix("s"), COUNT)
    return Unit(f"{known.kind}/{each}", known.factor, known.loose) if each else known
