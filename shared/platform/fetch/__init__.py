"""The only way out for collection: bounded, polite, and it remembers across cold starts."""

from shared.platform.fetch.client import Fetch
from shared.platform.fetch.records import (
    Answer,
    FetchFailed,
    FetchMemory,
    HostState,
    Reason,
    Request,
    Validators,
)

__all__ = ["Answer", "Fetch", "FetchFailed", "FetchMemory", "HostState", "Reason", "Request", "Validators"]
