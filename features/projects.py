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


@when(parsers.parse('"{command}" is run'))
def run(project: Project, command: str) -> None:
    project.run(command)
