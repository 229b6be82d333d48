"""The same site under every program that builds or checks it: the same scenarios have the same results."""

from __future__ import annotations

import json
import subprocess

import pytest
from building import Site, ordered, page, scenario

FILES = {
    "docs/index.md": page("Home", scenario("Fine")),
    "docs/door.md": '# Door\n\n--8<-- "parts/door.md"\n\n' + scenario("Closing"),
    "parts/door.md": scenario("Opening", "it breaks"),
}
MACROS = 'def define_env(env):\n    env.variables["word"] = "holds"\n'
GEN = f"""\
import mkdocs_gen_files

with mkdocs_gen_files.open("gen.md", "w") as file:
    file.write({page("Made", scenario("Made", "it breaks"))!r})
"""
EXTENSIONS = ["pymdownx.snippets"]
RESULTS = [("Closing", "passed"), ("Fine", "passed"), ("Opening", "failed")]


@pytest.mark.works(
    "ProperDocs", "the same results, with plugins of MkDocs beside it, under either name of the site's file"
)
def test_properdocs_gives_the_same_results(site: Site, order: str) -> None:
    site.write({**FILES, "main.py": MACROS, "docs/m.md": page("M", scenario("Said", "it {{ word }}"))})
    site.configure(ordered(order, "search", "macros"), theme="material", markdown_extensions=EXTENSIONS)
    name = "mkdocs.yml" if order == "after" else "properdocs.yml"
    (site.root / "mkdocs.yml").rename(site.root / name)
    built = site.command("properdocs", "build", "-f", name)
    built.fails(passed=3, failed=1)
    assert built.named == sorted([*RESULTS, ("Said", "passed")])
    assert built.shown("door/") == [("Opening", "red"), ("Closing", "green")]
    assert "parts/door.md:2: Opening: failed" in built.log
    checked = site.jetty("check")
    assert checked.returncode == 1
    assert "parts/door.md:2  Opening" in checked.stdout


@pytest.mark.works("Zensical", "shows what `jetty check` found, snippets included")
def test_zensical_shows_what_the_check_found(site: Site) -> None:
    site.write(FILES)
    site.configure(["jetty"], markdown_extensions=[*EXTENSIONS, "mkdocs_jetty"])
    assert site.jetty("check").returncode == 1
    built = site.built("zensical", "build", "--clean")
    assert built.status == 0, built.log
    assert built.shown("door/") == [("Opening", "red"), ("Closing", "green")]
    assert built.shown("") == [("Fine", "green")]


@pytest.mark.works(
    "pytest", "`pytest docs` and `jetty check` have the results of the build, for all that stands in files"
)
def test_check_pytest_and_build_agree(site: Site) -> None:
    built = site.build(FILES, ["search", "jetty"], markdown_extensions=EXTENSIONS)
    built.fails(passed=2, failed=1)
    checked = site.jetty("check", "--json", "spec.json")
    assert checked.returncode == 1, checked.stderr
    spec = json.loads((site.root / "spec.json").read_text(encoding="utf-8"))
    assert {
        each["id"]: each["status"] for feature in spec["features"] for each in feature["scenarios"]
    } == built.results
    tested = site.run("pytest", "docs", "-q")
    assert tested.returncode == 1
    assert "1 failed, 2 passed" in tested.stdout


@pytest.mark.limit("mkdocs-gen-files", "`jetty check` cannot see generated pages, and says so")
@pytest.mark.limit("mkdocs-macros-plugin", "`jetty check` cannot see what macros make, and says so")
def test_check_names_what_only_a_build_can_see(site: Site) -> None:
    site.write(
        {
            "gen.py": GEN,
            "main.py": MACROS,
            "docs/index.md": page("Home", scenario("Fine"), scenario("Said", "it {{ word }}")),
        }
    )
    site.configure(["search", {"gen-files": {"scripts": ["gen.py"]}}, "macros", "jetty"])
    # A build notes what no file holds; the command reads the note.
    assert site.built("mkdocs", "build").status == 1
    checked = site.jetty("check")
    said = checked.stdout + checked.stderr
    assert "gen-files" in said, said
    assert "macros" in said, said


DROP = """\
def on_files(files, config):
    for file in list(files):
        if file.src_uri == "dropped.md":
            files.remove(file)
    return files
"""
POST = "---\ndate: 2024-01-02\ndraft: %s\n---\n# Post\n\nIntro\n\n<!-- more -->\n\n"
LEFT_OUT = {
    "hook.py": DROP,
    "docs/index.md": page("Home", scenario("Fine")),
    "docs/README.md": page("Read me", scenario("In a file that MkDocs drops", "it breaks")),
    "docs/dropped.md": page("Dropped", scenario("Dropped", "it breaks")),
    "docs/excluded.md": page("Excluded", scenario("Excluded", "it breaks")),
    "docs/blog/index.md": "# Blog\n",
    "docs/blog/posts/draft.md": POST % "true" + scenario("Draft", "it breaks"),
    "docs/blog/posts/post.md": POST % "false" + scenario("Published"),
}


@pytest.mark.works(
    "mkdocs-exclude", "`jetty check` and `pytest` leave out what the last build has left out, and say so"
)
@pytest.mark.works("hooks", "a page that a hook drops is left out of a check after a build, by name")
@pytest.mark.works("Material: blog", "a draft is left out of a check after a build, by name")
def test_a_check_leaves_out_what_the_last_build_has_left_out(site: Site) -> None:
    built = site.build(
        LEFT_OUT, ["search", "blog", {"exclude": {"glob": ["excluded.md"]}}, "jetty"],
        theme="material", hooks=["hook.py"],
    )  # fmt: skip
    built.holds(passed=2)
    checked = site.jetty("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for name in ("dropped.md", "excluded.md", "blog/posts/draft.md"):
        assert f"docs/{name}: the last build left this page out, so its scenario does not run" in checked.stdout
    assert "README" not in checked.stdout
    tested = site.run("pytest", "docs", "-q")
    assert (tested.returncode, "2 passed" in tested.stdout) == (0, True), tested.stdout
    # Nobody knows what a build does with a page that has changed since.
    site.write({"docs/dropped.md": page("Dropped", scenario("Back", "it breaks"))})
    assert "Back" in (checked := site.jetty("check")).stdout
    assert checked.returncode == 1


@pytest.mark.works("mkdocs gh-deploy", "deploys a green site, and nothing of a red one")
def test_only_a_green_site_is_deployed(site: Site) -> None:
    site.write(FILES | {"parts/door.md": scenario("Opening", "it breaks")})
    site.configure(["search", "jetty"], markdown_extensions=EXTENSIONS)

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        done = subprocess.run(["git", *who, *arguments], cwd=site.root, capture_output=True, text=True, check=False)
        return done.stdout

    def deployed() -> int:
        # As a person of this name: the command itself commits.
        who = {f"GIT_{role}_{what}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        return site.run("mkdocs", "gh-deploy", **who).returncode

    git("init", "--quiet", "--bare", "remote.git")
    git("init", "--quiet")
    git("add", "docs", "mkdocs.yml")
    git("commit", "--quiet", "--message", "Site")
    git("remote", "add", "origin", "remote.git")
    assert deployed() == 1
    assert not git("--git-dir", "remote.git", "branch", "--list", "gh-pages")
    site.write({"parts/door.md": scenario("Opening")})
    assert deployed() == 0
    assert "jetty/spec.json" in git("--git-dir", "remote.git", "ls-tree", "-r", "--name-only", "gh-pages")
    assert "Opening" in git("--git-dir", "remote.git", "show", "gh-pages:door/index.html")
    # What stands there stays there.
    site.write({"parts/door.md": scenario("Shutting", "it breaks")})
    assert deployed() == 1
    assert "Opening" in git("--git-dir", "remote.git", "show", "gh-pages:door/index.html")
