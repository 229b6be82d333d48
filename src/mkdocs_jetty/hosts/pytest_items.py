"""What `pytest docs/` collects: a page is a module, its scenarios are the tests, and what is wrong with it fails."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.nodes import Node
from _pytest.outcomes import OutcomeException
from pytest_bdd.exceptions import StepDefinitionNotFoundError

from mkdocs_jetty.run.execute import AmbiguousStepError, Record, ScenarioRun, bdd_feature
from mkdocs_jetty.run.offers import AmbiguousFixtureError, file_of

if TYPE_CHECKING:
    from mkdocs_jetty.hosts.pytest import JettySession
    from mkdocs_jetty.run.offers import Reach
    from mkdocs_jetty.spec.model import Feature, Page, Problem, Scenario

# Frames of these are no news to the author of a step.
OURS = {"_pytest", "pluggy", "pytest_bdd", "mkdocs_jetty"}
DEFECTS = {
    "no-steps": "this scenario has no steps, so it proves nothing",
    "no-rows": "this outline has no Examples row, so nothing runs",
    "invalid-gherkin": "this is not valid Gherkin",
}
OPTIMIZED = (
    "Python runs without assertions (-O or PYTHONOPTIMIZE), so this scenario would prove nothing; run it without them"
)


class PageModule(pytest.Module):
    """A page as a module: its scenarios are its items."""

    def __init__(self, *, jetty: JettySession, page: Page, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.jetty = jetty
        self.page = page

    def _getobj(self) -> Any:
        module = types.ModuleType(self.path.stem.replace("-", "_").replace(".", "_"))
        module.__file__ = str(self.path)
        return module

    def collect(self) -> Iterator[pytest.Item]:
        """Every scenario of the page, and an item that fails for whatever is wrong with the page."""
        taken: set[str] = set()
        _ = self.jetty.lookup  # loaded before any item asks which fixtures it sees
        for feature in self.jetty.spec.features:
            if feature.page == self.page.path:
                bdd = bdd_feature(feature, self.path, self.jetty.settings.root)
                for scenario in feature.scenarios:
                    yield self._item(feature, scenario, bdd, _free(scenario.name or "(no name)", taken))
        if self.jetty.wanted is None:
            yield from self._wrong(taken)

    def _wrong(self, taken: set[str]) -> Iterator[pytest.Item]:
        left = dict.fromkeys(self.jetty.errors.get(self.page.path, ()))
        for block in self.page.blocks:
            errors = [problem for problem in block.problems if problem.level == "error"]
            if errors:
                yield BrokenBlock.from_parent(self, name=_free(f"line {block.line}", taken), problems=errors)
            for problem in errors:
                left.pop(problem, None)
        for problem in left:
            name = f"line {problem.line}" if problem.line else "page"
            yield BrokenBlock.from_parent(self, name=_free(name, taken), problems=[problem])

    def _item(self, feature: Feature, scenario: Scenario, bdd: Any, name: str) -> ScenarioItem:
        lookup = self.jetty.lookup
        named = lookup.offers.named(self.page, scenario)
        reach = lookup.reach(self, scenario, named)
        about = {"jetty": self.jetty, "scenario": scenario, "bdd": bdd, "named": named, "reach": reach}
        try:
            run = _function(feature, scenario, reach)
            self._tag(run, scenario)
            _refuse_empty_parametrize(run)
            item: ScenarioItem = ScenarioItem.from_parent(self, name=name, callobj=run, **about)
        except pytest.exit.Exception:
            raise
        except (Exception, OutcomeException) as error:  # noqa: BLE001 - a project's hook may raise anything
            # One scenario that cannot be made must not take its neighbours away.
            run = _function(feature, scenario, reach)
            item = ScenarioItem.from_parent(self, name=name, callobj=run, **about)
            item.refused = f"pytest cannot take the tags {' '.join(scenario.tags)}: {type(error).__name__}: {error}"
        if scenario.wip and self.jetty.wanted is None:
            item.add_marker(pytest.mark.xfail(strict=True, reason="known red (@wip)"))
        return item

    def _tag(self, run: types.FunctionType, scenario: Scenario) -> None:
        marks: Any = pytest.mark
        for tag in scenario.tags:
            marks._markers.add(tag[1:])  # noqa: SLF001 - a tag is no typing error, so `--strict-markers` has nothing to say
            self.config.hook.pytest_bdd_apply_tag(tag=tag[1:], function=run)


class ScenarioItem(pytest.Function):
    """One scenario, or one row of an outline."""

    def __init__(
        self, *, jetty: JettySession, scenario: Scenario, bdd: Any, named: Sequence[Path], reach: Reach, **kwargs: Any
    ) -> None:
        self.jetty = jetty
        self.scenario = scenario
        self.bdd = bdd
        self.named = named
        self.reach = reach
        self.record = Record()
        self.refused: str | None = None
        """Why it cannot run at all."""
        self.asks: Path | None = None
        """The file of the step that runs now."""
        super().__init__(**kwargs)

    def iter_parents(self) -> Iterator[Node]:
        """Where fixtures are looked for: also in the step modules, which stand above no page."""
        for node in super().iter_parents():
            if node is self.session:
                yield from self.reach.far
            yield node
            if node is self.parent:
                yield from self.reach.near

    def reset(self) -> None:
        """Forget an earlier attempt."""
        self.record = Record()

    def setup(self) -> None:
        """Refuse what must not run, before any fixture is made."""
        self.asks = None
        if self.refused:
            pytest.fail(self.refused, pytrace=False)
        if sys.flags.optimize:
            pytest.fail(OPTIMIZED, pytrace=False)
        self.jetty.lookup.offers.check_autouse(self, self.reach)
        super().setup()

    def check(self, names: Iterable[str], asks: Path | None) -> None:
        """Refuse fixtures that a file asks for and that could be another module's."""
        self.asks = asks
        self.jetty.lookup.offers.check(self, self.reach, names, asks)

    def check_one(self, fixture: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> None:
        """The same for a fixture that is being made, by whatever way it was asked for."""
        parent = getattr(getattr(request, "_parent_request", None), "_fixturedef", None)
        asks = self.asks
        if isinstance(parent, pytest.FixtureDef):
            asks = None if parent.argname == fixture.argname else file_of(parent.func)  # its namesake: it extends it
        if asks is not None:
            self.jetty.lookup.offers.refuse(self.reach, fixture, asks)

    def run_scenario(self, request: pytest.FixtureRequest) -> None:
        """Run the steps, as the item's test function."""
        __tracebackhide__ = True
        self.reset()
        if self.scenario.defect:
            pytest.fail(self.scenario.defect_note or DEFECTS[self.scenario.defect], pytrace=False)
        jetty = self.jetty
        ScenarioRun(
            request, self.scenario, self.bdd, self.record, jetty.emit, jetty.lookup, self.named, self.check
        ).run()

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, (self.scenario.row_line or self.scenario.line) - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        step = self.record.failed_step
        page = self.jetty.settings.root / getattr(self.parent, "page").path  # noqa: B009 - the parent is a PageModule
        place = page.relative_to(self.config.rootpath) if page.is_relative_to(self.config.rootpath) else page
        head = f"{place}:{step.line}: {step.keyword} {step.text}" if step else f"{place}:{self.scenario.line}"
        plain = (AmbiguousFixtureError, AmbiguousStepError, StepDefinitionNotFoundError)
        if excinfo.errisinstance(plain) or self.scenario.defect or self.refused:
            return f"{head}\n{excinfo.value}"
        own = excinfo.traceback.filter(lambda entry: not OURS.intersection(Path(entry.path).parts))
        excinfo.traceback = own or excinfo.traceback
        return f"{head}\n\n{super().repr_failure(excinfo)}"


class BrokenBlock(pytest.Item):
    """What is wrong with a block, or with a page: it fails, and leaves its neighbours alone."""

    def __init__(self, *, problems: Sequence[Problem], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.problems = problems

    def runtest(self) -> None:
        """Fail with what is wrong."""
        pytest.fail("\n".join(map(str, self.problems)), pytrace=False)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.problems[0].line, self.name


def _function(feature: Feature, scenario: Scenario, reach: Reach) -> types.FunctionType:
    """The test function of a scenario, before its tags are applied."""

    def run(request: pytest.FixtureRequest) -> None:
        __tracebackhide__ = True
        request.node.run_scenario(request)

    run.__doc__ = f"{feature.name}: {scenario.name}"
    if reach.autouse:
        pytest.mark.usefixtures(*reach.autouse)(run)
    assert isinstance(run, types.FunctionType)
    return run


def _refuse_empty_parametrize(run: types.FunctionType) -> None:
    """The one mark of pytest's own that breaks collection when it is a mere tag."""
    if any(mark.name == "parametrize" and not mark.args for mark in getattr(run, "pytestmark", ())):
        raise ValueError("`parametrize` is a mark of pytest's own, which takes values; give the tag another name")


def _free(name: str, taken: set[str]) -> str:
    unique, count = name, 1
    while unique in taken:
        count += 1
        unique = f"{name} ({count})"
    taken.add(unique)
    return unique
