"""Compiled texts of templates are kept between renders, and what a render makes does not depend on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipegen.render.cookiecutter_child import KnownCode
from pipegen.render.cookiecutter_code import keep, place
from tests.render.cookiecutters import files, ours, template, theirs

TEXTS = {
    "said.txt": "{{ cookiecutter.slug }}\r\n{% include 'shared.txt' %}\n",
    "silent.txt": "no word\rto\r\nJinja\n}}",
    "{{ cookiecutter.slug }}/x.txt": "{# nothing #}",
    "/templates/shared.txt": "{{ cookiecutter.slug|upper }}",
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("PIPEGEN_NO_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_second_render_uses_the_code_of_the_first(tmp_path: Path) -> None:
    folder = template(tmp_path / "tpl", {}, TEXTS)
    wanted = theirs(folder, tmp_path / "theirs")
    assert files(ours(folder, digests=("sha256:1",))) == wanted
    [path] = (tmp_path / "cache").rglob("*.templates")
    stored = path.read_bytes()
    code = KnownCode([str(path)])
    assert files(ours(folder, digests=("sha256:1",))) == wanted
    assert path.read_bytes() == stored
    assert not code.changed
    assert len(code._codes) == 3  # said.txt, x.txt and what they include; silent.txt was never compiled


def test_a_newer_version_begins_with_the_code_of_the_one_before(tmp_path: Path) -> None:
    folder = template(tmp_path / "tpl", {}, TEXTS)
    ours(folder, digests=("sha256:1",))
    template(tmp_path / "tpl", {}, {"said.txt": "{{ cookiecutter.slug }}, changed\n"})
    wanted = theirs(folder, tmp_path / "theirs")
    assert files(ours(folder, digests=("sha256:2", "sha256:1"))) == wanted
    newer = place("sha256:2", {})
    assert newer is not None
    assert len(KnownCode([str(newer)])._codes) == 4


@pytest.mark.parametrize("damage", [b"", b"x" * 100, None])
def test_a_damaged_cache_is_passed_over(damage: bytes | None, tmp_path: Path) -> None:
    folder = template(tmp_path / "tpl", {}, TEXTS)
    wanted = theirs(folder, tmp_path / "theirs")
    ours(folder, digests=("sha256:1",))
    path = place("sha256:1", {})
    assert path is not None
    if damage is None:
        path.chmod(0o666)  # anybody could have written it
    else:
        path.write_bytes(damage)
    assert files(ours(folder, digests=("sha256:1",))) == wanted


def test_settings_that_change_the_code_have_a_code_of_their_own() -> None:
    assert place("d", {}) != place("d", {"_jinja2_env_vars": {"trim_blocks": True}})


def test_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPEGEN_NO_CACHE", "1")
    assert place("d", {}) is None
    keep(None, b"x")
