"""The rules in monitoring/prometheus/rules/, without promtool: each alert says whose it is and what to do, asks only for what is
measured, and has a test in which it fires and one in which it is quiet."""

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "monitoring" / "prometheus"
# Alerts of other blueprints have metrics of their own, and tests of another form.
CONTRIBUTED = "contributed.yml"


def parsed(folder):
    paths = sorted((FOLDER / folder).glob("*.yml"))
    return {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths}


def rules_of(content):
    return [rule for group in content["groups"] for rule in group["rules"]]


RULES = {name: rules_of(content) for name, content in parsed("rules").items()}
TESTS = [test for content in parsed("tests").values() for test in content["tests"]]
ALERTS = [(name, rule) for name, rules in RULES.items() for rule in rules if "alert" in rule]
OURS = [rule for name, rules in RULES.items() if name != CONTRIBUTED for rule in rules]
# The others are constants.
ASKING = [rule for rule in OURS if not rule["expr"].startswith("vector(")]
RECORDED = {rule["record"] for rule in OURS if "record" in rule}
PIPELINE = RULES["dags.yml"][0]["labels"]["pipeline"]
METRICS = json.loads((ROOT / "monitoring" / "metrics.json").read_text(encoding="utf-8"))["metrics"]


def emitted(metric):
    """The series of a metric: a histogram has three."""
    if metric["type"] != "histogram":
        return {metric["name"]}
    return {f"{metric['name']}_{part}" for part in ("bucket", "count", "sum")}


EMITTED = set().union(*(emitted(metric) for metric in METRICS))
# These have a label that says whose they are.
PUSHED = {m["name"] for m in METRICS if "pipeline" in m["labels"]} | RECORDED

STRING = re.compile(r"""("[^"]*"|'[^']*'|`[^`]*`)""")
GROUPING = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)")
BESIDE = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\boffset\s+\w+|#[^\n]*")
NAME = re.compile(r"(?<![\w:.])([A-Za-z_:][\w:]*)(?!\s*\(|[\w:])")
WORDS = {"and", "or", "unless", "bool", "offset", "by", "on", "without"}


def names_in(expression):
    """The series that an expression asks for."""
    bare = STRING.sub('""', expression)
    bare = BESIDE.sub(" ", GROUPING.sub(" ", bare))
    return {name for name in NAME.findall(bare)} - WORDS


def static(rule):
    """The labels that tell rules of one name apart. The owner is written for Prometheus's templates there, and plain in tests."""
    return {k: v for k, v in rule["labels"].items() if k != "owner" and "{{" not in v}


def expected_alerts(rule):
    """What tests expect of an alert, by test: lists of labels."""
    for test in TESTS:
        for look in test.get("alert_rule_test", []):
            if look["alertname"] == rule["alert"]:
                yield [alert["exp_labels"] for alert in look.get("exp_alerts") or []]
        for look in test.get("promql_expr_test", []):
            if f'ALERTS{{alertname="{rule["alert"]}"' in look["expr"]:
                yield [rule["labels"]] if look["exp_samples"] else []


def matches(rule, labels):
    return static(rule).items() <= labels.items()


def id_of(pair):
    name, rule = pair
    return f"{name}-{rule['alert']}-{'-'.join(static(rule).values())}"


@pytest.fixture(params=ALERTS, ids=id_of)
def alert(request):
    return request.param[1]


def test_an_alert_says_whose_it_is_and_how_urgent(alert):
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["labels"]["owner"]
    assert alert["labels"]["pipeline"] == PIPELINE


def test_an_alert_says_what_is_wrong_and_what_to_do(alert):
    assert alert["annotations"]["summary"]
    page = re.search(r"runbooks/[\w.-]+\.md$", alert["annotations"]["runbook"])
    assert page, alert["annotations"]["runbook"]
    assert (ROOT / page[0]).is_file(), f"{page[0]} is not there"


def test_an_alert_has_a_test_in_which_it_fires(alert):
    assert any(matches(alert, labels) for found in expected_alerts(alert) for labels in found)


def test_an_alert_has_a_test_in_which_it_is_quiet(alert):
    found = list(expected_alerts(alert))
    assert any(not any(matches(alert, labels) for labels in one) for one in found)


@pytest.mark.parametrize("rule", ASKING, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_only_for_what_is_measured(rule):
    asked = names_in(rule["expr"])
    assert asked
    assert asked <= EMITTED | RECORDED, f"nobody measures {asked - EMITTED - RECORDED}"


@pytest.mark.parametrize("rule", ASKING, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_only_for_this_pipeline(rule):
    """One Prometheus may watch several. What has no such label is joined with the DAGs of this one, or is of all Airflow."""
    for name in names_in(rule["expr"]) & PUSHED:
        asked = re.findall(rf"(?<![\w:]){re.escape(name)}(?![\w:])(\{{[^}}]*\}})?", rule["expr"])
        assert all(f'pipeline="{PIPELINE}"' in one for one in asked), name


def test_tests_measure_what_is_measured():
    series = {
        one["series"].partition("{")[0]
        for name, content in parsed("tests").items()
        if name != CONTRIBUTED
        for test in content["tests"]
        for one in test["input_series"]
    }
    assert series <= EMITTED | RECORDED, series - EMITTED - RECORDED
