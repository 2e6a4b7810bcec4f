"""What is said of the daemon's own state, in safe mode and of backups: a part of `phrases` beside this module, which
tells what stands between the braces.
"""

PHRASES = (
    "safe mode: {said}",
    "{dir}: damaged: {said}: move {dir2} away and put a backup in its place",
    "{dir}: damaged: {text}: move {dir2} away and put a backup in its place",
    "{dir}: damaged ({text}): move {dir2} away and put a backup in its place",
    "it has a table {text}, which this numtrustd does not know (a newer one may)",
    "it is empty",
    "it is only {n} bytes long",
    "meta page {n} is not one of LMDB's",
    "meta page {n} names an impossible page size of {n2} bytes",
    "meta page {n} gives its own tables impossible flags",
    "reading it kills the reader ({id})",
    "the record of what this database is does not verify",
    "{n} records do not verify",
    "{dir}: exists already: name a directory that does not",
    "{dir}: cannot be made ({text}): choose another place (under systemd: below /var/lib/numtrustd-backup)",
    "{dir}: the backup failed ({text}): free some space or choose another place",
    "{dir}: the map is full: allow the store a larger size in the settings",
    "{dir}: the disk is full: make room and start again",
    "{dir}: the disk is full: make room",
    "{dir}: cannot be written ({text}): give it to uid {n}, mode 0700",
    "{dir}: {said}: look at the disk and its mount",
)
