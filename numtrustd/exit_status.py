"""Exit statuses of the daemon, after sysexits.h: what systemd shows and scripts test; the manual page tells them."""

USAGE = 64
"""The command line was not understood."""
DATA = 65
"""A recorded answer does not read as it should (`pack test`)."""
UNAVAILABLE = 69
"""A socket cannot be made, or no source can look."""
SOFTWARE = 70
"""A defect of the program."""
IO = 74
"""The disk or the database."""
TRY_AGAIN = 75
"""The state is in use, or the clock is behind it: try again later."""
NO_PERMISSION = 77
"""Something may not be read or written."""
CONFIG = 78
"""Something is wrong in the configuration: `numtrustd check` says all of it."""
