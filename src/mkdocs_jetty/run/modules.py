"""The project's step modules as nodes of pytest's own tree: collected once, by pytest's own rules.

Whatever pytest collects itself is taken from it; the rest (plain step modules, the directories of pages and of steps
that nobody asked for) is collected the same way. Directories must be the same nodes everywhere, because pytest
registers the fixtures of a `conftest.py` on the first node of its directory.
"""

from __future__ import annotations

import re
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mkdocs_jetty.run import compat
from mkdocs_jetty.run.skipping import Skipped, read_skipped
from mkdocs_jetty.spec.files import is_module_name
from mkdocs_jetty.spec.model import Problem

IGNORED = {"__pycache__", ".git", ".venv", "venv", "node_modules"}
Report = Callable[[Problem], None]


def step_files(root: Path, entries: tuple[str, ...]) -> Iterator[Path]:
    """Every Python file of the step directories, `conftest.py` first."""
    for entry in entries:
        path = root / entry
        if path.is_dir():
            files = [file for file in path.rglob("*.py") if not IGNORED.intersection(file.parts)]
            yield from sorted(files, key=lambda file: (file.name != "conftest.py", file))
        elif path.suffix == ".py":
            yield path


class StepModule(pytest.Module):
    """A step module that pytest would not collect, or could not because another of its name was there first."""

    def _getobj(self) -> Any:
        with warnings.catch_warnings():
            # Already imported by another step module that uses it: its assertions stay as they are.
            warnings.simplefilter("ignore", pytest.PytestAssertRewriteWarning)
            _rewrite(self.config, self.path)
            try:
                return super()._getobj()  # type: ignore[no-untyped-call]
            except SystemExit as error:  # its author's slip, no wish to end the run
                raise self.CollectError(f"SystemExit: {error}") from error
            except self.CollectError as error:
                if not isinstance(error.__cause__, compat.ImportPathMismatchError):
                    raise
            module = _imported_apart(self.config, self.path)
        self.config.pluginmanager.consider_module(module)
        return module

    def collect(self) -> Any:
        """Its fixtures go to this node; nothing where somebody's `pytest_plugins` has given them to all."""
        return [] if self.config.pluginmanager.is_registered(self.obj) else super().collect()


class Tree:
    """The directories and modules of one session that steps and fixtures come from."""

    def __init__(
        self, session: pytest.Session, root: Path, entries: tuple[str, ...], report: Report, *, whole: bool
    ) -> None:
        """Take what to load; `whole` says that the session is all ours, and so is everything that goes wrong in it."""
        self.session = session
        self.root = root
        self.entries = entries
        self._report = report
        self._whole = whole
        self._directories: dict[tuple[Path, pytest.Collector], pytest.Collector] = {}
        self._modules: dict[Path, pytest.Module] = {}
        self._kept: dict[pytest.Collector, pytest.CollectReport] = {}
        self._collecting = 0
        self.broken: dict[Path, Problem] = {}
        """What does not import, by its file."""
        self.skipped: dict[Path, Skipped] = {}
        """What skips itself while it is imported, by its file."""

    # ---- what pytest asks of us ----

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_directory(
        self, path: Path, parent: pytest.Collector
    ) -> Generator[None, pytest.Collector | None, pytest.Collector | None]:
        found = yield
        return None if found is None else self._directories.setdefault((path, parent), found)

    @pytest.hookimpl(wrapper=True)
    def pytest_pycollect_makemodule(
        self, module_path: Path, parent: pytest.Collector
    ) -> Generator[None, pytest.Module | None, pytest.Module | None]:
        found = yield
        known = self._modules.get(module_path)
        if known is not None and known.parent is parent:
            return known
        if self._whole and type(found) is pytest.Module:
            found = StepModule.from_parent(parent, path=module_path)
        if found is not None:
            self._modules[module_path] = found
        return found

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> pytest.CollectReport | None:
        return self._kept.get(collector)

    def pytest_exception_interact(self, node: object, call: pytest.CallInfo[Any]) -> None:
        if isinstance(node, pytest.Collector) and call.excinfo and (self._whole or self._collecting):
            self.tell(call.excinfo.value, node.path)

    def tell(self, error: BaseException, path: Path) -> None:
        """Tell once of a module that does not import."""
        path = path / "conftest.py" if path.is_dir() else path
        if path not in self.broken:
            self.broken[path] = import_problem(error, path, self.root)
            self._report(self.broken[path])

    # ---- nodes ----

    def directory(self, path: Path) -> tuple[pytest.Collector, ...]:
        """The nodes from the topmost directory that pytest looks at down to this one, or to the last that is there.

        Each is collected, so that its `conftest.py` is loaded. One that does not import ends the chain.
        """
        chain: list[pytest.Collector] = []
        above: pytest.Collector = self.session
        config = self.session.config
        for each in (*reversed([up for up in path.parents if compat.is_in_reach(config, up)]), path):
            node = self._directories.get((each, above))
            if node is None:
                hook = self.session.gethookproxy(each.parent)
                node = hook.pytest_collect_directory(path=each, parent=above) if each.is_dir() else None
            if node is None or not self.collect(node):
                break
            chain.append(node)
            above = node
        return tuple(chain)

    def collect(self, node: pytest.Collector) -> bool:
        """Collect a node, if pytest has not; whether that went well."""
        self._collecting += 1
        try:
            report, before = compat.collect(self.session, node)
        finally:
            self._collecting -= 1
        if not before and isinstance(node, pytest.Module):
            self._kept[node] = report
        elif report.failed and isinstance(node, pytest.Directory):
            compat.forget(self.session, node)  # whoever asks for it by name shall hear of it
        if report.skipped and isinstance(node, pytest.Module):
            self.skipped[node.path] = self._read_skipped(node.path, report.longrepr)
        return report.passed

    def _read_skipped(self, path: Path, said: object) -> Skipped:
        reason = str(said[2] if isinstance(said, tuple) else said).removeprefix("Skipped: ")
        base = str(self.session.config.getini("bdd_features_base_dir") or "")
        return read_skipped(path, reason, self.session.config.rootpath / base if base else path.parent)

    # ---- the modules ----

    @cached_property
    def modules(self) -> dict[Path, pytest.Module]:
        """Every step module but the `conftest.py` files, by its path; loaded when first asked for."""
        self._load_named()
        found: dict[Path, pytest.Module] = {}
        for path in step_files(self.root, self.entries):
            if self._is_ignored(path):
                continue
            chain = self.directory(path.parent)
            if path.name in {"__init__.py", "conftest.py"} or not chain or chain[-1].path != path.parent:
                continue
            node = self._modules.get(path)
            if node is None:
                node = self._modules[path] = StepModule.from_parent(chain[-1], path=path)
            if self.collect(node):
                found[path] = node
        return found

    def _is_ignored(self, path: Path) -> bool:
        """Tell whether the project tells pytest to leave a file alone, or a directory above it (`collect_ignore`)."""
        named = {self.root / entry for entry in self.entries}
        for each in (path, *path.parents):
            if each in named or each == self.root:
                return False
            self.directory(each.parent)
            if compat.is_ignored(self.session, each):
                return True
        return False

    def _load_named(self) -> None:
        for entry in self.entries:
            if is_module_name(self.root, entry):
                try:
                    self.session.config.pluginmanager.import_plugin(entry)
                except Exception as error:  # noqa: BLE001 - a module may raise anything
                    message = f"steps: the module `{entry}` does not import: {error}"
                    self._report(Problem("error", "", None, None, message))


# ---- importing ----


def _rewrite(config: pytest.Config, path: Path) -> None:
    """Let the assertions of a module explain themselves, whatever its name."""
    if config.getoption("importmode") == "importlib":
        return
    compat.rewrite(config, path)


def _imported_apart(config: pytest.Config, path: Path) -> ModuleType:
    """Import a module under a name of its own, made from where it stands."""
    module = compat.import_apart(config, path)
    if Path(module.__file__ or "").resolve() != path.resolve():
        raise compat.ImportPathMismatchError(module.__name__, module.__file__, path)
    return module


def import_problem(error: BaseException, path: Path, root: Path) -> Problem:
    """The one message for a step module that does not import: where, and why."""
    cause = _cause(error)
    line = None
    if isinstance(cause, SyntaxError) and cause.filename and Path(cause.filename) == path:
        line = cause.lineno
    else:
        frames = [frame for frame in traceback.extract_tb(cause.__traceback__) if Path(frame.filename) == path]
        line = frames[-1].lineno if frames else None
    text = f"{type(cause).__name__}: {cause.msg if isinstance(cause, SyntaxError) else cause}".strip()
    first = re.sub(r"\s+", " ", text)[:500]
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    what = "this step module does not import, so none of its steps are defined"
    if path.name == "conftest.py":
        what = "this `conftest.py` does not import, so what it holds for does not run"
    return Problem("error", name, line, None, f"{what}: {first}")


def _cause(error: BaseException) -> BaseException:
    """Return what went wrong first, below what pytest makes of it."""
    while True:
        if isinstance(error, compat.ConftestImportFailure):
            error = error.cause
        elif isinstance(error, pytest.Collector.CollectError) and error.__cause__ is not None:
            error = error.__cause__
        else:
            return error
