"""Plugins beside jetty: each does its work, green stays green, red is red, other code blocks stay as they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from building import NOTES, Built, Site, ordered, page, scenario
from neighbours import NEIGHBOURS, Neighbour


def cases(where: str) -> list[object]:
    """Return a case for each neighbour, with what the guide's table says of it."""
    return [
        pytest.param(
            each,
            id=each.name,
            marks=[
                pytest.mark.works(each.name, each.works),
                pytest.mark.order("before" if each.last else where),
            ],
        )
        for each in NEIGHBOURS
    ]


def build(site: Site, neighbour: Neighbour, plugins: list[object], step: str, *flags: str) -> Built:
    site.write(
        {
            "docs/index.md": "# Home\n",
            "docs/notes.md": NOTES,
            "docs/cart.md": page("Cart", neighbour.cart, scenario("Filling", step)),
        }
    )
    site.write(neighbour.files)
    if neighbour.git:
        commit(site.root)
    return site.build({}, plugins, *flags, **neighbour.config)


def commit(folder: Path) -> None:
    git = [
        "git",
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-c",
        "commit.gpgsign=false",
        "-C",
        str(folder),
    ]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "Start", "--allow-empty"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)


def assert_it_worked(built: Built, neighbour: Neighbour) -> None:
    name, text = neighbour.seen
    assert text in built.page(name), (name, built.log)


@pytest.mark.parametrize("neighbour", cases("after"))
def test_a_green_site_stays_green_and_nothing_else_changes(tmp_path: Path, neighbour: Neighbour) -> None:
    plugins = ordered("before" if neighbour.last else "after", *neighbour.plugins)
    built = build(Site(tmp_path / "with"), neighbour, plugins, "it holds", "--strict")
    built.holds(passed=1)
    assert built.shown("cart/") == [("Filling", "green")]
    assert_it_worked(built, neighbour)
    without = build(Site(tmp_path / "without"), neighbour, list(neighbour.plugins), "it holds")
    assert built.code("notes/") == without.code("notes/")
    written = {path.relative_to(without.root) for path in without.root.rglob("site/**/*") if path.is_file()}
    assert {path for path in written if not (built.root / path).exists()} == set()


@pytest.mark.parametrize("neighbour", cases("before"))
def test_a_red_site_is_red_and_whole(tmp_path: Path, neighbour: Neighbour) -> None:
    built = build(Site(tmp_path), neighbour, ordered("before", *neighbour.plugins), "it breaks")
    built.fails(passed=0, failed=1)
    assert built.shown("cart/") == [("Filling", "red")]
    assert_it_worked(built, neighbour)
