"""Standards on the pages: those of a feature with their proof, and those of the whole project side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from mkdocs_jetty.judge.model import STANDARD_STATUSES
from mkdocs_jetty.show import review, words
from mkdocs_jetty.show.anchors import anchor, standard_anchor
from mkdocs_jetty.show.rendering import render, web_link
from mkdocs_jetty.standards.model import Attestation, ReportFinding, Waiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, StandardStatus, StandardVerdict, Verdict
    from mkdocs_jetty.show.words import Mark
    from mkdocs_jetty.standards.model import Standard

SYSTEM = "system"
_FIRST_MISSING = 3
_HOW = {
    "attestation": "A person has to vouch for it: jetty attest {id}",
    "external-check": "The report of another tool has to show it: name its file under [[report]] in jetty.toml.",
    "scenario": "A production scenario tagged @standard:{id} has to pass.",
}


class Proof(NamedTuple):
    """A scenario that claims a standard."""

    mark: Mark
    text: str
    href: str


class StandardView(NamedTuple):
    """One standard as shown: what is asked, how it stands, what proves it."""

    anchor: str
    verdict: StandardVerdict
    mark: Mark
    deviations: tuple[tuple[str, bool], ...]
    """Each in words, and whether it asks for less."""
    proofs: tuple[Proof, ...]
    said: tuple[str, ...]
    """What a record and the judgement say about it."""
    link: str | None
    """Where a record leads to, if it can be followed."""
    place: str
    """The report's file."""
    gherkin: str
    how: str
    """What would prove it where no scenario can."""
    sources: tuple[str, ...]


class Cell(NamedTuple):
    """One standard for one feature, in the matrix."""

    status: StandardStatus
    mark: Mark
    href: str | None
    title: str


class MatrixRow(NamedTuple):
    """One standard across all features."""

    standard: Standard
    cells: tuple[Cell, ...]
    missing: int


class Missing(NamedTuple):
    """What a feature, or the system, still lacks."""

    name: str
    href: str
    modes: tuple[str, ...]
    standards: tuple[tuple[StandardVerdict, str], ...]
    more: int


def is_ready(verdict: Verdict) -> bool:
    """Tell whether the project has reached production, by everything that was judged."""
    settled = all(item.settled for item in verdict.standards)
    return not verdict.red and bool(verdict.features) and all(item.complete for item in verdict.features) and settled


class StandardViews:
    """Standards with what the rest of the verdict knows about them, as seen from one page."""

    def __init__(self, verdict: Verdict, page: str, url_for: Callable[[str], str]) -> None:
        self._page = page
        self._url_for = url_for
        self._judged: dict[str, tuple[FeatureVerdict, JudgedScenario]] = {
            judged.scenario.id: (feature, judged) for feature in verdict.features for judged in feature.scenarios
        }

    def all_of(self, owner: str, standards: Iterable[StandardVerdict]) -> dict[str, Any]:
        """The standards that apply, what is missing first, and apart from them those that do not."""
        ordered = review.by_urgency(tuple(standards))
        return {
            "applying": [self.one(owner, item) for item in ordered if item.status != "not-applicable"],
            "others": [item for item in ordered if item.status == "not-applicable"],
        }

    def one(self, owner: str, item: StandardVerdict) -> StandardView:
        """One standard as shown."""
        standard, record = item.standard, item.record
        missing = item.status in {"uncovered", "unmet"}
        gherkin = review.skeleton_gherkin(standard) if missing and standard.evidence == "scenario" else ""
        # The numbers of what is met stand in the list of what was observed.
        note = "" if item.observations and item.status == "met" else item.note
        said = dict.fromkeys(filter(None, (review.record_in_words(record), note)))
        return StandardView(
            anchor=standard_anchor(owner, standard.id),
            verdict=item,
            mark=words.STANDARD[item.status],
            deviations=tuple(
                (text, each.looser) for each in standard.thresholds.values() if (text := words.deviation(each))
            ),
            proofs=tuple(proof for key in item.scenarios if (proof := self._proof(key))),
            said=tuple(said) or (() if item.scenarios else (words.STANDARD_MEANS[item.status],)),
            link=web_link(record.link) if isinstance(record, Attestation) else None,
            place=record.report.path if isinstance(record, ReportFinding) else "",
            gherkin=gherkin,
            how=_HOW[standard.evidence].format(id=standard.id) if missing and not gherkin else "",
            sources=tuple(map(words.source, standard.sources)),
        )

    def _proof(self, scenario_id: str) -> Proof | None:
        if scenario_id not in self._judged:
            return None
        feature, judged = self._judged[scenario_id]
        page = "" if feature.feature.page == self._page else self._url_for(feature.feature.page)
        return Proof(words.scenario_mark(judged), words.title(judged.scenario), f"{page}#{anchor(scenario_id)}")


# ---- the matrix ----


def matrix(verdict: Verdict, url_for: Callable[[str], str]) -> dict[str, Any] | None:
    """Every standard for every feature, by category; None where there is nothing to put side by side."""
    by_feature = [
        (feature, {item.standard.id: item for item in feature.standards})
        for feature in verdict.features
        if feature.standards
    ]
    standards = {item.standard.id: item.standard for feature, _ in by_feature for item in feature.standards}
    if not standards:
        return None
    rows = [_matrix_row(standard, by_feature, url_for) for standard in standards.values()]
    used = [row for row in rows if any(cell.status != "not-applicable" for cell in row.cells)]
    categories: dict[str, list[MatrixRow]] = {}
    for row in used:
        categories.setdefault(row.standard.category, []).append(row)
    present = {cell.status for row in used for cell in row.cells}
    return {
        "features": [(item.feature.name, url_for(item.feature.page)) for item, _ in by_feature],
        "categories": [(name, found, sum(row.missing for row in found)) for name, found in categories.items()],
        "unused": [row.standard for row in rows if row not in used],
        "legend": [
            (words.STANDARD[status], words.STANDARD_MEANS[status]) for status in STANDARD_STATUSES if status in present
        ],
    }


def _matrix_row(
    standard: Standard,
    by_feature: Sequence[tuple[FeatureVerdict, dict[str, StandardVerdict]]],
    url_for: Callable[[str], str],
) -> MatrixRow:
    cells = tuple(_cell(standard, feature, known.get(standard.id), url_for) for feature, known in by_feature)
    missing = sum(item.get(standard.id) is not None and not item[standard.id].settled for _, item in by_feature)
    return MatrixRow(standard, cells, missing)


def _cell(
    standard: Standard, feature: FeatureVerdict, item: StandardVerdict | None, url_for: Callable[[str], str]
) -> Cell:
    status: StandardStatus = item.status if item else "not-applicable"
    # Only what is missing is a link: a thousand stops of the tab key help nobody.
    href = None
    if item is not None and not item.settled:
        href = f"{url_for(feature.feature.page)}#{standard_anchor(feature.feature.id, standard.id)}"
    mark = words.STANDARD[status]
    return Cell(status, mark, href, f"{standard.title}, {feature.feature.name}: {mark.word}")


# ---- what is missing, and what runs out ----


def missing(verdict: Verdict, url_for: Callable[[str], str], page: str) -> list[Missing]:
    """Feature by feature what keeps the project from production; the system last."""
    found = [_missing_of(feature, url_for) for feature in verdict.features if not feature.complete]
    system = [item for item in review.by_urgency(verdict.standards) if not item.settled]
    if system:
        shown = tuple((item, f"#{standard_anchor(SYSTEM, item.standard.id)}") for item in system[:_FIRST_MISSING])
        first = f"{page}#{standard_anchor(SYSTEM, system[0].standard.id)}"
        found.append(Missing("The system as a whole", first, (), shown, len(system) - len(shown)))
    return found


def _missing_of(feature: FeatureVerdict, url_for: Callable[[str], str]) -> Missing:
    url = url_for(feature.feature.page)
    left = review.left_to_do(feature)
    modes = tuple(
        f"{mode}: {words.mode_mark(state).word}"
        for mode, state in feature.modes.items()
        if state.status not in {"green", "not-applicable"} or state.lower_mode_not_green
    )
    shown = tuple(
        (item, f"{url}#{standard_anchor(feature.feature.id, item.standard.id)}") for item in left[:_FIRST_MISSING]
    )
    return Missing(feature.feature.name, url, modes, shown, len(left) - len(shown))


def records(verdict: Verdict) -> list[dict[str, Any]]:
    """Attestations and waivers, what expires first in front."""
    declared: list[Attestation | Waiver] = [*verdict.declaration.attestations, *verdict.declaration.waivers]
    names = {item.feature.id: item.feature.name for item in verdict.features}
    return [
        {
            "record": record,
            "standard": verdict.preset.standard(record.standard) if verdict.preset else None,
            "feature": names.get(record.feature, record.feature) if record.feature else "",
            "mark": _record_mark(record, verdict),
            "left": (record.until - verdict.today).days if verdict.today else None,
            "kind": "attestation" if isinstance(record, Attestation) else "waiver",
            "by": record.by if isinstance(record, Attestation) else f"{record.owner}, approved by {record.approver}",
            "text": record.text if isinstance(record, Waiver) else record.statement,
            "link": web_link(record.link) if isinstance(record, Attestation) else None,
        }
        for record in sorted(declared, key=lambda each: each.until)
    ]


def _record_mark(record: Attestation | Waiver, verdict: Verdict) -> Mark:
    judged = [*verdict.standards, *(item for feature in verdict.features for item in feature.standards)]
    status = next((item.status for item in judged if item.record == record), None)
    if status is not None:
        return words.STANDARD[status]
    if verdict.today is not None and record.until < verdict.today:
        return words.STANDARD["stale"]._replace(word="expired")
    return words.STANDARD["not-applicable"]._replace(word="in no use")


def project_standards(verdict: Verdict, page: str, url_for: Callable[[str], str]) -> dict[str, Any]:
    """All that the overview shows about standards."""
    return {
        "matrix": matrix(verdict, url_for),
        "system": StandardViews(verdict, page, url_for).all_of(SYSTEM, verdict.standards),
        "records": records(verdict),
        "warnings": (*verdict.preset.warnings, *map(str, verdict.preset.dropped)) if verdict.preset else (),
    }


def render_standards(
    verdict: Verdict,
    page: str = "",
    url_for: Callable[[str], str] = quote,
    source_url: str | None = None,
    *,
    heading: bool = False,
) -> str:
    """The standards of a page's features; of the whole project for a page that specifies nothing."""
    features = verdict.by_page.get(page, ())
    title = f"Standards: {verdict.preset.title} {verdict.preset.version}" if verdict.preset else "Standards"
    common = {"verdict": verdict, "title": title if heading else "", "source_url": source_url}
    if not features:
        return render("matrix_page.html", **common, of=project_standards(verdict, page, url_for))
    views = StandardViews(verdict, page, url_for)
    shown = [(feature, views.all_of(feature.feature.id, feature.standards)) for feature in features]
    return render("standards.html", **common, features=shown)
