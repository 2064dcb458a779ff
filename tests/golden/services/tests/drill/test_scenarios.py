"""The list of scenarios, the program that makes a process kill itself, and the line that can be cut."""

import signal
import socket
import subprocess
import sys
import threading

import pytest

from drill import launcher
from drill.declared import ROOT, design, sources
from drill.proxy import Proxy
from drill.scenarios import CHAPTERS, OF_TRANSFORM, kills


def test_names_are_unique_and_some_are_quick():
    scenarios = [one for many in CHAPTERS.values() for one in many]
    names = [one.name for one in scenarios] + list(OF_TRANSFORM)
    assert len(set(names)) == len(names)
    assert any(one.smoke for one in scenarios)


def test_every_table_has_scenarios_that_apply():
    tables = [table for source in sources() for table in source.tables]
    assert {(of.source, of.table) for of in design().staging} == {(t.source, t.id) for t in tables}
    for table in tables:
        applying = [one for many in CHAPTERS.values() for one in many if not one.applies(table)]
        assert len(applying) > 5


@pytest.mark.parametrize("deed", [*kills.BEFORE.values(), kills.AFTER])
def test_the_places_where_a_load_is_killed_are_there(deed):
    owner, name = launcher.find(deed.partition(":")[2])
    assert callable(getattr(owner, name))


@pytest.mark.parametrize(("deed", "said"), [("die", b""), ("die-after", b"")])
def test_a_process_kills_itself(tmp_path, deed, said):
    (tmp_path / "victim.py").write_text("import textwrap\nprint(textwrap.dedent(' x'))\n")
    done = subprocess.run(
        [sys.executable, "-m", "drill.launcher", f"{deed}:textwrap:dedent", "victim"],
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}"}, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, said)


def test_a_place_that_is_not_there_is_an_error():
    with pytest.raises(AttributeError):
        launcher.find("drill.launcher:no_such_function")


def test_a_line_is_cut_after_so_many_bytes():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        port = listener.getsockname()[1]
        assert read_through(port, None) == 100_000
        assert read_through(port, 50_000) <= 50_000


def answer(listener):
    for _ in range(2):
        client, _ = listener.accept()
        with client:
            client.sendall(b"x" * 100_000)


def read_through(port, most):
    with Proxy("127.0.0.1", port, most) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)) as line:
            total = 0
            while data := line.recv(65_536):
                total += len(data)
        return total
