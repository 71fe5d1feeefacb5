"""From the bytes of a file to rows: encoding, separator, records over the edges of parts. Pure."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_SEPARATORS = ",\t;|"
_LONGEST = 1024 * 1024  # characters of a record


class Unreadable(Exception):
    """No CSV file; the message says why and names no value."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written."""

    encoding: str
    delimiter: str


def form_of(head: bytes) -> Form:
    """Encoding and separator of a file that begins so. Raises Unreadable."""
    encoding = next((name for bom, name in _BOMS if head.startswith(bom)), None)
    encoding = encoding or ("utf-8" if _is(head, "utf-8") else "gb18030")
    if not _is(head, encoding):
        raise Unreadable("neither UTF-8 nor GB18030")
    line = _decoder(encoding).decode(head).lstrip("\r\n").partition("\n")[0]
    if "\0" in line:
        raise Unreadable("not a text file")
    return Form(encoding, max(_SEPARATORS, key=line.count))


def _is(head: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)  # the end may be cut
    except UnicodeDecodeError:
        return False
    return True


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(encoding)(errors="replace")


class Reader:
    """Feeds on parts, gives whole records. What cannot be decoded becomes U+FFFD."""

    def __init__(self, form: Form) -> None:
        self._decode, self._delimiter = _decoder(form.encoding), form.delimiter
        self._rest = ""

    def feed(self, part: bytes, *, last: bool) -> list[list[str]]:
        """The records that end in this part. Raises Unreadable."""
        text = self._rest + self._decode.decode(part, last)
        cut = len(text) if last else _end(text)
        self._rest = text[cut:]
        if len(self._rest) > _LONGEST:
            raise Unreadable("a record is too long: perhaps a quotation mark is not closed")
        return list(self._records(text[:cut]))

    def _records(self, text: str) -> Iterator[list[str]]:
        try:
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter)
            yield from (row for row in rows if any(row))
        except csv.Error as error:
            raise Unreadable("a record cannot be read") from error


def _end(text: str) -> int:
    """Behind the last line break that ends a record: quotation marks before it are even."""
    cut = text.rfind("\n")
    marks = text.count('"', 0, cut + 1)
    while cut >= 0 and marks % 2:
        before = text.rfind("\n", 0, cut)
        marks -= text.count('"', before + 1, cut + 1)
        cut = before
    return cut + 1


def values_of(
    record: Sequence[str], fields: Sequence[str | None], defaults: dict[str, str]
) -> dict[str, str]:
    """A record by field, without what is empty; `defaults` fill gaps."""
    found = dict(defaults)
    for field, value in zip(fields, record, strict=False):
        if field is not None and (text := value.strip()):
            found[field] = text
    return found
