from __future__ import annotations

from pathlib import Path

import pytest

from pipegen.core.errors import SpecError
from pipegen.store import user_config


def test_the_config_lives_in_the_xdg_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert user_config.read() is None
    (tmp_path / "pipegen").mkdir()
    (tmp_path / "pipegen" / "config.yml").write_text("owner: me\n")
    config = user_config.read()
    assert config is not None
    assert config.values == {"owner": "me"}
    (tmp_path / "pipegen" / "config.yml").write_text("owner: [\n")
    with pytest.raises(SpecError):
        user_config.read()


def test_without_xdg_it_lives_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_config.path() == tmp_path / ".config/pipegen/config.yml"
