"""Takes the pictures of the guide: each screen of a site made by `make.py`, in light and dark.

`python examples/gallery/pictures.py docs/guide/pictures` needs Chromium and Playwright.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from make import statuses, write
from playwright.sync_api import Page, sync_playwright

WIDTH, HEIGHT = 1220, 760
SCREENS = {
    "overview": ("index.html", 0, HEIGHT),
    "feature": ("paying/index.html", 0, HEIGHT),
    "failures": ("jetty/failures/index.html", 0, HEIGHT),
}
"""Name to page of the site, first line of pixels and height."""


def take(page: Page, site: Path, target: Path, scheme: str) -> None:
    """Take all pictures in one colour scheme."""
    for name, (path, top, height) in SCREENS.items():
        page.goto((site / path).as_uri())
        page.wait_for_load_state("networkidle")
        page.screenshot(path=target / f"{name}-{scheme}.png", clip={"x": 0, "y": top, "width": WIDTH, "height": height})


def main() -> None:
    """Build the site and take the pictures; its verdict is red, on purpose."""
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as engine:
        root = Path(folder)
        write(root, statuses())
        build = [sys.executable, "-m", "mkdocs", "build", "--quiet", "-f", str(root / "mkdocs.yml")]
        subprocess.run(build, check=False, capture_output=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)  # type: ignore[arg-type]
            take(context.new_page(), root / "site", target, scheme)
        browser.close()


if __name__ == "__main__":
    main()
