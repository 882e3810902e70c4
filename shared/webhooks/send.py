"""One attempt: a POST to a checked address, no redirects, 15 seconds and 64 KiB at most."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping

from shared.platform.addresses import AddressRefused
from shared.platform.fetch.policy import retry_after
from shared.webhooks.schedule import Result
from shared.webhooks.wire import Connections, Target, WireError

TOTAL = 15.0  # seconds for the whole attempt, name look-up and body included
SHOWN = 1000  # characters of the answer kept in the log
HEADERS = {
    "content-type": "application/json",
    "user-agent": "cryptointel-webhooks/1",
    "accept": "*/*",
    "accept-encoding": "identity",
}


async def post(
    connections: Connections, target: Target, body: bytes, headers: Mapping[str, str], now: int
) -> Result:
    """Success is a 2xx alone. A redirect is a failure: whoever signed up must name the real target."""
    signed = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    request = b"%s%scontent-length: %d\r\n\r\n%s" % (target.head, signed.encode(), len(body), body)
    try:
        async with asyncio.timeout(TOTAL):
            reply = await connections.post(target, request)
    except TimeoutError:
        return Result(None, "timeout")
    except (AddressRefused, WireError) as error:
        return Result(None, str(error))
    except ssl.SSLCertVerificationError as error:
        return Result(None, f"certificate: {error.verify_message}"[:200])
    except OSError as error:
        return Result(None, f"no connection: {error.strerror or type(error).__name__}"[:200])
    wait = retry_after(reply.retry_after, now)
    return Result(
        reply.status, None if 200 <= reply.status < 300 else f"HTTP {reply.status}", shown(reply.body), wait
    )


def shown(body: bytes) -> str:
    """The first 1,000 characters of an answer, as the log keeps them."""
    return body[: 4 * SHOWN].decode("utf-8", "replace")[:SHOWN].replace("\0", "\N{REPLACEMENT CHARACTER}")
