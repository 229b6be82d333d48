"""Letters that look like others: a Cyrillic `Т` begins no `Then`, and nobody sees why.

Only what may be taken for a letter of a Latin keyword is here; where the keywords are Cyrillic, the same pairs read the
other way round. Full-width and mathematical letters are Unicode's own variants and need no list.
"""

from __future__ import annotations

import unicodedata

_PAIRS = (
    # Cyrillic
    "АAВBЕEЅSІIЈJКKМMНHОOРPСCТTУYХXԌGԜWҮYԚQѴVаaвbеeѕsіiјjкkмmнhоoпnрpгrсcтtуyхxһhԁdԛqԝwѵvԍgѡw"
    # Greek
    "ΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXαaεeηnιiκkνvοoρpτtυuωwχxγyϲcϹC"
    # Armenian, Cherokee, Lisu
    "ՍUՏSհhոnօoցgզqսuյj"
    "ᎪAᏴBᏟCᎬEᏀGᎻHᎫJᏦKᏞLᎷMᏢPᎡRᏚSᎢTᏔWᎳWᏙVᏃZᎩY"
    "ꓮAꓐBꓚCꓓDꓔTꓖGꓙJꓗKꓡLꓢSꓣRꓦVꓧHꓪWꓫXꓰEꓲIꓳOꓴUꓜZꓟMꓠNꓑP"
    # Latin itself
    "ɡgıiɑaɩiɪiʜhɢgᴠvᴡwɴnᴇe"
)
_LATIN = dict(zip(map(ord, _PAIRS[::2]), _PAIRS[1::2], strict=True))
SHORT = 3


def letters(text: str) -> str:
    """A text as it looks: plain letters in the place of those that look like them, invisible characters left out."""
    visible = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", visible).translate(_LATIN)


def is_disguised(word: str) -> bool:
    """Whether a word that looks like a keyword is more than a word of another language: `To` is no Russian `То`."""
    scripts = {unicodedata.name(char, "").split(" ")[0] for char in word if char.isalpha()}
    return len(word) > SHORT or len(scripts) > 1 or letters(word) != word.translate(_LATIN)


def odd_one(word: str, keyword: str) -> str:
    """The first character of a word that its keyword has not, by its number and name."""
    known = keyword.casefold()
    odd = next((char for char in word if char.casefold() not in known), word[0])
    return f"U+{ord(odd):04X} {unicodedata.name(odd, '')}".rstrip()
