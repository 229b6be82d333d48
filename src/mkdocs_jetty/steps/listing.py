"""Every stock phrase, from the modules: `python -m mkdocs_jetty.steps.listing docs/guide/step-library.md`."""

from __future__ import annotations

import argparse
import html
import importlib
import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pytest_bdd.steps import step_function_context_registry

from mkdocs_jetty.steps import _FAMILIES

BEGIN, END = "<!-- phrases: made by python -m mkdocs_jetty.steps.listing -->", "<!-- end of the phrases -->"
STEP = "pytestbdd_stepdef_"
PORT = "jetty_"
INTERNAL = {"jetty_driver", "jetty_world", "jetty_measure", "jetty_stress", "jetty_load_floors", "jetty_broken",
            "jetty_time", "jetty_base_url", "jetty_browser"}  # fmt: skip


@dataclass(frozen=True)
class Phrase:
    """One stock phrase."""

    family: str
    kind: str
    text: str
    """As the parser has it; a regular expression where `parser` says so."""
    parser: Any
    ports: tuple[str, ...]


@cache
def phrases() -> Sequence[Phrase]:
    """Every stock phrase, by family and in the order of the modules."""
    return tuple(phrase for family in _FAMILIES for phrase in _of(family))


def families() -> dict[str, str]:
    """The families that have phrases, and what each is for, in a line."""
    said = {each.family for each in phrases()}
    return {name: (_module(name).__doc__ or "").strip().splitlines()[0] for name in _FAMILIES if name in said}


def _module(family: str) -> Any:
    return importlib.import_module(f"mkdocs_jetty.steps.{family}")


def _of(family: str) -> Iterator[Phrase]:
    for name, value in vars(_module(family)).items():
        if not name.startswith(STEP):
            continue
        wrapped = getattr(value, "_get_wrapped_function", None) or getattr(value, "__pytest_wrapped__", None)
        function = wrapped() if callable(wrapped) else getattr(wrapped, "obj", value)
        context = step_function_context_registry.get(function)
        if context is not None:
            asked = inspect.signature(context.step_func).parameters
            ports = tuple(each for each in asked if each.startswith(PORT) and each not in INTERNAL)
            yield Phrase(family, str(context.type), str(context.parser.name), context.parser, ports)


def readable(text: str) -> str:
    """A phrase as one writes it: groups of a pattern by their names."""
    text = re.sub(r"\(\?:[^()]*\|\)|\(\?:[^()]*\)\?|\(\?![^()]*\)\"?\??", "", text)
    text = _by_name(text)
    text = re.sub(r"\{(\w+):[A-Za-z]\w*\}", r"{\1}", text)
    return text.replace("\\", "").replace('"?', "")


def _by_name(text: str) -> str:
    """A pattern with the name of each group in its place, whatever stands within."""
    while found := re.search(r"\(\?P<(\w+)>", text):
        depth, end = 1, found.end()
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0) if text[end - 1] != "\\" else 0
            end += 1
        text = f"{text[: found.start()]}{{{found[1]}}}{text[end:]}"
    return text


def listing() -> str:
    """The phrases as Markdown."""
    parts = []
    for family, what in families().items():
        rows = [f"| {each.kind.capitalize()} | {_code(readable(each.text))} | {_ports(each)} |"
                for each in phrases() if each.family == family]  # fmt: skip
        parts += [
            f"### {family}",
            html.escape(what, quote=False),
            "\n".join(["| | phrase | needs |", "|---|---|---|", *rows]),
        ]
    return "\n\n".join(parts)


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _ports(phrase: Phrase) -> str:
    return ", ".join(f"`{each}`" for each in phrase.ports)


def write(page: Path) -> None:
    """Renew the phrases on a page, between its two marks."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page.name} has no lines {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n\n{listing()}\n\n{END}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    command = argparse.ArgumentParser(prog="python -m mkdocs_jetty.steps.listing", description=__doc__)
    command.add_argument("page", nargs="?", type=Path, default=Path("docs/guide/step-library.md"))
    write(command.parse_args().page)
