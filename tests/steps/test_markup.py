"""What is found in a page is what a browser runs and shows: held against Chromium."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest
from playwright.sync_api import sync_playwright

from mkdocs_jetty.steps.corpora import active
from mkdocs_jetty.steps.forms import hidden_fields
from mkdocs_jetty.steps.visible import shown

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IMAGE = "<img src=x onerror=jetty()>"
RUNS = [
    IMAGE, f"<p>{IMAGE}", f"<svg><style>{IMAGE}</style></svg>", f"<!-->{IMAGE}-->", f"<!-- note: --!>{IMAGE}-->",
    f'<noscript><p title="</noscript>{IMAGE}"></noscript>', f"<math><mtext><style><!--</style>{IMAGE}",
    f"<table><tr>{IMAGE}", f"<p title='>'>{IMAGE}", f"<svg><title>{IMAGE}</title></svg>", f"<xmp></xmp>{IMAGE}",
    f"<svg><desc>{IMAGE}", "<script>jetty()</script>", "<svg><script>jetty()</script></svg>",
    "<img src=x oneRRor='jetty()'>", "<svg onload=jetty()>", f"<title></title>{IMAGE}", f"</textarea>{IMAGE}",
    f"<plaintext-not>{IMAGE}", f"<!--->{IMAGE}", f"<![CDATA[>{IMAGE}]]>", f"<a title='{IMAGE}'></a>{IMAGE}",
    f"<?php >{IMAGE}", f"</style>{IMAGE}", f"<iframe></iframe>{IMAGE}", f"<template></template>{IMAGE}",
]  # fmt: skip
RUNS_NOT = [
    f"<textarea>{IMAGE}</textarea>", f"<title>{IMAGE}</title>", f"<style>{IMAGE}</style>", f"<!-- {IMAGE} -->",
    f"<xmp>{IMAGE}</xmp>", f"<iframe>{IMAGE}</iframe>", f"<noembed>{IMAGE}</noembed>", f"<noframes>{IMAGE}</noframes>",
    f"<noscript>{IMAGE}</noscript>", f"<template>{IMAGE}</template>", f"<plaintext>{IMAGE}", f"<p title='{IMAGE}'>",
    "&lt;img src=x onerror=jetty()&gt;", "<script>const kept = '<img src=x onerror=jetty()>'</script>",
    "<p>jetty()</p>", f"<svg><![CDATA[{IMAGE}]]></svg>",
]  # fmt: skip
TEXTS = [
    "<table><tr hidden><td>Too many<tr><td>b</table>", "<p>one<p hidden>two<p>three", "<dialog>a</dialog>b",
    "<ul><li>a<li style='display: none'>b<li>c</ul>", "a<b>b</b>c<div>d</div>e", "<script>x</script>y<style>z</style>",
    "<template>a</template>b", "<noscript>a</noscript>b", "<p>a<!-- b -->c", "<title></title>a &amp; b",
    "<select><option>a</select><datalist><option>b</datalist>c", "<details open><summary>a</summary>b</details>",
]  # fmt: skip


def page(text: str) -> SimpleNamespace:
    return SimpleNamespace(headers={"content-type": "text/html"}, text=text)


@pytest.mark.parametrize("text", RUNS)
def test_what_a_browser_runs_is_found(text: str) -> None:
    assert active(page(text))


@pytest.mark.parametrize("text", RUNS_NOT)
def test_what_a_browser_does_not_run_is_not(text: str) -> None:
    assert active(page(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "<form action=a><p><input type=hidden name=x value=1></form>",
        "<table><form action=a><tr><td><input type=hidden name=x value=1></form></table>",
        "<form action=a id=f></form><p><input form=f type=HIDDEN name=x value=1>",
        "<form action=a><table><tr><td><input type=hidden name=x value=1></table></form><form action=b>",
    ],
)
def test_fields_stay_with_their_form_wherever_it_stands(text: str) -> None:
    assert hidden_fields(text, "http://127.0.0.1/page")["/a"] == {"x": "1"}


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (`make browser` installs Debian's)")
def test_chromium_runs_and_shows_the_same() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.add_init_script("window.ran = 0; window.jetty = () => { window.ran += 1; }")
        tab.route(
            "**/*", lambda route: route.fulfill(content_type="text/html", body=texts.get(route.request.url[-1:], ""))
        )
        texts: dict[str, str] = {}
        ran, seen = {}, {}
        for text in (*RUNS, *RUNS_NOT, *TEXTS):
            texts = {"y": text}
            tab.goto("http://127.0.0.1:1/y", wait_until="load")
            ran[text], seen[text] = tab.evaluate("window.ran > 0"), tab.evaluate("document.body.innerText")
        browser.close()
    assert [text for text in RUNS if not ran[text]] == []
    assert [text for text in RUNS_NOT if ran[text]] == []
    assert {text: shown(page(text)) for text in TEXTS} == {text: " ".join(seen[text].split()) for text in TEXTS}
