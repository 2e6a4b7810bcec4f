"""Where there is no systemd to boot, a developer's run says so and CI's fails."""

import pytest

from tests.systemd.machine import need


def test_a_missing_tool_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {"no-such-tool": "no-such-package"}
    said = r"no-such-tool \(package no-such-package\)"
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=said):
        need(wanted)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=said):
        need(wanted)
