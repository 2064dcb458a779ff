"""What the server's catalogue knows of a database, a query for each kind of thing whatever the number of tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from pipegen.core.measured import ForeignKeyFact
from pipegen.probe.accepted_values import accepted_values, few
from pipegen.probe.indexes import Indexes
from pipegen.probe.mysql_connection import Session
from pipegen.probe.mysql_types import canonical, enum_values, told


@dataclass
class DeclaredColumn:
    """A column: its canonical type, the server's own where that says more, and what is declared of it."""

    name: str
    type: str
    declared: str | None
    required: bool
    generated: bool
    readable: bool
    base: str
    values: list[str] | None = None


@dataclass
class Relation:
    """A table, a partitioned table as one, or a view; ``estimate`` is the server's number of rows, where it has one."""

    name: str
    kind: Literal["view", "partitioned table"] | None
    bytes: int | None
    estimate: int | None
    broken: bool = False
    notes: list[str] = field(default_factory=list)
    columns: list[DeclaredColumn] = field(default_factory=list)
    indexes: Indexes = field(default_factory=Indexes)
    foreign_keys: list[ForeignKeyFact] = field(default_factory=list)

    counter: str | None = None
    """The column that the server itself numbers rows by."""

    @property
    def is_view(self) -> bool:
        return self.kind == "view"

    @property
    def readable(self) -> bool:
        """Whether the user may read every column of it."""
        return all(c.readable for c in self.columns)


def list_databases(session: Session) -> list[str]:
    """Databases that this user sees, but for the server's own."""
    own = {"information_schema", "mysql", "performance_schema", "sys"}
    return sorted(name for (name,) in session.rows("show databases") if name.lower() not in own)


def read_relations(session: Session, database: str) -> dict[str, Relation]:
    """Tables and views by name, with everything that the catalogue says of them."""
    found = {}
    for name, kind, engine, rows, bytes_, options, comment in session.rows(
        "select table_name, table_type, engine, table_rows, data_length, create_options, table_comment "
        "from information_schema.tables where table_schema = %s",
        (database,),
    ):
        if kind == "SEQUENCE":
            continue
        is_view, parted = "VIEW" in kind, "partitioned" in str(options or "").lower()
        broken = engine is None and ("references invalid" in (comment or "") or not is_view)
        relation = Relation(
            name, "view" if is_view else "partitioned table" if parted else None, bytes_, rows, broken=broken
        )
        if kind == "SYSTEM VERSIONED":
            relation.notes.append("the server keeps every version of its rows; those of now are measured")
        found[name] = relation
    found = {name: found[name] for name in sorted(found)}
    _read_columns(session, database, found)
    _read_checks(session, database, found)
    _read_indexes(session, database, found)
    _read_foreign_keys(session, database, found)
    return found


def _read_columns(session: Session, database: str, relations: dict[str, Relation]) -> None:
    for table, name, data_type, column_type, nullable, extra, rights in session.rows(
        "select table_name, column_name, data_type, column_type, is_nullable, extra, privileges "
        "from information_schema.columns where table_schema = %s order by table_name, ordinal_position",
        (database,),
    ):
        if table not in relations:
            continue
        whole = _text(column_type)
        type_ = canonical(_text(data_type), whole)
        if "auto_increment" in extra.lower():
            relations[table].counter = name
        relations[table].columns.append(
            DeclaredColumn(
                name=name,
                type=type_,
                declared=told(whole, type_),
                required=nullable == "NO",
                generated=any(
                    word in extra.upper() for word in ("VIRTUAL GENERATED", "STORED GENERATED", "PERSISTENT")
                ),
                readable="select" in rights.lower(),
                base=_text(data_type).lower(),
                values=_told(enum_values(whole)),
            )
        )


def _read_checks(session: Session, database: str, relations: dict[str, Relation]) -> None:
    """Values that check constraints allow; MariaDB declares JSON by a check of a text."""
    if session.is_mariadb:
        checks = session.rows(
            "select table_name, check_clause from information_schema.check_constraints "
            "where constraint_schema = %s order by table_name, constraint_name",
            (database,),
        )
    elif session.version >= (8, 0, 16):
        checks = session.rows(
            "select t.table_name, c.check_clause from information_schema.check_constraints c "
            "join information_schema.table_constraints t "
            "on t.constraint_schema = c.constraint_schema and t.constraint_name = c.constraint_name "
            "where c.constraint_schema = %s and t.constraint_type = 'CHECK' and t.enforced = 'YES' "
            "order by t.table_name, c.constraint_name",
            (database,),
        )
    else:
        return
    for table, text in checks:
        clause = _standard(_text(text), escaped=not session.is_mariadb)
        for column in relations[table].columns if table in relations else ():
            if column.base == "longtext" and clause.strip() == f"json_valid(`{column.name.replace('`', '``')}`)":
                column.type, column.declared = "json", None
        found = accepted_values(clause)
        for column in relations[table].columns if found and table in relations else ():
            if found and column.name.casefold() == found[0].casefold():
                column.values = _told(found[1])


def _read_indexes(session: Session, database: str, relations: dict[str, Relation]) -> None:
    """Indexes by their columns; of an index over an expression the server tells no column."""
    grouped: dict[tuple[str, str], tuple[bool, list[str | None]]] = {}
    for table, index, repeats, column in session.rows(
        "select table_name, index_name, non_unique, column_name from information_schema.statistics "
        "where table_schema = %s and index_type in ('BTREE', 'HASH', 'RTREE') "
        "order by table_name, index_name, seq_in_index",
        (database,),
    ):
        grouped.setdefault((table, index), (not repeats, []))[1].append(column)
    for (table, index), (unique, columns) in sorted(grouped.items()):
        if table in relations:
            relations[table].indexes.add(columns, primary=index == "PRIMARY", unique=unique)


def _read_foreign_keys(session: Session, database: str, relations: dict[str, Relation]) -> None:
    """Foreign keys between tables of the database."""
    grouped: dict[tuple[str, str], tuple[str, list[str], list[str]]] = {}
    for table, name, column, to, at in session.rows(
        "select table_name, constraint_name, column_name, referenced_table_name, referenced_column_name "
        "from information_schema.key_column_usage "
        "where table_schema = %s and referenced_table_schema = %s and referenced_table_name is not null "
        "order by table_name, constraint_name, ordinal_position",
        (database, database),
    ):
        _, columns, targets = grouped.setdefault((table, name), (to, [], []))
        columns.append(column)
        targets.append(at)
    by_fold = {name.casefold(): name for name in relations}
    for (table, _), (to, columns, targets) in sorted(grouped.items(), key=lambda item: (item[0][0], item[1])):
        real = to if to in relations else by_fold.get(to.casefold())  # a server that folds names may tell another case
        if table in relations and real is not None:
            fact = ForeignKeyFact(columns=columns, to=real, at=targets)
            if fact not in relations[table].foreign_keys:
                relations[table].foreign_keys.append(fact)


def _standard(clause: str, *, escaped: bool) -> str:
    """A check's text with quotes as the SQL standard has them, and no backslash before one; MySQL tells it ``escaped`` once more."""
    if escaped:
        clause = re.sub(r"\\(.)", r"\1", clause, flags=re.DOTALL)
    return re.sub(r"\\(.)", lambda m: "''" if m[1] == "'" else m[1], clause, flags=re.DOTALL)


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _told(values: list[str] | None) -> list[str] | None:
    """Values, but where the catalogue shows a letter that it cannot hold, an emoji, as ``?``."""
    return None if values is None or any("?" in value for value in values) else few(values)
