"""An SSH server of the tests' own: OpenSSH's, as a process on a free port, with a host key and a user's key of its own.

OpenSSH's programs must be on the machine; a test that needs them fails where they are not.
"""

from __future__ import annotations

import atexit
import functools
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port

_START_SECONDS = 60


@dataclass(frozen=True)
class SshServer:
    """A running server; ``user`` is who runs the tests, and gets in by the key in ``folder / "id"`` alone."""

    folder: Path
    port: int
    user: str

    def url(self, path: str, login: str | None = None) -> str:
        return f"sftp://{login or self.user}@127.0.0.1:{self.port}/{path.lstrip('/')}"

    @property
    def known_hosts(self) -> str:
        kind, key, *_ = (self.folder / "host.pub").read_text().split()
        return f"[127.0.0.1]:{self.port} {kind} {key}\n"


def program(name: str) -> str:
    """The path of one of OpenSSH's programs."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(name, path=path)
    assert found, f"OpenSSH's program `{name}` is not on this machine; on Debian: apt-get install openssh-server"
    return found


def keygen(path: Path, *, passphrase: str = "") -> None:
    """A new key, and its public half beside it."""
    words = [program("ssh-keygen"), "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


@functools.cache
def server() -> SshServer:
    """The server of this process."""
    folder, port, user = Path(tempfile.mkdtemp(prefix="pipegen-ssh-")), free_port(), getpass.getuser()
    for name in ("host", "id"):
        keygen(folder / name)
    keys = folder / "authorized_keys"
    keys.write_text((folder / "id.pub").read_text())
    config = folder / "config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nAuthorizedKeysFile {keys}\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
        "Subsystem sftp internal-sftp\nMaxStartups 100\n"
    )
    if os.geteuid() == 0:  # where it would change its root to
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            [program("sshd"), "-D", "-e", "-f", str(config)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    atexit.register(_end, running, folder)
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as there:
                there.recv(64)
                return SshServer(folder, port, user)
        except OSError:
            assert running.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.1)


def _end(running: subprocess.Popen[bytes], folder: Path) -> None:
    running.terminate()
    running.wait(_START_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sshd(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """A running server; the home of the test has the user's key and the server's host key, and no agent is asked."""
    running, home = server(), tmp_path_factory.mktemp("home")
    folder = home / ".ssh"
    folder.mkdir(mode=0o700)
    shutil.copy(running.folder / "id", folder / "id_ed25519")
    (folder / "known_hosts").write_text(running.known_hosts)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.delenv("SFTP_PASSWORD", raising=False)
    yield running
