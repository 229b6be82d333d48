"""Steps that look at what a command left behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_bdd import parsers, then

if TYPE_CHECKING:
    from conftest import Project


@then(parsers.parse("the exit status is {status:d}"))
def exit_status(project: Project, status: int) -> None:
    assert project.status == status, project.output


@then("the scenarios are:")
def scenarios_are(project: Project, datatable: list[list[str]]) -> None:
    """All of them, in their order; a table names only the columns that matter."""
    head, *rows = datatable
    found = [["" if scenario[key] is None else str(scenario[key]) for key in head] for scenario in project.scenarios()]
    assert found == rows, project.output


@then(parsers.parse('the scenarios on the page "{page}" show these words:'))
def scenarios_show(project: Project, page: str, datatable: list[list[str]]) -> None:
    """Each scenario has a section of its own, with its name and then its result in words."""
    html = (project.root / "site" / page / "index.html").read_text("utf-8")
    _, *sections = html.split('<section class="jetty-scenario')
    found = [
        [re.search(r"<b>(.*?)</b>", section)[1], re.search(r'class="jetty-word">(\w+)', section)[1]]  # type: ignore[index]
        for section in sections
    ]
    assert found == datatable[1:]


@then(parsers.parse('the steps of "{name}" are:'))
def steps_are(project: Project, name: str, datatable: list[list[str]]) -> None:
    found = [[step["text"], step["status"]] for step in project.scenario(name)["steps"]]
    assert found == datatable[1:]


@then(parsers.parse('"{name}" says "{text}"'))
def scenario_says(project: Project, name: str, text: str) -> None:
    messages = [step["message"] or "" for step in project.scenario(name)["steps"]]
    assert any(text in message for message in messages), messages


@then(parsers.parse("the count of {word} is {count:d}"))
def count_is(project: Project, word: str, count: int) -> None:
    assert project.verdict()["counts"][word] == count


@then(parsers.parse('the {mode} mode of "{feature}" is {status}'))
def mode_is(project: Project, mode: str, feature: str, status: str) -> None:
    assert project.feature(feature)["modes"][mode]["status"] == status


@then(parsers.parse('the level of "{feature}" is {level}'))
def level_is(project: Project, feature: str, level: str) -> None:
    assert project.feature(feature)["level"] == level


@then(parsers.parse('there is one problem, at "{place}"'))
def one_problem(project: Project, place: str) -> None:
    found = project.verdict()["problems"]
    places = [":".join(str(part) for part in (one["page"], one["line"], one["column"]) if part) for one in found]
    assert places == [place], found


@then(parsers.parse('the output names "{text}"'))
def output_names(project: Project, text: str) -> None:
    assert text in project.output, project.output


@then(parsers.parse('the site has "{path}"'))
def site_has(project: Project, path: str) -> None:
    assert (project.root / "site" / path).is_file()


@then(parsers.parse('the site has no "{path}"'))
def site_has_no(project: Project, path: str) -> None:
    assert not (project.root / "site" / path).exists()


@then(parsers.parse('the file "{path}" shows "{text}"'))
def file_shows(project: Project, path: str, text: str) -> None:
    assert text in (project.root / path).read_text("utf-8")


@then(parsers.parse('the file "{path}" does not show "{text}"'))
def file_does_not_show(project: Project, path: str, text: str) -> None:
    assert text not in (project.root / path).read_text("utf-8")
