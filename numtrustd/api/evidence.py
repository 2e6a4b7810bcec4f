"""The register of papers, as it is shown on the status socket."""

from numtrustd.api.declare import Params, Result, When


class EvidenceRow(Result, frozen=True, kw_only=True):
    """One paper on file. `state` is valid, expiring, expired, changed or missing, `why` says why it is not valid, and
    `finding` what that is called; only a valid or an expiring one counts. `digest` is that of its file as it is now.

    `agent` is whose NDA it is, `platforms` and `cases` what alone it serves, `needed_by` are open cases that have to
    bring such a paper (the first ones; `needed` counts all).
    """

    kind: str
    title: str
    path: str
    state: str
    needed: int
    needed_by: tuple[str, ...]
    platforms: tuple[str, ...]
    cases: tuple[str, ...]
    why: str | None = None
    finding: str | None = None
    expires: str | None = None
    digest: str | None = None
    agent: str | None = None


class Lacking(Result, frozen=True, kw_only=True):
    """A paper that open cases have to bring and of which none counts there, and why."""

    kind: str
    title: str
    platform: str
    why: str
    needed: int
    needed_by: tuple[str, ...]


class EvidenceList(Result, frozen=True, kw_only=True):
    """The register. With more open cases than are looked through, `incomplete` is true."""

    now: When
    papers: tuple[EvidenceRow, ...]
    lacking: tuple[Lacking, ...]
    incomplete: bool


class ListEvidence(Params[EvidenceList], frozen=True, kw_only=True):
    """The papers on file, how each is, which open cases need it, and what is lacking. Never their content."""
