"""The register of papers, as it is shown on the status socket."""

from typing import Annotated

from msgspec import Meta

from numtrustd.api.declare import Params, Result, When


class EvidenceRow(Result, frozen=True, kw_only=True):
    """One paper on file. `state` is valid, expiring, expired, changed or missing, `why` says why it is not valid, and
    `finding` what that is called; only a valid or an expiring one counts. `digest` is that of its file as it is now.

    `agent` is whose NDA it is, `platforms`, `cases` and `numbers` what alone it serves, `needed_by` are open cases that
    have to bring such a paper (the first ones; `needed` counts all). `by` is who registered it, where the settings do
    not.
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
    by: str | None = None
    numbers: tuple[str, ...] | None = None


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


Text = Annotated[str, Meta(min_length=1, max_length=4096)]


class EvidenceChange(Result, frozen=True, kw_only=True):
    """A paper that is on file now, or no longer. `digest` is that of its file as it was registered, `numbers` are those
    that alone it is about.
    """

    now: When
    kind: str
    title: str
    path: str
    on_file: bool
    digest: str
    expires: str | None = None
    numbers: tuple[str, ...] | None = None


class EvidenceAdd(Params[EvidenceChange], frozen=True, kw_only=True):
    """Put a paper on file, by its absolute path as the daemon sees it; or one that was put on file so before, anew. One
    of the settings is changed there.

    expires is the last day it is valid, agent who signed it (of an nda). It serves these platforms, kinds of cases and
    numbers; all, where none are named.
    """

    kind: Text
    path: Text
    expires: Text | None = None
    agent: Text | None = None
    platforms: tuple[Text, ...] = ()
    cases: tuple[Text, ...] = ()
    author: Text | None = None
    numbers: tuple[Text, ...] = ()


class EvidenceRemove(Params[EvidenceChange], frozen=True, kw_only=True):
    """Take a paper off the file that was put there by EvidenceAdd. Its file is left alone."""

    kind: Text
    path: Text
    author: Text | None = None
