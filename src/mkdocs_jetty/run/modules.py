"""Load the project's step modules into a pytest session, so that the pages can use their steps and fixtures."""

from __future__ import annotations

import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _pytest.pathlib import (
    CouldNotResolvePathError,
    ImportPathMismatchError,
    import_path,
    module_name_from_path,
    resolve_pkg_root_and_module_name,
)

from mkdocs_jetty.run.offers import Offers
from mkdocs_jetty.spec.files import is_module_name
from mkdocs_jetty.spec.model import Problem

IGNORED = {"__pycache__", ".git", ".venv", "venv", "node_modules"}


def step_files(root: Path, entries: tuple[str, ...]) -> Iterator[Path]:
    """Every Python file of the step directories, `conftest.py` first."""
    for entry in entries:
        path = root / entry
        if path.is_dir():
            files = [file for file in path.rglob("*.py") if not IGNORED.intersection(file.parts)]
            yield from sorted(files, key=lambda file: (file.name != "conftest.py", file))
        elif path.suffix == ".py":
            yield path


def load_steps(
    session: pytest.Session, root: Path, entries: tuple[str, ...], report: Callable[[Problem], None]
) -> Offers:
    """Load all step modules; one that fails is reported with its place, and the others still load."""
    offers = Offers(session, root)
    for entry in entries:
        if is_module_name(root, entry):
            try:
                session.config.pluginmanager.import_plugin(entry)
            except Exception as error:  # noqa: BLE001 - a module may raise anything
                report(Problem("error", "", None, None, f"steps: the module `{entry}` does not import: {error}"))
    for path in step_files(root, entries):
        if path.name == "__init__.py" or path in offers.by_path:
            continue
        try:
            if path.name == "conftest.py":
                offers.add(_load_conftest(session, path), path, placed=True)
            else:
                _load_module(session, path, root, offers)
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as error:  # noqa: BLE001 - a module may raise anything; SystemExit at import is its author's slip
            report(import_problem(error, path, root))
    return offers


def _load_module(session: pytest.Session, path: Path, root: Path, offers: Offers) -> None:
    manager = session.config.pluginmanager
    module = _imported(session.config, path)
    if manager.is_registered(module):  # named in somebody's `pytest_plugins`
        offers.add(module, path, placed=True)
        return
    with warnings.catch_warnings():
        # Already imported by another step module that uses it: its assertions stay as they are.
        warnings.simplefilter("ignore", pytest.PytestAssertRewriteWarning)
        if offers.add(module, path).kind == "test":
            manager.consider_module(module)
        else:
            name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
            manager.register(_hooks(module), f"jetty-steps {name}")


def _hooks(module: ModuleType) -> ModuleType:
    """What pytest shall see of a step module as of a plugin: all but its fixtures, which are not for everything."""
    hooks = ModuleType(module.__name__)
    vars(hooks).update((name, value) for name, value in vars(module).items() if name.startswith("pytest_"))
    return hooks


def _imported(config: pytest.Config, path: Path) -> ModuleType:
    mode = config.getoption("importmode")
    namespace = bool(config.getini("consider_namespace_packages"))
    mark = config.pluginmanager.rewrite_hook.mark_rewrite
    if mode != "importlib":
        mark(_module_name(path, namespace=namespace))
        try:
            return import_path(path, mode=mode, root=config.rootpath, consider_namespace_packages=namespace)
        except ImportPathMismatchError:
            # Another file of its name was there first: it gets a name of its own, made from where it stands.
            mark(module_name_from_path(path, config.rootpath))
    module = import_path(path, mode="importlib", root=config.rootpath, consider_namespace_packages=namespace)
    if Path(module.__file__ or "").resolve() != path.resolve():
        raise ImportPathMismatchError(module.__name__, module.__file__, path)
    return module


def _module_name(path: Path, *, namespace: bool) -> str:
    try:
        return resolve_pkg_root_and_module_name(path, consider_namespace_packages=namespace)[1]
    except CouldNotResolvePathError:
        return path.stem


def _load_conftest(session: pytest.Session, path: Path) -> ModuleType:
    config = session.config
    manager: Any = config.pluginmanager
    module: ModuleType | None = manager.get_plugin(str(path))
    if module is None:
        manager.rewrite_hook.mark_rewrite(path.stem)
        if _module_name(path, namespace=False) == path.stem:
            # Outside packages every conftest.py is `conftest`; pytest makes room for the next one like this.
            sys.modules.pop(path.stem, None)
        module = import_path(
            path, mode=config.getoption("importmode"), root=config.rootpath,
            consider_namespace_packages=bool(config.getini("consider_namespace_packages")),
        )  # fmt: skip
        # Under the name that pytest gives it, so that it is not loaded twice. Not as a conftest, though, because
        # below the root directory those may not name `pytest_plugins`.
        manager.register(module, str(path))
    # It stands beside the steps, not above the pages: its hooks and fixtures hold for the whole session.
    manager._conftest_plugins.discard(module)
    fixtures: Any = session._fixturemanager
    if hasattr(fixtures, "_arg2node2fixturedefs"):
        fixtures.parsefactories(holder=module, node=session)
    else:
        fixtures._holderobjseen.discard(module)  # already parsed, but for its own directory only
        fixtures.parsefactories(module, "")
    return module


def import_problem(error: BaseException, path: Path, root: Path) -> Problem:
    """The one message for a step module that does not import: where, and why."""
    cause: BaseException = error
    while cause.__cause__ is not None and "conftest" in type(cause).__name__.lower():
        cause = cause.__cause__
    cause = getattr(error, "cause", cause) if isinstance(getattr(error, "cause", None), BaseException) else cause
    line = None
    if isinstance(cause, SyntaxError) and cause.filename and Path(cause.filename) == path:
        line = cause.lineno
    else:
        frames = [frame for frame in traceback.extract_tb(cause.__traceback__) if Path(frame.filename) == path]
        line = frames[-1].lineno if frames else None
    text = f"{type(cause).__name__}: {cause.msg if isinstance(cause, SyntaxError) else cause}".strip()
    first = re.sub(r"\s+", " ", text)[:500]
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return Problem(
        "error", name, line, None, f"this step module does not import, so none of its steps are defined: {first}"
    )
