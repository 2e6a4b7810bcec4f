"""Bodies of multipart/form-data (RFC 7578): fields, and one file such as a list of numbers.

The boundary is made from the content, so the same request is the same bytes each time, and a boundary that
stands in the content would be a broken digest. `template` asks for the parts; `derived` makes the boundary.
"""

import hashlib

from numtrustd.wire.derived import Recipe, Text
from numtrustd.wire.parts import Parts, Slot, TemplateError, cut
from numtrustd.wire.spec import Multipart

BOUNDARY = "~boundary"
"""The boundary's slot; no pack can name it."""

MAX_FIELDS = 100
MAX_NAME = 200
"""Characters of a field's or a file's name."""

MAX_CHARS = 4 * 1024 * 1024
"""Characters of all fields and the file together: a hundred thousand numbers are a third of it."""

_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


def content_type() -> Parts:
    """The header's value."""
    return "multipart/form-data; boundary=", Slot(BOUNDARY, str)


def body(spec: Multipart, wrong: list[str]) -> tuple[Parts, tuple[Recipe, ...]]:
    """(the body, what makes its boundary). What is wrong with it is added to `wrong`."""
    if not spec.fields and spec.file is None:
        wrong.append("multipart: is empty; give fields, a file, or both")
    if len(spec.fields) > MAX_FIELDS:
        wrong.append(f"multipart.fields: has {len(spec.fields)} fields; give at most {MAX_FIELDS}")
    if spec.file is not None and spec.file.name in spec.fields:
        wrong.append(f"multipart.file.name: {spec.file.name!r} is a field too; give it a name of its own")
    parts: Parts = ()
    contents: list[Text] = []
    for name, value in spec.fields.items():
        content = cut(value, _content, wrong, f"multipart.fields.{name}:")
        parts += (*_head(name, "multipart.fields", wrong), "\r\n\r\n", *content, "\r\n")
        contents.append(Text(content))
    if (file := spec.file) is not None:
        content = cut(file.content, _content, wrong, "multipart.file.content:")
        if not content:
            wrong.append("multipart.file.content: is empty; write what the file holds, such as {national}")
        if not (file.type.isascii() and file.type.isprintable() and "/" in file.type):
            wrong.append(f"multipart.file.type: {file.type!r} is no media type; write it like text/plain")
        filename = cut(
            _named(file.filename, "multipart.file.filename", wrong), _name, wrong, "multipart.file.filename:"
        )
        parts += (*_head(file.name, "multipart.file.name", wrong), '; filename="', *filename)
        parts += (f'"\r\nContent-Type: {file.type}\r\n\r\n', *content, "\r\n")
        contents += [Text(filename), Text(content)]
    return (*parts, "--", Slot(BOUNDARY, str), "--\r\n"), (Recipe(BOUNDARY, _boundary, *contents),)


def _head(name: str, where: str, wrong: list[str]) -> Parts:
    """The first lines of one part, up to its name."""
    escaped = _name(_named(name, where, wrong))
    return "--", Slot(BOUNDARY, str), f'\r\nContent-Disposition: form-data; name="{escaped}"'


def _named(name: str, where: str, wrong: list[str]) -> str:
    if not name or len(name) > MAX_NAME:
        wrong.append(f"{where}: has {len(name)} characters; a name has 1 to {MAX_NAME}")
    return name


def _name(value: str) -> str:
    """As browsers do: a quote or a line break in a name must not end it."""
    return value.translate(_ESCAPES)


def _content(value: str) -> str:
    return value


def _boundary(*contents: str) -> str:
    if (size := sum(map(len, contents))) > MAX_CHARS:
        raise TemplateError(f"multipart: has {size} characters; at most {MAX_CHARS} are sent at once")
    digest = hashlib.sha256()
    for content in contents:
        raw = content.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return f"numtrustd-{digest.hexdigest()[:40]}"
