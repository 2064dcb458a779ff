"""Prometheus's rules for every kind of design, by promtool: their own tests hold, and fail where a rule is wrong."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from pipegen.app.answers import Given
from pipegen.app.generate import generate
from tests.golden_trees import write
from tests.monitoring.servers import program
from tests.monitoring.shop import made

pytestmark = pytest.mark.monitoring

PROMETHEUS = Path("monitoring", "prometheus")
DESIGNS: dict[str, dict[str, str]] = {
    "few runs": {"on_call": "working-hours"},
    "burn": {"defaults.freshness": "10m", "on_call": "always"},
    "tickets": {"defaults.freshness": "1h", "on_call": "none"},
    "hardly a budget": {"defaults.freshness": "10m", "slo.freshness": "99.99%"},
    "a large budget": {"defaults.freshness": "10m", "slo.freshness": "50%"},
    "a short window": {"defaults.freshness": "10m", "slo.window": "2d"},
    "an odd owner": {"owner": 'we "own" {{ it }} \\ {{{x}} $1 <b>'},
}
# What a hand that slips makes of a rule, and the tests that see it.
SLIPS = [
    ("few runs", "slo", "_age:seconds{P} > pipeline", "_age:seconds{P} >= pipeline"),
    ("few runs", "slo", "or pipeline:published:timestamp_seconds{P}", ""),
    ("few runs", "slo", "remaining_ratio{P} <= 0", "remaining_ratio{P} <= -0.01"),
    ("burn", "slo", "ratio_1h{P} > 0.1344", "ratio_1h{P} > 0.16"),
    ("burn", "slo", "ratio_30m{P} > 0.056", "ratio_30m{P} >= 0"),
    ("few runs", "loads", "pipeline_source_up{P}) == 0", "pipeline_source_up{P}) == 1"),
    ("few runs", "loads", "> pipeline:run_silent:seconds{P}", ">= pipeline:run_silent:seconds{P}"),
    ("few runs", "loads", "or pipeline:run_silent:seconds{P} * 0 + time()", ""),
    ("few runs", "quality", ">= pipeline:quarantine_limit", "> pipeline:quarantine_limit"),
    ("few runs", "quality", ', severity="error"', ""),
    ("few runs", "airflow", "or pipeline:dag:info{P} * 0", "or pipeline:dag:info{P} * 7"),
    ("few runs", "airflow", '{task_id!="freshness"}', ""),
    ("few runs", "airflow", "offset 5m", ""),
    ("few runs", "host", "< 0.1", "<= 0.1"),
    ("few runs", "host", "== on (pipeline) group_left () max", "== on (pipeline) group_left () min"),
]


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: made(tmp_path_factory.mktemp("shop"), **said) for name, said in DESIGNS.items()}


def promtool(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("promtool"), *words], cwd=folder, capture_output=True, text=True, check=False)


def held(repository: Path, rules: str = "") -> subprocess.CompletedProcess[str]:
    """Whether the rules' tests hold: all of them, or those that read one file of rules."""
    folder = repository / PROMETHEUS
    tests = [path for path in sorted((folder / "tests").glob("*.yml")) if rules in path.read_text(encoding="utf-8")]
    return promtool(folder, "test", "rules", *(f"tests/{path.name}" for path in tests))


@pytest.mark.parametrize("design", DESIGNS)
def test_rules_are_valid_and_fire_when_they_should(repositories: dict[str, Path], design: str) -> None:
    folder = repositories[design] / PROMETHEUS
    rules = [f"rules/{path.name}" for path in sorted((folder / "rules").glob("*.yml"))]
    for words in (["check", "config", "prometheus.yml"], ["check", "rules", "--lint-fatal", *rules]):
        done = promtool(folder, *words)
        assert done.returncode == 0, done.stdout + done.stderr
    done = held(repositories[design])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("design", DESIGNS)
def test_what_pages_is_what_the_design_pages_for(repositories: dict[str, Path], design: str) -> None:
    rules = [
        rule
        for path in (repositories[design] / PROMETHEUS / "rules").glob("*.yml")
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]
    pages = {rule["alert"] for rule in rules if rule.get("labels", {}).get("severity") == "page"}
    fresh = "FreshnessMissed" if design in ("few runs", "an odd owner") else "FreshnessBurning"
    assert pages == (set() if design == "tickets" else {fresh, "SourceDown", "RowsLost"})


@pytest.mark.parametrize(("design", "name", "right", "wrong"), SLIPS)
def test_a_rule_that_is_wrong_is_seen_by_its_tests(
    repositories: dict[str, Path], design: str, name: str, right: str, wrong: str
) -> None:
    path = repositories[design] / PROMETHEUS / "rules" / f"{name}.yml"
    text = path.read_text(encoding="utf-8")
    ours = '{pipeline="shop"}'
    broken = text.replace(right.replace("{P}", ours), wrong.replace("{P}", ours))
    assert broken != text, f"{right} is not in rules/{name}.yml any more"
    path.write_text(broken, encoding="utf-8")
    try:
        assert promtool(path.parent, "check", "rules", path.name).returncode == 0
        done = held(repositories[design], f"rules/{name}.yml")
    finally:
        path.write_text(text, encoding="utf-8")
    assert "FAILED" in done.stdout + done.stderr


EXTRA = """\
name: extra
version: 1.0.0
summary: Alerts of its own.
requires: {monitoring: ">=1.0,<2"}
for_each: {source: sources}
contributes:
  alerts:
    - name: SlotFull
      severity: page
      summary: "{{ $value }} bytes wait in the slot of <%= source.id %>"
      expr: max by (slot) (slot_bytes{source="<%= source.id %>"}) > 5
      wait: 2m
      runbook: runbooks/slot-full.md
      at: 10m
      fires:
        - {series: 'slot_bytes{source="<%= source.id %>",slot="a"}', values: 5x2 6x20}
      quiet:
        - {series: 'slot_bytes{source="<%= source.id %>",slot="a"}', values: 5x20}
        - {series: 'slot_bytes{source="another",slot="a"}', values: 99x20}
"""


@pytest.mark.parametrize(("wait", "holds"), [("2m", True), ("20m", False)])
def test_alerts_of_other_blueprints_are_tested_by_the_measurements_they_bring(
    tmp_path: Path, wait: str, holds: bool
) -> None:
    extra = tmp_path / "extra"
    (extra / "files" / "runbooks").mkdir(parents=True)
    (extra / "blueprint.yml").write_text(EXTRA.replace("wait: 2m", f"wait: {wait}"), encoding="utf-8")
    (extra / "CHANGELOG.md").write_text("# Changes of the `extra` blueprint\n\n## 1.0.0\n\nFirst.\n", encoding="utf-8")
    (extra / "files" / "runbooks" / "slot-full.md").write_text("# A slot is full\n", encoding="utf-8")
    flags = {"source": ["sample:"], "blueprint": [str(extra)]}
    given = Given(name="shop", flags=flags, sets=[("catalog", "next")], cwd=tmp_path, yes=True)
    write(generate(given).plan, tmp_path / "shop", with_base=False)
    done = promtool(tmp_path / "shop" / PROMETHEUS, "test", "rules", "tests/contributed.yml")
    assert (done.returncode == 0) == holds, done.stdout + done.stderr
