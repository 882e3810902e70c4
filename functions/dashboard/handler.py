"""dashboard: serves the built page. It needs no database, so it opens none and starts at once."""

from __future__ import annotations

import os

from functions.dashboard.static import Dashboard
from shared.env import ROOT, Env, Settings, read_settings

DIST = ROOT / "dashboard" / "dist"


def serve(settings: Settings) -> Dashboard:
    return Dashboard(DIST, https=settings.public_base_url.startswith("https:"))


def build(env: Env) -> Dashboard:
    """The page for a server whose Env is open already."""
    return serve(env.settings)


app = serve(read_settings(os.environ))
