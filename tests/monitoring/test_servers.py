"""What the live proofs run is the repository's own: nothing of its files may change but what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.monitoring.servers import rewritten

ROUTES = """
route: {receiver: ticket, group_wait: 30s, routes: [{receiver: page, group_wait: 1m}]}
receivers:
  - {name: page, webhook_configs: [{url_file: /run/secrets/url}]}
  - {name: ticket, webhook_configs: [{url_file: /run/secrets/url}]}
"""


@pytest.fixture
def routes(tmp_path: Path) -> Path:
    path = tmp_path / "routes.yml"
    path.write_text(ROUTES, encoding="utf-8")
    return path


def test_only_what_was_asked_for_changes(routes: Path, tmp_path: Path) -> None:
    to = rewritten(
        routes, {"*group_wait": lambda _: "1s", "receivers.*.url_file": lambda _: "here"}, tmp_path / "to.yml"
    )
    expected = ROUTES.replace("30s", "1s").replace("1m", "1s").replace("/run/secrets/url", "here")
    assert yaml.safe_load(to.read_text(encoding="utf-8")) == yaml.safe_load(expected)


def test_a_change_of_nothing_is_refused(routes: Path, tmp_path: Path) -> None:
    """A file that no longer has what is changed would be tested as it is not."""
    with pytest.raises(AssertionError, match="has nothing at"):
        rewritten(routes, {"*group_interval": lambda _: "1s"}, tmp_path / "to.yml")


def test_a_change_of_the_shape_is_refused(routes: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="group_wait"):
        rewritten(routes, {"*group_wait": lambda _: {"seconds": 1}}, tmp_path / "to.yml")
