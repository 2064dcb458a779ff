"""The report: what holds, what does not, and what was left out and why."""

import json

from drill import report
from drill.report import FAILS, HOLDS, NO_MEANING, NOT_RUN, Result

RESULTS = [
    Result("updates", "shop.orders", "sqlite full replace hard", "3 rows", HOLDS, 2.5),
    Result("a null key", "shop.log", "csv append", "the table has no key", NO_MEANING),
    Result("a wrong password", "shop.orders", "sqlite full", "no server | here", NOT_RUN),
]


def test_it_counts_and_names(tmp_path):
    report.write(tmp_path, RESULTS)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "1 holds, 0 FAILS, 1 does not apply, 1 not run." in text
    assert "| updates | shop.orders | sqlite full replace hard | holds | 2.5 | 3 rows |" in text
    assert "no server \\| here" in text
    document = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert document["holds"] is True
    assert [one["verdict"] for one in document["results"]] == [HOLDS, NO_MEANING, NOT_RUN]


def test_one_failure_is_enough_and_is_told_in_full():
    long = "raw: " + "something is not as it should be " * 20
    results = [*RESULTS, Result("deletes", "shop.orders", "", long, FAILS, 1.0)]
    assert report.all_hold(RESULTS) and not report.all_hold(results)
    said = report.terminal(results)
    assert long.strip() in said
    assert "a null key" not in said, "what has no meaning is counted, not listed"
    assert said.endswith("1 holds, 1 FAILS, 1 does not apply, 1 not run")
