"""Requests out and answers in, whatever the network does. The only home of httpx and httptools."""

from numtrustd.http.client import Http, Session

__all__ = ["Http", "Session"]
