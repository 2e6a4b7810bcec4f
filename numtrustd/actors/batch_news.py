"""What people are told of batches: the log lines for the steps that `domain.batch` makes, each once."""

from numtrustd.domain.batch import BatchState, Moved, News, OpenBatch, Terms
from numtrustd.domain.observation import Instant
from numtrustd.events import (
    Event,
    SourceBatchCollected,
    SourceBatchOverdue,
    SourceBatchRefused,
    SourceBatchSubmitted,
    SourceBatchUncertain,
)


def event_of(moved: Moved, terms: Terms, status: int | None) -> Event | None:
    """The line for a step, if it is news. `status` is the HTTP status that it followed from."""
    batch = moved.batch
    match moved.news:
        case News.SUBMITTED:
            return SourceBatchSubmitted(
                source=batch.source,
                batch=batch.ref,
                handed_in=batch.size,
                receipt=batch.task,
                expected=batch.next_at,
                until=batch.sent_at + terms.give_up,
            )
        case News.DECLINED:
            return SourceBatchRefused(
                source=batch.source,
                batch=batch.ref,
                handed_in=batch.size,
                reason=batch.reason or "",
                detail=batch.detail or None,
                http_status=status,
            )
        case News.UNCERTAIN:
            then = "its numbers are asked for again when they would be anyway"
            if batch.state is BatchState.UNCERTAIN:
                then = f"it is looked up by its reference {batch.ref}"
            return SourceBatchUncertain(
                source=batch.source,
                batch=batch.ref,
                handed_in=batch.size,
                reason=batch.reason or "",
                detail=batch.detail,
                next=then,
                http_status=status,
            )
        case News.GIVEN_UP | News.GONE:
            return SourceBatchOverdue(
                source=batch.source,
                batch=batch.ref,
                handed_in=batch.size,
                answered=batch.got,
                why=batch.detail,
                receipt=batch.task or None,
            )
        case None:
            return None


def over(batch: OpenBatch, now: Instant) -> Event:
    """The line for the end of a batch that was taken in."""
    return SourceBatchCollected(
        source=batch.source,
        batch=batch.ref,
        handed_in=batch.size,
        answered=batch.got,
        took_seconds=max(0.0, now - batch.sent_at),
    )
