"""Steps that write a small project and run a command in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bdd import given, parsers, when

if TYPE_CHECKING:
    from conftest import Project


@given("a project with these steps:")
def steps(project: Project, docstring: str) -> None:
    project.write(
        "features/steps.py", f"import pytest\nfrom pytest_bdd import given, parsers, then, when\n\n{docstring}"
    )


@given(parsers.parse('a page "{path}":'))
def page(project: Project, path: str, docstring: str) -> None:
    project.write(f"docs/{path}", docstring)


@given(parsers.parse('a file "{path}":'))
def file(project: Project, path: str, docstring: str) -> None:
    project.write(path, docstring)


@given(parsers.parse('the option "{option}"'))
def option(project: Project, option: str) -> None:
    project.options.append(option)


@given(parsers.parse('the page "{name}" with one scenario that says "{step}"'))
def one_scenario(project: Project, name: str, step: str) -> None:
    project.write(f"docs/{name}", f"# Small\n\n```gherkin\nScenario: The only one\n  {step}\n```")


@given(parsers.parse('a page "{path}" with the traits {traits}:'))
def page_with_traits(project: Project, path: str, traits: str, docstring: str) -> None:
    project.write(f"docs/{path}", f"---\njetty:\n  traits: {traits}\n---\n{docstring}")


@given(parsers.parse('the project is external under "{preset}"'))
def external(project: Project, preset: str) -> None:
    project.write("jetty.toml", f'[project]\nstate = "external"\npreset = ["{preset}"]\nsince = 2026-11-01')


@given("jetty.toml says also:")
def declared(project: Project, docstring: str) -> None:
    project.write("jetty.toml", f"{(project.root / 'jetty.toml').read_text('utf-8')}\n{docstring}")


@given(parsers.parse('the file "{path}" says "{new}" in the place of "{old}"'))
@when(parsers.parse('"{new}" is put in the place of "{old}" in the file "{path}"'))
def changed(project: Project, path: str, new: str, old: str) -> None:
    text = (project.root / path).read_text("utf-8")
    assert old in text, f"{path} does not say {old!r}"
    (project.root / path).write_text(text.replace(old, new), encoding="utf-8")


@when(parsers.parse('"{command}" is run'))
def run(project: Project, command: str) -> None:
    project.run(command)


@when(parsers.parse("on {day} '{command}' is run"))
def run_on(project: Project, day: str, command: str) -> None:
    """In single quotes, for commands that have double ones of their own."""
    project.today = day
    project.run(command)
