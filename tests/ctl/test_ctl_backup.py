"""A backup is only said to be written where it can be found."""

from pathlib import Path

import pytest

from numtrustd.api import control
from numtrustd.ctl.cli import REFUSED, main
from tests.ctl.conftest import Fake


def _written(params: control.Backup) -> control.BackupResult:
    return control.BackupResult(path=params.path, bytes=266_240, seconds=0.0)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_copy_that_is_not_there_is_no_success(
    daemon: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    daemon.answers["Backup"] = _written
    gone = tmp_path / "gone"
    assert main(["backup", str(gone), *options]) == REFUSED
    said = capsys.readouterr()
    assert said.out == ""
    told = " ".join(said.err.split())
    assert f"{gone}: the daemon wrote it, but it is not there" in told
    assert f"a /{gone.parts[1]} that only the service sees" in told
    assert "/var/lib/numtrustd-backup" in told


def test_a_copy_below_var_tmp_names_that(daemon: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    daemon.answers["Backup"] = _written
    assert main(["backup", "/var/tmp/no/such/place"]) == REFUSED
    assert "a /var/tmp that only the service sees" in " ".join(capsys.readouterr().err.split())


def test_what_is_there_or_may_not_be_looked_at_is_said_to_be_written(
    daemon: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.answers["Backup"] = _written
    assert main(["backup", str(tmp_path)]) == 0

    def forbidden(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("numtrustd.ctl.backups.os.stat", forbidden)
    assert main(["backup", str(tmp_path / "shut" / "copy")]) == 0
    assert capsys.readouterr().out.count("260.0 KiB in 0.0 s") == 2
