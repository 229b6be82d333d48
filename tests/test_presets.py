"""The standards that ship, and what presets, frameworks and a project's deviations come to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mkdocs_jetty.standards import pages
from mkdocs_jetty.standards.applies import applies_to
from mkdocs_jetty.standards.catalogue import load_catalogue
from mkdocs_jetty.standards.declaration import read_declaration
from mkdocs_jetty.standards.model import Direction, Preset, Threshold, ThresholdChange
from mkdocs_jetty.standards.presets import FRAMEWORKS, PRESETS, PresetError, named_in, resolve
from mkdocs_jetty.standards.quantities import parse, satisfies, stricter

OWN = "standards:\n- {id: x, title: x, statement: x, "
DOCS = Path(__file__).parent.parent / "docs" / "standards"
NOWHERE = Path("/nonexistent")
CHOICES = {
    ("multi-factor-authentication", "who"): "everyone; phishing-resistant for staff",
    ("encryption-at-rest", "fields"): "regulated fields (health, card, identity)",
    ("ddos-protection", "form"): "advanced protection with a response team",
    ("capacity-headroom", "how"): "capacity follows load without a person",
    ("audit-log-review", "every"): "every day, automated",
    ("backups", "form"): "continuous + daily full",
    ("rollback", "how"): "automatically on failing health",
}


def preset(*names: str, frameworks: tuple[str, ...] = (), changes: tuple[ThresholdChange, ...] = ()) -> Preset:
    return resolve(names, frameworks, changes, NOWHERE)


def threshold(of: Preset, standard_id: str, name: str) -> Threshold:
    standard = of.standard(standard_id)
    assert standard is not None, standard_id
    return standard.thresholds[name]


def change(value: str, reason: str | None = None, line: int | None = 7) -> ThresholdChange:
    return ThresholdChange("latency-budget", "p95", value, reason, line)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own.yml").write_text(
        "title: Our services\n"
        "extends: startup-mvp\n"
        "standards:\n"
        "  - chaos-engineering\n"
        "  - id: four-eyes\n"
        "    title: Two people release a payout\n"
        "    statement: A payout above {amount} is released by two people.\n"
        "    applies_to: {any_of: [[payment]]}\n"
        "    thresholds:\n"
        "      amount: {direction: at-most, value: 1000}\n"
        "    skeleton: ['When one person releases {payout}', 'Then it is held']\n"
        "thresholds:\n"
        "  latency-budget:\n"
        "    p95: 4 s\n"
        "    reason: Reports are computed on request.\n"
        "drop:\n"
        "  backups: Nothing is stored.\n"
    )
    return tmp_path


# --- quantities ---


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("10", "count", 10),
        ("5,000", "count", 5000),
        ("3 regions", "count", 3),
        ("1 minute", "duration", 60),
        ("1500ms", "duration", 1.5),
        ("365 days", "duration", 365 * 86400),
        ("12 months", "duration", 365 * 86400),
        ("6 years", "duration", 6 * 365 * 86400),
        ("99.95%", "percentage", "99.95"),
        ("2 MB", "size", 2_000_000),
        ("2 MiB", "size", 2 * 1024**2),
    ],
)
def test_reads_quantities(text: str, kind: str, amount: float | str) -> None:
    quantity = parse(text)
    assert quantity is not None
    assert (quantity.kind, quantity.amount) == (kind, type(quantity.amount)(amount))


@pytest.mark.parametrize("text", ["", "AA", "24/7", "every 7 days", "5 m", "1,5 s", "-3", "1e9", "٣", "9" * 200])
def test_what_is_no_quantity_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("value", "direction", "limit", "kept"),
    [
        ("400 ms", "at-most", "0.5 seconds", True),
        ("501 ms", "at-most", "0.5 seconds", False),
        ("1 year", "at-least", "365 days", True),
        ("99.89%", "at-least", "99.9%", False),
        ("60 seconds", "exact", "1 minute", True),
        ("Role,  object", "exact", "role, object", True),
        ("basic", "exact", "strict", False),
        ("10", "at-most", "10 minutes", None),
        ("AA", "at-least", "10", None),
        ("AA", "exact", "10", None),
    ],
)
def test_compares_only_within_a_kind(value: str, direction: Direction, limit: str, kept: bool | None) -> None:
    assert satisfies(value, direction, limit) is kept


def test_stricter_follows_the_direction() -> None:
    assert stricter("at-most", "1 hour", "5 minutes") == "5 minutes"
    assert stricter("at-least", "30 days", "1 year") == "1 year"
    assert stricter("exact", "1 minute", "60 seconds") == "1 minute"
    with pytest.raises(ValueError, match="cannot be compared"):
        stricter("exact", "basic", "strict")
    with pytest.raises(ValueError, match="cannot be compared"):
        stricter("at-most", "10", "10%")


# --- the data ---


def test_the_catalogue_is_whole() -> None:
    catalogue = load_catalogue()
    assert re.fullmatch(r"20\d\d\.\d\d?", catalogue.version)
    assert len(catalogue.entries) == len(catalogue.ids) == 89
    assert sum(not each.frameworks for each in catalogue.entries) == 81
    assert tuple(catalogue.presets) == PRESETS
    assert tuple(catalogue.frameworks) == FRAMEWORKS
    for entry in catalogue.entries:
        assert entry.sources, entry.id
        assert set(entry.presets) <= set(PRESETS)
        assert set(entry.frameworks) <= set(FRAMEWORKS)
        assert {trait for group in entry.applies.traits for trait in group} <= set(catalogue.traits)
        assert all(set(limit.values) <= set(entry.presets) for limit in entry.thresholds.values()), entry.id


def test_every_number_says_in_words_where_it_comes_from() -> None:
    for entry in load_catalogue().entries:
        assert entry.number_basis.endswith("."), entry.id
        assert not re.search(r"\b[JSPER]\b", entry.number_basis), entry.number_basis
        if any(parse(value) for limit in entry.thresholds.values() for value in limit.values.values()):
            assert not entry.number_basis.startswith("Asks for no number"), entry.id


@pytest.mark.parametrize(("name", "size"), [*zip(PRESETS, (29, 64, 78, 79), strict=True)])
def test_presets_have_their_size_and_leave_no_placeholder_open(name: str, size: int) -> None:
    got = preset(name)
    assert len(got.standards) == size
    for standard in got.standards:
        assert not re.search(r"[{}<>]|\[\[", standard.statement), standard.id
        assert not re.search(r"[{}]", " ".join(standard.skeleton)), standard.id


@pytest.mark.parametrize(
    ("narrow", "wide"), [(PRESETS[0], PRESETS[1]), (PRESETS[1], PRESETS[2]), (PRESETS[1], PRESETS[3])]
)
def test_a_preset_asks_all_that_the_one_it_extends_asks(narrow: str, wide: str) -> None:
    below, above = preset(narrow), preset(wide)
    for standard in below.standards:
        for name, limit in standard.thresholds.items():
            value = threshold(above, standard.id, name).value
            assert limit.direction == "exact" or satisfies(value, limit.direction, limit.value), (standard.id, name)
        assert above.standard(standard.id)


def test_placeholders_carry_the_presets_numbers_and_leave_the_features_words() -> None:
    startup = preset("startup-mvp")
    throttling = startup.standard("login-throttling")
    assert throttling is not None
    assert throttling.statement.startswith(
        "After 10 failed attempts in 1 minute further attempts are refused for 5 min"
    )
    assert throttling.skeleton[1] == "When I attempt to log in 10 times in 1 minute"
    assert throttling.skeleton[3] == 'And I see a message "<message>"'
    assert "rotated" not in next(each for each in startup.standards if each.id == "secrets-management").statement
    traffic = preset("enterprise").standard("expected-traffic")
    assert traffic is not None
    assert traffic.skeleton[-1] == "And 95% of requests complete within 300 milliseconds"


def test_the_deployed_system_is_observed_in_staging_at_least() -> None:
    staging = {each.id for each in load_catalogue().entries if each.min_environment == "staging"}
    assert staging == {
        "transport-encryption", "web-application-firewall", "ddos-protection", "multi-region", "zero-downtime-deploy",
    }  # fmt: skip


# --- what applies ---


def test_traits_decide_what_applies_and_why() -> None:
    full = preset("regulated", frameworks=FRAMEWORKS)

    def applies(standard_id: str, *traits: str, frameworks: tuple[str, ...] = FRAMEWORKS) -> tuple[bool, str]:
        standard = full.standard(standard_id)
        assert standard is not None
        return applies_to(standard, traits, frameworks)

    assert applies("latency-budget") == (True, "every feature")
    assert applies("login-throttling", "ui", "authentication") == (True, "trait authentication")
    assert applies("login-throttling", "ui") == (False, "without the trait authentication")
    assert applies("payment-page-integrity", "ui") == (False, "without the traits payment and ui")
    assert applies("payment-page-integrity", "ui", "payment") == (True, "traits payment and ui")
    assert applies("health-checks") == (True, "the system")
    assert applies("backups", "ui") == (False, "no feature has the trait stores-data")
    assert applies("emergency-access", "admin", frameworks=("gdpr",)) == (False, "only with the framework hipaa")


# --- combining ---


def test_a_preset_that_another_extends_adds_nothing() -> None:
    assert preset("startup-mvp", "enterprise").standards == preset("enterprise").standards
    assert preset("production-saas", "regulated").title == "Regulated"


def test_two_presets_that_ask_for_different_words_need_a_choice() -> None:
    with pytest.raises(PresetError) as error:
        preset("enterprise", "regulated", frameworks=("hipaa",))
    lines = str(error.value).splitlines()
    assert len(lines) == len(CHOICES)
    assert "Enterprise and Regulated" in lines[-1]
    assert "'automatically on failing health' or 'by one command'" in lines[-1]
    assert "[thresholds.rollback]" in lines[-1]


@pytest.mark.parametrize("names", [("enterprise", "regulated"), ("regulated", "enterprise")])
def test_presets_combine_to_the_stricter_value(names: tuple[str, str]) -> None:
    choices = tuple(ThresholdChange(standard, name, value, None) for (standard, name), value in CHOICES.items())
    both = preset(*names, frameworks=("hipaa",), changes=choices)
    assert {each.id for each in preset(*names[:1]).standards} < {each.id for each in both.standards}
    assert threshold(both, "login-throttling", "attempts").value == "5"
    assert threshold(both, "login-throttling", "block").value == "30 minutes"
    assert threshold(both, "session-security", "idle").value == "15 minutes"
    assert threshold(both, "access-review", "leaver").value == "8 hours"
    for standard, name in CHOICES:
        assert not threshold(both, standard, name).looser


def test_titles_name_what_was_chosen() -> None:
    assert preset("production-saas").title == "Production SaaS"
    assert preset("regulated", frameworks=("hipaa", "gdpr")).title == "Regulated (HIPAA, GDPR)"


# --- frameworks ---


def test_regulated_without_a_framework_is_a_warning() -> None:
    assert "without a framework" in preset("regulated").warnings[0]
    assert not preset("regulated", frameworks=("gdpr",)).warnings


@pytest.mark.parametrize(("framework", "size"), [("hipaa", 81), ("pci-dss", 84), ("fedramp", 84), ("gdpr", 80)])
def test_a_framework_adds_its_standards(framework: str, size: int) -> None:
    assert len(preset("regulated", frameworks=(framework,)).standards) == size


def test_a_framework_tightens_and_never_loosens() -> None:
    core = preset("regulated")
    full = preset("regulated", frameworks=FRAMEWORKS)
    assert len(full.standards) == 87
    assert threshold(full, "log-retention", "hot").value == "365 days"
    assert threshold(full, "log-retention", "audit").value == "30 months"
    assert threshold(full, "penetration-test", "every").value == "90 days"
    retention = full.standard("log-retention")
    assert retention is not None
    assert "FedRAMP tightens it" in retention.number_basis
    for standard in core.standards:
        for name, limit in standard.thresholds.items():
            assert satisfies(threshold(full, standard.id, name).value, limit.direction, limit.value)


def test_frameworks_need_regulated() -> None:
    with pytest.raises(PresetError, match="need the preset 'regulated'"):
        preset("enterprise", frameworks=("hipaa",))
    with pytest.raises(PresetError, match="did you mean 'hipaa'"):
        preset("regulated", frameworks=("hippa",))


# --- deviations ---


def test_asking_for_more_needs_no_reason() -> None:
    got = threshold(preset("production-saas", changes=(change("300 ms"),)), "latency-budget", "p95")
    assert (got.value, got.preset_value, got.looser) == ("300 ms", "500 milliseconds", False)


def test_asking_for_less_needs_a_reason_and_is_shown() -> None:
    with pytest.raises(
        PresetError,
        match=r"jetty\.toml:7: p95 = '800 ms' is looser than what latency-budget asks for \(at most 500 milliseconds\)",
    ):
        preset("production-saas", changes=(change("800 ms"),))
    with pytest.raises(PresetError, match="give a reason"):
        preset("production-saas", changes=(change("800 ms", "  "),))
    loose = preset("production-saas", changes=(change("800 ms", "Old database."),))
    got = threshold(loose, "latency-budget", "p95")
    assert (got.value, got.preset_value, got.looser, got.reason) == (
        "800 ms",
        "500 milliseconds",
        True,
        "Old database.",
    )
    standard = loose.standard("latency-budget")
    assert standard is not None
    assert "at most 800 ms" in standard.statement


def test_another_word_than_the_presets_needs_a_reason_too() -> None:
    other = ThresholdChange("accessibility", "level", "A", None)
    with pytest.raises(PresetError, match="give a reason"):
        preset("production-saas", changes=(other,))
    got = preset("production-saas", changes=(ThresholdChange("accessibility", "level", "A", "Agreed."),))
    assert threshold(got, "accessibility", "level").looser


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (change("5"), "cannot be compared"),
        (change("fast", "It is."), "cannot be compared"),
        (ThresholdChange("latency-budget", "p96", "1 s", None), "no threshold 'p96'; it has p95, p99"),
        (ThresholdChange("latency-budgt", "p95", "1 s", None), "did you mean 'latency-budget'"),
        (ThresholdChange("multi-region", "rto", "1 s", None), "Production SaaS does not ask for 'multi-region'"),
    ],
)
def test_a_deviation_that_cannot_be_is_an_error(wrong: ThresholdChange, message: str) -> None:
    with pytest.raises(PresetError, match=re.escape(message)):
        preset("production-saas", changes=(wrong,))


def test_unknown_presets_are_told_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "jetty.toml").write_text('[project]\nstate = "external"\npreset = ["enterprize"]\n')
    with pytest.raises(
        PresetError, match=r"^jetty\.toml:3: there is no preset 'enterprize'; did you mean 'enterprise'"
    ):
        resolve(["enterprize"], [], [], tmp_path, named_in(read_declaration(tmp_path)))
    with pytest.raises(PresetError, match="no preset is named"):
        preset()


# --- a project's own preset ---


def test_an_own_preset_extends_adds_loosens_and_drops(own: Path) -> None:
    got = resolve(["own.yml"], [], [], own)
    assert got.title == "Our services"
    assert len(got.standards) == 29 + 2 - 1
    eyes = got.standard("four-eyes")
    assert eyes is not None
    assert eyes.statement == "A payout above 1000 is released by two people."
    assert eyes.skeleton == ("When one person releases <payout>", "Then it is held")
    assert eyes.applies.traits == (("payment",),)
    assert threshold(got, "latency-budget", "p95").looser
    assert threshold(got, "latency-budget", "p95").reason == "Reports are computed on request."
    assert got.standard("backups") is None
    assert not got.warnings
    assert [str(each) for each in got.dropped] == [
        "own.yml:17: Our services does not ask for backups: Nothing is stored."
    ]


def test_the_declaration_may_tighten_what_an_own_preset_loosened(own: Path) -> None:
    got = threshold(resolve(["own.yml"], [], [change("2 s")], own), "latency-budget", "p95")
    assert (got.value, got.preset_value, got.looser) == ("2 s", "1 second", True)
    got = threshold(resolve(["own.yml"], [], [change("900 ms")], own), "latency-budget", "p95")
    assert not got.looser


@pytest.mark.parametrize(
    ("value", "reason", "preset_value", "looser"),
    [("8", "Old users.", "5", True), ("3", None, "5", False), ("12", "Older users.", "5", True)],
)
def test_what_a_house_preset_tightened_is_what_a_project_loosens(
    tmp_path: Path, value: str, reason: str | None, preset_value: str, *, looser: bool
) -> None:
    (tmp_path / "own.yml").write_text("extends: startup-mvp\nthresholds:\n  login-throttling: {attempts: 5}\n")
    change = ThresholdChange("login-throttling", "attempts", value, reason, 4)
    got = threshold(resolve(["own.yml"], [], [change], tmp_path), "login-throttling", "attempts")
    assert (got.value, got.preset_value, got.looser) == (value, preset_value, looser)
    (tmp_path / "more.yml").write_text(
        f"extends: own.yml\nthresholds:\n  login-throttling: {{attempts: {value}, reason: {reason or 'More.'}}}\n"
    )
    got = threshold(resolve(["more.yml"], [], [], tmp_path), "login-throttling", "attempts")
    assert (got.value, got.preset_value, got.looser) == (value, preset_value, looser)


def test_another_word_than_the_house_chose_is_a_deviation_from_it(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text(
        "extends: production-saas\nthresholds:\n  accessibility: {level: AAA, reason: Our users need it.}\n"
    )
    change = ThresholdChange("accessibility", "level", "AA", "Not yet.", 4)
    got = threshold(resolve(["own.yml"], [], [change], tmp_path), "accessibility", "level")
    assert (got.value, got.preset_value, got.looser) == ("AA", "AAA", True)


def test_a_standard_asked_for_by_name_needs_no_framework(tmp_path: Path) -> None:
    own = "standards: [unique-identity, emergency-access]\nthresholds:\n  emergency-access: {limit: 1 hour}\n"
    for base, frameworks in (("startup-mvp", ()), ("regulated", ("hipaa",))):
        (tmp_path / "own.yml").write_text(f"extends: {base}\n{own}")
        got = resolve(["own.yml"], frameworks, [], tmp_path)
        standard = got.standard("unique-identity")
        assert standard is not None
        assert applies_to(standard, ["authentication"], got.frameworks) == (True, "trait authentication")
        assert threshold(got, "emergency-access", "limit").value == "1 hour"


def test_a_standard_of_a_framework_that_nobody_can_name_is_an_error(tmp_path: Path) -> None:
    own = "standards:\n- {id: x, title: x, statement: x, applies_to: {framework: [hipaa]}}\n"
    (tmp_path / "own.yml").write_text(f"extends: startup-mvp\n{own}")
    with pytest.raises(PresetError, match=r"^own\.yml:3: x is only for the framework hipaa, and frameworks need"):
        resolve(["own.yml"], [], [], tmp_path)
    (tmp_path / "own.yml").write_text(f"extends: regulated\n{own}")
    assert resolve(["own.yml"], ["hipaa"], [], tmp_path).standard("x")


def test_a_trait_of_ones_own_is_declared(tmp_path: Path) -> None:
    own = "standards:\n- {id: x, title: x, statement: x, applies_to: {any_of: [[kiosk]]}}\n"
    (tmp_path / "base.yml").write_text("extends: startup-mvp\ntraits: [kiosk]\n")
    (tmp_path / "own.yml").write_text(f"extends: base.yml\n{own}")
    standard = resolve(["own.yml"], [], [], tmp_path).standard("x")
    assert standard is not None
    assert standard.applies.traits == (("kiosk",),)
    (tmp_path / "own.yml").write_text(f"extends: startup-mvp\n{own}")
    with pytest.raises(PresetError, match=r"own\.yml:3: there is no trait 'kiosk'; name one of your own in 'traits'"):
        resolve(["own.yml"], [], [], tmp_path)


def test_two_own_presets_with_another_standard_of_one_id_cannot_be_combined(tmp_path: Path) -> None:
    own = "extends: startup-mvp\nstandards:\n- {{id: own-a, title: A, statement: A, evidence: {}}}\n"
    (tmp_path / "one.yml").write_text(own.format("scenario"))
    (tmp_path / "two.yml").write_text(own.format("attestation"))
    with pytest.raises(PresetError, match=r"two standards 'own-a', at one\.yml:3 and two\.yml:3; give one of them"):
        resolve(["one.yml", "two.yml"], [], [], tmp_path)
    (tmp_path / "two.yml").write_text("extends: one.yml\nstandards: [chaos-engineering]\n")
    assert resolve(["one.yml", "two.yml"], [], [], tmp_path).standard("own-a")


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text(
        "extends: startup-mvp\nstandards: [cashing]\nthresholds:\n  latency-budget: {p95: 9 s}\ndrop: {backup: x}\n"
    )
    with pytest.raises(PresetError) as error:
        resolve(["own.yml", "none.yml"], [], [], tmp_path)
    assert [line.split(": ")[0] for line in str(error.value).splitlines()] == [
        "own.yml:2", "own.yml:4", "own.yml:5", "jetty.toml",
    ]  # fmt: skip
    wrong = (change("9 s"), ThresholdChange("nonsense", "x", "1", None, 9))
    with pytest.raises(PresetError, match=r"jetty\.toml:7: .*\njetty\.toml:9: "):
        preset("startup-mvp", changes=wrong)


def test_an_own_preset_may_be_toml_and_extend_a_file(own: Path) -> None:
    (own / "more").mkdir()
    (own / "more" / "strict.toml").write_text(
        'extends = ["../own.yml"]\n[thresholds.concurrent-load]\nusers = 150\n[drop]\ncaching = "x"\n'
    )
    with pytest.raises(PresetError, match=r"more/strict\.toml:5: Strict does not ask for 'caching'"):
        resolve(["more/strict.toml"], [], [], own)
    (own / "more" / "strict.toml").write_text('extends = ["../own.yml"]\n[thresholds.concurrent-load]\nusers = 150\n')
    assert threshold(resolve(["more/strict.toml"], [], [], own), "concurrent-load", "users").value == "150"


def test_a_circle_of_presets_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("# ours\nextends: b.toml\n")
    (tmp_path / "b.toml").write_text('extends = "a.yml"\n')
    with pytest.raises(PresetError, match=r"in a circle: a\.yml → b\.toml → a\.yml"):
        resolve(["a.yml"], [], [], tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "own.yml:1: a preset is a table"),
        ("title: x\n", "own.yml:1: 'extends' must name"),
        ("extends: [\n", "own.yml:2: not YAML"),
        ("extends: enterprise\nextend: x\n", "own.yml:2: unknown key 'extend'; did you mean 'extends'?"),
        ("\nextends: enterprize\n", "own.yml:2: there is no preset 'enterprize'; did you mean 'enterprise'?"),
        ("extends: enterprise\ndrop: {backups: }\n", "own.yml:2: dropping backups needs a reason"),
        ("extends: enterprise\ndrop:\n  backup: no\n", "own.yml:3: dropping backup needs a reason"),
        ("extends: enterprise\ndrop:\n  backup: why\n", "own.yml:3: there is no standard 'backup'; did you mean"),
        ("extends: enterprise\nstandards: [cashing]\n", "own.yml:2: there is no standard 'cashing'; did you mean"),
        ("extends: enterprise\nstandards:\n- id: x\n", "own.yml:3: 'title' must be a text"),
        (
            "extends: enterprise\nstandards:\n- {id: backups, title: x, statement: x}\n",
            "own.yml:3: there is a standard",
        ),
        ("extends: enterprise\nstandards:\n- 3\n", "a standard is an id of the catalogue or a table"),
        (
            "extends: enterprise\nstandards:\n- {id: x, title: x, statement: x, thresholds: {n: {value: 3}}}\n",
            "own.yml:3: 'direction' must be one of at-most, at-least, exact",
        ),
        (
            "extends: startup-mvp\nthresholds:\n  latency-budget:\n    p99: 1 s\n    p95: 3 s\n",
            "own.yml:5: p95 = '3 s' is looser than",
        ),
        ("extends: startup-mvp\nthresholds: [1]\n", "own.yml:2: 'thresholds' must be a table"),
        (
            "extends: startup-mvp\nthresholds: {rate-limiting: {limit: 9}}\nthresholds: {latency-budget: {p95: 1 s}}\n",
            "own.yml:3: not YAML: the key 'thresholds' is there twice",
        ),
        (
            "extends: startup-mvp\nthresholds:\n  latency-budget:\n    p95: 4 s\n    reason: false\n",
            "own.yml:5: the reason for latency-budget must be a text, not False",
        ),
        (
            f"extends: startup-mvp\n{OWN}applies_to: {{any_of: [[authenticaton]]}}}}\n",
            "own.yml:3: there is no trait 'authenticaton' (did you mean `authentication`?)",
        ),
        (
            f"extends: startup-mvp\n{OWN}applies_to: {{any-of: [[ui]], scop: system}}}}\n",
            "own.yml:3: applies_to has no key 'any-of' (did you mean `any_of`?); it has scope, any_of, framework",
        ),
        (f"extends: startup-mvp\n{OWN}applies_to: {{framework: [hippa]}}}}\n", "not 'hippa'"),
        (
            f"extends: startup-mvp\n{OWN}thresholds: {{n: {{direction: at-most, unit: s, value: 2 s}}}}}}\n",
            "own.yml:3: the threshold 'n' has no key 'unit'; it has direction, value",
        ),
        (
            f"extends: startup-mvp\n{OWN}thresholds: {{n: {{direction: at-most, value: soon}}}}}}\n",
            "own.yml:3: the value of 'n' must be a quantity such as",
        ),
        (f"extends: startup-mvp\n{OWN}thresholds: {{n: {{direction: exact, value: }}}}}}\n", "needs a 'value'"),
        (f"extends: startup-mvp\n{OWN}reports: [sarif]}}\n", "whose 'evidence' is external-check"),
        (f"extends: startup-mvp\n{OWN}evidence: external-check, reports: [srif]}}\n", "not 'srif'"),
        (f"extends: startup-mvp\n{OWN}presets: [enterprise]}}\n", "leave 'presets' out"),
        (f"extends: startup-mvp\n{OWN}aliases: [latency-budget]}}\n", "there is a standard 'latency-budget' already"),
        ("extends: startup-mvp\ntraits: kiosk\n", "own.yml:2: 'traits' must be a list"),
    ],
)
def test_what_is_wrong_in_an_own_preset_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.yml").write_text(text)
    with pytest.raises(PresetError, match=re.escape(message)):
        resolve(["own.yml"], [], [], tmp_path)


def test_a_preset_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "jetty.toml").write_text('# the preset\n[project]\npreset = ["own.yml"]\n')
    (tmp_path / "own.yml").write_text("title: x\nextends: none.yml\n")
    with pytest.raises(PresetError, match=r"^own\.yml:2: none\.yml: this preset cannot be read: No such file"):
        resolve(["own.yml"], [], [], tmp_path)
    with pytest.raises(PresetError, match=r"^jetty\.toml:3: none\.yml: this preset cannot be read: No such file"):
        resolve(["none.yml"], [], [], tmp_path, named_in(read_declaration(tmp_path)))


# --- the pages ---


def test_the_pages_of_the_documentation_are_up_to_date() -> None:
    made = pages.pages()
    assert {path.name for path in DOCS.glob("*.md")} == set(made)
    for name, text in made.items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"{name}: run python -m mkdocs_jetty.standards.pages"


def test_every_page_says_that_a_preset_is_no_compliance_and_lists_sources() -> None:
    for name, text in pages.pages().items():
        assert "Meeting a preset is not compliance with HIPAA, PCI DSS, FedRAMP or GDPR." in text, name
        assert "ources" in text
        assert "judgement" in text
        assert "```gherkin" not in text


def test_links_between_the_pages_lead_somewhere() -> None:
    made = pages.pages()
    for name, text in made.items():
        for page, anchor in re.findall(r"\]\(([\w-]*(?:\.md)?)(?:#([\w-]+))?\)", text):
            target = made[page or name]
            assert not anchor or f"{{ #{anchor} }}" in target, (name, page, anchor)
