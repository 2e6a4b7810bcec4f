"""Every JSON line that any log makes while the tests run is held against the schema."""

from tests.logcheck import every_line_is_checked, no_bad_lines

__all__ = ["every_line_is_checked", "no_bad_lines"]
