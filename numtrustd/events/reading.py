"""An event read back from what a line or a client has of it: `base.payload` the other way round."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from numtrustd.events.base import CATALOGUE, Event, instants


def of_payload(action: str, fields: Mapping[str, Any]) -> Event | None:
    """The event of this name with the fields that it has among these, by their log keys; `None` where there is no
    such event or they do not fit it, as those of an older or newer daemon may. Instants come to the microsecond.
    """
    kind = CATALOGUE.get(action)
    if kind is None:
        return None
    dated = instants(kind)
    body = {}
    try:
        for key in kind.__struct_encode_fields__:
            if key in fields:
                value = fields[key]
                body[key] = datetime.fromisoformat(value).timestamp() if key in dated else value
        return msgspec.convert(body, kind)
    except (msgspec.ValidationError, TypeError, ValueError, OverflowError):
        return None
