"""The same app under the stock python3-http template (werkzeug, in threads) and on AWS Lambda."""

from __future__ import annotations

import threading
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import flask
import pytest
from werkzeug.datastructures import EnvironHeaders, ImmutableMultiDict

from shared.platform.lambda_ import handler_of
from shared.platform.web.asgi import answer, answer_json, read_body

PICTURE = bytes(range(256))


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Tells what it was asked, or answers bytes and cookies."""
    if scope["path"] == "/picture":
        cookies = [
            (b"set-cookie", b"a=1; Path=/"),
            (b"set-cookie", b"b=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT"),
        ]
        await answer(send, 200, [(b"content-type", b"image/png"), *cookies], PICTURE)
        return
    body = await read_body(receive)
    seen = {
        "method": scope["method"],
        "path": scope["path"],
        "query": parse_qsl(scope["query_string"].decode()),
        "cookie": dict(scope["headers"]).get(b"cookie", b"").decode(),
        "body": body.hex(),
        "thread": threading.current_thread().name,
    }
    await answer_json(send, 200, seen)


def event(path: str, query: str = "", **environ: str) -> SimpleNamespace:
    """An event as the template's index.py makes it of a Flask request."""
    return SimpleNamespace(
        body=b"\x00\xff",
        headers=EnvironHeaders({"HTTP_HOST": "x", **environ}),
        method="POST",
        query=ImmutableMultiDict(parse_qsl(query)),
        path=path,
    )


@pytest.fixture
def server() -> flask.testing.FlaskClient:
    """What the template does with the return value: a tuple goes to Flask as it is."""
    handle, _ = handler_of(app)
    web = flask.Flask(__name__)

    @web.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @web.route("/<path:path>", methods=["GET", "POST"])
    def call(path: str) -> Any:
        request = flask.request
        given = SimpleNamespace(
            body=request.get_data(),
            headers=request.headers,
            method=request.method,
            query=request.args,
            path=request.path,
        )
        return handle(given, SimpleNamespace(hostname="localhost"))

    return web.test_client()


def test_repeated_parameters_binary_bodies_and_cookies_arrive(server: flask.testing.FlaskClient) -> None:
    server.set_cookie("sid", "1", domain="localhost")
    told = server.post("/a b?x=1&x=2&y=%2F", data=b"\x00\xff").get_json()
    assert told["path"] == "/a b"
    assert told["query"] == [["x", "1"], ["x", "2"], ["y", "/"]]
    assert told["cookie"] == "sid=1"
    assert told["body"] == "00ff"


def test_bytes_stay_bytes_and_cookies_stay_several(server: flask.testing.FlaskClient) -> None:
    answered = server.get("/picture")
    assert answered.data == PICTURE
    assert answered.mimetype == "image/png"
    assert answered.headers.getlist("set-cookie") == [
        "a=1; Path=/",
        "b=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
    ]


def test_many_threads_share_one_loop() -> None:
    handle, _ = handler_of(app)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: handle(event(f"/{n}"), None), range(40)))
    assert {status for _, status, _ in answers} == {200}
    assert {b'"thread":"asgi"' in body for body, _, _ in answers} == {True}


def lambda_event(path: str, **more: Any) -> dict[str, Any]:
    http = {"method": "GET", "path": path, "sourceIp": "203.0.113.7", "protocol": "HTTP/1.1"}
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "x=1&x=2",
        "headers": {"host": "api.test", "content-type": "application/json"},
        "requestContext": {"http": http},
        "isBase64Encoded": False,
        **more,
    }


def test_a_lambda_event_is_answered_as_lambda_wants_it() -> None:
    _, lambda_handler = handler_of(app)
    told = lambda_handler(lambda_event("/a", cookies=["a=1", "b=2"], body="hi"), None)
    assert told["statusCode"] == 200
    assert told["isBase64Encoded"] is False
    assert '"cookie":"a=1; b=2"' in told["body"]
    assert '"query":[["x","1"],["x","2"]]' in told["body"]
    picture = lambda_handler(lambda_event("/picture"), None)
    assert b64decode(picture["body"]) == PICTURE
    assert picture["isBase64Encoded"] is True
    assert picture["cookies"] == ["a=1; Path=/", "b=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT"]


def test_a_base64_body_is_decoded() -> None:
    _, lambda_handler = handler_of(app)
    body = b64encode(b"\x00\xff").decode()
    told = lambda_handler(lambda_event("/a", body=body, isBase64Encoded=True), None)
    assert '"body":"00ff"' in told["body"]
