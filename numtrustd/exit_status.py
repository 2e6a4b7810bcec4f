"""Exit statuses, after sysexits.h: what systemd shows and scripts test."""

USAGE = 64
DATA = 65
UNAVAILABLE = 69
SOFTWARE = 70
IO = 74
TRY_AGAIN = 75
NO_PERMISSION = 77
CONFIG = 78
