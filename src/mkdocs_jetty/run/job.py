"""What a child is to run: the specification and the settings as data, in one file.

The child reads no page and no `mkdocs.yml`, so what runs is what its parent has read, whatever has happened to the
files since, and pages that only a build can make run like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mkdocs_jetty.spec.model import Feature, Page, Spec
from mkdocs_jetty.spec.transfer import from_json, to_json


@dataclass(frozen=True)
class Job:
    """The work of one child process."""

    root: str
    """The directory of `mkdocs.yml`, absolute."""
    steps: tuple[str, ...]
    """Directories, files or modules with step definitions, relative to `root`."""
    ambiguous: Literal["error", "warn"]
    features: tuple[Feature, ...]
    pages: Mapping[str, tuple[str, ...]]
    """The step modules that each page names; what else stands on it is for readers."""
    ids: tuple[str, ...]
    """The scenarios to run."""
    events: str
    """The file that the child reports to."""
    first: tuple[str, ...] = ()
    """Of these, those that are wanted before others, the most urgent one first."""
    settled: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    """Rows of these scenarios that need not run again, by their `params`."""
    output: bool = False
    """Whether to report what scenarios print, and full tracebacks."""
    memory_limit: int | None = None
    """MiB."""
    without_when: bool = False
    """Whether the When steps have been left out on purpose."""
    parent: int | None = None
    """The process that waits for the results."""

    @property
    def spec(self) -> Spec:
        """The specification that was handed over."""
        return Spec(self.features, tuple(Page(path, path, (), steps) for path, steps in self.pages.items()))

    def write(self, path: Path) -> None:
        """Write the job for a child to read."""
        path.write_text(to_json(self), encoding="utf-8")


def read_job(path: Path) -> Job:
    """Read a job.

    Raises:
        ValueError: If the file holds something else.
    """
    return from_json(Job, path.read_text("utf-8"))
