"""Every step of every procedure is shown by a scenario, and every scenario shows a step."""

from pathlib import Path

import pytest

from numtrustd.domain.finding import FindingKind
from tests.procedures import PROCEDURES, STEPS, Step, markdown, shown
from tests.scenarios.play import SCENES

DOCUMENT = Path(__file__).parent.parent / "docs" / "procedures.md"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.of}-{step.scene}-{step.says}")
def test_a_step_is_shown_by_its_scenario(step: Step) -> None:
    assert bool(step.line) != bool(step.answer)
    assert shown(step), f"{step.scene} shows nothing of it"


def test_every_scenario_shows_a_step_and_every_procedure_has_some() -> None:
    assert {step.scene for step in STEPS} == {file.stem for file in SCENES.glob("*.toml")}
    assert [of for of in PROCEDURES if not any(step.of == of for step in STEPS)] == []
    assert {step.of for step in STEPS} <= set(PROCEDURES)


def test_no_step_stands_twice() -> None:
    said = [(step.of, step.says) for step in STEPS]
    assert len(set(said)) == len(said)


def test_a_scenario_that_is_not_there_and_a_line_that_is_not_said_show_nothing() -> None:
    step = STEPS[0]
    assert shown(Step(step.of, step.says, "no_such_scene", step.line)) is None
    assert shown(Step(step.of, step.says, step.scene, "never said")) is None
    assert shown(Step(step.of, step.says, step.scene, "", "never answered")) is None


def test_every_kind_of_finding_is_found_in_some_scenario() -> None:
    lines = " ".join(step.line for step in STEPS if step.of == "5")
    assert [kind for kind in FindingKind if f"finding={kind}" not in lines] == []


def test_the_document_of_procedures_is_not_stale() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == markdown(), "run `make docs`"
