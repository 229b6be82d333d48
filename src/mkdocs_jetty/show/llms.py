"""The specification in few words, for programs that read: `llms.txt`, by https://llmstxt.org."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mkdocs_jetty.show import words
from mkdocs_jetty.show.causes import reason
from mkdocs_jetty.show.layers import layers
from mkdocs_jetty.show.missing import missing
from mkdocs_jetty.show.review import in_markdown
from mkdocs_jetty.show.summary import summary

if TYPE_CHECKING:
    from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, StandardVerdict, Verdict
    from mkdocs_jetty.spec.model import Feature


def llms_txt(verdict: Verdict, url_for: Callable[[str], str]) -> str:
    """Return what is true of each feature, and what is missing."""
    lines = [f"# {in_markdown(verdict.name)}", "", f"> {in_markdown(summary(verdict))}", ""]
    if verdict.seen_on:
        at = f" at {in_markdown(verdict.commit)}" if verdict.commit else ""
        lines += [f"Verified {words.day(verdict.seen_on)}{at}. The finish line is {verdict.finish_line}.", ""]
    lines += ["Every result in detail: [spec.json](jetty/spec.json). Its scenarios ran when the site was built.", ""]
    lines += ["Each feature by itself: `jetty/features/<feature id>.md`.", ""]
    lines.append("## Features")
    for feature in verdict.features:
        lines += ["", *_feature(feature, url_for)]
    return "\n".join(lines) + "\n"


def feature_markdown(verdict: Verdict, judged: FeatureVerdict, url_for: Callable[[str], str]) -> str:
    """One feature by itself: where it stands, what is missing, and what shows each scenario and standard.

    Args:
        verdict: That of the whole project.
        judged: The feature.
        url_for: The address of a page of the specification in the site.
    """
    feature = judged.feature
    lines = [
        f"# {in_markdown(feature.name)}",
        "",
        f"Page: <../../{url_for(feature.page)}> (`{feature.page}:{feature.line}`).",
    ]
    lines += [f"Owner: {in_markdown(feature.owner)}."] if feature.owner else []
    done = "complete" if judged.complete else "not complete"
    lines += ["", f"Proven level: {judged.level}. The finish line is {verdict.finish_line}: {done}."]
    if verdict.seen_on:
        at = f" at {in_markdown(verdict.commit)}" if verdict.commit else ""
        lines.append(f"Verified {words.day(verdict.seen_on)}{at}.")
    lacks = missing(judged, verdict) if not judged.complete else []
    lines += ["", "## Missing", "", *(f"- {in_markdown(each)}" for each in lacks)] if lacks else []
    lines += ["", "## Scenarios", "", *(_scenario(one, feature) for one in judged.scenarios)]
    applying = [each for each in judged.standards if each.status != "not-applicable"]
    if applying:
        lines += ["", "## Standards", "", *(_standard(each) for each in applying)]
    return "\n".join(lines) + "\n"


def _scenario(one: JudgedScenario, feature: Feature) -> str:
    word = words.scenario_mark(one).word
    said = "" if one.proven or one.result.status == "unknown" else reason(one).partition(": ")[2]
    why = f": {in_markdown(said)}" if said else ""
    place = words.place(feature, one.scenario)
    return f"- {one.scenario.mode}: {in_markdown(words.title(one.scenario))} (`{place}`): {word}{why}"


def _standard(each: StandardVerdict) -> str:
    shown = ", ".join(f"{one.name} {one.value or 'not observed'}" for one in each.observations)
    said = "; ".join(filter(None, (each.note, shown)))
    return f"- {each.standard.id}: {words.STANDARD[each.status].word}" + (f" ({in_markdown(said)})" if said else "")


def _feature(judged: FeatureVerdict, url_for: Callable[[str], str]) -> Iterator[str]:
    feature = judged.feature
    owner = f", owner {in_markdown(feature.owner)}" if feature.owner else ""
    done = "complete" if judged.complete else "not complete"
    yield f"- [{in_markdown(feature.name)}]({url_for(feature.page)}): level {judged.level}, {done}{owner}"
    for layer in layers(judged, "production"):
        if judged.modes[layer.mode].total:
            yield f"  - {layer.mode}: {layer.mark.word}"
    for one in judged.scenarios:
        if not one.proven and not (one.result.status == "unknown" and not one.red):
            known = "known red, " if one.known_red else ""
            yield f"  - {known}{in_markdown(words.title(one.scenario))}: {in_markdown(reason(one))}"
    left = [item for item in judged.standards if not item.settled]
    if left:
        named = (f"{item.standard.id} ({words.STANDARD[item.status].word})" for item in left)
        yield f"  - standards open: {', '.join(named)}"
