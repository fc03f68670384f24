"""Protocol Buffers' wire format, as far as ONNX needs it: a message is a sequence of fields.

A field is a key, 8 · number + kind, and a value: kind 0 is an integer of seven bits a byte, the
lowest first; 1 is eight bytes, 5 is four; 2 is a length and that many bytes, which hold a text, an
array or another message.

Source: "Encoding" in the documentation of Protocol Buffers.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chalknet.errors import ModelFileError

__all__ = ["Budget", "Message", "blob", "integer", "real", "text"]

VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5
MAX_DEPTH = 20


def integer(number: int, value: int) -> bytes:
    """A field that holds an integer."""
    return _varint(number << 3 | VARINT) + _varint(value & (1 << 64) - 1)


def real(number: int, value: float) -> bytes:
    """A field that holds a float32."""
    return _varint(number << 3 | FOUR_BYTES) + struct.pack("<f", value)


def blob(number: int, *parts: bytes) -> bytes:
    """A field that holds bytes, or a message made of its fields."""
    length = sum(map(len, parts))
    return b"".join((_varint(number << 3 | LENGTH), _varint(length), *parts))


def text(number: int, value: str) -> bytes:
    """A field that holds text in UTF-8."""
    return blob(number, value.encode("utf-8"))


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow.

    >>> _varint(300).hex(" ")
    'ac 02'
    """
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)


class Budget:
    """How many fields a file may still have, so that a million empty ones cannot fill memory."""

    def __init__(self, place: str, fields: int) -> None:
        self.place = place
        self._left = fields

    def spend(self, offset: int) -> None:
        """Count a field."""
        self._left -= 1
        if self._left < 0:
            raise self.damaged(offset, "there are more fields than any multilayer perceptron needs")

    def damaged(self, offset: int, what: str) -> ModelFileError:
        """The error that names the file and the offset."""
        return ModelFileError(f"{self.place}: byte {offset:,}: {what}.")


class _Field(NamedTuple):
    kind: int
    value: int | memoryview
    offset: int  # of its key in the file
    content: int  # of its value


class Message:
    """The fields of a message, taken apart once; lengths are checked against the bytes present.

    Parameters
    ----------
    view : memoryview
        The message's bytes, which are not copied.
    start : int
        The offset in the file, for messages to people.
    """

    def __init__(self, view: memoryview, start: int, budget: Budget, depth: int = 0) -> None:
        self.start = start
        self._budget = budget
        self._depth = depth
        self._fields: dict[int, list[_Field]] = {}
        if depth > MAX_DEPTH:
            raise budget.damaged(start, f"messages are nested more than {MAX_DEPTH} deep")
        at = 0
        while at < len(view):
            budget.spend(start + at)
            key_at = at
            key, at = self._varint(view, at)
            value, at = self._value(view, key & 7, at, key_at)
            content = start + at - (len(value) if isinstance(value, memoryview) else 0)
            found = _Field(key & 7, value, start + key_at, content)
            self._fields.setdefault(key >> 3, []).append(found)

    def has(self, number: int) -> bool:
        """Whether the field is there."""
        return number in self._fields

    def offset(self, number: int) -> int:
        """Where the field's last occurrence begins in the file."""
        return self._fields[number][-1].offset

    def end(self, number: int) -> int:
        """Where the field's last occurrence ends in the file."""
        field = self._fields[number][-1]
        return field.content + (len(field.value) if isinstance(field.value, memoryview) else 0)

    def messages(self, number: int) -> list[Message]:
        """The messages in all occurrences of the field."""
        return [
            Message(view, at, self._budget, self._depth + 1) for view, at in self._blobs(number)
        ]

    def message(self, number: int) -> Message | None:
        """The message in a field that may occur once."""
        found = self.messages(number)
        if len(found) > 1:
            # Protocol Buffers would merge them; no writer does this, and readers differ over it.
            raise self._budget.damaged(found[1].start, "a field that may occur once occurs again")
        return found[0] if found else None

    def blob(self, number: int) -> memoryview | None:
        """The bytes of the field's last occurrence."""
        found = self._blobs(number)
        return found[-1][0] if found else None

    def texts(self, number: int) -> list[str]:
        """The texts in all occurrences of the field."""
        return [self._decoded(view, at) for view, at in self._blobs(number)]

    def text(self, number: int) -> str:
        """The text in the field's last occurrence, or none."""
        found = self.texts(number)
        return found[-1] if found else ""

    def integers(self, number: int, most: int) -> list[int]:
        """Signed integers, packed or one by one, at most ``most``."""
        found: list[int] = []
        for kind, value, at, _ in self._fields.get(number, []):
            if isinstance(value, int) and kind == VARINT:
                found.append(value)
            elif isinstance(value, memoryview) and kind == LENGTH:
                place = 0
                while place < len(value) and len(found) <= most:
                    one, place = self._varint(value, place, at)
                    found.append(one)
            else:
                raise self._budget.damaged(at, "expected integers")
            if len(found) > most:
                raise self._budget.damaged(at, f"expected at most {most:,} integers")
        return [value - (1 << 64) if value >> 63 else value for value in found]

    def integer(self, number: int, default: int = 0) -> int:
        """The field's integer."""
        found = self.integers(number, most=1000)
        return found[-1] if found else default

    def reals(self, number: int, dtype: str) -> npt.NDArray[Any]:
        """float32 (``<f4``) or float64 (``<f8``) numbers, packed or one by one; not copied."""
        kind = FOUR_BYTES if dtype == "<f4" else EIGHT_BYTES
        parts = []
        for found, value, at, _ in self._fields.get(number, []):
            if not isinstance(value, memoryview) or found not in (kind, LENGTH):
                raise self._budget.damaged(at, "expected floating-point numbers")
            if len(value) % np.dtype(dtype).itemsize:
                raise self._budget.damaged(at, f"{len(value):,} bytes are no whole numbers")
            parts.append(np.frombuffer(value, dtype))
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.empty(0, dtype)

    def _blobs(self, number: int) -> list[tuple[memoryview, int]]:
        found = []
        for kind, value, at, content in self._fields.get(number, []):
            if kind != LENGTH or not isinstance(value, memoryview):
                raise self._budget.damaged(at, f"field {number} should hold bytes")
            found.append((value, content))
        return found

    def _decoded(self, view: memoryview, at: int) -> str:
        try:
            return str(view, "utf-8")
        except UnicodeDecodeError:
            raise self._budget.damaged(at, "a text is not valid UTF-8") from None

    def _varint(self, view: memoryview, at: int, start: int | None = None) -> tuple[int, int]:
        base = self.start if start is None else start
        value = 0
        for place in range(10):
            if at >= len(view):
                raise self._budget.damaged(base + at, "the file breaks off within a number")
            byte = view[at]
            at += 1
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value & (1 << 64) - 1, at
        raise self._budget.damaged(base + at, "a number has more than ten bytes")

    def _value(
        self, view: memoryview, kind: int, at: int, key_at: int
    ) -> tuple[int | memoryview, int]:
        if kind == VARINT:
            return self._varint(view, at)
        if kind == LENGTH:
            length, at = self._varint(view, at)
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            length = 8 if kind == EIGHT_BYTES else 4
        else:
            raise self._budget.damaged(self.start + key_at, f"there is no field of kind {kind}")
        if length > len(view) - at:
            raise self._budget.damaged(
                self.start + key_at,
                f"a field claims {length:,} bytes, but {len(view) - at:,} are left",
            )
        return view[at : at + length], at + length
