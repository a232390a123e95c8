"""The public page about npsbot, to which the app package for Microsoft Teams points."""

from aiohttp import web

from bot.web import survey_view
from handlers import texts
from handlers.context import Context


def add_routes(app: web.Application, ctx: Context) -> None:
    """Adds `GET /about`, in the reader's language where we speak it, else the programme's."""

    async def show(request: web.Request) -> web.Response:
        asked = request.headers.get("Accept-Language", "")
        offered = [part.split(";")[0].strip()[:2].lower() for part in asked.split(",")]
        spoken = next((tag for tag in offered if tag in texts.LANGUAGES), None)
        t = texts.of(spoken, ctx.programme.language)
        return survey_view.about(ctx, t)

    app.router.add_get("/about", show)
