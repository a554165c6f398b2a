"""Text as a synthesizer can take it: plain characters, telephone keys as words, one sentence at a time."""

from __future__ import annotations

import re
import unicodedata

SPOKEN = str.maketrans(
    {
        "#": " hash ",  # festival passes over both keys in silence
        "*": " star ",
        "&": " and ",
        "€": " euros ",
        "£": " pounds ",
        "\N{DEGREE SIGN}": " degrees ",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{EN DASH}": ", ",
        "\N{EM DASH}": ", ",
        "\N{LATIN SMALL LETTER SHARP S}": "ss",
        "\N{LATIN SMALL LETTER AE}": "ae",
        "\N{LATIN SMALL LETTER O WITH STROKE}": "o",
    }
)
"""Characters that are said as words, or that have a plain likeness which Unicode's decomposition does not know."""

LONGEST = 240
"""Characters in one go to a synthesizer: festival's memory and time grow faster than the text."""

ABBREVIATIONS = ("Dr", "Mr", "Mrs", "Ms", "Prof", "St", "No", "Ext", "ext", "Tel", "vs")
"""What a full stop after it does not end, nor after an initial."""

_NOT_AFTER = "".join(rf"(?<!\b{short}\.)" for short in (*ABBREVIATIONS, "[A-Z]"))
SENTENCE_END = re.compile(rf"(?<=[.!?]){_NOT_AFTER}\s+(?=[A-Z0-9\"'(])")
PAUSE = re.compile(r"(?<=[,;:])\s+")


def plain(text: str) -> str:
    """The text in printable ASCII, with single blanks: accents are dropped, keys and signs become words."""
    decomposed = unicodedata.normalize("NFKD", text.translate(SPOKEN))
    printable = "".join(char if char.isprintable() else " " for char in decomposed)
    return " ".join(printable.encode("ascii", "ignore").decode().split())


def sentences(text: str) -> list[str]:
    """The sentences of a plain text; one over `LONGEST` characters is cut again, at a comma or else at a blank."""
    return [part for sentence in SENTENCE_END.split(text) for part in _shortened(sentence) if part]


def _shortened(sentence: str) -> list[str]:
    if len(sentence) <= LONGEST:
        return [sentence]
    clauses = PAUSE.split(sentence, maxsplit=1)
    if len(clauses) > 1 and len(clauses[0]) <= LONGEST:
        return [clauses[0], *_shortened(clauses[1])]
    head = sentence[:LONGEST]
    cut = head.rfind(" ") if " " in head else LONGEST
    return [sentence[:cut], *_shortened(sentence[cut:].lstrip())]
