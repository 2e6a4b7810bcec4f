"""Secrets: one file each, read once at start, never from the text of the configuration.

Under systemd they are credentials (`LoadCredential=`); elsewhere any directory or single files will do.
"""

import os
import pathlib
from collections.abc import Iterable, Mapping

from numtrustd.settings.document import Where, ordinary
from numtrustd.settings.problem import Report
from numtrustd.settings.schema import CredentialsTable

_MAX_BYTES = 65_536
_UNITS = pathlib.Path("/run/credentials")
"""Where systemd shows a unit what it has loaded for it; nobody can put anything there."""

CREDENTIALS = "credentials"
"""The directory beside the settings that is meant where nothing else is said. The shipped unit loads the same one, so
`check` on a shell sees what the service will see."""


class Secrets(dict[str, str]):
    """Name → secret. Its `repr` has the names only, so that no traceback or log line shows more."""

    def __repr__(self) -> str:
        return f"Secrets({', '.join(sorted(self))})"

    __str__ = __repr__


def read_secrets(
    wanted: Iterable[tuple[str, str]],
    table: CredentialsTable,
    base: pathlib.Path,
    env: Mapping[str, str],
    where: Where,
    report: Report,
) -> Secrets:
    """Read the secrets that are in use: (name, who uses it). A relative $CREDENTIALS_DIRECTORY starts at `base`, the
    directory of the settings."""
    directory = pathlib.Path(table.dir or base / (env.get("CREDENTIALS_DIRECTORY", "") or CREDENTIALS))
    secrets = Secrets()
    for name, user in sorted(dict(sorted(wanted, reverse=True)).items()):
        key = f"credentials.{name}"
        path = pathlib.Path(table.files[name]) if name in table.files else _in_directory(directory, name)
        secret = _read(path, key, user, where, report)
        if secret is not None:
            secrets[name] = secret
    return secrets


def _in_directory(directory: pathlib.Path, name: str) -> pathlib.Path:
    """`LoadCredential=credentials:/a/directory` gives each file the name `credentials_FILE`."""
    loaded = directory / f"credentials_{name}"
    # No `Path.exists`, which raises for a name that is too long.
    return loaded if not os.path.exists(directory / name) and os.path.exists(loaded) else directory / name


def _read(path: pathlib.Path, key: str, user: str, where: Where, report: Report) -> str | None:
    try:
        if not ordinary(path):
            report.add(where, key, f"{path} is no ordinary file", "put the secret into a file, and nothing else")
            return None
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
            readable_by_all = bool(path.stat().st_mode & 0o004)
    except OSError as error:
        what = f"{user} needs this secret: {path}: {(error.strerror or 'cannot be read').lower()}"
        remedy = "put the secret, and nothing else, into that file"
        if isinstance(error, PermissionError):
            remedy = "do this as root, or as the user that the daemon runs as"
        if path.is_relative_to(_UNITS):
            remedy = (
                f"put the secret, and nothing else, into a file {path.name} where the unit's LoadCredential= looks "
                "(/etc/numtrustd/credentials), then restart"
            )
        report.add(where, key, what, remedy)
        return None
    try:
        secret = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        secret = "\0"
    if len(raw) > _MAX_BYTES or not secret.isprintable():
        report.add(
            where,
            key,
            f"{path} holds more than one line of text",
            "put the secret, and nothing else, into it",
        )
        return None
    if not secret:
        report.add(where, key, f"{path} is empty", "put the secret into it")
        return None
    if readable_by_all:
        report.warn(where, key, f"{path} can be read by everyone on this machine", f"chmod o-r {path}")
    return secret
