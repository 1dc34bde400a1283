"""Dates and times of day, as English writes them."""

import re

from blackboard.tools.extractive.amounts import UNIT
from blackboard.tools.extractive.values import Value

NAMES = "january february march april may june july august september october november december"
MONTHS = {part: n for n, name in enumerate(re.findall(r"\w+", NAMES), 1) for part in (name, name[:3])} | {"sept": 9}
_MONTH = rf"(?P<month>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\b\.?"
_DAY = r"(?P<day>[0-3]?[0-9])(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:1[0-9]|2[01])[0-9]{2})"
DATES = [
    re.compile(rf"{pattern}(?![\w/:-]|\.\w)")
    for pattern in (
        rf"{_YEAR}-(?P<month>[01][0-9])(?:-(?P<day>[0-3][0-9]))?",
        rf"{_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?",
        rf"{_MONTH} {_DAY}(?:,? {_YEAR})?",
        rf"{_MONTH},? {_YEAR}",
    )
]
IN_YEAR = re.compile(
    r"(?:\b(?:in|since|until|till|by|from|before|after|during|through|late|early|mid|spring|summer|autumn|fall|winter"
    r"|end of|beginning of|middle of|year|(?:year|date|month) of)|(?:year|date)\b.{0,30} (?:is|was|of))[ -]$"
)
YEARS = re.compile(rf"{_YEAR}(?: ?[-\u2013] ?|,? (?:to|and|until|through) )(?P<last>[12][0-9]{{3}})(?![\w-]|\.\w)")
YEAR = re.compile(rf"{_YEAR}(?![\w/:%-]|\.\w|,\d)")
MEASURED = re.compile(rf"[ -]{UNIT}")
CLOCK = re.compile(r"(?P<h>[0-2]?[0-9])(?::(?P<m>[0-5][0-9])(?::[0-5][0-9])?)?(?: ?(?P<half>[ap])\.?m\b\.?)?(?![\w:])")


def date_at(text: str, low: str, at: int) -> tuple[Value, int] | None:
    """The date, stretch of years or time that begins at a character, and its end. `low`: the text in small letters."""
    return _date(text, low, at) or _years(text, low, at) or _time(text, low, at)


def _date(text: str, low: str, at: int) -> tuple[Value, int] | None:
    for pattern in DATES:
        found = pattern.match(low, at)
        if found is None:
            continue
        said = found.groupdict()
        month, day = said["month"], int(said.get("day") or 0)
        number = MONTHS.get(month) or int(month)
        is_word = month in MONTHS and not text[found.start("month")].isupper()  # `may`, `march`
        if not is_word and 1 <= number <= 12 and day <= 31:
            return Value("date", text[at : found.end()], (int(said.get("year") or 0), number, day)), found.end()
    return None


def _years(text: str, low: str, at: int) -> tuple[Value, int] | None:
    found = YEARS.match(low, at)
    if found and text[at - 1 : at] != "(" and found["last"] > found["year"]:
        return Value("years", text[at : found.end()], (int(found["year"]), int(found["last"]))), found.end()
    found = YEAR.match(low, at)
    if found is None or not IN_YEAR.search(low[max(0, at - 50) : at]) or MEASURED.match(low, found.end()):
        return None
    return Value("date", found.group(), (int(found["year"]), 0, 0)), found.end()


def _time(text: str, low: str, at: int) -> tuple[Value, int] | None:
    found = CLOCK.match(low, at)
    if found is None or not (found["m"] or found["half"]) or int(found["h"]) > 24:
        return None
    hours = int(found["h"]) % 12 + 12 * (found["half"] == "p") if found["half"] else int(found["h"])
    return Value("clock", text[at : found.end()], (hours, int(found["m"] or 0))), found.end()
