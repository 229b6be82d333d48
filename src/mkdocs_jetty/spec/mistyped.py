"""Typing errors in a word that is known, told apart from other words: those mostly differ at their beginning or end."""

from __future__ import annotations

SHORT = 3
VOWELS = frozenset("aeiouyäöüéèê")
# Words that people use, one slip away from a keyword of Gherkin's.
INNOCENT = frozenset({"butt", "dan", "dando", "hewn", "steel", "tub"})


def is_mistyped(word: str, known: str) -> bool:
    """Tell whether a word is another with two letters swapped, one left out, or one too many.

    A letter left out or added at the beginning or the end makes another word more often than a slip, as with `Give`,
    `Hand` and `Givens`, but one that is typed twice.
    """
    word, known = word.casefold(), known.casefold()
    if word in INNOCENT or len(known) < SHORT:
        return False
    if len(word) == len(known):
        return _swapped(word, known)
    if len(word) + 1 == len(known):
        return (len(word) > SHORT or not VOWELS & set(word)) and word in _without_inner(known)
    return len(word) == len(known) + 1 and (
        _doubled(word, known) or (len(known) > SHORT and known in _without_inner(word))
    )


def _swapped(word: str, known: str) -> bool:
    odd = [at for at, pair in enumerate(zip(word, known, strict=True)) if pair[0] != pair[1]]
    return len(odd) == 2 and odd[1] == odd[0] + 1 and word[odd[0]] == known[odd[1]] and word[odd[1]] == known[odd[0]]  # noqa: PLR2004 - a pair


def _without_inner(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(1, len(word) - 1)}


def _doubled(word: str, known: str) -> bool:
    return any(known[: at + 1] + known[at:] == word for at in range(len(known)))
