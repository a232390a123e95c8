"""Health, metrics and the one answer for errors of the HTTP server."""

import asyncio
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot import logs, server
from handlers.context import Context
from storage.db import Database


def client(ctx: Context) -> TestClient[web.Request, web.Application]:
    app = web.Application()
    server.add_routes(app, ctx)

    async def broken(request: web.Request) -> web.Response:
        raise RuntimeError(f"secret of {request.match_info['token']}")

    app.router.add_get("/s/{token}", broken)
    return TestClient(TestServer(app))


async def test_health_and_readiness(ctx: Context) -> None:
    async with client(ctx) as http:
        assert (await http.get("/healthz")).status == 200
        assert (await http.get("/readyz")).status == 200


@pytest.mark.both_databases
async def test_metrics_count_requests_by_pattern_and_never_by_token(ctx: Context) -> None:
    async with client(ctx) as http:
        answer = await http.get("/s/a-token-of-somebody")
        assert answer.status == 500
        assert "secret" not in await answer.text()
        text = await (await http.get("/metrics")).text()
    assert 'npsbot_http_requests_total{route="/s/{token}",status="500"} 1.0' in text
    assert "a-token-of-somebody" not in text


async def test_metrics_are_not_for_who_comes_through_the_proxy(ctx: Context) -> None:
    async with client(ctx) as http:
        for name in ("X-Forwarded-For", "Forwarded", "Via"):
            answer = await http.get("/metrics", headers={name: "192.0.2.1"})
            assert answer.status == 403
            assert "npsbot_rows" not in await answer.text()


async def test_a_body_packed_wrongly_is_no_error_of_ours(ctx: Context) -> None:
    async def read(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = web.Application()
    server.add_routes(app, ctx)
    app.router.add_post("/read", read)
    async with TestClient(TestServer(app)) as http:
        answer = await http.post("/read", data=b"no gzip", headers={"Content-Encoding": "gzip"})
        assert answer.status == 400


async def test_not_ready_while_the_database_is_gone(ctx: Context, postgres_database: str) -> None:
    gone = Database(postgres_database.replace("/test_", "/no_such_"))
    async with client(replace(ctx, db=gone)) as http:
        answer = await http.get("/readyz")
        assert answer.status == 503
    await gone.close()


async def test_a_request_that_cannot_be_read_leaves_no_token_and_no_address_in_the_log(
    ctx: Context, caplog: pytest.LogCaptureFixture
) -> None:
    logs.configure()
    async with client(ctx) as http:
        reader, writer = await asyncio.open_connection("127.0.0.1", http.port)
        # A mail program that mangled the link.
        writer.write(b"GET /s/a-token-of-somebody?score=3\xa0 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"400"
        writer.close()
    assert "could not be read" in caplog.text
    assert "a-token-of-somebody" not in caplog.text
    assert "127.0.0.1" not in caplog.text
