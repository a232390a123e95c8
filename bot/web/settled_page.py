"""The page on which a contact says whether it is settled: reading never records."""

from aiohttp import web

from bot.web import survey_form, survey_view
from bot.web.survey_form import Sent, TooLarge
from handlers import links
from handlers.answering import page as pages
from handlers.context import Context
from handlers.settled import answering
from handlers.settled.answering import LONGEST, Question
from handlers.settled.asking import ANSWERS, words


def add_routes(app: web.Application, ctx: Context) -> None:
    """Adds `GET | POST /c/{token}`."""
    page = _Page(ctx)
    app.router.add_route("GET", "/c/{token}", page.show)
    app.router.add_route("HEAD", "/c/{token}", page.show)
    app.router.add_route("POST", "/c/{token}", page.take)


class _Page:
    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def show(self, request: web.Request) -> web.Response:
        asked = await self._asked(request)
        if isinstance(asked, web.Response):
            return asked
        said = asked.opened.settled
        if said is not None and request.query.get("saved"):
            return self._notice(asked, 200, "thanks", f"next.{said.answer}", again=True)
        chosen = request.query.get("answer") or (said.answer if said else "")
        comment = (said.comment if said else None) or ""
        return self._form(request, asked, chosen, comment)

    async def take(self, request: web.Request) -> web.Response:
        asked = await self._asked(request)
        if isinstance(asked, web.Response):
            return asked
        try:
            sent = await survey_form.read(request)
        except TooLarge:
            return self._form(request, asked, "", "", "settled.too_long", 413)
        answer, comment = sent.one("answer") or "", (sent.one("comment") or "").strip()
        if not self._ours(sent, asked):
            # Not from our page: shown as sent, to be confirmed by the button.
            return self._form(request, asked, answer, comment)
        if answer not in ANSWERS:
            return self._form(request, asked, "", comment, "settled.choose", 400)
        if len(comment) > LONGEST:
            return self._form(request, asked, answer, comment, "settled.too_long", 400)
        await answering.record(self._ctx, asked, answer, comment)
        here = f"/c/{request.match_info['token']}?saved=1"
        return web.Response(status=303, headers={**survey_view.HEADERS, "Location": here})

    def _ours(self, sent: Sent, asked: Question) -> bool:
        token = links.read_letter_form_token(self._ctx.secret, sent.one("form") or "")
        return token == asked.opened.letter.id

    async def _asked(self, request: web.Request) -> Question | web.Response:
        letter_id = links.read_letter_token(self._ctx.secret, request.match_info["token"])
        asked = await answering.question(self._ctx, letter_id) if letter_id else None
        if asked is None:
            accepted = request.headers.get("Accept-Language", "")
            return survey_view.unknown(self._ctx, pages.texts_for_browser(accepted, self._ctx))
        return self._notice(asked, 410, "over_title", "over") if asked.closed else asked

    def _form(
        self,
        request: web.Request,
        asked: Question,
        chosen: str,
        comment: str,
        error: str | None = None,
        status: int = 200,
    ) -> web.Response:
        opened, t = asked.opened, asked.t
        writer = opened.writer
        return survey_view.drawn(
            "settled.html",
            t,
            status,
            company=self._ctx.programme.company,
            here=f"/c/{request.match_info['token']}",
            form=links.letter_form_token(self._ctx.secret, opened.letter.id),
            who=pages.first_name(writer.name) if writer else self._ctx.programme.company,
            words=words(opened),
            answers=ANSWERS,
            chosen=chosen,
            comment=comment,
            longest=LONGEST,
            error=t(error) if error else None,
        )

    def _notice(
        self, asked: Question, status: int, title: str, text: str, *, again: bool = False
    ) -> web.Response:
        t = asked.t
        contact = self._ctx.programme.privacy.contact or t("page.unknown_contact")
        if asked.opened.writer is not None:
            contact = asked.opened.writer.email
        token = links.letter_token(self._ctx.secret, asked.opened.letter.id)
        return survey_view.drawn(
            "survey_notice.html",
            t,
            status,
            title=t(f"settled.{title}"),
            text=t(f"settled.{text}", contact=contact),
            contact=contact,
            company=self._ctx.programme.company,
            back=f"/c/{token}" if again else None,
        )
