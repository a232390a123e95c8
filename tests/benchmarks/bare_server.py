"""The bare server that answers are measured against: aiohttp and one sqlite3 insert an answer."""

import sqlite3
import sys

from aiohttp import web


def main(path: str, port: int) -> None:
    """Serves POST /s/{id}: one committed row each, nothing else."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute("CREATE TABLE answer (invitation INTEGER PRIMARY KEY, score INTEGER, comment TEXT)")

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        db.execute(
            "INSERT OR REPLACE INTO answer VALUES (?, ?, ?)",
            (int(request.match_info["id"]), int(str(form["score"])), str(form.get("comment", ""))),
        )
        return web.Response(status=303, headers={"Location": "/thanks"})

    async def ready(request: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_post("/s/{id}", answer)
    app.router.add_get("/readyz", ready)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
