"""The procedures that numtrustd follows, step by step, and the scenario that shows each.

`docs/procedures.md` is made of this table. `test_procedures` fails where a step names a scenario that is not there or
that does not say what the step promises, and where a scenario is named by no step. What a scenario says is held, line
by line, by `scenarios`.
"""

import re
from dataclasses import dataclass

from tests.scenarios.play import SCENES, read

PROCEDURES = {
    "5": "What is found",
    "6": "A case in people's hands",
    "6.1": "An appeal",
    "6.2": "An emergency",
    "6.3": "A certification",
    "6.4": "A correction, and a tag",
    "6.5": "A cancellation",
    "7": "Maintenance, and days on which nothing is handed in",
    "8": "Money, papers, and who asks for them",
    "9": "What the calls say",
}
"""The procedures by the section of the domain that tells them, and what each is of."""


@dataclass(frozen=True)
class Step:
    """One step of a procedure: what happens, and which scenario shows it. `line` is found in a line that is said there;
    `answer` in an order of it: a text that its answer holds, or that refuses it."""

    of: str
    says: str
    scene: str
    line: str = ""
    answer: str = ""


def _steps(of: str, *steps: tuple[str, str, str] | tuple[str, str, str, str]) -> tuple[Step, ...]:
    return tuple(Step(of, *step) for step in steps)


STEPS: tuple[Step, ...] = (
    *_steps(
        "5",
        ("a harmful label on a legitimate number", "malicious_burst", r"finding.opened: .*finding=mislabel"),
        ("a category that is not the number's", "quarter_end", r"finding.opened: .*finding=wrong_category"),
        ("no name where one is wanted", "certification", r"finding.opened: .*finding=display_missing"),
        ("a wrong name", "wrong_information", r"finding.opened: .*finding=display_wrong"),
        ("a wrong tag", "inspection", r"finding.opened: .*finding=tag_wrong"),
        ("a seasonal tag that was left on", "seasonal_tag", r"finding.opened: .*finding=tag_expired"),
        ("surfaces that disagree", "display_inconsistent", r"finding.opened: .*finding=inconsistent"),
        ("what should be gone is still shown", "company_closing", r"finding.opened: .*finding=residual"),
        ("a label that came back", "appeal_rejected", r"from=cleared \| to=waiting \| reason=returned"),
        ("a certification under maintenance", "paused_technical", r"finding.opened: .*finding=paused"),
        ("a paper expires within 30 days", "licence_expired", r"evidence.expiring: .*finding=paper_expiring"),
        ("a paper has expired", "licence_expired", r"evidence.expiring: .*finding=paper_expired"),
        (
            "a paper is another than was registered",
            "evidence_changed",
            r"evidence.changed: .*finding=paper_changed",
        ),
        ("and is in order again", "evidence_changed", r"evidence.restored: kind=licence .*finding=paper_changed"),
        ("three complaints a day", "complaints", r"complaints.high: .*complaints=3 \| state=emergency"),
        ("five complaints a day", "complaints", r"complaints.high: .*complaints=5 \| state=alarm"),
        ("nothing could be seen for too long", "maintenance_undeclared", r"finding.opened: .*finding=blind"),
        ("only a person can look, and is asked to", "device_test", r"task.opened: apple \| kind=device_test"),
        ("on an iPhone the app is named whose label it is", "device_test", "", "name the one whose label this is"),
        ("what was seen on the handset is believed", "device_test", r"verdict.baseline: apple"),
    ),
    *_steps(
        "6",
        ("a person holds a case, with a reason", "held_for_a_time", r"to=held \| reason=hold: the law firm"),
        ("the hold ends by itself", "held_for_a_time", r"from=held \| to=waiting \| reason=the hold by kim is over"),
        ("who decides sends it round again", "review_expedited", r"from=escalated \| to=waiting"),
    ),
    *_steps(
        "6.1",
        ("the label is confirmed, and its cause found", "malicious_burst", r"cause.found: .*causes=malicious"),
        ("a new number has its former owner's label", "landline_inherited_label", r"causes=inherited"),
        ("a label was copied from another platform", "propagated_label", r"causes=propagated"),
        ("the platform that feeds others comes first", "propagated_label", r"2026-09-14 .*dialler .*from=waiting"),
        ("a paper is missing, named with a deadline", "landline_inherited_label", r"evidence.missing: .*deadline="),
        ("a person hands it in and brings the receipt", "malicious_burst", r"task.done: .*kind=submit_appeal"),
        ("it is reviewed for some working days", "golden_week", r"to=in_review .*deadline=2026-10-10 18:00"),
        ("the review is overdue: followed up", "review_expedited", r"task.opened: .*kind=chase_review"),
        ("then paid to hurry, within the budget", "review_expedited", r"task.opened: .*kind=expedite_review"),
        ("then a person decides", "review_expedited", r"from=overdue \| to=escalated"),
        ("the platform wants more: gathered", "information_requested", r"to=gathering \| reason=info requested"),
        ("and answered, with what it named", "information_requested", "", "authorisation.pdf"),
        ("rejected with a reason: it cools down", "appeal_rejected", r"to=cooling .*deadline=2026-09-12 14:04"),
        ("the next attempt brings more papers", "appeal_rejected", r"evidence.missing: .*kind=call_records"),
        ("and answers what the platform said", "appeal_rejected", "", "材料不足，请补充通话详单和通话录音"),
        ("agreed: it is waited until it has spread", "appeal_rejected", r"from=in_review \| to=propagating"),
        ("cleared only by clean looks", "appeal_rejected", r"from=verifying \| to=cleared \| reason=looked"),
        ("the label is gone before it was answered", "propagated_label", r"to=verifying \| reason=gone"),
        ("marked again while it is watched: reopened", "appeal_rejected", r"to=waiting \| reason=returned"),
    ),
    *_steps(
        "6.2",
        ("a harmful label on a core platform opens it", "mislabel_storm_in_time", r"incident.opened: .*shown as"),
        ("so do three complaints a day", "complaints", r"incident.opened: .*complaints"),
        ("so does a wrong certified name", "rename", r"incident.opened: .*wrong name, though certified"),
        (
            "recordings and order screenshots are asked for",
            "mislabel_storm_in_time",
            r"task.opened: .*kind=gather_proof",
        ),
        ("2 h: handed in", "mislabel_storm_in_time", r"incident.milestone: mark=submit \| met=True"),
        ("24 h: chased", "mislabel_storm_in_time", r"incident.milestone: mark=follow_up \| met=True"),
        ("48 h: over", "mislabel_storm_in_time", r"incident.milestone: mark=resolve \| met=True"),
        ("a mark that is missed is said, on a weekend, too", "mislabel_storm", r"(Sat|Sun) .*milestone: .*met=False"),
        ("customers are told that it is over", "mislabel_storm_in_time", r"task.done: kind=update_wording"),
        (
            "all cases of the number are joined in it",
            "mislabel_storm_in_time",
            r"shield .*24 h of the emergency are over",
        ),
    ),
    *_steps(
        "6.3",
        ("materials are gathered", "certification", r"kind=certification \| from=waiting \| to=gathering"),
        ("the carrier reviews 5 to 7 working days", "certification", r"to=in_review .*deadline=2026-03-13 18:00"),
        ("its own network follows within 48 h", "certification", r"to=propagating .*deadline=2026-03-12 20:10"),
        ("the surfaces are tested before it is accepted", "certification", r"from=verifying \| to=cleared"),
        ("it is kept, and renewed before it ends", "certification", r"from=renewing \| to=valid \| reason=renewed"),
        ("a third party reviews within a working day", "certification_third_party", r"deadline=2026-03-04 18:00"),
        ("then all platforms in 5 of them", "certification_third_party", r"to=propagating .*deadline=2026-03-11 18:00"),
        ("over holidays, too", "third_party_golden_week", r"to=propagating .*deadline=2026-10-09 18:00"),
        ("stuck there, it is paid to hurry for ¥300", "certification_third_party", r"kind=expedite \| amount=300"),
        ("paused: the cause is found, technical", "paused_technical", r"kind=find_cause \| result=technical"),
        ("policy", "paused_policy", r"kind=find_cause \| result=policy"),
        ("papers", "licence_expired_and_chased", r"kind=find_cause \| result=papers"),
        ("complaints", "paused_complaints", r"kind=find_cause \| result=complaints"),
        ("after five complaints that is the likely cause", "paused_after_complaints", r"complaints=5"),
        ("paused for too long: chased", "paused_technical", r"task.opened: .*kind=chase_pause"),
        ("calls are made from a backup number", "paused_backup_number", "", "13800138001（其他平台已认证）"),
        ("customers get a notice to trust it", "paused_backup_number", "", "的认证标识正在维护"),
        ("before, during and after are compared", "paused_backup_number", "", "60% before, 20% during, 55% after"),
        ("a new licence brings it back", "licence_expired", r"certificate \| from=paused \| to=valid"),
        ("all that is certified is inspected each month", "inspection", r"inspection.opened: inspection=1"),
        ("with one line of all that it found", "inspection", r"inspection.closed: .*stale_tags=1"),
    ),
    *_steps(
        "6.4",
        ("a renamed company is corrected everywhere", "rename", r"case.opened: finder \| kind=correction"),
        ("a risk label besides: two tracks at once", "wrong_information", r"case.opened: shield \| kind=correction"),
        ("joined at the end", "wrong_information", r"cases.joined: shield"),
        ("tags go with the seasons", "seasonal_tag", r"finding.opened: .*whose time is over"),
        ("three changes a year are free", "seasonal_tag", r"ledger.charged: .*quota=tag_change"),
        ("a further one is paid", "seasonal_tag", r"ledger.charged: .*kind=tag_change \| amount=100"),
        ("a forbidden word is not sent", "forbidden_tag", r"from=waiting \| to=escalated"),
    ),
    *_steps(
        "6.5",
        ("a number that is not used any more", "number_retired", r"case.opened: .*reason=disused"),
        ("a company that closes", "company_closing", r"case.opened: .*reason=company_closing"),
        ("asked at all classes at once: the carrier", "company_closing", r"case.opened: carrier \| kind=removal"),
        ("the security vendor", "company_closing", r"case.opened: shield \| kind=removal"),
        ("the handset maker", "company_closing", r"case.opened: dialler \| kind=removal"),
        ("the search engine", "company_closing", r"case.opened: finder \| kind=removal"),
        ("the certification service", "company_closing", r"case.opened: provider \| kind=removal"),
        ("as an appeal about credit information, for good", "company_closing", "", "按企业信用信息申诉提交"),
        ("linked bindings are undone", "company_closing", r"task.done: kind=unbind_linked"),
        ("customers are told", "company_closing", r"task.done: kind=publish_notice"),
        ("who certified gives a receipt of the deletion", "company_closing", r"kind=bring_receipt \| result=brought"),
        ("where nobody can look, a person makes sure", "company_closing", r"kind=confirm_gone \| result=gone"),
        (
            "Apple: nothing to hand in, 15 days",
            "company_closing",
            r"apple .*to=propagating .*deadline=2026-03-19 10:00",
        ),
        ("verified on a device", "company_closing", r"apple .*from=verifying \| to=cleared"),
        ("caches are waited out, then it is a residual", "number_retired", r"finding.opened: finder .*residual"),
        ("that one is asked again, alone", "company_closing", r"finder .*from=waiting \| to=at_person .*attempt=2"),
        ("all gone: it is safe to release", "company_closing", r"from=cancelling \| to=safe_to_release"),
        ("not before that", "number_retired", "", "it is not safe to release"),
        ("only by force, which is recorded", "transferred", r"number.released: .*forced=True"),
        ("a colleague left: unbound the same day", "staff_left", r"task.done: kind=remove_binding"),
        ("and the right to call frozen", "staff_left", r"task.done: kind=freeze_outbound"),
        ("after release it is watched", "number_retired", r"2026-04-12 .*finding.opened: carrier .*residual"),
    ),
    *_steps(
        "7",
        ("reviews count working days, holidays left out", "golden_week", r"deadline=2026-10-10 18:00"),
        ("routine maintenance: overdue after 4 h", "maintenance_routine", r"Tue 06:00 platform.maintenance: .*overdue"),
        ("major: overdue after five days", "maintenance_major", r"2026-09-13 .*state=overdue \| kind=major"),
        ("reviews take half as long again in it", "maintenance_major", r"to=in_review .*deadline=2026-09-18 18:00"),
        ("policy: five to eight working days", "maintenance_policy", r"2026-09-23 .*state=overdue \| kind=policy"),
        (
            "the whole trade: what can wait, waits",
            "maintenance_industry",
            r"2026-09-18 Fri 21:00 .*8000 .*submit_appeal",
        ),
        ("an emergency is handed in", "maintenance_industry", r"2026-09-08 .*8001 .*kind=submit_appeal"),
        ("data sync: overdue after three days", "maintenance_data_sync", r"2026-09-11 .*overdue \| kind=data_sync"),
        ("seen from the platform's own words", "maintenance_undeclared", r"platform.maintenance: .*state=seen"),
        ("keep off the 1st and quarter ends", "quarter_end", r"case.opened: .*deadline=2026-07-02 00:00"),
        ("unless it is an emergency", "quarter_end", r"2026-06-28 .*task.opened: .*kind=submit_appeal"),
    ),
    *_steps(
        "8",
        ("over the budget nothing is paid without approval", "inspection", r"budget.exceeded: "),
        ("what the open cases may cost is forecast", "inspection", r"budget.forecast: "),
        ("a changed paper is named before a platform rejects", "evidence_changed", r"why=.*changed since it was"),
        ("a link that leads elsewhere is told apart", "phishing", "", "is not an official host of shield"),
        ("a receipt from elsewhere is refused and reported", "phishing", r"phishing.suspected: .*official host"),
        ("so is one that asks for an SMS code", "phishing", r"phishing.suspected: .*SMS code"),
    ),
    *_steps(
        "9",
        ("call statistics are taken in", "paused_backup_number", r"calls.recorded: "),
        ("mixed purposes are warned of", "prevention", r"number.warned: reason=mixed_purposes"),
        ("calls outside the hours", "prevention", r"number.warned: reason=off_hours"),
        ("bursts like a robot's", "prevention", r"number.warned: reason=robot_like"),
    ),
)


def shown(step: Step) -> str | None:
    """What shows a step in its scenario: the line that is said, or the text of an answer; `None` where nothing does."""
    file = SCENES / f"{step.scene}.toml"
    if not file.exists():
        return None
    scenario = read(file)
    if step.line:
        return next((line for line in scenario.expected.log.splitlines() if re.search(step.line, line)), None)
    texts = (text for order in scenario.order for text in (order.refused, *order.holds))
    return next((text for text in texts if step.answer and step.answer in text), None)


def markdown() -> str:
    """The table as a document."""
    lines = [
        "# The procedures, and where each step is shown",
        "",
        "Generated from `tests/procedures.py` (`make docs`); do not edit. Each step is shown by a scenario of",
        "`tests/scenarios/scenes`, which is replayed by the tests: the whole daemon on virtual time, every line",
        "that it says, with its date. A step that its scenario does not show any more fails, and so does a scenario of",
        "no step.",
    ]
    for of, title in PROCEDURES.items():
        lines += ["", f"## {title}", "", "| | step | scenario | shown by |", "|---|---|---|---|"]
        for n, step in enumerate((step for step in STEPS if step.of == of), 1):
            said = (shown(step) or "").replace("|", "\\|")
            # No link: the document is installed, and the tests are not.
            lines.append(f"| {n} | {step.says} | `{step.scene}.toml` | `{said}` |")
    return "\n".join(lines) + "\n"
