"""What a server that has stopped left on its disk, read behind its back: what no answer of the API would show."""
import contextlib
import hashlib
import sqlite3
import struct
from pathlib import Path

ITEM_HEAD = struct.Struct("<BBq6H")  # src/embedded/item_codec.h
STRING, NUMBER, BOOLEAN, BYTES = range(4)
TRAILER_BYTES = 64  # of a stored object: docs/data.md


class Item(dict):
    """The attributes of an item, beside its key."""

    def __init__(self, pk, sk, attributes):
        super().__init__(attributes)
        self.pk, self.sk = pk, sk

    @property
    def id(self):
        return self.pk.partition("#")[2]


def decode_item(body):
    _, count, _, *lengths = ITEM_HEAD.unpack_from(body)
    at = ITEM_HEAD.size
    pk, sk = body[at:at + lengths[0]].decode(), body[at + lengths[0]:at + lengths[0] + lengths[1]].decode()
    at += sum(lengths)
    attributes = {}
    for _ in range(count):
        kind, name_length = body[at:at + 2]
        name, at = body[at + 2:at + 2 + name_length].decode(), at + 2 + name_length
        attributes[name], at = decode_value(body, kind, at)
    return Item(pk, sk, attributes)


def decode_value(body, kind, at):
    if kind == NUMBER:
        return int.from_bytes(body[at:at + 8], "little", signed=True), at + 8
    if kind == BOOLEAN:
        return bool(body[at]), at + 1
    end = at + 4 + int.from_bytes(body[at:at + 4], "little")
    return body[at + 4:end] if kind == BYTES else body[at + 4:end].decode(), end


def decode_change(body):
    """The item before and after; None where there was none."""
    length = int.from_bytes(body[1:5], "little")
    return tuple(decode_item(part) if part else None for part in (body[5:5 + length], body[5 + length:]))


class Database:
    def __init__(self, data_dir):
        self.path = Path(data_dir) / "quire.db"

    def rows(self, statement, *values):
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            yield from connection.execute(statement, values)

    def integrity(self):
        return [text for (text,) in self.rows("PRAGMA integrity_check")]

    def items(self, sk_prefix):
        """Items of the record store by the start of their second key."""
        return [decode_item(body) for (body,) in
                self.rows("SELECT body FROM items WHERE substr(sk, 1, ?) = ?", len(sk_prefix), sk_prefix)]

    def unswept(self):
        """Deleted documents of which something may still be there."""
        return [job for job in self.items("STATUS") if "deletedAt" in job and "removed" not in job]

    def changes(self):
        """Every change of an item that the feed still has, oldest first."""
        statement = "SELECT body FROM records JOIN streams USING (stream) WHERE name = 'changes/jobs' ORDER BY sequence"
        return (decode_change(body) for (body,) in self.rows(statement))


def stored_digest(path):
    """SHA-256 of an object of a blob store."""
    return hashlib.sha256(Path(path).read_bytes()[:-TRAILER_BYTES]).hexdigest()
