"""Prometheus, Alertmanager, statsd_exporter and Pushgateway as processes of the tests' own, with a generated repository's files.

Of those files only what a test cannot have is another: addresses, where secrets are kept, and how long is waited for no reason but
to be quiet (``rewritten``). Thresholds, ``for:``, routes and inhibitions are the repository's.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.engines import cache_folder
from tests.ports import free_ports

# Those that Debian 12 does not have, or has too old: built by Go.
BUILT = {
    "alertmanager": "github.com/prometheus/alertmanager/cmd/alertmanager@v0.28.1",
    "amtool": "github.com/prometheus/alertmanager/cmd/amtool@v0.28.1",
    "statsd_exporter": "github.com/prometheus/statsd_exporter@v0.28.0",
}
DEBIAN = {"prometheus": "prometheus", "promtool": "prometheus", "prometheus-pushgateway": "prometheus-pushgateway"}
_START_SECONDS = 30
_STOP_SECONDS = 10
Change = Callable[[Any], Any]


def program(name: str) -> str:
    """The path of a program: Debian's, or built once and kept in the tests' cache."""
    if name in DEBIAN:
        found = shutil.which(name)
        assert found, f"`{name}` is not on this machine; on Debian: apt-get install {DEBIAN[name]}"
        return found
    module = BUILT[name]
    kept = cache_folder() / "go-bin" / f"{name}-{module.rpartition('@v')[2]}"
    if not kept.exists():
        _build(name, module, kept)
    return str(kept)


def _build(name: str, module: str, kept: Path) -> None:
    folders = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/local/go/bin"
    go = shutil.which("go", path=folders)
    assert go, f"Go's program `go` is neither on the PATH nor in /usr/local/go/bin; it builds `{name}` once: {module}"
    folder = kept.parent / f"making-{name}-{os.getpid()}"
    environment = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-buildvcs=false"}
    made = subprocess.run([go, "install", module], env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, f"go install {module}: exit {made.returncode}\n{made.stdout}{made.stderr}"
    (folder / name).replace(kept)
    shutil.rmtree(folder)


def rewritten(path: Path, changes: Mapping[str, Change], to: Path) -> Path:
    """Write a YAML file anew to ``to``, where each leaf whose address matches a pattern is what its change makes of it.

    An address is `route.group_wait` or `scrape_configs.0.static_configs.0.targets.0`. AssertionError where a pattern matches nothing,
    or where the two files differ in anything else.
    """
    before = yaml.safe_load(path.read_text(encoding="utf-8"))
    used: set[str] = set()

    def change(address: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: change(f"{address}.{key}", inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [change(f"{address}.{place}", inner) for place, inner in enumerate(value)]
        for pattern, make in changes.items():
            if fnmatch.fnmatchcase(address.lstrip("."), pattern):
                used.add(pattern)
                return make(value)
        return value

    to.write_text(yaml.safe_dump(change("", before), sort_keys=False, width=1000), encoding="utf-8")
    after = yaml.safe_load(to.read_text(encoding="utf-8"))
    old, new = dict(_leaves("", before)), dict(_leaves("", after))
    assert old.keys() == new.keys(), f"{path.name}: {old.keys() ^ new.keys()}"
    other = {a for a in old if old[a] != new[a] and not any(fnmatch.fnmatchcase(a, p) for p in changes)}
    assert not other, f"{path.name}: changed as well: {sorted(other)}"
    assert used == set(changes), f"{path.name} has nothing at {sorted(set(changes) - used)}"
    return to


def _leaves(address: str, value: Any) -> Iterator[tuple[str, Any]]:
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    if not inner:
        yield address, value
    for key, one in inner:
        yield from _leaves(f"{address}.{key}" if address else str(key), one)


def get(url: str, timeout: float = 10) -> Any:
    """The JSON that an address answers with."""
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return json.load(answer)


@dataclass
class Processes:
    """Processes in a folder of their own, where each has its log; all end with the block of ``processes``."""

    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(
        self, name: str, command: list[str], environment: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=cwd or self.folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self) -> None:
        """End every process and all of its group."""
        for number in (signal.SIGTERM, signal.SIGCONT):
            for process in self.running.values():
                _signal(process, number)
        end = time.monotonic() + _STOP_SECONDS
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0, end - time.monotonic()))
            _signal(process, signal.SIGKILL)  # those of its group that it has left behind
            process.wait()

    def wait_for(self, name: str, url: str, seconds: float = _START_SECONDS) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                urllib.request.urlopen(url, timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                ended = self.running[name].poll() is not None
                assert not ended and time.monotonic() < end, f"{name} does not answer\n{self.tail(name)}"
                time.sleep(0.1)

    def tail(self, name: str, lines: int = 25) -> str:
        """The end of a process's log."""
        path = self.folder / f"{name}.log"
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return "\n".join([f"--- {name}.log", *text.splitlines()[-lines:]])

    def tails(self) -> str:
        return "\n".join(self.tail(path.stem) for path in sorted(self.folder.glob("*.log")))


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


@contextmanager
def processes(folder: Path) -> Iterator[Processes]:
    """Processes that end with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    started = Processes(folder)
    try:
        yield started
    finally:
        started.stop()


@dataclass(frozen=True)
class Watch:
    """The servers that watch a pipeline; each listens on a port of 127.0.0.1."""

    processes: Processes
    prometheus: int
    alertmanager: int
    pushgateway: int
    statsd: int
    statsd_web: int

    def settings(self) -> dict[str, str]:
        """What the pipeline's `.env` says of them."""
        return {
            "STATSD_HOST": "127.0.0.1",
            "STATSD_PORT": str(self.statsd),
            "PUSHGATEWAY_URL": f"http://127.0.0.1:{self.pushgateway}",
            "ALERTMANAGER_URL": f"http://127.0.0.1:{self.alertmanager}",
        }

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that Prometheus holds to be pending or firing."""
        return list(get(f"http://127.0.0.1:{self.prometheus}/api/v1/alerts")["data"]["alerts"])

    def sent(self) -> list[dict[str, Any]]:
        """The alerts that Alertmanager has, with what it does with them."""
        return list(get(f"http://127.0.0.1:{self.alertmanager}/api/v2/alerts"))


# As many evaluations as in the repository, of rules that are evaluated every second; of the interval, fewer.
WAITS = {"group_wait": "2s", "group_interval": "1s"}


def _to(value: str) -> Change:
    return lambda _: value


def start_alertmanager(started: Processes, config: Path, port: int, webhook: str) -> None:
    """Alertmanager, with the repository's routes; ``webhook`` is told."""
    secret = started.folder / "webhook"
    secret.write_text(webhook)
    changes: dict[str, Change] = {f"*{name}": _to(wait) for name, wait in WAITS.items()}
    changes |= {
        "receivers.*.webhook_configs.*.url_file": _to(str(secret)),
        "templates.*": lambda name: str(config.parent / name),
    }
    run_alertmanager(started, rewritten(config, changes, started.folder / "alertmanager.yml"), port)


def run_alertmanager(started: Processes, config: Path, port: int) -> None:
    """Alertmanager, with a configuration as it is."""
    started.start("alertmanager", [
        program("alertmanager"), f"--config.file={config}", f"--storage.path={started.folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    ])  # fmt: skip
    started.wait_for("alertmanager", f"http://127.0.0.1:{port}/-/ready")


def start_prometheus(
    started: Processes, config: Path, port: int, addresses: Mapping[str, str], only: Sequence[str] = ()
) -> None:
    """Prometheus, with the repository's rules, or some files of them; ``addresses`` are those of the hosts in its configuration.

    What is recorded every minute is recorded every second: budgets are counted in minutes, so they are spent sixty times as fast.
    """

    def here(address: str) -> str:
        host = address.partition(":")[0]
        return addresses.get(host, address)

    rules = started.folder / "rules"
    rules.mkdir()
    for path in sorted((config.parent / "rules").glob("*.yml")):
        timed = any("interval" in group for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"])
        if path.name in only or not only:
            rewritten(path, {"groups.*.interval": _to("1s")} if timed else {}, rules / path.name)
    changes: dict[str, Change] = {
        "global.scrape_interval": _to("1s"),
        "global.evaluation_interval": _to("1s"),
        "*targets.*": here,
    }
    own = rewritten(config, changes, started.folder / "prometheus.yml")
    started.start("prometheus", [
        program("prometheus"), f"--config.file={own}", f"--storage.tsdb.path={started.folder / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--rules.alert.resend-delay=5s",  # what fires before it has found Alertmanager, in its first seconds, is lost till then
    ])  # fmt: skip
    started.wait_for("prometheus", f"http://127.0.0.1:{port}/-/ready")


def pushgateway_command(port: int) -> list[str]:
    """One that forgets: Debian's own would keep what it was told for the next one, in /var/lib."""
    return [program("prometheus-pushgateway"), f"--web.listen-address=127.0.0.1:{port}", "--persistence.file="]


def start(started: Processes, repository: Path, webhook: str) -> Watch:
    """All of them, with the files of a repository; notifications go to ``webhook``."""
    prometheus, alertmanager, pushgateway, statsd, statsd_web = ports = free_ports(5)
    own = repository / "monitoring"
    started.start("statsd_exporter", [
        program("statsd_exporter"), f"--statsd.mapping-config={own / 'statsd-mapping.yml'}", "--statsd.listen-tcp=",
        f"--statsd.listen-udp=127.0.0.1:{statsd}", f"--web.listen-address=127.0.0.1:{statsd_web}",
    ])  # fmt: skip
    started.start("pushgateway", pushgateway_command(pushgateway))
    start_alertmanager(started, own / "alertmanager.yml", alertmanager, webhook)
    addresses = {
        "alertmanager": f"127.0.0.1:{alertmanager}",
        "pushgateway": f"127.0.0.1:{pushgateway}",
        "statsd-exporter": f"127.0.0.1:{statsd_web}",
    }
    start_prometheus(started, own / "prometheus" / "prometheus.yml", prometheus, addresses)
    for name, port in (("statsd_exporter", statsd_web), ("pushgateway", pushgateway)):
        started.wait_for(name, f"http://127.0.0.1:{port}/metrics")
    return Watch(started, *ports)
