"""Every field that any event has: its one type and its one meaning.

A key never changes its type, whichever event carries it, so a field is defined here once and only used
elsewhere. Instants are `Instant` in the code and RFC 3339 in the line; durations are seconds.
"""

from typing import Annotated

from msgspec import Meta

from numtrustd.domain import label, observation

TIMESTAMP = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"
"""RFC 3339 as every line writes it."""


def _is(description: str) -> Meta:
    return Meta(description=description)


def _instant(description: str) -> Meta:
    return Meta(
        description=description,
        extra={"unit": "instant"},
        extra_json_schema={"type": "string", "pattern": TIMESTAMP},
    )


def _seconds(description: str) -> Meta:
    return Meta(description=description, extra={"unit": "s"})


# Who and what
Number = Annotated[str, _is("the phone number: E.164, or the bare digits of a service number")]
Platform = Annotated[str, _is("id of the platform that shows the label")]
Display = Annotated[str, _is("id of a platform that shows the label of another one's data")]
Displays = Annotated[
    tuple[str, ...], _is("ids of the platforms that show this one's label and take no appeals themselves")
]
Source = Annotated[str, _is("id of the source that was looked through")]
Surface = Annotated[str, _is("where on the platform a person sees it")]
Case = Annotated[str, _is("id of the case")]
Joined = Annotated[tuple[str, ...], _is("ids of the cases that belong together")]
Inspection = Annotated[int, _is("which regular inspection it is, counted from 1")]
LooksWanted = Annotated[int, _is("how many looks people can make at handsets and pages")]
LooksMade = Annotated[int, _is("how many of them were made")]
Inconsistent = Annotated[int, _is("numbers × platforms whose views disagree")]
WrongNames = Annotated[int, _is("views that show another name or logo than is wanted, or none")]
StaleTags = Annotated[int, _is("views that show another tag than is wanted, or one whose time is over")]
PapersAmiss = Annotated[tuple[str, ...], _is("the papers that do not count or expire soon, and why")]
QuotasTight = Annotated[tuple[str, ...], _is("the quotas that are used up or nearly, and how far")]
Incident = Annotated[str, _is("id of the incident, all cases of one emergency of one number")]
ActionId = Annotated[str, _is("id of the action, one thing done to the outside; also its idempotency key")]
Task = Annotated[str, _is("id of the task that a person has")]
Actor = Annotated[str, _is("name of the actor: its kind and the id of what it looks after")]
Agent = Annotated[str, _is("the agent who signed it, or through whom it goes")]
Country = Annotated[str, _is("ISO 3166 code of the country")]
Year = Annotated[int, _is("the calendar year")]
Silence = Annotated[str, _is("id of the silence")]
Targets = Annotated[tuple[str, ...], _is("the numbers, platforms and groups that it is about")]
Kind = Annotated[str, _is("kind of the case, action, task, evidence or fee")]
Finding = Annotated[str, _is("what is wrong with the display or a paper, such as mislabel")]

# What is shown
Status = Annotated[observation.Status, _is("what the look says")]
Category = Annotated[label.Category, _is("what the label accuses the number of")]
Words = Annotated[str, _is("the platform's own words")]
Marks = Annotated[int, _is("how many marks the platform counts; absent when it gives no count")]
Name = Annotated[str, _is("the name shown to the called person")]
WantedText = Annotated[str, _is("what is to be shown; empty where nothing is")]
Rule = Annotated[str, _is("the pack's rule that read the answer")]
Batch = Annotated[str, _is("our reference of a batch of numbers that was handed in")]
Digest = Annotated[str, _is("first 16 hex digits of the SHA-256 of the raw answer or file")]
Sources = Annotated[tuple[str, ...], _is("ids of the sources that speak for it")]
HandedIn = Annotated[int, _is("how many numbers the batch holds")]
Answered = Annotated[int, _is("how many of its numbers an answer has come for")]
Looks = Annotated[int, _is("how many looks it rests on, or were made since the last heartbeat")]
Agree = Annotated[tuple[str, ...], _is("the views that say so too: source/surface, what it last said and how long ago")]
Disagree = Annotated[tuple[str, ...], _is("the views that say otherwise, in the same form")]
View = Annotated[str, _is("source/surface: through which source, and where on the platform")]
Causes = Annotated[tuple[str, ...], _is("the likely causes, the strongest first")]
Facts = Annotated[tuple[str, ...], _is("what speaks for them")]

SeenAt = Annotated[float, _instant("when it was seen")]
Device = Annotated[str, _is("the handset: its model, system, and the app whose label it showed")]
Screenshot = Annotated[str, _is("digest of the screenshot, sha256: and 64 hex digits")]

# How things move
From = Annotated[str, _is("what it was before")]
To = Annotated[str, _is("what it is now")]
State = Annotated[str, _is("the state that it is in")]
Reason = Annotated[str, _is("the one word for why, from a fixed list of the thing it concerns")]
Why = Annotated[str, _is("why, in a person's words")]
Detail = Annotated[str, _is("what exactly was met, for whoever looks into it")]
Outcome = Annotated[str, _is("how it ended")]
Result = Annotated[str, _is("what came of it")]
Attempt = Annotated[int, _is("which attempt this is, from 1")]
Next = Annotated[str, _is("what happens next, and when")]
By = Annotated[str, _is("who did it")]
Channel = Annotated[str, _is("the way it travels: http, manual, command")]
Ref = Annotated[str, _is("our reference, as given to the platform")]
Receipt = Annotated[str, _is("the platform's reference")]
Title = Annotated[str, _is("what to do, in one line")]
Mark = Annotated[str, _is("which mark of the 48-hour clock: submit, follow_up, resolve")]
Forced = Annotated[bool, _is("whether it was done against the daemon's advice")]
Met = Annotated[bool, _is("whether the mark was met in time")]

# Instants
Until = Annotated[float, _instant("until when it lasts")]
Deadline = Annotated[float, _instant("when waiting ends and the next step is taken")]
Due = Annotated[float, _instant("by when a person should have done it")]
Expected = Annotated[float, _instant("when the answer may be there at the soonest")]
RetryAt = Annotated[float, _instant("when it is tried again")]
Expires = Annotated[float, _instant("when the paper expires")]

# Durations
StartupSeconds = Annotated[float, _seconds("real time from start to ready")]
UptimeSeconds = Annotated[float, _seconds("real time since start")]
DownSeconds = Annotated[float, _seconds("for how long nothing could be seen through it")]
ScheduleLagSeconds = Annotated[float, _seconds("how late the most overdue look is")]
StalledSeconds = Annotated[
    float,
    _seconds("for how long the daemon itself has held up a look, a deadline or a write that nothing else keeps back"),
]
TimerLagSeconds = Annotated[float, _seconds("how late the most overdue deadline of a case is")]
LastLookSeconds = Annotated[float, _seconds("how long ago the last look was taken in")]
LastCommitSeconds = Annotated[float, _seconds("how long ago something was last written to the store")]
TookSeconds = Annotated[float, _seconds("how long it took")]
LoopLateMs = Annotated[float, _is("the latest that the event loop woke since the last heartbeat")]
Seconds = Annotated[float, _seconds("by how much the wall clock jumped; negative is backwards")]
EarlierSeconds = Annotated[float, _seconds("by how much sooner it is due than before")]
ClockSpeed = Annotated[float, _is("how many times faster than real time the daemon's clock runs")]

Drill = Annotated[str, _is("the drill that is rehearsed: nothing in it is real")]

# Counts
NumbersTold = Annotated[int, _is("how many numbers it is about")]
Days = Annotated[int, _is("how many records, one for each number and day")]
Day = Annotated[str, _is("a day as an ISO date, the company's own")]
Complaints = Annotated[int, _is("complaints about the number on that day")]
Said = Annotated[str, _is("what somebody said")]
Numbers = Annotated[int, _is("how many numbers are watched")]
Platforms = Annotated[int, _is("how many platforms are known")]
Labelled = Annotated[int, _is("how many numbers have a label that is believed")]
Blind = Annotated[int, _is("how many numbers × platforms could not be seen for too long")]
OpenCases = Annotated[int, _is("how many cases are open")]
RestingCases = Annotated[int, _is("how many open cases rest, because their numbers are no longer configured")]
OpenTasks = Annotated[int, _is("how many tasks people have")]
OverdueLooks = Annotated[int, _is("how many looks are later than planned")]
Failures = Annotated[int, _is("how many times in a row it failed")]
Crashes = Annotated[int, _is("how many times it crashed lately")]
Count = Annotated[int, _is("how many there are, also those not listed")]
Added = Annotated[int, _is("how many things the new configuration adds")]
Removed = Annotated[int, _is("how many it takes away")]
Changed = Annotated[int, _is("how many it changes")]
Unchanged = Annotated[int, _is("how many are left alone")]
Records = Annotated[int, _is("how many stored records it concerns")]
Lines = Annotated[int, _is("how many log lines were lost, or left out")]
RssBytes = Annotated[int, _is("memory of the process")]
LoopTasks = Annotated[int, _is("how many tasks the event loop has")]
SizeBytes = Annotated[int, _is("size of the file")]
UsedBytes = Annotated[int, _is("how much of the store is used")]
LimitBytes = Annotated[int, _is("how much there may be")]

# The process and its surroundings
StateDir = Annotated[str, _is("directory of the store")]
Config = Annotated[str, _is("path of the settings file")]
Path = Annotated[str, _is("path of the file")]
Problems = Annotated[tuple[str, ...], _is("file:line: key: what is wrong: what would be right")]
Signal = Annotated[str, _is("the signal that asked for it")]
FromVersion = Annotated[int, _is("schema version before")]
ToVersion = Annotated[int, _is("schema version after")]
Cases = Annotated[tuple[str, ...], _is("state and number of the open cases in it")]
Quarantined = Annotated[bool, _is("the source is not believed at present: kept, but moves no verdict")]
Unhealthy = Annotated[tuple[str, ...], _is("sources that fail, rest or are quarantined, and why")]
Stalled = Annotated[tuple[str, ...], _is("what is held up for more than a minute: source and its id, timers, or store")]
Resting = Annotated[tuple[str, ...], _is("numbers that are no longer configured, with open cases: the first of them")]
Parked = Annotated[tuple[str, ...], _is("actors that are parked")]
Text = Annotated[str, _is("what was said")]
Url = Annotated[str, _is("the address, without query or fragment")]
Pid = Annotated[int, _is("process id")]
ExitStatus = Annotated[int, _is("exit status of the process")]
ErrorType = Annotated[str, _is("class of the exception")]
ErrorMessage = Annotated[str, _is("what the exception says")]
StackTrace = Annotated[str, _is("the stack, without local variables")]
Thread = Annotated[str, _is("name of the thread")]
Logger = Annotated[str, _is("name of the library's logger")]
OriginFile = Annotated[str, _is("source file")]
OriginLine = Annotated[int, _is("line in the source file")]
Event = Annotated[str, _is("name of the event that could not be written")]
ServerAddress = Annotated[str, _is("host that was asked")]
Host = Annotated[str, _is("host that was reached")]
Hosts = Annotated[tuple[str, ...], _is("hosts that cannot be reached")]
HttpStatus = Annotated[int, _is("HTTP status of the answer")]

# Control
Method = Annotated[str, _is("the method that was called")]
Subject = Annotated[str, _is("what it was called for")]
PeerUid = Annotated[int, _is("user id of the client; 65534 when the kernel cannot tell")]
PeerGid = Annotated[int, _is("group id of the client")]
PeerPid = Annotated[int, _is("process id of the client")]

# Money
Amount = Annotated[float, _is("the fee in the currency's main unit")]
Currency = Annotated[str, _is("ISO 4217 code")]
Budget = Annotated[float, _is("what may be spent in the period")]
Spent = Annotated[float, _is("what was spent in the period, this fee included")]
Forecast = Annotated[float, _is("the most that the month may come to at its end")]
Plans = Annotated[int, _is("things that are going to cost money until then and are not entered yet")]
Quota = Annotated[str, _is("the quota that a use was counted against")]
