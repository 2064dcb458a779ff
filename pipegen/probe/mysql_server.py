"""What a MySQL or MariaDB server says of itself: version, time zone, and whether its change log can be read."""

from __future__ import annotations

import re

from pipegen.core.measured import ChangeLog, Server
from pipegen.core.names import shorten
from pipegen.probe.mysql_connection import Session
from pipegen.probe.mysql_url import MysqlUrl

_DAY = 86_400
_ASKED = (
    "version", "time_zone", "system_time_zone", "max_connections", "lower_case_table_names", "log_bin", "binlog_format",
    "binlog_row_image", "binlog_expire_logs_seconds", "expire_logs_days",
)  # fmt: skip
# What a reader of the binlog must be allowed to; MariaDB calls some of it by names of its own
_READ = ("REPLICATION SLAVE", "REPLICATION REPLICA")
_SEE = ("REPLICATION CLIENT", "BINLOG MONITOR")


def read_settings(session: Session) -> dict[str, str]:
    """Settings of the server, not of this session, by name; only those that it has."""
    places = ", ".join("%s" for _ in _ASKED)
    rows = session.rows(f"show global variables where variable_name in ({places})", _ASKED)
    return {name.lower(): str(value) for name, value in rows}


def read_server(session: Session, settings: dict[str, str], url: MysqlUrl) -> Server:
    """The server, as ``sources/NAME.yml`` has it."""
    zone = settings.get("time_zone", "SYSTEM")
    number = re.match(r"\d+(?:\.\d+)*", settings.get("version", ""))
    return Server(
        kind="mariadb" if session.is_mariadb else "mysql",
        version=number[0] if number else None,
        timezone=settings.get("system_time_zone") if zone == "SYSTEM" else zone,
        can_replicate=_may(_rights(session), _READ),
        log=_change_log(_rights(session), settings, url),
        connections=int(settings["max_connections"]) if "max_connections" in settings else None,
    )


def _change_log(rights: set[str], settings: dict[str, str], url: MysqlUrl) -> ChangeLog:
    lacks = []
    if settings.get("log_bin", "OFF") not in ("ON", "1"):
        lacks.append("the server writes no binary log: `log_bin` and a `server_id` in its configuration, and a restart")
    if settings.get("binlog_format", "ROW").upper() != "ROW":
        said = settings["binlog_format"]
        lacks.append(f"the binary log holds statements, not rows: `set global binlog_format = 'ROW'` (it is `{said}`)")
    if settings.get("binlog_row_image", "FULL").upper() != "FULL":
        said = settings["binlog_row_image"]
        lacks.append(f"the binary log leaves out columns: `set global binlog_row_image = 'FULL'` (it is `{said}`)")
    for needed in (_READ, _SEE):
        if not _may(rights, needed):
            grant = f"`grant {needed[0].lower()} on *.* to {shorten(url.user)}`"
            lacks.append(f"the user lacks the right `{needed[0]}`: as an administrator, {grant}")
    return ChangeLog(readable=not lacks, lacks=lacks, format=settings.get("binlog_format"), kept=_kept(settings))


def _kept(settings: dict[str, str]) -> int | None:
    """Seconds until the server deletes a part of its log; 0, for either, is never."""
    seconds = float(settings.get("binlog_expire_logs_seconds", "0") or 0)
    days = float(settings.get("expire_logs_days", "0") or 0)
    return int(seconds) or int(days * _DAY) or None


def _rights(session: Session) -> set[str]:
    """Rights on the whole server, in capitals. A grant's text may hold a password's digest, and is shown nowhere."""
    found: set[str] = set()
    for (text,) in session.rows("show grants"):
        granted = re.match(r"GRANT (.+?) ON \*\.\* TO ", text)
        if granted:
            found |= {right.strip().upper() for right in granted[1].split(",")}
    return found


def _may(rights: set[str], needed: tuple[str, ...]) -> bool:
    return not rights.isdisjoint({*needed, "ALL PRIVILEGES"})
