"""Events of the daemon itself: its life, configuration, store, clock, log, parts and callers."""

from numtrustd.events import fields as f
from numtrustd.events.base import Event, Level


class DaemonStarted(Event, frozen=True, kw_only=True):
    """The process has begun; it has read its settings but does not look yet."""

    action = "daemon.started"
    level = Level.INFO
    message = "numtrustd started with {config}[, its clock running {clock_speed} times as fast as real time]"

    pid: f.Pid
    state_dir: f.StateDir
    config: f.Config
    numbers: f.Numbers
    platforms: f.Platforms
    sources: f.Sources = ()
    clock_speed: f.ClockSpeed | None = None


class DaemonReady(Event, frozen=True, kw_only=True):
    """The store is open, actors run and the sockets answer."""

    action = "daemon.ready"
    level = Level.INFO
    message = "watching {numbers|number}, ready after {startup_seconds}"

    numbers: f.Numbers
    startup_seconds: f.StartupSeconds


class DaemonRefused(Event, frozen=True, kw_only=True):
    """The daemon cannot work as it is and ends with this status."""

    action = "daemon.refused"
    level = Level.FATAL
    message = "cannot work: {why}"

    why: f.Why
    error_type: f.ErrorType
    exit_status: f.ExitStatus


class DaemonSafeMode(Event, frozen=True, kw_only=True):
    """The state is damaged: nothing is looked at, nothing is sent, and the sockets only say why, until it stops."""

    action = "daemon.safe_mode"
    level = Level.FATAL
    message = "safe mode, nothing is watched and nothing is sent: {why}"

    why: f.Why
    error_type: f.ErrorType


class DaemonStopping(Event, frozen=True, kw_only=True):
    """The daemon was asked to stop, or must stop, and finishes what it has in hand."""

    action = "daemon.stopping"
    level = Level.INFO
    message = "stopping[ on {signal}][: {why}]"

    signal: f.Signal | None = None
    why: f.Why | None = None


class DaemonStopped(Event, frozen=True, kw_only=True):
    """Everything is stored and closed; the last line of a run."""

    action = "daemon.stopped"
    level = Level.INFO
    message = "stopped; it had run for {uptime_seconds}"

    uptime_seconds: f.UptimeSeconds
    exit_status: f.ExitStatus | None = None


class DaemonHeartbeat(Event, frozen=True, kw_only=True):
    """The daemon is alive and this is how far it is behind. Alarm on its absence and on `stalled_seconds`."""

    action = "daemon.heartbeat"
    level = Level.INFO
    message = (
        "{numbers} numbers, {labelled} labelled, {open_cases} open cases, {overdue_looks} overdue looks"
        "[; held up: {stalled}][; cases that rest, because their numbers are no longer configured: {resting_cases}]"
    )

    numbers: f.Numbers
    labelled: f.Labelled
    blind: f.Blind
    open_cases: f.OpenCases
    overdue_looks: f.OverdueLooks
    schedule_lag_seconds: f.ScheduleLagSeconds
    looks: f.Looks
    loop_late_ms: f.LoopLateMs
    open_tasks: f.OpenTasks | None = None
    rss_bytes: f.RssBytes | None = None
    loop_tasks: f.LoopTasks | None = None
    used_bytes: f.UsedBytes | None = None
    stalled_seconds: f.StalledSeconds | None = None
    stalled: f.Stalled = ()
    resting_cases: f.RestingCases | None = None
    timer_lag_seconds: f.TimerLagSeconds | None = None
    last_look_seconds: f.LastLookSeconds | None = None
    last_commit_seconds: f.LastCommitSeconds | None = None


class DaemonDumped(Event, frozen=True, kw_only=True):
    """A summary of the state, written on request (SIGUSR1)."""

    action = "daemon.dumped"
    level = Level.INFO
    message = "{labelled} of {numbers|number} labelled, {open_cases|open case}[, {unhealthy}][, parked: {parked}]"

    numbers: f.Numbers
    labelled: f.Labelled
    blind: f.Blind
    open_cases: f.OpenCases
    overdue_looks: f.OverdueLooks
    open_tasks: f.OpenTasks
    uptime_seconds: f.UptimeSeconds
    cases: f.Cases = ()
    unhealthy: f.Unhealthy = ()
    parked: f.Parked = ()


class ConfigLoaded(Event, frozen=True, kw_only=True):
    """The configuration was read and found right."""

    action = "config.loaded"
    level = Level.INFO
    message = "{config} loaded: {numbers|number}, {platforms|platform}[, sources {sources}]"

    config: f.Config
    numbers: f.Numbers
    platforms: f.Platforms
    sources: f.Sources = ()


class ConfigRejected(Event, frozen=True, kw_only=True):
    """The configuration has problems, all listed; a running daemon keeps the one it has."""

    action = "config.rejected"
    level = Level.ERROR
    message = "{config} rejected, {count|problem}[: {problems}]"

    config: f.Config
    count: f.Count
    problems: f.Problems


class ConfigDoubted(Event, frozen=True, kw_only=True):
    """Something in the configuration in use is allowed and probably not meant; `check` says the same."""

    action = "config.doubted"
    level = Level.WARN
    message = "{config} is in use, with {count|warning}: {problems}"

    config: f.Config
    count: f.Count
    problems: f.Problems


class ConfigReloaded(Event, frozen=True, kw_only=True):
    """A changed configuration was taken over; what it leaves alone was left alone."""

    action = "config.reloaded"
    level = Level.INFO
    message = "{config} reloaded: {added} added, {removed} removed, {changed} changed, {unchanged} unchanged"

    config: f.Config
    added: f.Added
    removed: f.Removed
    changed: f.Changed
    unchanged: f.Unchanged


class StoreMigrated(Event, frozen=True, kw_only=True):
    """The store was brought to the schema of this version."""

    action = "store.migrated"
    level = Level.INFO
    message = (
        "store migrated from schema {from_version} to {to_version}[ in {took_seconds}][; as it was before: {path}]"
    )

    from_version: f.FromVersion
    to_version: f.ToVersion
    records: f.Records | None = None
    took_seconds: f.TookSeconds | None = None
    path: f.Path | None = None


class StoreFull(Event, frozen=True, kw_only=True):
    """The store or its disk is full: reading goes on, nothing new is sent until there is room."""

    action = "store.full"
    level = Level.ERROR
    message = "store is full ({reason}): nothing new is sent until there is room"

    reason: f.Reason
    detail: f.Detail | None = None
    used_bytes: f.UsedBytes | None = None
    limit_bytes: f.LimitBytes | None = None


class StoreRecovered(Event, frozen=True, kw_only=True):
    """The store can be written again."""

    action = "store.recovered"
    level = Level.INFO
    message = "store can be written again[ after {down_seconds}]"

    down_seconds: f.DownSeconds | None = None


class StoreDamaged(Event, frozen=True, kw_only=True):
    """A record does not match its checksum and was set aside; it is never replaced by a default."""

    action = "store.damaged"
    level = Level.ERROR
    message = "stored record[ of {number}] is damaged: {why}"

    why: f.Why
    number: f.Number | None = None
    records: f.Records | None = None
    detail: f.Detail | None = None


class StoreBackedUp(Event, frozen=True, kw_only=True):
    """A consistent copy of the store was written."""

    action = "store.backed_up"
    level = Level.INFO
    message = "store backed up to {path}[ in {took_seconds}]"

    path: f.Path
    size_bytes: f.SizeBytes
    took_seconds: f.TookSeconds | None = None


class StoreRestored(Event, frozen=True, kw_only=True):
    """The store is an older copy: what was under way is reconciled with the platforms first."""

    action = "store.restored"
    level = Level.WARN
    message = (
        "store was restored from a backup: {records} open cases make sure of their submissions before anything is sent"
    )

    records: f.Records
    detail: f.Detail | None = None


class ClockJumped(Event, frozen=True, kw_only=True):
    """The wall clock moved by itself, or the machine slept; deadlines were worked out anew."""

    action = "clock.jumped"
    level = Level.WARN
    message = "the wall clock jumped by {seconds}"

    seconds: f.Seconds


class DeadlineCorrected(Event, frozen=True, kw_only=True):
    """Something waited by a clock that was ahead, and has been set back since: it waits as long as it was to, and no
    longer. Of charges that were dated in the future, how many are now dated today.
    """

    action = "deadline.corrected"
    level = Level.WARN
    message = (
        "set by a clock that was ahead and put right[: {kind} case {case}][: {kind} task {task}][: silence {silence}]"
        "[: inspection {inspection}][: {count} charges][ on {platform}][, now due {deadline}]"
    )

    earlier_seconds: f.EarlierSeconds | None = None
    case: f.Case | None = None
    task: f.Task | None = None
    silence: f.Silence | None = None
    inspection: f.Inspection | None = None
    number: f.Number | None = None
    platform: f.Platform | None = None
    kind: f.Kind | None = None
    count: f.Count | None = None
    deadline: f.Deadline | None = None


class NetworkDown(Event, frozen=True, kw_only=True):
    """None of the hosts that were asked lately can be reached: it is our own network, and nothing is looked at."""

    action = "network.down"
    level = Level.ERROR
    message = "nobody can be reached ({hosts}): our own network, or the way out, is down"

    hosts: f.Hosts


class NetworkUp(Event, frozen=True, kw_only=True):
    """Somebody can be reached again, and looks go on."""

    action = "network.up"
    level = Level.INFO
    message = "{host} can be reached again after {down_seconds}; looks go on"

    host: f.Host
    down_seconds: f.DownSeconds


class LogDropped(Event, frozen=True, kw_only=True):
    """Lines could not be written and are gone; `event.sequence` shows where."""

    action = "log.dropped"
    level = Level.WARN
    message = "{lines} log lines were lost because nobody took them"

    lines: f.Lines


class LogFailed(Event, frozen=True, kw_only=True):
    """An event could not be turned into a line, or a listener failed: a defect of the daemon."""

    action = "log.failed"
    level = Level.ERROR
    message = "event {event} could not be handled: {error_message}"

    event: f.Event
    error_type: f.ErrorType
    error_message: f.ErrorMessage
    stack_trace: f.StackTrace | None = None


class PythonWarning(Event, frozen=True, kw_only=True):
    """The interpreter or a library warned."""

    action = "python.warning"
    level = Level.WARN
    message = "{error_type}: {error_message}"

    error_type: f.ErrorType
    error_message: f.ErrorMessage
    origin_file: f.OriginFile
    origin_line: f.OriginLine


class PythonLogged(Event, frozen=True, kw_only=True):
    """A library logged a warning or worse through Python's own logging."""

    action = "python.logged"
    level = Level.WARN
    message = "{logger}: {text}"

    logger: f.Logger
    text: f.Text
    error_type: f.ErrorType | None = None
    error_message: f.ErrorMessage | None = None
    stack_trace: f.StackTrace | None = None


class PythonCrashed(Event, frozen=True, kw_only=True):
    """An exception ended the process or one of its threads."""

    action = "python.crashed"
    level = Level.FATAL
    message = "{error_type} ended {thread}[: {error_message}]"

    thread: f.Thread
    error_type: f.ErrorType
    error_message: f.ErrorMessage
    stack_trace: f.StackTrace | None = None


class PythonIgnored(Event, frozen=True, kw_only=True):
    """An exception where the interpreter can only go on, such as in a finaliser."""

    action = "python.ignored"
    level = Level.ERROR
    message = "{error_type} ignored[ in {subject}][: {error_message}]"

    error_type: f.ErrorType
    error_message: f.ErrorMessage
    subject: f.Subject | None = None
    stack_trace: f.StackTrace | None = None


class ActorCrashed(Event, frozen=True, kw_only=True):
    """An actor failed by a defect of ours and is started again after a while."""

    action = "actor.crashed"
    level = Level.ERROR
    message = "{actor} crashed ({crashes} lately): {error_type}[: {error_message}][; starts again {retry_at}]"

    actor: f.Actor
    crashes: f.Crashes
    error_type: f.ErrorType
    error_message: f.ErrorMessage
    stack_trace: f.StackTrace | None = None
    retry_at: f.RetryAt | None = None


class ActorParked(Event, frozen=True, kw_only=True):
    """An actor crashed too often and rests until someone unparks it; the others go on."""

    action = "actor.parked"
    level = Level.ERROR
    message = "{actor} is parked[ after {crashes} crashes][: {why}]"

    actor: f.Actor
    crashes: f.Crashes | None = None
    why: f.Why | None = None
    error_type: f.ErrorType | None = None
    error_message: f.ErrorMessage | None = None


class ActorUnparked(Event, frozen=True, kw_only=True):
    """A parked actor runs again."""

    action = "actor.unparked"
    level = Level.INFO
    message = "{actor} runs again[, unparked by {by}]"

    actor: f.Actor
    by: f.By | None = None


class ControlActed(Event, frozen=True, kw_only=True):
    """Someone told the daemon something or made it act, over the control socket."""

    action = "control.acted"
    level = Level.INFO
    message = "{method}[ {subject}] called[ by {by}][: {result}]"

    method: f.Method
    subject: f.Subject | None = None
    result: f.Result | None = None
    by: f.By | None = None
    peer_uid: f.PeerUid | None = None
    peer_gid: f.PeerGid | None = None
    peer_pid: f.PeerPid | None = None


class ControlDenied(Event, frozen=True, kw_only=True):
    """A client of a control socket was refused: too many, too large, too slow, no message, or not allowed."""

    action = "control.denied"
    level = Level.WARN
    message = "a control client was refused[ {method}]: {why}"

    why: f.Why
    method: f.Method | None = None
    peer_uid: f.PeerUid | None = None
    peer_gid: f.PeerGid | None = None
    peer_pid: f.PeerPid | None = None


class ControlFailed(Event, frozen=True, kw_only=True):
    """A call on a control socket ran into a defect of ours, and was answered with that."""

    action = "control.failed"
    level = Level.ERROR
    message = "{method} failed: {error_type}[: {error_message}]"

    method: f.Method
    error_type: f.ErrorType
    error_message: f.ErrorMessage
    stack_trace: f.StackTrace | None = None
    peer_uid: f.PeerUid | None = None
    peer_gid: f.PeerGid | None = None
    peer_pid: f.PeerPid | None = None


class DemoNote(Event, frozen=True, kw_only=True):
    """The demo's narrator speaks."""

    action = "demo.note"
    level = Level.INFO
    message = "{text}"

    text: f.Text
