"""Is it alive, is it ready, and in detail for who may know; counters for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from functions.api import status
from functions.api.routes import Json, env_of, needs
from shared.platform.web.record import PAGE, metrics_text

router = APIRouter(tags=["health"])


@router.get("/health", **needs(None))
async def alive(request: Request) -> Json:
    """Tell that the process answers, and how the whole is doing: 200 also while the database is away."""
    return Json(*reversed(await status.alive(env_of(request))))


@router.get("/ready", **needs(None))
async def ready(request: Request) -> Json:
    """Tell whether requests can be answered: 503 while the database is away."""
    return Json(*reversed(await status.ready(env_of(request))))


@router.get("/api/v1/health", **needs("read:health"))
async def details(request: Request) -> Json:
    """Report every service, source and job; 503 while the database is away."""
    return Json(*reversed(await status.details(env_of(request))))


@router.get("/metrics", **needs(None))
async def metrics(request: Request) -> Response:
    """Counters in Prometheus text form; an ingress must not pass this on to the outside."""
    return Response(await metrics_text(env_of(request)), media_type=PAGE)
