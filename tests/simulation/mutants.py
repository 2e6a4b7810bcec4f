"""Bugs planted into the daemon, one at a time: each has to be caught, or the invariants do not see what they should.

Each is a small patch of production code, as easily made by mistake. `first_seeds.toml` beside this says which seeds
caught each one when it was last looked for; a test runs those, and some more should the plans have changed since.
"""





class Mutant(Struct, frozen=True):
    """A planted bug: what it is, and how it is patched in."""

    about: str
    patch: Callable[[], contextlib.AbstractContextManager[object]]


MUTANTS: dict[str, Mutant] = {}


def _mutant(make: Callable[[], Iterator[None]]) -> Callable[[], Iterator[None]]:
    assert make.__doc__ is not None
    MUTANTS[make.__name__] = Mutant(make.__doc__, contextlib.contextmanager(make))
    return make


# ------------------------------------------------------------------------------------------------------ submissions


@_mutant
def no_durable_intent() -> Iterator[None]:
    """A submission leaves without the store knowing that it has begun."""
    forgetful = _with(records, put_action=lambda batch, action: None)
    with mock.patch.object(outboxes, "records", forgetful):
        yield


@_mutant
def retry_on_unknown() -> Iterator[None]:
    """A submission whose outcome is unknown counts as not sent."""

    def _uncertain(self: Outbox, action: Any, detail: str, status: int | None = None) -> None:
        self._deliver(action, a.NotSent(detail))

    with mock.patch.object(Outbox, "_uncertain", _uncertain):
        yield


@_mutant
def resend_at_restart() -> Iterator[None]:
    """What had begun when the process died is sent again."""
    add = Outbox.add

    def _add(self: Outbox, actions: Any) -> None:
        add(self, [structs.replace(action, state=ActionState.PLANNED) for action in actions])

    with mock.patch.object(Outbox, "add", _add):
        yield


@_mutant
def no_settle_time() -> Iterator[None]:
    """An unknown submission is looked up while it may still be on its way."""
    row = _with_deadline(S.UNCERTAIN, lambda data, now, policy: now)
    with mock.patch.dict(appeal.ROWS, {S.UNCERTAIN: row}):
        yield


@_mutant
def outcome_offered_once() -> Iterator[None]:
    """The outcome of an action is told to its actor once, whether or not it is taken in."""

    def _deliver(self: Outbox, action: Any, event: Any) -> None:
        self._offer(action.number, Answered(action.id, action.case, event))

    with mock.patch.object(Outbox, "_deliver", _deliver):
        yield


# ------------------------------------------------------------------------------------------------------- the store


@_mutant
def last_commit_lost() -> Iterator[None]:
    """A commit is on disk only when the next one is, so a death takes the last one along."""
    from tests.simulation.run import Run

    write = Environment.write
    undo: dict[Any, bytes | None] = {}

    def _write(self: Environment, ops: Any, failpoint: Any = None) -> None:
        with self._env.begin() as txn:
            before = {(table, key): txn.get(key, db=self._tables[table]) for table, key in ops}
        write(self, ops, failpoint)
        undo.clear()
        undo.update(before)

    def _lose(self: Run, state: Any) -> None:
        if undo:
            with Store.open(state, init=False, map_size=1 << 24, now=0.0, inline=True) as store:
                write(store._environment, dict(undo))
            undo.clear()

    with mock.patch.object(Environment, "write", _write), mock.patch.object(Run, "undo_last_commit", _lose):
        yield


@_mutant
def said_before_stored() -> Iterator[None]:
    """A commit returns before it is on disk."""

    async def _commit(self: Store, batch: Any, *, now: float | None = None) -> None:
        self.commit_soon(batch)

    with mock.patch.object(Store, "commit", _commit):
        yield


@_mutant
def full_disk_drops_writes() -> Iterator[None]:
    """What cannot be written for want of room is given up instead of kept waiting."""
    write_group = Writer._write_group

    async def _write_group(self: Writer) -> None:
        try:
            await write_group(self)
        except Exception:
            for item in self._queue:
                item.done.set()
            self._queue.clear()
            self._waiters = self._backlog = 0

    with mock.patch.object(Writer, "_write_group", _write_group):
        yield


@_mutant
def monotonic_time_stored() -> Iterator[None]:
    """Deadlines are stored in monotonic time, which the next process counts from somewhere else."""
    store, set_ = CaseBook._store, Timers.set

    def ahead(clock: Any) -> float:
        return float(clock.now() - clock.monotonic())

    def _store(self: CaseBook, case: Case, made: Any, by: str) -> None:
        deadline = made.snapshot.deadline
        if deadline is not None:
            snapshot = structs.replace(made.snapshot, deadline=deadline - _house_clock_ahead[-1])
            made = structs.replace(made, snapshot=snapshot)
        store(self, case, made, by)

    def _set(self: Timers, case: str, due: float, seq: int) -> None:
        _house_clock_ahead.append(ahead(self._house.clock))
        set_(self, case, due + _house_clock_ahead[-1] if due < 1e9 else due, seq)

    with mock.patch.object(CaseBook, "_store", _store), mock.patch.object(Timers, "set", _set):
        yield


_house_clock_ahead: list[float] = [1e9]


# ------------------------------------------------------------------------------------------------ looks and beliefs


@_mutant
def retry_after_unclamped() -> Iterator[None]:
    """A platform may ask for any pause, of thirty thousand years for example."""
    with mock.patch.object(retry_after, "_clamped", lambda seconds: seconds):
        yield


@_mutant
def slots_not_stored() -> Iterator[None]:
    """The pace of a source is forgotten when the process dies."""
    save = SourceActor._save

    async def _save(self: SourceActor, **changes: Any) -> None:
        if set(changes) == {"slots_until"}:
            self.record = structs.replace(self.record, **changes)
        else:
            await save(self, **changes)

    with mock.patch.object(SourceActor, "_save", _save):
        yield


@_mutant
def unknown_is_clean() -> Iterator[None]:
    """A look that could not see counts as one that saw nothing."""
    fold = Decider._fold

    def _fold(self: Decider, observation: Any) -> None:
        fold(self, observation if observation.known else structs.replace(observation, status=Status.CLEAN, reason=None))

    with mock.patch.object(Decider, "_fold", _fold):
        yield


@_mutant
def hysteresis_one_way() -> Iterator[None]:
    """A label is believed after several looks, and believed gone after a single one."""
    demanded = verdict.demanded

    def _demanded(old: Any, run: Any, policy: Any) -> tuple[int, float]:
        return demanded(old, run, policy) if run.shown.marked else (1, 0.0)

    with mock.patch.object(verdict, "demanded", _demanded):
        yield


@_mutant
def one_view_is_enough() -> Iterator[None]:
    """An appeal is cleared when any one view was seen clean often enough."""

    def clean_enough(data: Any, event: Any, now: float, policy: Any) -> bool:
        return any(run.looks >= policy.clear for run in a.count_look(data, event, now, policy).clean.values())

    old = appeal.ROWS[S.VERIFYING]
    cleared, counted = old.on[a.Looked]  # type: ignore[misc]  # two ways, as long as the table has them
    looked = (structs_or_dataclass(cleared, when=clean_enough), counted)
    row = structs_or_dataclass(old, on={**old.on, a.Looked: looked})
    with mock.patch.dict(appeal.ROWS, {S.VERIFYING: row}):
        yield


@_mutant
def approval_is_proof() -> Iterator[None]:
    """The platform's word is enough to clear an appeal."""
    old = appeal.ROWS[S.IN_REVIEW]
    cleared = structs_or_dataclass(old.on[a.Approved], state=S.CLEARED)
    row = structs_or_dataclass(old, on={**old.on, a.Approved: cleared})
    with mock.patch.dict(appeal.ROWS, {S.IN_REVIEW: row}):
        yield


# ------------------------------------------------------------------------------------------------- actors and timers


@_mutant
def stale_timer_fires() -> Iterator[None]:
    """A timer counts even if its case has moved since it was set."""

    def _timer(self: Decider, message: Any) -> None:
        case = self.book.get(message.case)
        if case is not None:
            self._happen(message.case, type(_TIMED_OUT)(case.snapshot.seq))

    with mock.patch.object(Decider, "timer", _timer):
        yield


_TIMED_OUT = a.__dict__.get("TimedOut") or __import__("numtrustd.domain.workflow", fromlist=["TimedOut"]).TimedOut(0)


@_mutant
def timers_forgotten() -> Iterator[None]:
    """Timers are not taken over by the next process."""
    with (
        mock.patch.object(Timers, "load", lambda self: None),
        mock.patch.object(NumberActor, "_set_timer", lambda self, case: None),
    ):
        yield


@_mutant
def reload_loses_cases() -> Iterator[None]:
    """Numbers whose configuration changed begin anew, and their cases are nobody's."""
    refresh = Decider.refresh

    def _refresh(self: Decider) -> None:
        refresh(self)
        self.record = structs.replace(self.record, cases={})
        self.made.durable = True

    with mock.patch.object(Decider, "refresh", _refresh):
        yield


@_mutant
def parked_without_record() -> Iterator[None]:
    """An actor that crashes too often is parked, and only this process knows."""
    from numtrustd.actors.mailbox import BusyError

    async def _park(self: Roster, record: Any) -> None:
        self.parked[record.actor] = record
        actor = self._actors.get(record.actor)
        if actor is not None:
            actor.close(BusyError("parked"))

    with mock.patch.object(Roster, "_park", _park):
        yield


@_mutant
def crashed_actor_stays_down() -> Iterator[None]:
    """An actor that crashed is not started again."""

    async def _guard(self: Supervisor, name: str, run: Any) -> None:
        try:
            await run()
        except Exception as error:
            if type(error).__name__ != "Finished":
                self._on_crash(name, error, 1)

    with mock.patch.object(Supervisor, "guard", _guard):
        yield


@_mutant
def order_of_no_effect() -> Iterator[None]:
    """A person's order or answer is acknowledged, and what it decides is not kept."""
    batch = NumberActor._batch
    deciding: list[Any] = []
    handle = NumberActor._handle

    async def _handle(self: NumberActor, message: Any) -> None:
        deciding.append(message)
        try:
            await handle(self, message)
        finally:
            deciding.pop()

    def _batch(self: NumberActor, made: Any, packed: bytes) -> Any:
        found = batch(self, made, packed)
        if deciding and isinstance(deciding[-1], Order | TaskAnswer):
            for key in [key for key in found.ops if key[0] is Table.TASK]:
                del found.ops[key]
        return found

    with mock.patch.object(NumberActor, "_handle", _handle), mock.patch.object(NumberActor, "_batch", _batch):
        yield


# --------------------------------------------------------------------------------------------------------- helpers
