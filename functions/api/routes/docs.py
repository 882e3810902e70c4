"""The description of the API: OpenAPI, and the same as one page without any script."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from functions.api.openapi import describe
from functions.api.reference import page
from functions.api.routes import Json, needs

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json", **needs(None))
async def openapi(request: Request) -> Json:
    return Json(describe(request.app), headers={"cache-control": "public, max-age=300"})


@router.get("/docs", **needs(None))
async def docs(request: Request) -> Response:
    body, csp = page(describe(request.app))
    headers = {"content-security-policy": csp, "cache-control": "public, max-age=300"}
    return Response(body, media_type="text/html; charset=utf-8", headers=headers)
