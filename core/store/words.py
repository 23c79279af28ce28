"""The words that messages, subjects and contacts are found by: the engines' own full text, kept by the engines.

Whatever writes a row writes its words in the same transaction: on SQLite by triggers into FTS5 tables that hold no
second copy of the text, on PostgreSQL by GIN indexes over an expression. Case and accents are folded on both.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from core.store.database import Database

LONGEST_TEXT = 50_000
"""Characters of a text that are indexed; PostgreSQL refuses to index a megabyte of different words."""
LEVELS = (12, 14, 16, 18, 20, 22)
"""On PostgreSQL a row also bears the numbers of the blocks it stands in, which hold two to the power of so many ids.

GIN knows no order. By asking for a word in the newest two blocks, then in more or larger ones, the newest rows with a
common word are found without gathering all of them.
"""
MOST_WORDS = 12
"""Words of a question that are looked for; whoever pastes a page gets what holds its beginning."""
LONGEST_WORD = 64
MARKS = "[\\u0300-\\u036f]+"
GAPS = (
    "[\\u0001-\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u00bf\\u00d7\\u00f7\\u2000-\\u2bff\\u3000-\\u303f"
    "\\ufe00-\\ufe0f\\ufeff\\ufffc-\\uffff\\U0001f000-\\U0001faff\\U000e0000-\\U000e01ef]+"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A table with words: `columns` are its texts, and `key` is one that is found by its beginning as it stands."""

    table: str
    columns: tuple[str, ...]
    prefixes: bool = False
    key: str = ""

    @property
    def index(self) -> str:
        return f"{self.table}_words"

    def expression(self) -> str:
        """What PostgreSQL's index holds of a row; a question must name the very same."""
        whole = " || ' ' || ".join(f"coalesce({column}, '')" for column in self.columns)
        folded = f"normalize(left({whole}, {LONGEST_TEXT}), NFD)"
        plain = f"regexp_replace(regexp_replace({folded}, '{MARKS}', '', 'g'), '{GAPS}', ' ', 'g')"
        further = [f"'~{level}~' || (id >> {level})::text" for level in LEVELS]
        further += [f"'#' || {self.key}"] if self.key else []
        return f"(to_tsvector('simple'::regconfig, {plain}) || array_to_tsvector(ARRAY[{', '.join(further)}]))"


MESSAGES = Source("message", ("text",))
SUBJECTS = Source("session", ("subject",), key="conversation_id")
CONTACTS = Source("contact", ("name", "email"), prefixes=True)
SOURCES = (MESSAGES, SUBJECTS, CONTACTS)


def statements(engine: str) -> list[str]:
    """What makes the indexes of words, and fills them with what is there."""
    return [each for source in SOURCES for each in (_fts5(source) if engine == "sqlite" else _gin(source))]


def _gin(source: Source) -> list[str]:
    # New words wait in a list that every question reads through, so that it is kept short.
    return [
        f"CREATE INDEX {source.index} ON {source.table} USING gin ({source.expression()})"
        " WITH (gin_pending_list_limit = 256)"
    ]


def _fts5(source: Source) -> list[str]:
    name, names = source.index, ", ".join(source.columns)
    options = ["content=''", "columnsize=0", "tokenize='unicode61 remove_diacritics 2'"]
    options += ["prefix='1 2 3'"] if source.prefixes else []

    def texts(row: str) -> str:
        return ", ".join(f"substr(coalesce({row}{column}, ''), 1, {LONGEST_TEXT})" for column in source.columns)

    def some(row: str) -> str:
        return " OR ".join(f"coalesce({row}{column}, '') <> ''" for column in source.columns)

    changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in source.columns)
    add = f"INSERT INTO {name} (rowid, {names}) SELECT new.id, {texts('new.')} WHERE {some('new.')};"
    remove = (
        f"INSERT INTO {name} ({name}, rowid, {names}) SELECT 'delete', old.id, {texts('old.')} WHERE {some('old.')};"
    )
    return [
        f"CREATE VIRTUAL TABLE {name} USING fts5({names}, {', '.join(options)})",
        f"CREATE TRIGGER {name}_added AFTER INSERT ON {source.table} BEGIN {add} END",
        f"CREATE TRIGGER {name}_changed AFTER UPDATE OF {names} ON {source.table} WHEN {changed}"
        f" BEGIN {remove} {add} END",
        f"CREATE TRIGGER {name}_removed AFTER DELETE ON {source.table} BEGIN {remove} END",
        f"INSERT INTO {name} (rowid, {names}) SELECT id, {texts('')} FROM {source.table} WHERE {some('')}",
    ]


# ------------------------------------------------------------------------------------------------------- asking


def words_of(text: str) -> list[str]:
    """The words of what somebody looks for, accents off; never anything that an engine takes for an operator."""
    folded = unicodedata.normalize("NFD", text[: 4 * MOST_WORDS * LONGEST_WORD])
    plain = re.sub(r"[\u0300-\u036f]", "", folded)
    found = [word for word in re.findall(r"[^\W_]+", plain) if not re.search(r"[\x00-\x1f\ud800-\udfff]", word)]
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in found))[:MOST_WORDS]


def newest(db: Database, source: Source, text: str, most: int) -> list[int]:
    """The ids of the newest rows that hold every word of a text, `most` of them, newest first.

    In a source with `prefixes` a word need only begin so. A text without words finds nothing. Inside `db.read()`.
    """
    words = words_of(text)
    if not words:
        return []
    if db.engine == "sqlite":
        asked = " ".join(f'"{word}"*' if source.prefixes else f'"{word}"' for word in words)
        return _ids(
            db,
            f"SELECT rowid FROM {source.index} WHERE {source.index} MATCH ? ORDER BY rowid DESC LIMIT ?",
            asked,
            most,
        )
    return _by_blocks(db, source, " & ".join(f"'{word}':*" if source.prefixes else f"'{word}'" for word in words), most)


def beginning(db: Database, source: Source, text: str, most: int) -> list[int]:
    """The ids of rows whose `key` is a text or begins with it: that one first, and `most` further. In `db.read()`."""
    if "\x00" in text or not text or any("\ud800" <= character <= "\udfff" for character in text):
        return []
    table, key = source.table, source.key
    if db.engine == "sqlite":
        ids: list[int] = []
        for (connection,) in db.native.execute_sql("SELECT id FROM connection ORDER BY id").fetchall():
            # The unique key leads with the connection.
            ids += _ids(
                db,
                f"SELECT id FROM {table} WHERE connection_id = ? AND {key} >= ? AND {key} < ? ORDER BY {key} LIMIT ?",
                connection,
                text,
                text + chr(0x10FFFF),
                most + 1,
            )
        return ids
    quoted = "#" + text.replace("\\", "\\\\").replace("'", "''")
    found = f"SELECT id FROM {table} WHERE {source.expression()} @@ %s::tsquery LIMIT %s"
    exact = _ids(db, found, f"'{quoted}'", most)
    return list(dict.fromkeys([*exact, *_ids(db, found, f"'{quoted}':*", most)]))


def _by_blocks(db: Database, source: Source, asked: str, most: int) -> list[int]:
    latest = db.native.execute_sql(f"SELECT max(id) FROM {source.table}").fetchone()[0] or 0
    # The sum keeps the planner from walking the primary key and making the words of each row anew.
    found = (
        f"SELECT id FROM {source.table} WHERE {source.expression()} @@ (to_tsquery('simple', %s) && %s::tsquery)"
        " ORDER BY id + 0 DESC LIMIT %s"
    )
    least = 0
    for level, number in ((level, number) for level in LEVELS for number in (2, 4)):
        block, span = latest >> level, number << level
        if block < number:
            break
        if span < least:
            continue
        blocks = " | ".join(f"'~{level}~{block - back}'" for back in range(number))
        ids = _ids(db, found, asked, blocks, most)
        if len(ids) >= most:
            return ids
        # As far back as it takes, going by how many were found so far; a word may have been rarer of late.
        least = span * min(64, max(2, most * 5 // 4 // (len(ids) + 1)))
    whole = f"SELECT id FROM {source.table} WHERE {source.expression()} @@ to_tsquery('simple', %s)"
    return _ids(db, f"{whole} ORDER BY id + 0 DESC LIMIT %s", asked, most)


def _ids(db: Database, statement: str, *values: object) -> list[int]:
    return [int(row[0]) for row in db.native.execute_sql(statement, values).fetchall()]
