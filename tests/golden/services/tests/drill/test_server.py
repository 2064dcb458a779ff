"""The server that is thrown away: real roles, real passwords, and nothing left of it."""

import psycopg2
import pytest

from drill import server


def test_roles_are_real_and_nothing_is_left():
    with server.throw_away_postgres() as running:
        if running is None:
            pytest.fail(server.missing())
        running.make_database("one")
        owner = running.connect("one", server.OWNER)
        owner.cursor().execute("CREATE TABLE t (x int); INSERT INTO t VALUES (7)")
        running.make_database("two", template="one")
        reader = running.connect("two", server.READER)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            reader.cursor().execute("SELECT x FROM t")
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(running.url("two", server.READER, "wrong"))
        folder = running.folder
        assert folder.exists()
    assert not folder.exists()
    with pytest.raises(psycopg2.OperationalError):
        running.connect()
