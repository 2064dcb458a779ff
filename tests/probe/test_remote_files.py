"""Files in S3 and behind SFTP, on real servers: the same facts as of files here, and a sentence for whatever fails."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import pipegen
from pipegen.core import yaml_text
from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured, dump
from pipegen.probe import Look, probe
from pipegen.probe.file_store import Limits
from pipegen.probe.remote_files import RemoteFiles
from tests import data
from tests.probe.files import column_types, write
from tests.s3 import Store, s3
from tests.sshd import SshServer, keygen, sshd

__all__ = ["s3", "sshd"]
pytestmark = pytest.mark.servers
SECRET = "correct horse:battery@staple/#?"
QUOTED = "correct%20horse%3Abattery%40staple%2F%23%3F"


def measure(url: str, **how: object) -> Measured:
    return probe("files", url, Look(Path("/"), **how))  # type: ignore[arg-type]


def error(url: str, **how: object) -> SourceError:
    """The expected error of a look that cannot be made: it says what to do, and holds no password, not even in its causes."""
    with pytest.raises(SourceError) as raised:
        measure(url, **how)
    seen: BaseException | None = raised.value
    assert raised.value.hint
    while seen is not None:
        assert SECRET not in repr(seen) and QUOTED not in repr(seen)
        seen = seen.__cause__
    return raised.value


def tables(measured: Measured) -> str:
    return yaml_text.dump(dump(measured)["tables"])


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.nycflights13_csv(tmp_path_factory.mktemp("nycflights13") / "csv")


def test_nycflights13_is_the_same_from_everywhere(s3: Store, sshd: SshServer, flights: Path) -> None:
    s3.put("flights", flights, "daily/")
    here, in_s3 = measure(str(flights)), measure("s3://flights/daily/")
    assert in_s3.server.folder == "s3://flights/daily"
    assert tables(in_s3) == tables(here)
    by_ssh = measure(sshd.url(f"{flights}/*.csv"))
    assert by_ssh.server.folder == sshd.url(str(flights))
    assert tables(by_ssh) == tables(here)
    assert here.tables["flights"].rows is not None
    assert here.tables["flights"].rows.value == data.NYCFLIGHTS13_ROWS["flights"]


def test_new_refuses_them_with_the_nearest_design_and_writes_no_password(sshd: SshServer, tmp_path: Path) -> None:
    folder = write(tmp_path / "far", {"orders.csv": "id,n\n1,2\n"})
    words = ["new", "x", "--yes", "--source", f"o={sshd.url(f'{folder}/*.csv', f'{sshd.user}:{QUOTED}')}"]
    run = subprocess.run(
        [sys.executable, "-m", "pipegen", *words], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(pipegen.__file__).parents[1])},
    )  # fmt: skip
    assert run.returncode == 2, run.stderr
    assert "source `o` reads files by URL, for which there is no blueprint yet" in run.stderr
    assert "hint: the nearest that work" in run.stderr
    assert QUOTED not in run.stdout + run.stderr and SECRET not in run.stdout + run.stderr
    assert not (tmp_path / "x").exists()


def _tree(folder: Path) -> Path:
    write(folder, {
        "daily/orders_2024-01-01.csv": "id,at\n1,2024-01-01\n", "daily/orders_2024-01-02.csv": "id,at\n2,2024-01-02\n",
        "daily/it's 💶.jsonl": '{"a": {"b": 1}}\n', "daily/deep/x/1.csv.gz": gzip.compress(b"k,v\n1,2\n"),
        "daily/notes.txt": "x", "daily/.hidden.csv": "x", "empty/.keep": "",
    })  # fmt: skip
    with duckdb.connect(":memory:") as con:
        con.execute(f"copy (select range as id from range(200)) to '{folder}/daily/big.parquet' (format parquet)")
    return folder


@pytest.fixture(params=["s3", "sftp"])
def far(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Callable[[str], str]]:
    """A folder of files, and what makes the URL of a path in it."""
    folder = _tree(tmp_path / "files")
    if request.param == "s3":
        store: Store = request.getfixturevalue("s3")
        bucket = store.put(f"b{abs(hash(tmp_path)) % 10**9}", folder, "top/")
        return folder, lambda path: f"s3://{bucket}/top/{path}"
    server: SshServer = request.getfixturevalue("sshd")
    return folder, lambda path: server.url(f"{folder}/{path}")


@pytest.mark.parametrize(
    "path",
    ["daily", "daily/", "daily/*.csv", "daily/**/*.csv*", "daily/big.parquet", "daily/deep", "daily/it's 💶.jsonl"],
)
def test_a_path_is_read_as_one_of_this_machine_is(far: tuple[Path, Callable[[str], str]], path: str) -> None:
    folder, url = far
    here, there = measure(str(folder / path)), measure(url(path))
    assert tables(there) == tables(here)
    assert there.server.folder == (here.server.folder or "").replace(str(folder), url("").rstrip("/"))


def test_what_is_not_there(far: tuple[Path, Callable[[str], str]]) -> None:
    _, url = far
    assert f"nothing is at `{url('nowhere')}`" in error(url("nowhere/*.csv")).message
    raised = error(url("daily/*.orc"))
    assert f"no file matches `{url('daily/*.orc')}`" in raised.message
    assert "orders_2024-01-01.csv" in str(raised.hint)
    assert "supported format" in error(url("daily/notes.txt")).message
    assert "no table `order`" in error(url("daily"), tables=["order"]).message


def test_broken_files_are_told_by_their_url(far: tuple[Path, Callable[[str], str]], s3: Store) -> None:
    folder, url = far
    broken = {
        "id.csv": b"\xff\xfei\0d\0",
        "x.parquet": b"PAR1 and no more",
        "n.csv": b"id\n1,a,b\n",
        "ok.csv": b"id\n1\n",
    }
    write(folder / "broken", broken)
    if url("").startswith("s3:"):
        bucket = url("").split("/")[2]
        for name, content in broken.items():
            s3.client().put_object(Bucket=bucket, Key=f"top/broken/{name}", Body=content)
    measured = measure(url("broken"))
    assert list(measured.tables) == ["ok"]
    assert "UTF-16" in measured.left_out["id"]
    assert measured.left_out["x"].startswith("`x.parquet` cannot be read as Parquet: it is cut")
    assert error(url("broken"), tables=["n"]).message.startswith(f"the rows of `{url('broken/n.csv')}` do not fit")


def test_a_large_table_is_read_in_part(
    far: tuple[Path, Callable[[str], str]], s3: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, url = far
    monkeypatch.setattr(RemoteFiles, "most", Limits(whole=100_000, sample=600_000, files=3))
    rows = [f'{i},2024-01-{i * 28 // 90_000 + 1:02} 10:00:00,"a\nb",{i % 7}' for i in range(90_000)]
    text = "id,updated_at,note,n\n" + "\n".join(rows) + "\n"
    lines = "".join(f'{{"id": {i}, "n": {i % 7}}}\n' for i in range(90_000))
    large = folder / "large"
    write(large, {"a.csv": text, "b.csv.gz": gzip.compress(text.encode(), 6), "c.jsonl": lines})
    write(large, {f"many/part-{i}.csv": f"id,n,z\n{i},{i % 7},x\n" for i in range(9)})
    with duckdb.connect(":memory:") as con:
        select = "select range as id, md5(range::varchar) m from range(90000)"
        con.execute(f"copy ({select}) to '{large}/d.parquet' (format parquet, row_group_size 2048)")
    if url("").startswith("s3:"):
        for file in (f for f in large.rglob("*") if f.is_file()):
            s3.client().upload_file(str(file), url("").split("/")[2], f"top/large/{file.relative_to(large)}")
    fetched: list[int] = []
    read = RemoteFiles._fetched
    monkeypatch.setattr(
        RemoteFiles,
        "_fetched",
        lambda self, asked: fetched.append(sum(e - s for _, s, e in asked)) or read(self, asked),
    )
    measured = measure(url("large"))
    assert sum(fetched) < 0.6 * sum(f.stat().st_size for f in large.rglob("*"))
    for name, rows_there in {"a": 90_000, "b": 90_000, "c": 90_000, "d": 90_000, "many": 9}.items():
        found = measured.tables[name]
        assert found.rows is not None and abs(found.rows.value - rows_there) <= 0.05 * rows_there, (name, found.rows)
        assert found.rows.exact is (name == "d")
        assert not found.malformed
        assert found.key is not None and found.key.columns == ["id"], name
        assert "rows sampled" in found.key.how
        assert found.notes[0].startswith("judged by"), found.notes
    assert column_types(measured.tables["a"]) == {
        "id": "bigint",
        "updated_at": "timestamp",
        "note": "text",
        "n": "bigint",
    }
    per_day = measured.tables["a"].rows_per_day
    assert per_day is not None and abs(per_day.value - 90_000 / 28) < 0.15 * 90_000 / 28


def test_the_time_for_looking_is_kept(far: tuple[Path, Callable[[str], str]]) -> None:
    _, url = far
    ticks = iter(range(1_000_000))
    raised = error(url("daily"), seconds=3, clock=lambda: float(next(ticks)))
    assert "could not be listed" in raised.message or "the time for looking was up" in f"{raised.message} {raised.hint}"


@pytest.mark.parametrize(("package", "url", "extra"), [
    ("s3fs", "s3://b/x/*.csv", "pipegen-cli[s3]"), ("paramiko", "sftp://h/x/*.csv", "pipegen-cli[sftp]"),
    ("gcsfs", "gs://b/x/*.csv", "gcsfs"), ("adlfs", "az://b/x/*.csv", "adlfs"),
])  # fmt: skip
def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, package: str, url: str, extra: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    raised = error(url)
    assert f"needs the package `{package}`" in raised.message
    assert raised.hint == f"pip install '{extra}'"


def test_no_such_bucket(s3: Store) -> None:
    assert error("s3://no-such-bucket/x").message == "there is no bucket `no-such-bucket`"


def test_wrong_keys(s3: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.client().create_bucket(Bucket="guarded")
    url = f"s3://{s3.reader.id}:{QUOTED}@guarded/x"
    assert "does not take the secret of this access key" in error(url).message
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert "does not take the secret of this access key" in error("s3://guarded/x").message
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    raised = error("s3://guarded/x")
    assert "knows no such access key" in raised.message
    assert "AWS_ENDPOINT_URL" in str(raised.hint)
    for name, value in s3.environment(s3.stranger).items():
        monkeypatch.setenv(name, value)
    assert "may not be read with these keys" in error("s3://guarded/x").message
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HOME", "/nonexistent")
    assert error("s3://guarded/x").message == "there are no keys for `s3://guarded`"


def test_keys_of_the_url(s3: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put("bykeys", write(tmp_path / "f", {"a.csv": "id\n1\n"}))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    quoted = s3.reader.secret.replace("/", "%2F").replace("+", "%2B")
    measured = measure(f"s3://{s3.reader.id}:{quoted}@bykeys")
    assert list(measured.tables) == ["a"]
    assert s3.reader.secret not in yaml_text.dump(dump(measured)) and quoted not in yaml_text.dump(dump(measured))


def test_an_endpoint_that_does_not_answer(s3: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://me:{QUOTED}@127.0.0.1:1")
    raised = error("s3://b/x")
    assert "`http://127.0.0.1:1` (AWS_ENDPOINT_URL) does not answer" in raised.message


def test_names_that_lead_out_of_the_folder(s3: Store) -> None:
    client = s3.client()
    client.create_bucket(Bucket="hostile")
    out = "d/../../../../../../tmp/pipegen_was_here.csv"
    for key in (out, "d/ok.csv", "d//twice.csv", f"d/{'x' * 300}.csv", "d/f.csv/g.csv", "d/f.csv"):
        client.put_object(Bucket="hostile", Key=key, Body=b"id,n\n1,2\n")
    found = measure("s3://hostile/d").tables
    assert "ok" in found
    assert not any("pipegen_was_here" in name or "xxx" in name for name in found)
    assert not Path("/tmp/pipegen_was_here.csv").exists()


def test_what_was_copied_is_gone(s3: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put("gone", write(tmp_path / "f", {"a.csv": "id\n1\n", "b.csv": b"\xff\xfe"}))
    (tmp_path / "t").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    measure("s3://gone")
    error("s3://gone", tables=["b"])

    def stopped(_: str) -> None:
        if any((tmp_path / "t").rglob("*.csv")):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure("s3://gone", progress=stopped)
    assert list((tmp_path / "t").iterdir()) == []


def test_a_host_that_is_not_known_is_never_accepted(sshd: SshServer, tmp_path: Path) -> None:
    known = Path.home() / ".ssh" / "known_hosts"
    known.write_text("")
    raised = error(sshd.url("/tmp"))
    assert "is not known: ssh-ed25519, SHA256:" in raised.message
    assert f"ssh-keyscan -p {sshd.port} 127.0.0.1" in str(raised.hint)
    assert known.read_text() == ""
    keygen(tmp_path / "other")
    kind, key, *_ = (tmp_path / "other.pub").read_text().split()
    known.write_text(f"[127.0.0.1]:{sshd.port} {kind} {key}\n")
    assert "has another host key than ~/.ssh/known_hosts has" in error(sshd.url("/tmp")).message


def test_keys_and_passwords_that_are_not_taken(sshd: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    key = Path.home() / ".ssh" / "id_ed25519"
    key.unlink()
    assert f"does not take the key of user `{sshd.user}`" in error(sshd.url("/tmp")).message
    keygen(key)
    assert f"does not take the key of user `{sshd.user}`" in error(sshd.url("/tmp")).message
    assert "does not take the password of user `nobody`" in error(sshd.url("/tmp", f"nobody:{QUOTED}")).message
    monkeypatch.setenv("SFTP_PASSWORD", SECRET)
    raised = error(sshd.url("/tmp", "nobody"))
    assert "does not take the password of user `nobody`" in raised.message
    assert "SFTP_PASSWORD" in str(raised.hint)
    monkeypatch.delenv("SFTP_PASSWORD")
    key.unlink()
    keygen(key, passphrase="a b c")
    raised = error(sshd.url("/tmp"))
    assert "is locked by a passphrase" in raised.message
    assert "ssh-add" in str(raised.hint)


def test_hosts_that_do_not_answer(sshd: SshServer, s3: Store) -> None:
    assert "does not answer" in error("sftp://me@127.0.0.1:1/x").message
    assert error("sftp://me@no-such-host.invalid/x").message == "there is no host `no-such-host.invalid`"
    port = s3.endpoint.rpartition(":")[2]
    assert "does not speak SFTP" in error(f"sftp://me@127.0.0.1:{port}/x").message


def test_a_folder_that_may_not_be_read(sshd: SshServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import paramiko

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "d").mkdir()
    monkeypatch.setattr(paramiko.SFTPClient, "listdir_iter", denied)  # root, as which tests may run, is denied nothing
    assert f"`{sshd.url(str(tmp_path / 'd'))}` may not be read by user" in error(sshd.url(str(tmp_path / "d"))).message


def test_links_are_followed(sshd: SshServer, tmp_path: Path) -> None:
    write(tmp_path / "real", {"a.csv": "id\n1\n"})
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert list(measure(sshd.url(str(tmp_path / "link"))).tables) == ["a"]
