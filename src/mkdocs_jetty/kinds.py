"""The kinds of problems: a code for each that stays the same when its words change, and what to do about it.

A code is never used again for something else. The guide's page of messages is made from this table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

PREFIX = "JTY"
OTHER = f"{PREFIX}000"
"""What no kind is known of: foreign words, such as those of a hook."""


@dataclass(frozen=True)
class Kind:
    """One kind of problem."""

    code: str
    title: str
    pattern: str
    """What its messages look like, and those of no other kind."""
    remedy: str
    """What it means and what to do, in Markdown."""


GROUPS = {
    "1": "Files and options",
    "2": "Gherkin on pages",
    "3": "Scenarios in plain Markdown",
    "4": "Running",
    "5": "Standards and `jetty.toml`",
    "6": "Results and records",
}

OPTIONS = (
    "enabled", "execute", "steps", "include", "exclude", "features", "syntax", "tags", "timeout", "run_timeout",
    "memory_limit", "concurrency", "ambiguous", "retries", "cache", "cache_dir", "fail_on", "results", "show_output",
    "expand_passed", "source_url", "history", "ledger",
)  # fmt: skip
_OPTIONS = rf"^jetty has no option|^`(?:{'|'.join(OPTIONS)})` must be |^`jetty` must be "

KINDS = (
    Kind("JTY101", "A file cannot be read", r"^cannot be read: |^is not UTF-8 |^this directory cannot be read",
         "Nothing of it counts. Give read permission, put a regular file there, or save it as UTF-8."),
    Kind("JTY102", "A page cannot be converted", r"^cannot be converted: ",
         "An extension of `markdown_extensions` raised an error on this page. The message has its words."),
    Kind("JTY103", "An extension of the site is missing here", r"^`markdown_extensions`: ",
         "The command could not load an extension of the site, so pages may be read otherwise than a build shows them. "
         "Install what the extension needs, or run `mkdocs build`."),
    Kind("JTY104", "A link leads out of the project", r"^is a link to a file outside the project",
         "A specification is part of its project. Put the file itself there."),
    Kind("JTY105", "An option names what is not there",
         r"^`(?:docs_dir|features|results)` names |^`features`: no |^`include`: |"
         r"^`steps` names `[^`]*`, which does not exist",
         "Correct the path or the pattern in `mkdocs.yml`, or create the file."),
    Kind("JTY106", "The front matter is wrong",
         r"front matter (?:takes|names|is|cannot be read)|^unknown key `[^`]*` under `jetty:`",
         "See [the keys](../guide/authoring.md#features). Text that holds a colon needs quotes."),
    Kind("JTY107", "Two features have one id", r"^the `id` `",
         "An `id` names a feature in addresses, badges and records. Give each its own."),
    Kind("JTY108", "A build sees more", r"only in a build|^this block is finished in a build|"
         r"^the last build (?:did not show|ran with another)",
         "A plugin or a hook makes, completes or changes this text or option, so `jetty check` cannot know it; it goes "
         "by what the last build has noted. `mkdocs build` runs what the site shows."),
    Kind("JTY109", "An option is wrong", _OPTIONS,
         "While `mkdocs serve` runs, the last good configuration is kept. [All options](options.md)."),
    Kind("JTY110", "`history` cannot be read", r"^`history`: ",
         "Nothing is shown of earlier builds. Check the path, or fetch the file again."),

    Kind("JTY111", "A problem is concealed", r"^The problem is concealed",
         "It is of a page that is encrypted on the site. The build's log has its words."),

    Kind("JTY112", "A build leaves this page out", r"^the last build left this page out",
         "A plugin or a hook takes it off the site: a draft, a pattern of `mkdocs-exclude`. Its scenarios count again "
         "as soon as the page or the site's file changes, or `.jetty/build.json` is deleted."),

    Kind("JTY113", "The site's file cannot be read",
         r"this is not valid (?:YAML|TOML)|this file is not UTF-8|there is no such file; name one|`INHERIT` goes round|"
         r"a mapping of settings is expected|`exclude_docs` or `draft_docs`",
         "Nothing runs until `mkdocs.yml`, `zensical.toml` or `jetty.toml` can be read. The message has the line."),

    Kind("JTY114", "An included file is missing", r"^`[^`]+` is to be included here",
         "`pymdownx.snippets` leaves out what it does not find. Correct the path or `base_path`; with "
         "`check_paths: true` it stops the build itself."),
    Kind("JTY115", "Two pages have one address", r"^nobody sees this page: ",
         "The site has one file for both, and the second one is written over the first. Give one another name."),

    Kind("JTY116", "A template of the site is broken", r"^this is no template: |^this template cannot be filled: ",
         "The file stands below `custom_dir` in the folder `jetty`. Correct it, or delete it to have ours."),

    Kind("JTY201", "It is not valid Gherkin", r"^not valid Gherkin: |^this scenario will not run: what holds for it",
         "The block, or the scenario in plain Markdown, is not run. The message says what would be right."),
    Kind("JTY202", "The language is unknown", r"^unknown language ",
         "`# language: …` takes a code of [Gherkin's languages](https://cucumber.io/docs/gherkin/languages/)."),
    Kind("JTY203", "Nothing runs here",
         r"^nothing is specified here|^nothing here runs|^these Examples have no row|"
         r"^this \S+ holds no (?:scenario|step), so nothing runs for it",
         "Add a scenario, a step or a row, or mark the block as an example: ` ``` { .gherkin run=false } `."),
    Kind("JTY204", "Tags stand above nothing", r"^these tags hold for nothing",
         "Put the tags right above the scenario, into the same block."),
    Kind("JTY205", "A line is read as description", r"^this line is read as description and does not run",
         "It looks like a step or a heading and is neither, often for a missing colon, a small letter or a letter of "
         "another alphabet. Write the line as the message says. If it is prose, begin it with another word."),
    Kind("JTY206", "Steps stand under no scenario",
         r"^these steps stand below no scenario|^these steps stand under no heading",
         "Put `Scenario: …` above them."),
    Kind("JTY207", "Two scenarios have one name", r"^another scenario of this feature is named ",
         "Both run. Give each a name of its own: names are how people and links tell them apart."),
    Kind("JTY208", "A doc string is left open", r"^the doc string that opens here ends only in line ",
         "What follows has become text. Close the doc string, or indent its text like its quotes."),
    Kind("JTY209", "A tag, heading or comment says nothing",
         r"^the tag `|^the heading `|^the comment `",
         "It is one slip away from a mode, `@wip`, `@standard:`, `@trait:` or `@owner:`. Correct it."),
    Kind("JTY210", "A block will not run", r"^this block will not run: ",
         "It looks like a block of Gherkin, but the page shows it as something else: its language is misspelt, its "
         "fence is not closed, or another fence holds it."),
    Kind("JTY211", "The page does not show it",
         r"the page does not show it where it stands|this block was not read as specification",
         "A plugin or the theme takes the block away, or puts it where it is no part of the page. What nobody can see "
         "proves nothing."),
    Kind("JTY212", "A plugin shows something else",
         r"^`macros` shows an error instead|^a plugin or a hook (?:takes|shows) ",
         "Macros print their errors into the page, and hooks may replace it. What its file holds then does not run. "
         "Mend the macro or the hook, or leave the page out with `jetty: {exclude: true}` in its front matter."),

    Kind("JTY301", "The page shows no heading here", r"^this scenario will not run: it stands where Markdown shows no",
         "The scenario stands in a comment, in raw HTML or in indented code. Take it out of there, or delete it."),
    Kind("JTY302", "The page shows no list here",
         r"^this step (?:is no item|stands within an item) of a list|^the page does not show this line|"
         r"^these steps are no list|"
         r"^this scenario will not run: the page does not show its background",
         "Markdown wants an empty line between a paragraph and the list or the table below it."),
    Kind("JTY303", "A heading is misspelt", r"^`[^`]*:` is no keyword",
         "Write the keyword as the message says."),
    Kind("JTY304", "Part of a list is not checked", r"^this item of a list is no step",
         "It stays on the page as prose. If it is a step, begin it with a keyword."),
    Kind("JTY305", "Examples or a table belong to nothing", r"^these examples stand under|^this table belongs to no",
         "Put `Examples:` below a scenario outline, and indent its table by two spaces."),

    Kind("JTY401", "A step module does not import", r"does not import",
         "None of its steps are defined. The message has the error and its line."),
    Kind("JTY402", "Two definitions match", r" match(?:;|: \d)",
         "Two step definitions of one level match the same steps. Make one of them narrower; "
         "[which definition serves a step](../guide/steps.md)."),
    Kind("JTY403", "The tag expression is wrong, or selects nothing", r"selects none of the scenarios|^`tags`",
         "Correct the option `tags`."),
    Kind("JTY404", "The run was stopped", r"^The run was stopped after ",
         "Raise `run_timeout`, or find what takes so long."),
    Kind("JTY405", "The run had no room", r"^The run cannot write to |^memory_limit: ",
         "Make room on the disk, or raise `memory_limit`."),
    Kind("JTY406", "The run's process did not end well", r"^The run had finished",
         "The results stand. A thread or an exit handler of your code hung or crashed at the end."),
    Kind("JTY407", "A step forked the run", r"forked a (?:copy of the )?process",
         "A copy of the process has to end itself with `os._exit`."),
    Kind("JTY408", "Something never started", r"never started: ",
         "The process that runs the scenarios ended before the first one. What it printed follows."),
    Kind("JTY409", "All is switched off", r"^every scenario is ",
         "The project's own `-m`, `-k` or a hook leaves out every scenario."),
    Kind("JTY410", "A recorded environment is unknown", r"^`jetty\.environment` is ",
         "Record one of the names in the message."),

    Kind("JTY501", "A trait or a standard does not exist",
         r"^no standard knows the trait|there is no such standard|^there is no standard |is not a standard of ",
         "Correct the name; `jetty review FEATURE` lists the standards of a feature."),
    Kind("JTY502", "A feature contradicts itself", r"^it is declared `public` and has the trait",
         "A feature that everybody may use has nobody who signs in. Take one of the two out."),
    Kind("JTY503", "Traits are not declared", r"^an external project decides by traits",
         "Traits decide which standards apply. `jetty traits` proposes them, asks and writes them."),
    Kind("JTY504", "A claim proves nothing", r"^`@standard:[^`]*` (?!.*there is no such)",
         "The tag claims a standard that this scenario cannot prove, for the reason in the message."),
    Kind("JTY505", "A table or key of `jetty.toml` is wrong",
         rf"^`(?!(?:jetty|{'|'.join(OPTIONS)})`)[^`]*` must (?:be|lead) |"
         r"^`[^`]*` is empty; |^`[^`]*` needs `|(?:has|is) no (?:key|table) `|"
         r"^write the thresholds of a standard as a table|changes no threshold|^an external project needs a preset|"
         r"^there is no framework|says nothing: write|names nobody: write",
         "Write what the message asks for; [all keys](jetty-toml.md)."),
    Kind("JTY506", "A record does not fit",
         r"^there is no feature with the id|is met once for the system|is proved by|cannot answer `|"
         r"stands already on line",
         "The record names a feature or a standard that it cannot be for."),
    Kind("JTY507", "A record lasts too long or is not dated well",
         r"^the attestation for|^the waiver for|lies in the future|lies before `on`|waivers are open",
         "A statement holds for a time. Write days that the standard allows."),
    Kind("JTY508", "A waiver needs two people", r"^`approver` is the owner",
         "Somebody other than the owner has to agree."),
    Kind("JTY509", "A threshold does not fit", r"has no threshold |write the same kind of quantity",
         "Name a threshold of the standard, with a quantity of the same kind."),
    Kind("JTY510", "A preset leaves a standard out", r"^(?!`@standard:).* does not ask for \S+: ",
         "Your own preset drops a standard of the one that it extends. This is shown as a deviation, with its reason."),
    Kind("JTY511", "A report was not noted whole", r"^`made_on` needs the `digest`",
         "`jetty evidence add` writes the day and the digest together."),
    Kind("JTY512", "`regulated` names no framework", r"^'regulated' without a framework",
         'Name those that you answer to in `jetty.toml`: `frameworks = ["hipaa"]`.'),
    Kind("JTY513", "A preset cannot be used",
         r"this preset cannot be read|a preset is a table|not YAML: |presets extend each other|there is no preset|"
         r"there is a standard .* already|there is no trait |has nothing to change there|give a reason, or keep to it|"
         r"the preset 'regulated'",
         "A preset file of your own extends a preset that there is, and changes what that one asks for. "
         "[Presets](../guide/standards.md) shows one."),
    Kind("JTY514", "A command cannot change the file",
         r"^the project is (?:in|ex)ternal |^going back to internal|^it cannot be (?:changed|written)|"
         r"^this change cannot be made|is waived already|was attested by .* already|nothing was recorded|"
         r"^its front matter ",
         "Nothing was written. Change the file by hand, or take out what is there already."),

    Kind("JTY601", "Results from elsewhere cannot be read",
         r"^these results cannot be read|^results have to stand inside the project",
         "`results` names Cucumber Messages (NDJSON), inside the project."),
    Kind("JTY602", "Results from elsewhere count for nothing",
         r"no scenario as it stands on the pages|^these results (?:were made|do not say|are)",
         "Run them again, for the specification as it is now."),
    Kind("JTY603", "The ledger cannot be read", r"^the ledger cannot be read|^this line of the ledger",
         "Take the file or its line from git again."),
)  # fmt: skip


@lru_cache(maxsize=1024)
def code_of(message: str) -> str:
    """The code of a message."""
    return next((kind.code for kind in KINDS if re.search(kind.pattern, message)), OTHER)


_PLACE = re.compile(r"^(?:[^\s:]+:)(?:\d+:){0,2} ")


def coded(text: str) -> str:
    """Lines of messages, each behind its place, with the codes of those that have one."""
    lines = []
    for line in text.split("\n"):
        code = code_of(_PLACE.sub("", line, count=1))
        lines.append(line if code == OTHER else f"{line} [{code}]")
    return "\n".join(lines)
