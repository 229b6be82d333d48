"""Step definitions for undefined steps: what stands in quotes and what is a number becomes an argument."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mkdocs_jetty.errors import UNPRINTABLE
from mkdocs_jetty.judge.model import Verdict
from mkdocs_jetty.spec.model import Step, StepType

VALUE = re.compile(r'"(?P<text>[^"]+)"|(?<![\w.,:/-])(?P<number>-?\d+(?:\.\d+)?)(?![\w:/-]|[.,]\d)')


@dataclass(frozen=True)
class Snippet:
    """A definition that serves one step or several."""

    kind: StepType
    pattern: str
    """For pytest-bdd's `parsers.parse`; the text itself where it has no arguments."""
    arguments: tuple[str, ...]
    words: str
    """The text between the arguments, for the function's name."""


def undefined_steps(verdict: Verdict) -> list[Step]:
    """Every step that no definition serves, each text once."""
    found: dict[tuple[str, str], Step] = {}
    for judged in verdict.features:
        for one in judged.scenarios:
            for step, outcome in zip(one.scenario.steps, one.result.steps, strict=False):
                if outcome.status == "undefined":
                    found.setdefault((step.type, step.text), step)
    return list(found.values())


def render_snippets(steps: Sequence[Step]) -> str:
    """A module that can be pasted as it is."""
    shared: dict[Snippet, list[Step]] = {}
    for step in steps:
        shared.setdefault(snippet(step), []).append(step)
    names: set[str] = set()
    bodies = [_function(one, served, shared, steps, names) for one, served in shared.items()]
    uses = {one.kind for one in shared} | ({"parsers"} if any(one.arguments for one in shared) else set())
    return "\n\n\n".join((f"from pytest_bdd import {', '.join(sorted(uses))}", *bodies)) + "\n"


def snippet(step: Step) -> Snippet:
    """Return what serves a step."""
    arguments: list[str] = []
    pattern, words, at = "", "", 0
    for match in VALUE.finditer(step.text):
        name = _free("text" if match["text"] else "number", arguments)
        arguments.append(name)
        kind = "" if match["text"] else ":g" if "." in match["number"] else ":d"
        slot = f"{{{name}{kind}}}"
        between = step.text[at : match.start()]
        pattern += _literal(between) + (f'"{slot}"' if match["text"] else slot)
        words += f"{between} "
        at = match.end()
    rest = step.text[at:]
    if not arguments:
        return Snippet(step.type, step.text, (), step.text)
    return Snippet(step.type, pattern + _literal(rest), tuple(arguments), words + rest)


def _function(
    one: Snippet, served: list[Step], shared: dict[Snippet, list[Step]], steps: Sequence[Step], names: set[str]
) -> str:
    extra = [
        *(["datatable"] if any(step.table is not None for step in served) else []),
        *(["docstring"] if any(step.docstring is not None for step in served) else []),
    ]
    name = _free(_identifier(one.words), names)
    names.add(name)
    matcher = _quoted(one.pattern)
    if one.arguments:
        others = [step.text for step in steps if step.type == one.kind and step not in shared[one]]
        from pytest_bdd import parsers  # noqa: PLC0415 (a site without undefined steps has no use for pytest)

        greedy = any(map(parsers.parse(one.pattern).is_matching, others))
        # `{text}` reaches over further quotes; a pattern of its own keeps two definitions from serving one step.
        matcher = f"parsers.re({_quoted(_exact(one))})" if greedy else f"parsers.parse({matcher})"
    return f"@{one.kind}({matcher})\ndef {name}({', '.join((*one.arguments, *extra))}):\n    raise NotImplementedError"


def _exact(one: Snippet) -> str:
    parts = re.split(r"(\{\{|\}\}|\{\w+(?::[dg])?\})", one.pattern)
    return "".join(_exact_part(part) for part in parts)


def _exact_part(part: str) -> str:
    if part in {"{{", "}}"}:
        return re.escape(part[0])
    found = re.fullmatch(r"\{(\w+)(:[dg])?\}", part)
    if found is None:
        return re.escape(part).replace(r"\ ", " ")
    return f"(?P<{found[1]}>{'-?[0-9.]+' if found[2] else '[^' + chr(34) + ']+'})"


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _quoted(text: str) -> str:
    """A Python literal on one line, without anything that a terminal or a log would obey."""
    said = json.dumps(text, ensure_ascii=False).replace("##[", "#\\x23[")
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", said)


def _identifier(words: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:60].strip("_")
    return name if name and not name[0].isdigit() else f"step_{name}".rstrip("_")


def _free(wanted: str, taken: Sequence[str] | set[str]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}_{count}"
    return name
