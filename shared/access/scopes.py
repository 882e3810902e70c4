"""What each key level and role may do, and how much of it in an hour."""

from __future__ import annotations

from collections.abc import Iterable

from shared.errors import Forbidden, Invalid
from shared.models import Principal

READ = frozenset(("read:prices", "read:signals", "read:news", "read:health", "read:sentiment"))
TRADE = READ | {"read:ml-features", "read:signals:realtime", "write:webhooks", "write:rules"}
MASTER = TRADE | {"admin:*"}

LEVELS = {"readonly": READ, "trading": TRADE, "master": MASTER}
RATES = {"readonly": "1000/hour", "trading": "10000/hour", "master": "100000/hour"}
# A service does what its key's level says.
ROLE_LEVELS = {"viewer": "readonly", "trader": "trading", "admin": "master", "service": "master"}

# A read route without a key asks for these where PUBLIC_READ or the demo opens it.
PUBLIC = READ


def granted(scopes: frozenset[str], scope: str) -> bool:
    """Whether `scope` is among the scopes, or under one that ends with `:*`."""
    if scope in scopes:
        return True
    parts = scope.split(":")
    return any(":".join([*parts[:i], "*"]) in scopes for i in range(1, len(parts)))


def require(principal: Principal, scope: str) -> None:
    """Raise Forbidden (403 INSUFFICIENT_SCOPE) unless the principal has the scope."""
    if not granted(principal.scopes, scope):
        raise Forbidden(f"this needs the scope {scope}", scope=scope)


def role_scopes(role: str) -> frozenset[str]:
    """What a user of this role may do at most, whatever a key or token says."""
    return LEVELS[ROLE_LEVELS[role]]


def allowed_scopes(level: str, role: str, asked: Iterable[str] | None) -> frozenset[str]:
    """The scopes of a new key; raises Invalid for an unknown level or for more than level and role give."""
    if level not in LEVELS:
        raise Invalid(f"level: {level!r} is not one of {', '.join(LEVELS)}")
    most = LEVELS[level]
    if not most <= role_scopes(role):
        raise Invalid(f"level: a user of the role {role} cannot own a {level} key")
    scopes = frozenset(asked) if asked is not None else most
    extra = sorted(scope for scope in scopes if not granted(most, scope))
    if extra or not scopes:
        raise Invalid(
            f"scopes: {', '.join(extra) or 'none'}: a {level} key may have {', '.join(sorted(most))}"
        )
    return scopes
