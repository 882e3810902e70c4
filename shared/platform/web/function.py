"""A function of stack.yml as one ASGI app that opens its bindings once, however it is served."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from shared.env import Env, read_settings
from shared.platform import log
from shared.platform.web.asgi import App, Receive, Scope, Send
from shared.platform.web.guard import guard

Build = Callable[[Env], App]
Opening = Callable[[str], Awaitable[Env]]  # takes the function's name


async def open_deployed(name: str) -> Env:
    """Open what the environment names, with JSON logs and the gateway to start other functions."""
    from shared.platform.bindings import open_env
    from shared.platform.web.trigger import gateway_trigger

    settings = read_settings()
    log.configure(name, settings.log_level)
    env = await open_env(settings)
    env.trigger = gateway_trigger(settings.gateway_url)
    return env


class Function:
    """ASGI app over `build(env)`.

    The Env opens at lifespan startup, or at the first request of a server that sends no lifespan
    (Mangum, test transports). `with_env` gives the same function over bindings somebody else owns.
    """

    protocol = "shared.platform.web.protocol:Protocol"  # the template's server asks for it

    def __init__(self, name: str, build: Build, opening: Opening) -> None:
        self.name, self.build, self.opening = name, build, opening
        self.env: Env | None = None
        self.app: App | None = None
        self.lock: asyncio.Lock | None = None

    def with_env(self, env: Env) -> App:
        return guard(self.build(env), env, self.name)

    async def start(self) -> App:
        """Open the Env once, also when the first requests come at the same time."""
        self.lock = self.lock or asyncio.Lock()
        async with self.lock:
            if self.app is None:
                self.env = await self.opening(self.name)
                self.app = self.with_env(self.env)
        return self.app

    def drain(self) -> None:
        """Tell streams to end; the server calls it when it begins to stop."""
        if self.env is not None:
            self.env.stopping.set()

    async def stop(self) -> None:
        app, env = self.app, self.env
        self.app = self.env = self.lock = None
        close = getattr(app, "close", None)
        if close is not None:
            await close()
        if env is not None:
            await env.close()

    def now(self, scope: Scope, send: Send) -> bool:
        """Answer at once, where the app can: see web/protocol.py."""
        now = getattr(self.app, "now", None)
        return now is not None and now(scope, send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(receive, send)
            return
        try:
            await (self.app or await self.start())(scope, receive, send)
        except asyncio.CancelledError:
            # of a stop that waited long enough: the guard has answered, and the server need not hear of it
            if self.env is None or not self.env.stopping.is_set():
                raise

    async def lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except Exception as error:
            # the server prints this and ends with a code other than 0
            logging.getLogger(self.name).exception("Startup failed")
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def function(name: str, build: Build, opening: Opening = open_deployed) -> Function:
    """Make the `app` of a handler; `name` is the function's in stack.yml."""
    return Function(name, build, opening)
