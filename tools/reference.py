"""Write the reference from the code: `python tools/reference.py` makes the pages of `docs/reference`."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import click

from mkdocs_jetty.cli import COMMANDS, main
from mkdocs_jetty.config import OPTIONS
from mkdocs_jetty.judge.model import STANDARD_STATUSES
from mkdocs_jetty.judge.verdict import is_red
from mkdocs_jetty.kinds import GROUPS, KINDS
from mkdocs_jetty.run.model import STATUSES, Cause, ScenarioResult
from mkdocs_jetty.show import words
from mkdocs_jetty.standards.declaration_schema import declaration_schema
from mkdocs_jetty.steps import _FAMILIES
from mkdocs_jetty.steps.listing import INTERNAL, phrases

FOLDER = Path(__file__).parents[1] / "docs/reference"
MADE = "<!-- made by python tools/reference.py: change the code, not this page -->"
MODES = {
    "none": "it has no scenario of this mode",
    "red": "a scenario is red that no `@wip` excuses",
    "green": "every scenario passed",
    "wip": "all that is red is known red",
    "flaky": "a scenario passed only after a failure",
    "ambiguous": "a scenario passed with the first of several definitions",
    "unknown": "nothing red, and not everything ran",
    "not-applicable": "production, in an internal project",
}
MEANS = {
    "passed": "each step has passed, and there is at least one",
    "failed": "a step, the setup or the teardown failed; `cause` says how",
    "pending": "a step raised `NotImplementedError`",
    "undefined": "a step has no definition",
    "ambiguous": "a step has several definitions of one level",
    "skipped": "a skip mark or `pytest.skip`, with its reason",
    "unknown": "it did not run; `cause` says why",
}


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {
        name: re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip().replace("\n", f"\n\n{MADE}\n", 1) + "\n"
        for name, lines in {
            "index.md": _index(),
            "options.md": _options(),
            "commands.md": _commands(),
            "ports.md": _ports(),
            "statuses.md": _statuses(),
            "jetty-toml.md": _declaration(),
            "messages.md": _messages(),
        }.items()
    }


def write(folder: Path) -> None:
    """Write the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _index() -> Iterator[str]:
    yield from ("# Reference", "", "These pages are made from the code, so they say what this version does.", "")
    yield from _table(("page", "holds"), [
        ("[Options](options.md)", "the options of the plugin in `mkdocs.yml`"),
        ("[Commands](commands.md)", "the commands of `jetty`, each with its options"),
        ("[Step phrases](../guide/step-library.md#phrases)", "the phrases of the step library"),
        ("[Ports](ports.md)", "the fixtures by which the step library learns of your system"),
        ("[Statuses](statuses.md)", "the words for what became of scenarios, modes and standards"),
        ("[`jetty.toml`](jetty-toml.md)", "its tables and keys"),
        ("[Messages](messages.md)", "the codes of problems, and what to do about each"),
    ])  # fmt: skip


# ---- options ----


def _options() -> Iterator[str]:
    yield "# Options"
    yield ""
    yield "They stand below `plugins: jetty:` in `mkdocs.yml`. All are optional. A wrong name or value stops everything"
    yield "first, with file, line and what would be right."
    for name, option in OPTIONS.items():
        yield from ("", f"## `{name}` {{ #{name} }}", "")
        yield f"Takes {_takes(option.read)}. Without it: {option.written}."
        if option.meaning:
            yield from ("", f"{option.meaning[0].upper()}{option.meaning[1:]}.")


def _takes(read: Any) -> str:
    try:
        read(object())
    except ValueError as error:
        return str(error).partition(" (")[0]
    return "anything"


# ---- commands ----


def _commands() -> Iterator[str]:
    yield from ("# Commands", "")
    yield "`jetty COMMAND --help` says the same. The exit status is 0 when all is well, 1 for a verdict that is red by"
    yield "`fail_on`, 2 for wrong use or configuration, and 3 when it was interrupted or could not run."
    context = click.Context(main, info_name="jetty")
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        yield from _command(command, click.Context(command, info_name=f"jetty {name}"), f"jetty {name}")


def _command(command: click.Command, context: click.Context, called: str) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    yield from ("", f"## `{called}` {{ #{called.replace(' ', '-')} }}", "", f"```\n{called} {usage}\n```", "")
    yield _prose(command.help or "")
    rows = [
        record
        for each in command.get_params(context)
        if isinstance(each, click.Option) and (record := each.get_help_record(context))
    ]
    rows = [(f"`{_escaped(names)}`", _escaped(said)) for names, said in rows if "--help" not in names]
    if rows:
        yield from ("", *_table(("option", "meaning"), rows))
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from _command(each, click.Context(each, info_name=f"{called} {name}"), f"{called} {name}")


def _prose(text: str) -> str:
    return "\n\n".join(" ".join(part.replace("\b", "").split()) for part in inspect.cleandoc(text).split("\n\n"))


# ---- ports ----


def _ports() -> Iterator[str]:
    yield from ("# Ports", "")
    yield "A port is a pytest fixture that you override in your own `conftest.py`. One that a phrase needs and nobody"
    yield "has filled makes its scenario *not run*, with what is missing. [The step library]"
    yield "(../guide/step-library.md#ports) shows how."
    asked: dict[str, set[str]] = {}
    for phrase in phrases():
        for port in phrase.ports:
            asked.setdefault(port, set()).add(phrase.family)
    rows = [
        (f"`{name}`", f"`{_escaped(kind)}`", said, ", ".join(f"`{each}`" for each in sorted(asked.get(name, ()))))
        for name, kind, said in sorted(set(_fixtures()))
    ]
    yield from ("", *_table(("port", "gives", "what it is", "families of phrases that ask for it"), rows))


def _fixtures() -> Iterator[tuple[str, str, str]]:
    for family in ("ports", *_FAMILIES):
        module = importlib.import_module(f"mkdocs_jetty.steps.{family}")
        for name, value in vars(module).items():
            function = getattr(value, "_get_wrapped_function", lambda: None)() or getattr(
                getattr(value, "__pytest_wrapped__", None), "obj", None
            )
            own = function is not None and function.__module__ == module.__name__
            if own and name.startswith("jetty_") and name not in INTERNAL:
                said = _prose(function.__doc__ or "").partition("\n\n")[0]
                yield name, str(function.__annotations__.get("return", "")), said


# ---- statuses ----


def _statuses() -> Iterator[str]:
    yield from ("# Statuses", "", "## Scenarios", "")
    rows = [(f"`{each}`", MEANS[each], _colour(ScenarioResult(each)) if each != "unknown" else "by its cause")
            for each in STATUSES]  # fmt: skip
    yield from _table(("status", "means", ""), rows)
    yield from ("", "`failed` and `unknown` have a cause:", "")
    failed = ("assertion", "error", "timeout", "crash", "setup", "teardown", "wip-passed")
    yield from _table(("cause", "in words", ""), [
        (f"`{each}`", words.CAUSE[each],
         _colour(ScenarioResult("failed" if each in failed else "unknown", each)))
        for each in get_args(Cause)
    ])  # fmt: skip
    yield ""
    yield "A scenario tagged `@wip` is known red: it must fail, and does not count as red while it does. A scenario"
    yield "that passes only on a retry is `passed` with `flaky: true`: amber, and no evidence for a standard."
    yield from ("", "## Modes of a feature", "")
    yield from _table(("status", "means"), [(f"`{each}`", MODES[each]) for each in words.MODE])
    yield ""
    yield "The level of a feature is `none`, `speed`, `stable` or `production`: the highest mode such that it and every"
    yield "mode below it is green."
    yield from ("", "## Standards", "")
    yield from _table(("status", "means"), [(f"`{each}`", words.STANDARD_MEANS[each]) for each in STANDARD_STATUSES])


def _colour(result: ScenarioResult) -> str:
    return "red" if is_red(result) else "green" if result.status == "passed" else "grey"


# ---- jetty.toml ----


def _declaration() -> Iterator[str]:
    yield from ("# `jetty.toml`", "")
    yield "What people decide, date and sign. A file that does not validate stops everything first, with file, line and"
    yield "what would be right."
    yield "`jetty export --format schema` writes its JSON Schema, for editors that complete it as you type."
    for name, table in declaration_schema()["properties"].items():
        many = table.get("type") == "array"
        own: Mapping[str, Any] = table["items"] if many else table
        yield from ("", f"## `{f'[[{name}]]' if many else f'[{name}]'}` {{ #{name} }}", "")
        if "properties" not in own:
            own = own["additionalProperties"]
            yield "A table for each standard whose numbers you change, `[thresholds.latency-budget]`. Any other key is"
            yield 'a threshold of it, such as `p95 = "800 ms"`.'
            yield ""
        elif many:
            yield from ("A record of its own each time.", "")
        required = own.get("required", ())
        rows = [
            (f"`{key}`", _kind(value), "yes" if key in required else "", value.get("description", ""))
            for key, value in own["properties"].items()
        ]
        yield from _table(("key", "takes", "needed", "meaning"), rows)


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "anyOf" in schema:
        return (
            " or ".join(_kind(each) for each in schema["anyOf"] if each.get("type") != "array") + ", or a list of them"
        )
    if schema.get("format") == "date":
        return "a day"
    if schema["type"] == "array":
        return f"a list of {_kind(schema['items'])}"
    return "a text"


# ---- messages ----


def _messages() -> Iterator[str]:
    yield from ("# Messages", "")
    yield "Each problem has a code that stays the same when its words change. `jetty check` and the build's log show it"
    yield "in brackets, and `problems` in `spec.json` has it as `code`. What became of a scenario is"
    yield "[a status](statuses.md), not a problem. `jetty explain CODE` says what stands here."
    yield "`JTY000` are words from elsewhere, such as those of a hook."
    for group, title in GROUPS.items():
        yield from ("", f"## {title}", "")
        for kind in KINDS:
            if kind.code[3] == group:
                yield from (f"### {kind.code}: {kind.title} {{ #{kind.code.lower()} }}", "", kind.remedy, "")


# ---- text ----


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    write(FOLDER)
