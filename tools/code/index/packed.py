"""Facts and columns of values as bytes and back, for our own files and for what a child sends. Pure.

Nothing is ever run or built by name while reading, every length is checked, and a checksum tells a page that went bad:
what does not fit is a `SpoiltError`.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from ..model import FileFacts, Reference, ReferenceKind, Symbol, SymbolKind

_SYMBOL_KINDS: tuple[SymbolKind, ...] = get_args(SymbolKind)
_REFERENCE_KINDS: tuple[ReferenceKind, ...] = get_args(ReferenceKind)
_OF_SYMBOL = {kind: number for number, kind in enumerate(_SYMBOL_KINDS)}
_OF_REFERENCE = {kind: number for number, kind in enumerate(_REFERENCE_KINDS)}
LENGTH = struct.Struct("<I")
"""What stands before each frame that goes between a child and its parent."""

_CHECK = struct.Struct("<I")
_SYMBOL_HEAD = struct.Struct("<II")
_REFERENCE_HEAD = struct.Struct("<III")


class SpoiltError(Exception):
    """Bytes are not what they were when they were written."""


def seal(data: bytes) -> bytes:
    """`data` behind its checksum."""
    return _CHECK.pack(zlib.crc32(data)) + data


def unseal(sealed: bytes) -> bytes:
    """What `seal` was given. Raises SpoiltError."""
    if len(sealed) < 4 or _CHECK.unpack_from(sealed)[0] != zlib.crc32(memoryview(sealed)[4:]):
        raise SpoiltError("a checksum does not fit")
    return sealed[4:]


def join_strings(strings: Sequence[str]) -> bytes:
    """Strings as bytes, a NUL between each; a NUL inside of one becomes a space."""
    joined = "\0".join(strings)
    if joined.count("\0") >= max(1, len(strings)):
        joined = "\0".join(string.replace("\0", " ") for string in strings)
    return joined.encode("utf-8", "surrogatepass")


def split_strings(data: bytes, count: int) -> list[str]:
    """The `count` strings that `join_strings` was given. Raises SpoiltError."""
    try:
        strings = data.decode("utf-8", "surrogatepass").split("\0")
    except UnicodeDecodeError as error:
        raise SpoiltError(str(error)) from None
    if count == 0 and strings == [""]:
        return []
    if len(strings) != count:
        raise SpoiltError(f"{len(strings)} strings, not {count}")
    return strings


def numbers(data: bytes, typecode: Literal["I", "Q", "q"], count: int) -> array[int]:
    """An array of exactly `count` numbers. Raises SpoiltError."""
    result: array[int] = array(typecode)
    if len(data) != count * result.itemsize:
        raise SpoiltError(f"{len(data)} bytes are not {count} numbers")
    result.frombytes(data)
    return result


def pack_symbols(facts: FileFacts) -> bytes:
    """The symbols and the count of faults, sealed."""
    symbols = facts.symbols
    columns = array("I", (_OF_SYMBOL[each.kind] for each in symbols))
    columns.extend(_line(each.first) for each in symbols)
    columns.extend(_line(each.last) for each in symbols)
    columns.extend(each.parent + 1 for each in symbols)
    strings = [each.name for each in symbols]
    strings += [each.qualified for each in symbols]
    strings += [each.signature for each in symbols]
    strings += [each.doc for each in symbols]
    head = _SYMBOL_HEAD.pack(len(symbols), _line(facts.faults))
    return seal(head + columns.tobytes() + join_strings(strings))


def pack_references(facts: FileFacts) -> bytes:
    """The references and imports, sealed. A name is written once, however often it is referred to."""
    places: dict[str, int] = {}
    columns = array(
        "I",
        (
            places.setdefault(each.name, len(places)) << 2 | _OF_REFERENCE[each.kind]
            for each in facts.references
        ),
    )
    columns.extend(_line(each.line) for each in facts.references)
    head = _REFERENCE_HEAD.pack(len(facts.references), len(places), len(facts.imports))
    return seal(head + columns.tobytes() + join_strings([*places, *facts.imports]))


def unpack_symbols(sealed: bytes) -> tuple[tuple[Symbol, ...], int]:
    """The symbols and the count of faults. Raises SpoiltError."""
    data = unseal(sealed)
    count, faults = _head(_SYMBOL_HEAD, data)
    end = _SYMBOL_HEAD.size + 16 * count
    columns = numbers(data[_SYMBOL_HEAD.size : end], "I", 4 * count)
    strings = split_strings(data[end:], 4 * count)
    kinds, firsts, lasts, parents = (columns[at * count : (at + 1) * count] for at in range(4))
    names, qualified, signatures, docs = (strings[at * count : (at + 1) * count] for at in range(4))
    try:
        kind_names = [_SYMBOL_KINDS[kind] for kind in kinds]
    except IndexError:
        raise SpoiltError("no such kind of symbol") from None
    above = (parent - 1 for parent in parents)
    parts = (kind_names, names, qualified, firsts, lasts, signatures, docs, above)
    return tuple(map(Symbol, *parts)), faults


def unpack_facts(symbols: bytes, references: bytes) -> FileFacts:
    """What `pack_symbols` and `pack_references` were given. Raises SpoiltError."""
    found, faults = unpack_symbols(symbols)
    data = unseal(references)
    count, names, imports = _head(_REFERENCE_HEAD, data)
    end = _REFERENCE_HEAD.size + 8 * count
    columns = numbers(data[_REFERENCE_HEAD.size : end], "I", 2 * count)
    strings = split_strings(data[end:], names + imports)
    whats, lines = columns[:count], columns[count:]
    try:
        called = [strings[what >> 2] for what in whats]
        kinds: list[ReferenceKind] = [_REFERENCE_KINDS[what & 3] for what in whats]
    except IndexError:
        raise SpoiltError("no such name or kind of reference") from None
    return FileFacts(
        found, tuple(map(Reference, lines, called, kinds)), tuple(strings[names:]), faults
    )


def pack_parts(parts: Iterable[bytes]) -> bytes:
    """Several byte strings as one."""
    kept = list(parts)
    lengths = array("I", map(len, kept))
    return b"".join((_CHECK.pack(len(kept)), lengths.tobytes(), *kept))


def unpack_parts(data: bytes, count: int | None = None) -> list[bytes]:
    """What `pack_parts` was given; there must be `count` of them, if that is said. Raises SpoiltError."""
    if len(data) < 4:
        raise SpoiltError("cut short")
    found = _CHECK.unpack_from(data)[0]
    if count not in (None, found):
        raise SpoiltError(f"{found} parts, not {count}")
    at = 4 + 4 * found
    lengths = numbers(data[4:at], "I", found)
    if at + sum(lengths) != len(data):
        raise SpoiltError("the parts are not as long as they should be")
    parts: list[bytes] = []
    for length in lengths:
        parts.append(data[at : at + length])
        at += length
    return parts


def _head(form: struct.Struct, data: bytes) -> tuple[int, ...]:
    if len(data) < form.size:
        raise SpoiltError("cut short")
    return form.unpack_from(data)


def _line(number: int) -> int:
    return min(max(number, 0), 0xFFFFFFFF)
