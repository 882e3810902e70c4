"""JWTs: what a good one says, and that everything else gets one constant refusal."""

from __future__ import annotations

import hmac
import http.server
import json
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.access import keys, tokens
from shared.access.identify import identify, identify_token
from shared.access.keys import NewKey
from shared.env import Env, SecretMissing
from shared.errors import Invalid, Unauthorized
from shared.models import Principal


@pytest.fixture
async def key(access: Env) -> NewKey:
    return await keys.create(access, owner="tom", level="trading")


def encoded(data: bytes | dict[str, Any]) -> str:
    raw = json.dumps(data).encode() if isinstance(data, dict) else data
    return urlsafe_b64encode(raw).decode().rstrip("=")


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims, _ = token.split(".")
    return tuple(json.loads(urlsafe_b64decode(p + "==")) for p in (header, claims))  # type: ignore[return-value]


def signed(env: Env, header: Any, claims: Any, private: Ed25519PrivateKey | None = None) -> str:
    """A token with our own (or another) signature over any header and claims."""
    text = ".".join(encoded(p) if isinstance(p, dict | bytes) else p for p in (header, claims))
    private = private or tokens.signing_keys(env)[0].private
    return f"{text}.{encoded(private.sign(text.encode()))}"


async def test_a_token_says_who_and_what(access: Env, key: NewKey, clock: Any) -> None:
    token = tokens.mint(access, key.record, 600)
    header, claims = parts(token)
    assert header == {"alg": "EdDSA", "typ": "at+jwt", "kid": tokens.jwks(access)["keys"][0]["kid"]}
    now = clock() // 1000
    assert len(claims.pop("jti")) >= 22
    assert claims == {
        "iss": "http://127.0.0.1:8080",
        "aud": "cryptointel-api",
        "sub": key.record.id,
        "iat": now,
        "nbf": now,
        "exp": now + 600,
        "user_id": key.record.owner,
        "scopes": sorted(key.record.scopes),
        "rate_limit": "10000/hour",
    }
    expected = Principal(
        key.record.id, "jwt", key.record.scopes, "10000/hour", key.record.owner, (now + 600) * 1000
    )
    assert tokens.verify(access, token) == expected
    assert await identify(access, [(b"authorization", b"Bearer " + token.encode())]) == expected


async def test_a_foreign_library_verifies_by_the_published_keys(access: Env, key: NewKey, clock: Any) -> None:
    published = tokens.jwks(access)
    assert all("d" not in found for found in published["keys"])
    token = tokens.mint(access, key.record)
    found = jwt.PyJWKSet.from_dict(published)[jwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    claims = jwt.decode(token, found.key, ["EdDSA"], audience="cryptointel-api", options=options)
    assert claims["user_id"] == key.record.owner


@pytest.mark.parametrize(
    ("ttl", "scopes", "words"),
    [(0, None, "ttl"), (901, None, "ttl"), (60, ["admin:*"], "admin:"), (60, ["read:*"], "read:")],
)
async def test_a_token_is_never_wider_than_its_key(
    access: Env, key: NewKey, ttl: int, scopes: Any, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        tokens.mint(access, key.record, ttl, scopes)
    narrow = tokens.mint(access, key.record, scopes=["read:news"])
    assert tokens.verify(access, narrow).scopes == {"read:news"}


async def test_a_token_ends_with_leeway_and_with_its_key(access: Env, key: NewKey, clock: Any) -> None:
    token = tokens.mint(access, key.record, 60).encode()
    assert (await identify_token(access, token)).id == key.record.id
    clock.advance(89_000)
    assert (await identify_token(access, token)).id == key.record.id
    clock.advance(1000)
    with pytest.raises(Unauthorized):
        await identify_token(access, token)
    token = tokens.mint(access, key.record, 60).encode()
    assert (await identify_token(access, token)).id == key.record.id
    await keys.revoke(access, key.record.id)
    with pytest.raises(Unauthorized):
        await identify_token(access, token)


class Listener(http.server.BaseHTTPRequestHandler):
    hits = 0

    def do_GET(self) -> None:
        type(self).hits += 1
        self.send_error(404)


@pytest.fixture(scope="module")
def listener() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/keys"
    server.shutdown()
    server.server_close()


HEADERS: dict[str, dict[str, Any]] = {
    "alg none": {"alg": "none"},
    "alg nOnE": {"alg": "nOnE"},
    "alg RS256": {"alg": "RS256"},
    "no alg": {"alg": None},
    "no kid": {"kid": None},
    "unknown kid": {"kid": "other"},
    "kid path": {"kid": "../../etc/passwd"},
    "kid sql": {"kid": "' OR 1=1 --"},
    "kid long": {"kid": "x" * 10_000},
    "kid list": {"kid": ["a"]},
    "kid number": {"kid": 1},
    "crit": {"crit": ["exp"]},
    "b64": {"b64": False, "crit": ["b64"]},
    "typ JWT": {"typ": "JWT"},
    "typ refresh": {"typ": "rt+jwt"},
    "typ missing": {"typ": None},
    "typ list": {"typ": ["at+jwt"]},
    "jku": {"jku": "LISTENER"},
    "x5u": {"x5u": "LISTENER"},
    "zip": {"zip": "DEF"},
}
CLAIMS: dict[str, dict[str, Any]] = {
    "aud missing": {"aud": None},
    "aud other": {"aud": "cryptointel"},
    "aud longer": {"aud": "cryptointel-api2"},
    "aud list": {"aud": ["cryptointel-api", "x"]},
    "iss missing": {"iss": None},
    "iss part": {"iss": "http://127.0.0.1"},
    "iss list": {"iss": ["http://127.0.0.1:8080"]},
    "exp missing": {"exp": None},
    "exp past": {"exp": 1_000},
    "exp 1e308": {"exp": 1e308},
    "exp float": {"exp": 1_763_726_500.5},
    "exp text": {"exp": "9999999999"},
    "exp true": {"exp": True},
    "exp too far": {"exp": 1_763_726_400 + 901},
    "exp huge": {"exp": 10**30},
    "exp object": {"exp": {}},
    "iat missing": {"iat": None},
    "iat future": {"iat": 1_763_726_400 + 60, "exp": 1_763_726_400 + 120},
    "iat text": {"iat": "1763726400"},
    "nbf future": {"nbf": 1_763_726_400 + 60},
    "nbf missing": {"nbf": None},
    "sub missing": {"sub": None},
    "sub number": {"sub": 1},
    "jti missing": {"jti": None},
    "jti list": {"jti": ["x"]},
    "scopes text": {"scopes": "admin:*"},
    "scopes of numbers": {"scopes": [1]},
    "scopes missing": {"scopes": None},
    "user missing": {"user_id": None},
    "rate odd": {"rate_limit": "lots"},
    "rate number": {"rate_limit": 5},
}


def changed(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**base, **change}.items() if value is not None}


def public_forms(env: Env) -> list[bytes]:
    public = tokens.signing_keys(env)[0].public
    forms = [
        (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
    ]
    jwk = json.dumps(tokens.jwks(env)["keys"][0]).encode()
    return [public.public_bytes(*form) for form in forms] + [public.public_bytes_raw(), jwk]


def confused(env: Env, header: dict[str, Any], claims: dict[str, Any]) -> Iterator[str]:
    """HS256 with the public key as the secret, in every form it is known in."""
    text = f"{encoded({**header, 'alg': 'HS256'})}.{encoded(claims)}"
    for secret in public_forms(env):
        yield f"{text}.{encoded(hmac.digest(secret, text.encode(), sha256))}"


TEXTS: dict[str, Callable[[str], str]] = {
    "no signature": lambda t: t[: t.rindex(".") + 1],
    "two parts": lambda t: t[: t.rindex(".")],
    "four parts": lambda t: t + ".x",
    "padded": lambda t: t + "=",
    "padded twice": lambda t: t + "==",
    "line break": lambda t: t + "\n",
    "signature cut": lambda t: t[:-1],
    "signature changed": lambda t: t[:-5] + ("A" if t[-5] != "A" else "B") + t[-4:],
    "trailing bits": lambda t: t[:-1] + chr(ord(t[-1]) + 1),
    "standard base64": lambda t: t.replace("-", "+").replace("_", "/") + "+",
    "other signature": lambda t: t[: t.rindex(".") + 1] + encoded(bytes(64)),
    "two megabytes": lambda t: "a" * 2**20 + "." + "b" * 2**20 + ".c",
    "two megabytes before": lambda t: "A" * 2**21 + t,
    "only dots": lambda t: "..",
    "empty": lambda t: "",
    "not ascii": lambda t: t.replace("e", "é", 1),
    "json form": lambda t: json.dumps({"payload": t}),
}


async def refusal(env: Env, token: str) -> str:
    """What the caller of a bad token is told: the same text each time, and never another error."""
    with pytest.raises(Unauthorized) as found:
        tokens.verify(env, token)
    with pytest.raises(Unauthorized, match="the API key or token is not valid"):
        await identify_token(env, token.encode())
    return str(found.value)


async def test_every_mutant_is_refused_alike(access: Env, key: NewKey, listener: str) -> None:
    good = tokens.mint(access, key.record)
    header, claims = parts(good)
    assert tokens.verify(access, signed(access, header, claims)).id == key.record.id
    mutants = {name: signed(access, changed(header, change), claims) for name, change in HEADERS.items()}
    for name in ("jku", "x5u"):
        mutants[name] = signed(access, {**header, name: listener}, claims)
    mutants["jwk"] = signed(access, {**header, "jwk": tokens.jwks(access)["keys"][0]}, claims)
    mutants |= {name: signed(access, header, changed(claims, change)) for name, change in CLAIMS.items()}
    mutants |= {name: change(good) for name, change in TEXTS.items()}
    mutants |= {f"confusion {i}": t for i, t in enumerate(confused(access, header, claims))}
    mutants["foreign key"] = signed(access, header, claims, Ed25519PrivateKey.generate())
    mutants["nested header"] = signed(access, b"[" * 1500, claims)
    mutants["nested claims"] = signed(access, header, b'{"a":' * 400 + b"1" + b"}" * 400)
    mutants["nested far"] = signed(access, header, b"[" * 100_000 + b"]" * 100_000)
    for name, raw in {
        "list": b"[]",
        "text": b'"x"',
        "null": b"null",
        "no json": b"{",
        "bytes": b"\xff",
    }.items():
        mutants[f"claims {name}"] = signed(access, header, raw)
        mutants[f"header {name}"] = signed(access, raw, claims)
    mutants["twice the same claim"] = signed(
        access, header, json.dumps(claims)[:-1].encode() + b',"exp":9999999999}'
    )
    answers = {name: await refusal(access, token) for name, token in mutants.items()}
    assert set(answers.values()) == {"the token is not valid"}
    assert len(mutants) > 80
    assert Listener.hits == 0


async def test_signing_keys_rotate_without_a_gap(access: Env, key: NewKey) -> None:
    folder = access.secrets.folder
    old = tokens.mint(access, key.record)
    (folder / "jwt-signing-key").rename(folder / "jwt-signing-key-previous")
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "jwt-signing-key").write_bytes(pem)
    after = replace(access, memory={})
    new = tokens.mint(after, key.record)
    assert tokens.verify(after, old) == tokens.verify(access, old)
    assert tokens.verify(after, new).id == key.record.id
    assert len(tokens.jwks(after)["keys"]) == 2
    (folder / "jwt-signing-key-previous").unlink()
    last = replace(access, memory={})
    with pytest.raises(Unauthorized):
        tokens.verify(last, old)


@pytest.mark.parametrize(
    "text", [b"", b"short", b"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----", b"\xff" * 40]
)
async def test_a_signing_key_that_is_none_is_said(access: Env, key: NewKey, text: bytes) -> None:
    (access.secrets.folder / "jwt-signing-key").write_bytes(text)
    with pytest.raises(SecretMissing, match=r"jwt-signing-key"):
        tokens.mint(access, key.record)
