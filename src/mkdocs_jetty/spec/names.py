"""Give each feature of the project an id of its own: records and badges go by it.

An id that its author wrote down stays as it is, whatever the other pages say. One that was made from a name gives way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs_jetty.spec.build import free, slug
from mkdocs_jetty.spec.model import Block, Feature, Page, Problem, ShownScenario


@dataclass(frozen=True)
class FileRead:
    """What was read of one file."""

    page: Page | None = None
    """None for a file without specification."""
    features: list[Feature] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    """What is wrong outside its blocks."""
    own_id: tuple[str, int] | None = None
    """The id of a feature that its author wrote down, and the line."""


def with_ids_of_their_own(
    files: Sequence[FileRead], before: Sequence[FileRead] = (), rank: Callable[[str], int] = lambda _: 0
) -> list[FileRead]:
    """Rename what has an id that is taken; an id that two authors wrote down is a problem of the second page.

    Whose id stays goes by the paths, so that whoever reads the pages, in whatever order, gives them the same ids.

    Args:
        files: What was read.
        before: What has its ids already, and keeps them.
        rank: Tells of a page's path which pages come before it, whatever their paths.
    """

    def order(read: FileRead) -> tuple[Any, ...]:
        path = PurePosixPath(read.page.path if read.page else "-")
        return path.suffix == ".feature", rank(str(path)), path.with_suffix("").parts

    owners: dict[str, FileRead] = {}
    inorder = sorted(files, key=order)
    for read in (*before, *inorder):
        if read.own_id:
            owners.setdefault(read.own_id[0], read)
    taken = {*owners, *(feature.id for read in before for feature in read.features)}
    settled = {id(read): _settled(read, owners, taken) for read in inorder}
    return [settled[id(read)] for read in files]


def _settled(read: FileRead, owners: dict[str, FileRead], taken: set[str]) -> FileRead:
    if read.page is None:
        return read
    renamed: dict[str, str] = {}
    for feature in read.features:
        if owners.get(feature.id) is read:
            continue
        if feature.id in taken:
            renamed[feature.id] = free(f"{feature.id}-{slug(Path(read.page.path).stem)}", taken)
        taken.add(renamed.get(feature.id, feature.id))
    return replace(
        read,
        page=_renamed_page(read.page, renamed),
        features=[_renamed_feature(feature, renamed) for feature in read.features],
        problems=[*read.problems, *_clash(read, owners, renamed)],
    )


def _clash(read: FileRead, owners: dict[str, FileRead], renamed: dict[str, str]) -> list[Problem]:
    if read.own_id is None or read.page is None or owners[read.own_id[0]] is read:
        return []
    wanted, line = read.own_id
    other = owners[wanted]
    assert other.page is not None
    assert other.own_id is not None
    message = (
        f"the `id` `{wanted}` is already that of {other.page.path}:{other.own_id[1]}; here `{renamed[wanted]}` stands"
        " in for it: give each page an `id` of its own"
    )
    return [Problem("error", read.page.path, line, None, message)]


def _renamed_feature(feature: Feature, renamed: dict[str, str]) -> Feature:
    if feature.id not in renamed:
        return feature
    unique = renamed[feature.id]
    scenarios = tuple(replace(each, id=_moved(each.id, renamed)) for each in feature.scenarios)
    return replace(feature, id=unique, scenarios=scenarios)


def _moved(scenario_id: str, renamed: dict[str, str]) -> str:
    feature_id, rest = scenario_id.split("/", 1)
    return f"{renamed.get(feature_id, feature_id)}/{rest}"


def _renamed_page(page: Page, renamed: dict[str, str]) -> Page:
    if not renamed:
        return page
    return replace(page, blocks=tuple(_renamed_block(block, renamed) for block in page.blocks))


def _renamed_block(block: Block, renamed: dict[str, str]) -> Block:
    items = tuple(_renamed_item(item, renamed) if isinstance(item, ShownScenario) else item for item in block.items)
    feature_id = renamed.get(block.feature_id, block.feature_id) if block.feature_id else None
    return replace(block, items=items, feature_id=feature_id)


def _renamed_item(item: ShownScenario, renamed: dict[str, str]) -> ShownScenario:
    examples = tuple(
        replace(each, rows=tuple((cells, _moved(row, renamed)) for cells, row in each.rows)) for each in item.examples
    )
    return replace(item, examples=examples, scenario_ids=tuple(_moved(each, renamed) for each in item.scenario_ids))
