"""Charts as PNG pictures for channels that cannot draw them, and where they are fetched."""

import asyncio
import json
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from aiohttp import web

from bot.links import read_picture
from handlers.cards import Chart
from handlers.context import Context

KEPT_PICTURES = 200

_kept: OrderedDict[tuple[Chart, bool], bytes] = OrderedDict()


async def picture(chart: Chart, dark: bool = False) -> bytes:
    """Gives the chart as a PNG, drawn in a worker thread and kept in memory by its data."""
    key = (chart, dark)
    found = _kept.get(key)
    if found is None:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(_worker(), _draw, chart, dark)
        _kept[key] = found
        while len(_kept) > KEPT_PICTURES:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(key)
    return found


def add_routes(app: web.Application, ctx: Context) -> None:
    """Adds `GET /p/{signed id}.png` for its 30 days; `?dark=1` is the picture for a dark page."""

    async def show(request: web.Request) -> web.Response:
        found = read_picture(ctx.secret, request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound(text="This picture is not known.")
        chart, ends = found
        seconds = int((ends - ctx.now()).total_seconds())
        if seconds <= 0:
            raise web.HTTPGone(text="This picture is no longer shown. Ask npsbot again for it.")
        return web.Response(
            body=await picture(chart, dark=request.query.get("dark") == "1"),
            content_type="image/png",
            headers={
                # The address holds the data, so what it shows never changes.
                "Cache-Control": f"public, max-age={seconds}, immutable",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "default-src 'none'",
            },
        )

    app.router.add_get("/p/{id}.png", show)


@cache
def _worker() -> ThreadPoolExecutor:
    # One thread: the drawing library is busy with one picture at a time, and answers must not wait.
    return ThreadPoolExecutor(1, thread_name_prefix="pictures")


def _draw(chart: Chart, dark: bool) -> bytes:
    import vl_convert  # heavy: only a process that draws pictures loads it

    from bot.charts import specification

    spec = json.dumps(specification(chart, dark))
    png: bytes = vl_convert.vegalite_to_png(spec, scale=2)
    return png
