"""What is added up of requests: health tells its mean, so nothing may be in it that is no response time."""

from __future__ import annotations

import time

from shared.platform.metrics import Recorder
from shared.platform.web.record import RequestLog


async def test_a_stream_is_no_response_time() -> None:
    log = RequestLog("api", Recorder())
    now = time.perf_counter()
    log.add("GET", "/api/v1/stream", "/api/v1/stream", 200, now - 3600, "a-1", None)
    log.add("GET", "/api/v1/signals", "/api/v1/signals", 200, now - 0.1, "a-2", None)
    log.add("GET", "/api/v1/signals", "/api/v1/signals", 503, now - 0.1, "a-3", None)
    milliseconds, failed = log.measured()
    assert 100 <= milliseconds < 3000
    assert failed == 0.5
