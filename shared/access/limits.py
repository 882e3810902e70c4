"""Which rate limits a request counts against; all of them let it pass, or none is used up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.access.rates import parse_rate
from shared.models import Principal
from shared.platform.kv import Layer

MOST = 10_000  # combinations remembered

# A million rows or a fan-out a call: what is dear has a limit of its own, for each caller.
ENDPOINTS: Mapping[str, str] = {
    "/api/v1/market-data/{symbol}/history": "600/minute",
    "/api/v1/stream": "60/minute",
    "/api/v1/webhooks/{id}/test": "30/minute",
    "/api/v1/webhooks/{id}/deliveries/{event}/replay": "60/minute",
    "/api/v1/auth/session": "20/minute",
}
GLOBAL = "100000/second"  # what all replicas together should ever take on


@dataclass(slots=True)
class Policies:
    """The limits of one server; layers are built once and shared, for the hot path."""

    anonymous: str = "100/hour"
    endpoints: Mapping[str, str] = field(default_factory=lambda: ENDPOINTS)
    everybody: str = GLOBAL
    _layers: dict[tuple[str, str, str, str], tuple[Layer, ...]] = field(default_factory=dict)

    def layers(self, principal: Principal, endpoint: str, address: str) -> tuple[Layer, ...]:
        """The layers ip or user, endpoint, global. `address`: `bucket(client_ip(…))` of the web layer."""
        unknown = principal.kind == "anonymous"
        who = address if unknown else principal.id
        key = (who, principal.rate_limit, endpoint, principal.kind)
        found = self._layers.get(key)
        if found is None:
            if len(self._layers) >= MOST:
                self._layers.clear()
            found = self._layers[key] = tuple(self._build(principal, endpoint, who))
        return found

    def _build(self, principal: Principal, endpoint: str, who: str) -> list[Layer]:
        unknown = principal.kind == "anonymous"
        found = [layer("ip" if unknown else "user", who, self.anonymous if unknown else principal.rate_limit)]
        if endpoint in self.endpoints:
            found.append(layer("endpoint", f"{endpoint}:{who}", self.endpoints[endpoint]))
        found.append(layer("global", "*", self.everybody))
        return found


def layer(scope: str, who: str, text: str) -> Layer:
    """A layer from a rate such as 1000/hour."""
    rate = parse_rate(text)
    return Layer(scope, who, rate.limit, rate.period_s, rate.burst)
