"""Steps that look at what a command left behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

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
        [re.search(r"<b>(.*?)</b>", section)[1], re.search(r'class="jetty-(?:word|hidden)">(\w+)', section)[1]]  # type: ignore[index]
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


@then(parsers.parse('"{feature}" is complete'))
def complete(project: Project, feature: str) -> None:
    assert project.feature(feature)["complete"] is True, project.output


@then(parsers.parse('"{feature}" is not complete'))
def not_complete(project: Project, feature: str) -> None:
    assert project.feature(feature)["complete"] is False, project.output


@then(parsers.parse('the standards of "{feature}" are, among others:'))
def standards_are(project: Project, feature: str, datatable: list[list[str]]) -> None:
    compare(project.feature(feature)["standards"], datatable)


@then("the standards of the system are, among others:")
def system_standards_are(project: Project, datatable: list[list[str]]) -> None:
    compare(project.verdict()["standards"], datatable)


def compare(standards: list[dict[str, Any]], datatable: list[list[str]]) -> None:
    """Each named standard as the table says; of a note, a part is enough."""
    (first, *head), *rows = datatable
    assert first == "id"
    by_id = {standard["id"]: standard for standard in standards}
    for name, *wanted in rows:
        assert name in by_id, f"{name} is not asked for; there are {', '.join(by_id)}"
        for key, value in zip(head, wanted, strict=True):
            found = "" if by_id[name][key] is None else str(by_id[name][key])
            assert value in found if key in {"note", "why"} else value == found, by_id[name]


@then(parsers.parse('the preset does not ask for "{standard}"'))
def not_asked(project: Project, standard: str) -> None:
    verdict = project.verdict()
    lists = [verdict["standards"], *(feature["standards"] for feature in verdict["features"])]
    assert standard not in {each["id"] for found in lists for each in found}


@then(parsers.parse('there is one problem, at "{place}"'))
def one_problem(project: Project, place: str) -> None:
    found = project.verdict()["problems"]
    places = [":".join(str(part) for part in (one["page"], one["line"], one["column"]) if part) for one in found]
    assert places == [place], found


@then(parsers.parse('the output names "{text}"'))
def output_names(project: Project, text: str) -> None:
    assert text in project.output, project.output


@then(parsers.parse('the problem says "{text}"'))
def problem_says(project: Project, text: str) -> None:
    found = project.verdict()["problems"]
    assert any(text in problem["message"] for problem in found), found


@then(parsers.parse('there is a file "{path}"'))
def there_is(project: Project, path: str) -> None:
    assert (project.root / path).exists()


@then(parsers.parse('there is no file "{path}"'))
def there_is_no(project: Project, path: str) -> None:
    assert not (project.root / path).exists()


@then(parsers.parse('the output does not name "{text}"'))
def output_does_not_name(project: Project, text: str) -> None:
    assert text not in project.output, project.output


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
