"""Point 29 of the experience: every kind of thing that goes wrong has its own sentence and its own hint, and no password in it."""

from __future__ import annotations

import errno
import os
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipegen.cli.main import run
from tests.postgres import _QUOTED, PASSWORD, Server
from tests.rest_server import serving

Result = tuple[int, str, str]
Pipegen = Callable[..., Result]
SECRET = "hunter2"


@pytest.fixture
def pipegen(capfd: pytest.CaptureFixture[str], here: Path) -> Pipegen:
    def call(*words: str) -> Result:
        capfd.readouterr()
        code = run(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def no_space(*_: object, **__: object) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def denied(*_: object, **__: object) -> Any:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def wrong_password(pipegen: Pipegen, patch: pytest.MonkeyPatch) -> Result:
    patch.setenv("API_TOKEN", SECRET)
    with serving({"orders": [{"id": 1}]}, token="another", index=True) as api:
        return pipegen("inspect", f"crm={api}", "--table", "orders", "--set", "sources.crm.auth_env=API_TOKEN")


def port_closed(pipegen: Pipegen, patch: pytest.MonkeyPatch) -> Result:
    return pipegen("inspect", f"postgresql://reader:{SECRET}@127.0.0.1:{closed_port()}/shop")


def unknown_host(pipegen: Pipegen, patch: pytest.MonkeyPatch) -> Result:
    return pipegen("inspect", f"postgresql://reader:{SECRET}@nowhere.invalid/shop")


def missing_table(pipegen: Pipegen, patch: pytest.MonkeyPatch) -> Result:
    return pipegen("inspect", "sqlite:///shop.db", "--table", "order")


def missing_driver(pipegen: Pipegen, patch: pytest.MonkeyPatch) -> Result:
    patch.setitem(sys.modules, "s3fs", None)
    return pipegen("inspect", f"s3://key:{SECRET}@bucket/daily/*.csv")


def missing_file(pipegen: Pipegen, patch: pytest.MonkeyPatch) -> Result:
    return pipegen("inspect", "exports/order.csv")


def unreadable_file(pipegen: Pipegen, patch: pytest.MonkeyPatch) -> Result:
    real = Path.open

    def opened(path: Path, *more: Any, **others: Any) -> Any:  # root, as which tests may run, is denied nothing
        return denied() if path.suffix == ".csv" else real(path, *more, **others)

    patch.setattr(Path, "open", opened)
    return pipegen("inspect", "exports/orders.csv")


def broken_file(pipegen: Pipegen, patch: pytest.MonkeyPatch) -> Result:
    Path("broken.parquet").write_bytes(b"no parquet")
    return pipegen("inspect", "broken.parquet")


def full_disk(pipegen: Pipegen, patch: pytest.MonkeyPatch) -> Result:
    patch.setattr("os.fsync", no_space)
    patch.setattr("os.write", no_space)
    patch.setattr(Path, "write_bytes", no_space)
    return pipegen("new", "shop", "--source", "exports/*.csv", "--no-git")


def no_permission_to_write(pipegen: Pipegen, patch: pytest.MonkeyPatch) -> Result:
    patch.setattr(Path, "mkdir", denied)
    patch.setattr("os.mkdir", denied)
    return pipegen("new", "shop", "--source", "exports/*.csv", "--no-git")


def yaml_that_is_none(pipegen: Pipegen, patch: pytest.MonkeyPatch) -> Result:
    Path("a.yml").write_text("name: shop\nfreshness: [\n")
    return pipegen("new", "--answers", "a.yml", "--source", "exports/*.csv")


KINDS: dict[str, tuple[Callable[[Pipegen, pytest.MonkeyPatch], Result], int, str]] = {
    "wrong password": (wrong_password, 1, r"(token|credential|refuse)"),
    "closed port": (port_closed, 1, r"no PostgreSQL answers at database `shop` at `127\.0\.0\.1:\d+`"),
    "unknown host": (unknown_host, 1, r"the host of database `shop` at `nowhere\.invalid\S*` is not known"),
    "missing table": (missing_table, 1, r"`order`"),
    "missing driver": (missing_driver, 1, r"needs the package `s3fs`"),
    "missing file": (missing_file, 1, r"`\S*order\.csv` is not there"),
    "unreadable file": (unreadable_file, 1, r"permission denied"),
    "broken file": (broken_file, 1, r"`\S*broken\.parquet`"),
    "full disk": (full_disk, 1, r"[Nn]o space left"),
    "no permission": (no_permission_to_write, 1, r"[Pp]ermission denied"),
    "YAML": (yaml_that_is_none, 2, r"^a\.yml:\d+: "),
}


def said(kind: str, pipegen: Pipegen) -> tuple[str, str]:
    """The sentence and the hint of a kind of error."""
    cause, code, sentence = KINDS[kind]
    with pytest.MonkeyPatch.context() as patch:
        found, out, err = cause(pipegen, patch)
    assert (found, out) == (code, ""), err
    form = re.search(r"^error: (?P<error>[^\n]+)\n\nhint: (?P<hint>[^\n]+)\n\Z", err, re.MULTILINE)
    assert form is not None, err
    assert re.search(sentence, form["error"]), err
    assert SECRET not in err and "Traceback" not in err
    assert not form["error"].endswith(".") and "Errno" not in err
    return form["error"], form["hint"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_sentence_with_a_hint_and_without_the_password(kind: str, pipegen: Pipegen) -> None:
    said(kind, pipegen)


def test_no_two_kinds_say_the_same(pipegen: Pipegen) -> None:
    every = [said(kind, pipegen) for kind in KINDS]
    assert len({sentence for sentence, _ in every}) == len(KINDS)
    assert len({hint for _, hint in every}) == len(KINDS), every


@pytest.mark.servers
def test_a_wrong_password_of_a_server_is_its_own_sentence(pipegen: Pipegen, postgres: Server) -> None:
    postgres.database("shop", "create table orders (id serial primary key)")
    code, out, err = pipegen("inspect", postgres.url("shop").replace(_QUOTED, SECRET))
    assert (code, out) == (1, "")
    assert re.fullmatch(r"error: [^\n]*password[^\n]*\n\nhint: [^\n]+\n", err), err
    assert not any(secret in err for secret in (SECRET, PASSWORD, _QUOTED))
    code, _, err = pipegen("inspect", postgres.url("shop"), "--table", "order")
    assert code == 1 and "`order`" in err and "hint: did you mean `orders`?" in err
