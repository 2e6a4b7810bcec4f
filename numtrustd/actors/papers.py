"""The register of papers: looks at their files regularly, and says once what is the matter with each.

What was registered and what was said is stored, so neither a restart nor a reload says it again or takes a changed file
for the registered one. The state of each paper stands in the context that decisions are made with; numbers with an open
case look anew when it changes. `domain.evidence` decides, `paper_files` reads.
"""

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping

import trio
from msgspec import structs

from numtrustd.actors import walls
from numtrustd.actors.context import Context
from numtrustd.actors.house import House
from numtrustd.actors.messages import RefusedError
from numtrustd.actors.paper_files import Seen, look_at
from numtrustd.domain import evidence
from numtrustd.domain.calendar import end_of_day, local_date
from numtrustd.domain.case import number_of
from numtrustd.domain.evidence import Document, PaperState, Registered
from numtrustd.events import (
    Event,
    EvidenceAdded,
    EvidenceChanged,
    EvidenceExpiring,
    EvidenceMissing,
    EvidenceRemoved,
    EvidenceRestored,
)
from numtrustd.store import Batch, records

PATIENCE = 60.0
"""Real seconds that one file may take to be read: a file server may hang."""

MOST_THREADS = 8
"""Threads that may hang over files at a time."""

MOST_OF_A_DIRECTORY = 2
"""And of these, over files of one directory."""

Look = Callable[[Iterable[str]], Awaitable[Mapping[str, Seen]]]
"""What the files at these paths are like; one that is left out is what it was."""

Key = tuple[str, str]


class Reader:
    """Reads each file in a thread, one after the other. One that hangs is given up; as long as its thread does not come
    back, that file is not tried again. Where two of a directory hang, its others are not tried either, so that a file
    server that hangs does not take all the threads; should all be taken, nothing is said of what was not tried.
    """

    def __init__(self) -> None:
        self._threads: dict[str, trio.CapacityLimiter] = {}
        self._given_up: set[str] = set()

    async def __call__(self, paths: Iterable[str]) -> dict[str, Seen]:
        """What the files at these paths are like, as far as there was a thread for them."""
        seen: dict[str, Seen] = {}
        for path in paths:
            if (found := await self._look(path)) is not None:
                seen[path] = found
        return seen

    async def _look(self, path: str) -> Seen | None:
        self._threads = {p: limiter for p, limiter in self._threads.items() if limiter.borrowed_tokens}
        self._given_up &= self._threads.keys()
        hangs = Seen(trouble=f"nothing came of reading it within {PATIENCE:g} s")
        if path in self._given_up:
            return hangs
        if path not in self._threads:
            place = os.path.dirname(path)
            if sum(os.path.dirname(other) == place for other in self._given_up) >= MOST_OF_A_DIRECTORY:
                return Seen(trouble=f"nothing came of reading others in {place}, so it was not tried")
            if len(self._threads) >= MOST_THREADS:
                return None
        limiter = self._threads.setdefault(path, trio.CapacityLimiter(1))
        with trio.move_on_after(PATIENCE):
            # Taken before anything else may run: what was counted above still holds.
            return await trio.to_thread.run_sync(look_at, path, abandon_on_cancel=True, limiter=limiter)
        self._given_up.add(path)
        return hangs


class Papers:
    """One per daemon. `refresh` lets a number look anew at what is on file."""

    def __init__(self, house: House, refresh: Callable[[str], None], look: Look | None = None) -> None:
        self._house = house
        self._refresh = refresh
        self._look = Reader() if look is None else look
        self._known: dict[Key, Registered] = {}
        self._wake = trio.Event()
        self._turn = trio.Lock()

    def load(self) -> None:
        """Take over the stored register, before anything is decided."""
        self._known = {(r.kind, r.path): r for r in records.all_papers(self._house.store)}
        self._house.context = self.judged(self._house.context)

    def judged(self, context: Context) -> Context:
        """A context with its papers held against the register, by which a change while nobody looked is found."""
        known = {(d.kind, d.path) for d in context.documents}
        by_hand = (entry.document for key, entry in self._known.items() if entry.by and key not in known)
        documents = tuple(evidence.compared(d, self._entry(d)) for d in (*context.documents, *by_hand))
        return context if documents == context.documents else structs.replace(context, documents=documents)

    def poke(self) -> None:
        """The configuration was read anew: look at once."""
        self._wake.set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look at start, at each reload and at intervals, for ever."""
        task_status.started()
        clock = self._house.clock
        due = clock.now()
        while True:
            self._wake = trio.Event()
            await self.check()
            due = clock.now() + self._house.context.papers.interval
            while (left := clock.left(due)) > 0 and not self._wake.is_set():
                await clock.rest(left, self._wake)

    async def check(self) -> None:
        """Look at every file now; store what is new, and say it."""
        seen = await self._look(list(dict.fromkeys(d.path for d in self._house.context.documents)))
        async with self._turn:
            await self._check(seen)

    async def add(self, document: Document, by: str) -> Registered:
        """Somebody registers a paper as its file is now, or one of his own anew. Raises `RefusedError`."""
        seen = (await self._look([document.path])).get(document.path, Seen(trouble="too many others hang"))
        if seen.trouble:
            raise RefusedError(
                f"{document.path} cannot be read: {seen.trouble}: {walls.remedy(document.path, seen.errno)}"
            )
        async with self._turn:
            self._mine(document.kind, document.path, "change its entry there, then `numtrustctl reload`")
            expires = document.expires.isoformat() if document.expires else ""
            entry = Registered(
                document.kind,
                document.path,
                seen.digest,
                expires,
                by=by,
                agent=document.agent,
                platforms=document.platforms,
                cases=document.cases,
                numbers=document.numbers,
            )
            await self._change((entry.kind, entry.path), new=entry)
            said = EvidenceAdded(kind=entry.kind, path=entry.path, digest=entry.digest[:16], by=by)
            self._house.log.emit(structs.replace(said, agent=entry.agent or None))
            self._wake.set()
            return entry

    async def remove(self, kind: str, path: str, by: str) -> Registered:
        """Somebody takes back a paper that was registered by hand. Raises `RefusedError`."""
        async with self._turn:
            before = self._mine(kind, path, "remove its entry there, then `numtrustctl reload`")
            if before is None:
                raise RefusedError(f"no {kind} {path} is on file: `numtrustctl evidence list` shows those that are")
            entry = self._known[kind, path]
            await self._change((kind, path), gone=entry)
            self._house.log.emit(EvidenceRemoved(kind=kind, path=path, by=by))
            return entry

    def by_hand(self, kind: str, path: str) -> str | None:
        """Who registered a paper by hand; `None` where the settings name it."""
        entry = self._known.get((kind, path))
        return None if entry is None else entry.by or None

    def _mine(self, kind: str, path: str, remedy: str) -> Document | None:
        """The paper, if it is on file and was registered by hand; one of the settings is refused."""
        found = next((d for d in self._house.context.documents if (d.kind, d.path) == (kind, path)), None)
        if found is not None and self.by_hand(kind, path) is None:
            raise RefusedError(f"{kind} {path} stands in the settings: {remedy}")
        return found

    async def _change(self, key: Key, *, new: Registered | None = None, gone: Registered | None = None) -> None:
        """Store a change of the register: another entry for this paper, or none."""
        batch, known = Batch(), dict(self._known)
        if gone is not None:
            records.forget_paper(batch, gone)
            del known[gone.kind, gone.path]
        if new is not None:
            records.put_paper(batch, new)
            known[new.kind, new.path] = new
        await self._house.store.commit(batch)
        self._known = known
        # What a reload has made of the papers while this was stored stays so: only the one is another now.
        context = self._house.context
        others = tuple(d for d in context.documents if (d.kind, d.path) != key)
        self._house.context = self.judged(structs.replace(context, documents=others))
        for number in dict.fromkeys(map(number_of, self._house.board.cases())):
            self._refresh(number)

    async def _check(self, seen: Mapping[str, Seen]) -> None:
        house = self._house
        context = house.context  # it may have been replaced meanwhile; what is new in it is looked at after a poke
        today = local_date(house.clock.now())
        documents, entries, news = [], {}, []
        for document in context.documents:
            if (now := seen.get(document.path)) is not None:
                document = _as_seen(document, now)
            entry = self._entry(document)
            document = evidence.compared(document, entry)
            state = evidence.state(document, today, context.papers.notice)
            if entry.said != state and (entry.said or state is not PaperState.VALID):
                news += _news(document, state, entry.said, evidence.why(document, today, context.papers.notice))
                entry = structs.replace(entry, said=state)
            documents.append(document)
            entries[document.kind, document.path] = entry
        moved = {key for key, entry in entries.items() if self._said(key) != entry.said}
        await self._store(entries)
        for event in news:
            house.log.emit(event)
        changed = tuple(documents) != context.documents
        if changed and house.context is context:
            house.context = structs.replace(context, documents=tuple(documents))
        if changed or moved:
            for number in dict.fromkeys(map(number_of, house.board.cases())):
                self._refresh(number)

    def _said(self, key: Key) -> str:
        return self._known[key].said if key in self._known else ""

    def _entry(self, document: Document) -> Registered:
        return evidence.entry_of(document, self._known.get((document.kind, document.path)))

    async def _store(self, entries: dict[Key, Registered]) -> None:
        batch = Batch()
        gone = [entry for key, entry in self._known.items() if key not in entries]
        new = [entry for key, entry in entries.items() if self._known.get(key) != entry]
        for entry in gone:
            records.forget_paper(batch, entry)
        for entry in new:
            records.put_paper(batch, entry)
        if gone or new:
            await self._house.store.commit(batch)
        self._known = entries


def _as_seen(document: Document, seen: Seen) -> Document:
    if seen.trouble:
        return structs.replace(document, trouble=PaperState.MISSING, detail=seen.trouble)
    return structs.replace(document, digest=seen.digest, trouble="", detail="")


def _news(document: Document, state: PaperState, before: str, why: str) -> list[Event]:
    """What is said of a paper that came into this state: what was found of it, or that what was found is over."""
    finding = evidence.FINDINGS.get(state)
    match state:
        case PaperState.EXPIRING | PaperState.EXPIRED:
            assert document.expires is not None
            expires = end_of_day(document.expires)
            return [EvidenceExpiring(kind=document.kind, path=document.path, expires=expires, why=why, finding=finding)]
        case PaperState.CHANGED:
            digest = document.digest[:16]
            return [EvidenceChanged(kind=document.kind, path=document.path, digest=digest, finding=finding)]
        case PaperState.MISSING:
            return [EvidenceMissing(kind=document.kind, path=document.path, why=why, finding=finding)]
        case PaperState.VALID:
            over = evidence.FINDINGS[PaperState(before)]
            return [EvidenceRestored(kind=document.kind, path=document.path, finding=over)]
