"""What the HTTP server has of its own: health, metrics, and one answer for every error."""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
)

from handlers.context import Context
from storage import running

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# What a proxy adds to a request from outside.
PASSED_ON = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")
MAX_BODY_BYTES = 1024 * 1024  # Slack's largest payload is a view of 250 kB


def add_routes(app: web.Application, ctx: Context) -> None:
    """Adds `/healthz` (the process answers), `/readyz` (its database does too) and `/metrics`."""
    registry = CollectorRegistry()
    requests = Counter(
        "npsbot_http_requests_total", "HTTP requests", ["route", "status"], registry=registry
    )
    rows = Gauge("npsbot_rows", "Rows of a kind in a state", ["kind", "state"], registry=registry)

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(request: web.Request) -> web.Response:
        try:
            async with ctx.db.reading() as session:
                await running.setting(session, "ready")
        except Exception:
            log.exception("database does not answer")
            return web.json_response({"ok": False, "database": "does not answer"}, status=503)
        return web.json_response({"ok": True})

    async def metrics(request: web.Request) -> web.Response:
        if any(name in request.headers for name in PASSED_ON):
            # How many critics there are is nothing for who can reach the survey page.
            raise web.HTTPForbidden(text="Ask the process itself, not its public address.")
        async with ctx.db.reading() as session:
            found = await running.counts(session)
        rows.clear()
        for kind, states in found.items():
            for state, number in states.items():
                rows.labels(kind, state).set(number)
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        # The route's pattern, never the path: a path holds a contact's token.
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "unknown"
        try:
            response = await handler(request)
        except web.HTTPException as error:
            requests.labels(route, error.status).inc()
            raise
        except web.RequestPayloadError:
            # A body that is not packed as its headers say; no error of ours.
            requests.labels(route, 400).inc()
            raise web.HTTPBadRequest(text="The request could not be read.") from None
        except Exception:
            requests.labels(route, 500).inc()
            log.exception("request failed", route=route, method=request.method)
            raise web.HTTPInternalServerError(text="That did not work. Please try again.") from None
        requests.labels(route, response.status).inc()
        return response

    app.middlewares.append(count)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
