"""A deliver process to be killed: `python deliverer.py DATABASE SECRETS`, delivers until nothing is due."""

from __future__ import annotations

import asyncio
import sys

from shared.env import read_settings
from shared.platform.bindings import open_env
from shared.webhooks import deliver


async def main(database: str, secrets: str) -> None:
    deliver.LEASE = 300  # milliseconds: what a killed process held comes free at once
    settings = read_settings(
        {"LIBSQL_URL": f"file:{database}", "SECRETS_DIR": secrets, "WEBHOOK_NETWORKS": "127.0.0.0/8"}
    )
    env = await open_env(settings)
    print("ready", flush=True)
    try:
        await deliver.deliver(env, linger=1)
    finally:
        await env.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
