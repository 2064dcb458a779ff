"""A store like S3 of the tests' own: moto's server as a process, which checks keys and policies as S3 does."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.ports import free_port

_START_SECONDS = 60
_REGION = "us-east-1"


@dataclass(frozen=True)
class Keys:
    """The keys of one user of the store."""

    id: str
    secret: str


@dataclass(frozen=True)
class Store:
    """A running store: ``reader`` may read everything, ``stranger`` nothing."""

    endpoint: str
    reader: Keys
    stranger: Keys

    def client(self, kind: str = "s3", keys: Keys | None = None) -> Any:
        import boto3

        keys = keys or self.reader
        return boto3.client(
            kind, endpoint_url=self.endpoint, region_name=_REGION, aws_access_key_id=keys.id, aws_secret_access_key=keys.secret
        )  # fmt: skip

    def put(self, bucket: str, files: Path, under: str = "") -> str:
        """A new bucket with the files of a folder in it."""
        client = self.client()
        client.create_bucket(Bucket=bucket)
        for file in sorted(f for f in files.rglob("*") if f.is_file()):
            client.upload_file(str(file), bucket, under + file.relative_to(files).as_posix())
        client.close()
        return bucket

    def environment(self, keys: Keys | None = None) -> dict[str, str]:
        """What tells a program where the store is, and the keys to it."""
        keys = keys or self.reader
        return {
            "AWS_ENDPOINT_URL": self.endpoint, "AWS_DEFAULT_REGION": _REGION, "AWS_ACCESS_KEY_ID": keys.id,
            "AWS_SECRET_ACCESS_KEY": keys.secret, "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip


@functools.cache
def store() -> Store:
    """The store of this process."""
    folder, port = Path(tempfile.mkdtemp(prefix="pipegen-s3-")), free_port()
    endpoint = f"http://127.0.0.1:{port}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            cwd=folder, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    atexit.register(_end, running, folder)
    end = time.monotonic() + _START_SECONDS
    while True:
        with contextlib.suppress(OSError), urlopen(f"{endpoint}/moto-api/data.json", timeout=5):
            break
        assert running.poll() is None and time.monotonic() < end, (folder / "log").read_text()
        time.sleep(0.1)
    anyone = Keys("AKIAANYONE", "anyone")
    made = Store(endpoint, anyone, anyone)
    users = made.client("iam", anyone)
    reader, stranger = _user(users, "reader", ["s3:*"]), _user(users, "stranger", ["s3:ListAllMyBuckets"])
    users.close()
    checked = Request(f"{endpoint}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"})
    with urlopen(checked, timeout=5):  # from now on keys and policies are checked
        return Store(endpoint, reader, stranger)


def _user(client: Any, name: str, may: list[str]) -> Keys:
    client.create_user(UserName=name)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": may, "Resource": "*"}]}
    client.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=json.dumps(policy))
    key = client.create_access_key(UserName=name)["AccessKey"]
    return Keys(key["AccessKeyId"], key["SecretAccessKey"])


def _end(running: subprocess.Popen[bytes], folder: Path) -> None:
    running.terminate()
    running.wait(_START_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A running store, whose reader's keys are in the environment of the test."""
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in store().environment().items():
        monkeypatch.setenv(name, value)
    yield store()
