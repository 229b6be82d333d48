"""From the pages of one build, or of several that nest, to one verdict.

Some plugins build the site's other languages from within the last event of the first build. Each build runs what it is
the first to show; the verdict is on all that was shown so far, so the last one is that of the whole site.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs_jetty.assess import assess, commit, declared, this_day
from mkdocs_jetty.config import ConfigError
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run import runner
from mkdocs_jetty.run.memory import Memory
from mkdocs_jetty.run.model import Results, ScenarioResult, together
from mkdocs_jetty.run.reuse import Plan
from mkdocs_jetty.run.standby import Standby
from mkdocs_jetty.spec.model import Problem, Spec
from mkdocs_jetty.spec.names import FileRead, with_ids_of_their_own
from mkdocs_jetty.spec.reader import spec_of

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.hosts.live import LiveFeed
    from mkdocs_jetty.judge.model import Verdict


@dataclass
class Site:
    """What is known of the whole site so far."""

    reads: list[FileRead] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    results: list[Results] = field(default_factory=list)
    verdict: Verdict | None = None
    urls: dict[str, str] = field(default_factory=dict)
    """Where each page of the specification is served."""
    concealed: set[str] = field(default_factory=set)
    """The pages that are shown to those alone who have a password."""
    late: list[Problem] = field(default_factory=list)
    """What was found wrong once the verdict was known."""


class Judging:
    """Runs and judges; remembers, while `serve` goes on, what need not run again."""

    def __init__(self) -> None:
        self.site = Site()
        self.live: LiveFeed | None = None
        """Who is told how the run goes on, while a site is served."""
        self._standby: Standby | None = None
        self._memory = Memory()

    def close(self) -> None:
        """Leave no process behind."""
        if self._standby:
            self._standby.close()

    @property
    def read(self) -> frozenset[str]:
        """The files of the project that were read in any run."""
        return self._memory.read

    def begin(self) -> None:
        """Forget the site as it was built before."""
        self.site = Site()
        if self.live:
            self.live.reading()

    def judge(
        self,
        settings: Settings,
        reads: Sequence[FileRead],
        problems: Sequence[Problem],
        watch: tuple[Path, ...],
        *,
        lenient: bool,
    ) -> Verdict:
        """Run what no build before has shown, and judge all of it.

        Args:
            settings: The project's settings.
            reads: What was read of the pages of this build.
            problems: What is wrong beside.
            watch: What else the site's author says that it depends on.
            lenient: Whether a wrong declaration is shown instead of raised.

        Raises:
            ConfigError: If the declaration is wrong.
        """
        site = self.site
        known = {read.page.path for read in site.reads if read.page}
        new = with_ids_of_their_own(
            [read for read in reads if read.page is None or read.page.path not in known], site.reads
        )
        site.reads += new
        site.problems += [problem for problem in problems if problem not in site.problems]
        here, whole = spec_of(new, problems), spec_of(site.reads, site.problems)
        try:
            known_facts = declared(settings, whole)
        except ConfigError as error:
            if not lenient:
                raise
            # An exception now would leave the server hanging: show what is wrong instead, and nothing as green.
            wrong = tuple(Problem("error", "", None, None, line) for line in str(error).splitlines())
            nothing = Results(executed=False, problems=wrong)
            site.verdict = judge(
                whole, nothing, name=settings.site_name, state=settings.state, fail_on=settings.fail_on
            )
            return site.verdict
        site.results.append(self._results(settings, here, watch))
        # Prose does not run anything, but it moves lines: the verdict is on the specification as it stands now.
        site.verdict = assess(settings, whole, _merged(site.results), known_facts)
        if self.live:
            self.live.judged()
        return site.verdict

    def _results(self, settings: Settings, spec: Spec, watch: tuple[Path, ...]) -> Results:
        if not settings.execute:
            return runner.run(spec, settings)
        if self.live and not self._standby:
            self._standby = Standby(settings.root)
        results = self._memory.run(
            spec, settings, (this_day(), commit(settings.root)), part=len(self.site.results), watched=watch,
            in_process=self.live is not None, standby=self._standby,
            on_plan=partial(self._tell, spec), on_result=self.live.settled if self.live else None,
        )  # fmt: skip
        if self._standby:
            self._standby.prepare()
        return results

    def _tell(self, spec: Spec, due: Plan) -> None:
        if self.live:
            every = [scenario for _, scenario in spec.scenarios()]
            self.live.running([each for each in every if each.id not in due.held], len(every))


def _merged(several: Sequence[Results]) -> Results:
    scenarios: dict[str, ScenarioResult] = {}
    for each in several:
        scenarios |= each.scenarios
    return Results(
        scenarios,
        tuple(dict.fromkeys(problem for each in several for problem in each.problems)),
        sum(each.duration_s for each in several),
        interrupted=any(each.interrupted for each in several),
        executed=any(each.executed for each in several),
        made_on=min((each.made_on for each in several if each.made_on), default=None),
        commit=next((each.commit for each in several if each.made_on), None),
        definitions=together(made for each in several for made in each.definitions),
    )


def with_late(verdict: Verdict, problems: Sequence[Problem], settings: Settings) -> Verdict:
    """A verdict with what was found wrong after it was reached."""
    if not problems:
        return verdict
    fails = verdict.fails or "red" in settings.fail_on
    return replace(verdict, problems=(*verdict.problems, *problems), red=True, fails=fails)
