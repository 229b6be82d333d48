"""Make the documentation of the presets from the catalogue: `python -m mkdocs_jetty.standards.pages docs/standards`."""

from __future__ import annotations

import argparse
import html
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mkdocs_jetty.standards import quantities
from mkdocs_jetty.standards.catalogue import Catalogue, Entry, Framework, load_catalogue
from mkdocs_jetty.standards.model import Preset, Standard, Threshold
from mkdocs_jetty.standards.presets import PRESETS, resolve, thresholds_of

MADE = "<!-- made by python -m mkdocs_jetty.standards.pages: change the catalogue, not this page -->"
DISCLAIMER = """\
!!! warning "A default, not a certificate"
    Meeting a preset is not compliance with HIPAA, PCI DSS, FedRAMP or GDPR. It is a place to start from.
    Numbers that are judgement say so: change them to what your users need."""
CATEGORIES = {
    "security": "Security",
    "performance": "Performance",
    "observability": "Monitoring",
    "resilience": "Resilience",
    "compliance": "Compliance",
}
EVIDENCE = {
    "scenario": "scenario",
    "attestation": "attestation",
    "external-check": "external report",
}
FORMAT_TITLES = {
    "sarif": "SARIF",
    "cyclonedx": "CycloneDX",
    "junit": "JUnit XML",
    "pip-audit": "pip-audit",
    "zap": "ZAP",
    "k6": "k6",
    "locust": "Locust",
}
ASKS = {"at-most": "at most ", "at-least": "at least ", "exact": ""}


def pages() -> dict[str, str]:
    """Every page by its file name."""
    catalogue = load_catalogue()
    made = {f"{name}.md": _preset_page(name, catalogue) for name in PRESETS}
    return {"index.md": _index(catalogue), **made}


def write(folder: Path) -> None:
    """Write the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _index(catalogue: Catalogue) -> str:
    parts = [
        "# Standards",
        MADE,
        (
            "A preset is a set of standards that a project answers to once real users depend on it. "
            "`jetty.toml` names it:\n\n"
            '```toml\n[project]\nstate = "external"\npreset = ["production-saas"]\n```'
        ),
        f"This is version {catalogue.version} of the presets.",
        DISCLAIMER,
        "## The presets",
        _table(["Preset", "For", "Builds on", "Standards"], _preset_rows(catalogue)),
        (
            "Several presets combine to the stricter value of each threshold. Where only a person can decide "
            "between two, `jetty` asks for a choice under `[thresholds.<id>]`. *Regulated* builds "
            "on *Production SaaS* and not "
            "on *Enterprise*: confidentiality and proof are another question than availability. "
            "Choose both where both are asked."
        ),
        "## Every standard",
        *_matrix(catalogue),
        "## Traits",
        (
            "A page says in its front matter what its feature does (`jetty: {traits: [authentication, ui]}`). "
            "That decides which standards apply to it. Standards of the system are met once, for the whole project."
        ),
        _table(["Trait", "The feature"], ([f"`{name}`", _text(what)] for name, what in catalogue.traits.items())),
        "## What proves a standard",
        _table(["Proof", "Met when"], PROOFS),
        "## Your own preset",
        OWN,
        "## Sources",
        (
            "The wording is the project's own. How each identifier was checked stands beside it: *primary*, "
            "against the published text; *secondary*, against a copy of it; *memory*, not yet."
        ),
        _table(
            ["Begins with", "Text", "Checked"],
            ([f"`{each.prefix}`", _text(each.title), _text(each.checked)] for each in catalogue.texts),
        ),
    ]
    return "\n\n".join(parts) + "\n"


PROOFS = [
    ["scenario", "a production scenario tagged `@standard:<id>` passed now, at or above the threshold"],
    [
        "external report",
        (
            "a report of another tool, in a format that can show it, is young enough and keeps to every threshold; "
            "a scenario may stand for it"
        ),
    ],
    ["attestation", "a person's dated statement has not expired; a scenario may stand for it, and never the reverse"],
]
OWN = """\
A file in your repository can extend a preset. Name it in `preset` by its path.

```yaml
title: Our services
extends: production-saas
standards:
  - chaos-engineering            # of the catalogue, beyond the preset
  - id: four-eyes-on-payouts     # of your own
    title: Two people release a payout
    statement: A payout above {amount} euros is released by two people.
    applies_to: {any_of: [[payment]]}
    thresholds:
      amount: {direction: at-most, value: 1000}
    skeleton: ["When one person releases a payout of more than {amount} euros", "Then it is held"]
thresholds:
  latency-budget:
    p95: 800 ms
    reason: Reports are computed on request.
drop:
  page-performance: It is only used inside the company.
```

Asking for more needs no reason. Asking for less, or for something else, does; it is shown as a deviation. A standard of
a framework that you ask for by name holds without the framework. A trait of your own is named first:
`traits: [kiosk]`."""


def _preset_rows(catalogue: Catalogue) -> Iterator[list[str]]:
    for name in PRESETS:
        info = catalogue.presets[name]
        base = _link(catalogue.presets[info.extends].title, f"{info.extends}.md") if info.extends else ""
        size = len(resolve([name], [], [], Path()).standards)
        yield [_link(info.title, f"{name}.md"), _text(info.summary), base, str(size)]


def _matrix(catalogue: Catalogue) -> Iterator[str]:
    titles = [catalogue.presets[name].title for name in PRESETS]
    for category, heading in CATEGORIES.items():
        entries = [entry for entry in catalogue.entries if entry.category == category]
        yield f"### {heading}"
        yield _table(["Standard", *titles], ([_entry_link(entry), *_cells(entry, catalogue)] for entry in entries))


def _cells(entry: Entry, catalogue: Catalogue) -> Iterator[str]:
    for name in PRESETS:
        if name not in entry.presets:
            yield ""
        elif entry.frameworks:
            yield f"with {_frameworks(entry, catalogue)}"
        else:
            numbers = (f"{each.name} {each.value}" for each in thresholds_of(entry, name).values())
            yield _text("; ".join(numbers)) or "asked"


def _frameworks(entry: Entry, catalogue: Catalogue) -> str:
    return " or ".join(catalogue.frameworks[name].title for name in entry.frameworks)


def _entry_link(entry: Entry) -> str:
    return _link(entry.title, f"{next(name for name in PRESETS if name in entry.presets)}.md#{entry.id}")


def _preset_page(name: str, catalogue: Catalogue) -> str:
    info = catalogue.presets[name]
    preset = resolve([name], [], [], Path())
    base = (
        f" It builds on {_link(catalogue.presets[info.extends].title, f'{info.extends}.md')}." if info.extends else ""
    )
    parts = [
        f"# {info.title}",
        MADE,
        f"{_text(info.summary)}{base}",
        DISCLAIMER,
        (
            f"Version {preset.version}, {len(preset.standards)} standards. "
            "The names in code font are those that tags (`@standard:<id>`) and `jetty.toml` use."
        ),
    ]
    for category, heading in CATEGORIES.items():
        standards = [each for each in preset.standards if each.category == category]
        parts += [f"## {heading}", *(_standard(each) for each in standards)]
    if name == "regulated":
        parts += _framework_parts(preset, catalogue)
    return "\n\n".join(parts) + "\n"


def _framework_parts(core: Preset, catalogue: Catalogue) -> Iterator[str]:
    yield "## What a framework adds"
    yield (
        'Name the frameworks that you answer to, as `frameworks = ["hipaa"]`: they differ in their numbers, and the '
        "stricter one holds. A framework adds the standards below and tightens others."
    )
    for framework in catalogue.frameworks.values():
        yield f"### {framework.title}"
        yield _table(["Standard", "It asks", "Preset", "By"], _tightenings(framework, core))
    full = resolve(["regulated"], list(catalogue.frameworks), [], Path())
    yield "## Standards of the frameworks"
    for standard in full.standards:
        if standard.applies.framework:
            yield _standard(standard)


def _tightenings(framework: Framework, core: Preset) -> Iterator[list[str]]:
    for change in framework.tightens:
        standard = core.standard(change.standard)
        if standard is None:
            continue
        threshold = standard.thresholds[change.name]
        kept = quantities.satisfies(threshold.value, threshold.direction, change.value)
        asks = _limit(Threshold(change.name, threshold.direction, change.value, change.value))
        own = f"{threshold.value}, {'which keeps to it' if kept else 'so it is tightened'}"
        yield [_link(standard.title, f"#{standard.id}"), _text(asks), _text(own), _text(change.basis)]


def _standard(standard: Standard) -> str:
    only = f", only with {standard.applies.framework}" if standard.applies.framework else ""
    where = f", observed in {standard.min_environment} or production" if standard.min_environment else ""
    lines = [
        f"### {_text(standard.title)} {{ #{standard.id} }}",
        "",
        _text(standard.statement),
        "",
        f"- `{standard.id}`, for {_text(standard.applies.text)}{only}",
        f"- Proof: {EVIDENCE[standard.evidence]}{_formats(standard)}{where}",
    ]
    if standard.thresholds:
        lines.append(f"- Thresholds: {_text('; '.join(_limit(each) for each in standard.thresholds.values()))}")
    if checks := [name for name in standard.checks if name not in standard.thresholds]:
        lines.append(f"- Checks: {_text('; '.join(checks))}")
    lines.append(f"- Numbers: {_text(standard.number_basis)}")
    lines.append(f"- Sources: {', '.join(_sources(standard))}")
    return "\n".join(lines)


def _formats(standard: Standard) -> str:
    named = [FORMAT_TITLES[each] for each in standard.reports]
    first = f"{', '.join(named[:-1])} or " if named[1:] else ""
    return f" ({first}{named[-1]})" if named else ""


def _limit(threshold: Threshold) -> str:
    return f"{threshold.name} {ASKS[threshold.direction]}{threshold.value}"


def _sources(standard: Standard) -> Iterator[str]:
    for source in standard.sources:
        note = f"{source.note}, " if source.note else ""
        yield _text(f"{source.ref} ({note}{source.verified})")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _link(text: str, target: str) -> str:
    return f"[{_text(text)}]({target})"


def _text(text: str) -> str:
    """Text as Markdown that means nothing else."""
    escaped = html.escape(text, quote=False)
    for sign in "\\`*_[]|":
        escaped = escaped.replace(sign, f"\\{sign}")
    return escaped


if __name__ == "__main__":
    command = argparse.ArgumentParser(prog="python -m mkdocs_jetty.standards.pages", description=__doc__)
    command.add_argument("folder", nargs="?", type=Path, default=Path("docs/standards"), help="default: docs/standards")
    write(command.parse_args().folder)
