"""M35: a password in a URL is for the probe: it is in no draft, no line, no review, no command, and no repr."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipegen.core.measured import Measured
from tests.app.interview.interviews import ENTER, Done, hold, table
from tests.prompting import LEAVE, Script, enter

SECRET = "hunter2%40x"
URLS = (f"postgresql://reader:{SECRET}@127.0.0.1:1/shop", f"mysql://reader:{SECRET}@127.0.0.1:1/shop")


def nowhere(done: Done, here: Path) -> None:
    """The password is in no text that was shown or kept."""
    shown = [done.prompter.text(), done.resume, repr(done.reviews), repr(done.result)]
    kept = [path.read_text() for path in (here / "drafts").glob("*")]
    for text in [*shown, *kept]:
        assert SECRET not in text and "hunter2" not in text
    assert kept


@pytest.mark.parametrize("url", URLS)
def test_m35_of_a_probe_that_fails(here: Path, url: str) -> None:
    done = hold([("name", ENTER), ("source", url), ("source", LEAVE)], here)
    assert done.prompter.last("source").secret and url in done.prompter.last("source").default
    assert SECRET not in repr(done.prompter.asks)
    assert done.prompter.said
    nowhere(done, here)


def test_m35_of_what_is_no_source(here: Path) -> None:
    texts = (
        f"postgres:reader:{SECRET}",
        f"host=h password={SECRET}",
        f"ftp://a:{SECRET}@h/x",
        f"s3://k:{SECRET}@b/*.csv",
    )
    for text in texts:
        done = hold([("name", ENTER), ("source", LEAVE)], here)
        check = done.prompter.last("source").check
        assert check is not None
        assert SECRET not in (check(text) or "")
    nowhere(done, here)


@pytest.mark.parametrize("given", [False, True])
def test_m35_of_a_probe_that_works(here: Path, monkeypatch: pytest.MonkeyPatch, given: bool) -> None:
    """Asked for, or given by a flag; then left, and resumed."""
    from pipegen.probe import registry

    places: list[str] = []

    def probe(kind: str, path: str, look: object) -> Measured:
        places.append(path)
        return Measured.model_validate({"server": {"kind": kind}, "tables": {"orders": table(10, per_day=1)}})

    monkeypatch.setattr(registry, "probe", probe)
    flags = {"source": [URLS[0]]} if given else {}
    asked: Script = [] if given else [("source", URLS[0]), ("source.2", ENTER)]
    end = [*enter(("mart", "freshness", "destination")), ("review", "write")]
    done = hold([("name", ENTER), *asked, *end], here, flags=flags)
    assert SECRET in places[0]
    nowhere(done, here)
    assert SECRET not in done.equivalent
    assert done.made.generated is not None
    for action in done.made.generated.plan.actions:
        assert SECRET.encode() not in (action.content or b"")
    (here / "drafts" / "shop.yml").unlink()  # as who writes the repository does
    left = hold([("name", ENTER), *asked, ("mart", LEAVE)], here, flags=flags)
    nowhere(left, here)
    places.clear()
    nowhere(hold(end, here, resume=True), here)
    assert places and SECRET not in places[0]  # the variable has it, or it is asked for again


def test_m35_an_assignment_with_a_password_is_not_kept(here: Path) -> None:
    url = f"https://u:{SECRET}@h/x"
    sets = [("blueprints", [{"source": url}]), ("description", url), ("slo.window", "7d")]
    nowhere(hold([("name", LEAVE)], here, sets=sets), here)
