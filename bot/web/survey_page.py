"""The survey page: reading never records; a person confirms by pressing the button."""

import hashlib
import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web

from bot.web import survey_form, survey_view
from bot.web.survey_form import END, SCREENS, Sent, TooLarge
from handlers import links
from handlers.answering import page as pages
from handlers.answering import visit
from handlers.answering.page import Page
from handlers.answers import Answer, AnswerError, AnswerGroup
from handlers.context import Context
from handlers.surveys import OTHER_REPLIES

log = structlog.get_logger()

_Respond = Callable[[web.Request], Awaitable[web.Response]]
_CLOSED = {"unknown": 404, "expired": 410, "locked": 410}


def add_routes(app: web.Application, ctx: Context, group: AnswerGroup) -> None:
    """Adds the survey page, its trap, `Don't ask me again` and the page's own files."""
    survey = _Survey(ctx, group)
    route = app.router.add_route
    route("GET", "/s/{token}", survey.show)
    route("HEAD", "/s/{token}", survey.show)
    route("POST", "/s/{token}", survey.take)
    route("POST", "/s/{token}/provisional", survey.take_provisional)
    route("GET", "/s/{token}/t", survey.trap)
    route("HEAD", "/s/{token}/t", survey.trap)
    for method in ("GET", "HEAD"):
        route(method, "/s/{token}/not-you", survey.not_you)
        route(method, "/s/{token}/privacy", survey.privacy)
        route(method, "/u/{token}", survey.ask_to_stop)
    route("POST", "/u/{token}", survey.stop)
    for name, file in survey_view.files().items():
        route("GET", f"/survey/{name}", _serve(file))
    # A link that a mail program cut short or lengthened.
    for method in ("GET", "HEAD", "POST"):
        route(method, "/{kind:[su]}{rest:(/.*)?}", survey.broken)


class _Survey:
    def __init__(self, ctx: Context, group: AnswerGroup) -> None:
        self._ctx = ctx
        self._group = group

    async def show(self, request: web.Request) -> web.Response:
        page = await self._page(request)
        if isinstance(page, web.Response):
            return page
        score = _followed(request.query.get("score"))
        head = request.method == "HEAD"
        await self._note(request, page, head=head, score=score)
        if page.closed is not None:
            return self._told(request, page, page.closed, showing=True)
        step = request.query.get("step", "1")
        if page.answer is None or step not in (*SCREENS, END):
            step = "1"
        return survey_view.screen(page, step, Sent({"score": [score]} if score else {}))

    async def take(self, request: web.Request) -> web.Response:
        invitation_id = self._invitation(request)
        try:
            sent = await survey_form.read(request)
        except TooLarge:
            return await self._too_large(request)
        if invitation_id is None:
            return self._unknown(request)
        token = request.match_info["token"]
        if not self._from_our_page(sent, invitation_id):
            return await self._show_as_sent(request, sent)
        try:
            await self._group.record(survey_form.answer_of(sent, invitation_id))
        except AnswerError as error:
            return await self._refused(request, sent, error)
        if sent.one("left") is not None and sent.one("step") is None:
            return web.Response(status=204, headers=survey_view.HEADERS)
        return web.Response(
            status=303,
            headers={**survey_view.HEADERS, "Location": f"/s/{token}?step={sent.next_screen}"},
        )

    async def take_provisional(self, request: web.Request) -> web.Response:
        """Keeps what a person chose but did not send; it counts nowhere until they do."""
        invitation_id = self._invitation(request)
        try:
            sent = await survey_form.read(request)
        except TooLarge:
            return await self._too_large(request)
        if invitation_id is None:
            return self._unknown(request)
        stored = survey_form.answer_of(Sent({"score": sent.fields.get("score", [])}), invitation_id)
        if not self._from_our_page(sent, invitation_id) or stored.reply is None:
            return web.Response(status=204, headers=survey_view.HEADERS)
        client = _client(request, self._ctx.secret)
        status = await visit.status_of_unsent(self._ctx, invitation_id, client)
        try:
            await self._group.record(
                Answer(invitation_id, reply=stored.reply, score=stored.score, status=status)
            )
        except AnswerError as error:
            code = _CLOSED.get(error.problem, 400) if error.field == "link" else 400
            return web.Response(status=code, headers=survey_view.HEADERS)
        return web.Response(status=204, headers=survey_view.HEADERS)

    async def trap(self, request: web.Request) -> web.Response:
        page = await self._page(request)
        if isinstance(page, web.Response):
            return page
        await self._note(request, page, trap=True)
        return survey_view.not_you(page)

    async def not_you(self, request: web.Request) -> web.Response:
        page = await self._page(request)
        return page if isinstance(page, web.Response) else survey_view.not_you(page)

    async def privacy(self, request: web.Request) -> web.Response:
        page = await self._page(request)
        return page if isinstance(page, web.Response) else survey_view.privacy(page)

    async def broken(self, request: web.Request) -> web.Response:
        """Tells kindly that a link does not work that is not even one of ours any more."""
        return self._unknown(request)

    async def ask_to_stop(self, request: web.Request) -> web.Response:
        contact_id = links.read_unsubscribe_token(self._ctx.secret, request.match_info["token"])
        t = await pages.texts_of_contact(self._ctx, contact_id) if contact_id else None
        if t is None:
            return self._unknown(request)
        return survey_view.stop(self._ctx, t)

    async def stop(self, request: web.Request) -> web.Response:
        """One POST, from the page or from a mail program (RFC 8058), is enough."""
        contact_id = links.read_unsubscribe_token(self._ctx.secret, request.match_info["token"])
        t = await pages.texts_of_contact(self._ctx, contact_id) if contact_id else None
        if contact_id is None or t is None:
            return self._unknown(request)
        await pages.unsubscribe(self._ctx, contact_id)
        log.info("contact unsubscribed", contact=contact_id)
        return survey_view.stopped(self._ctx, t)

    def _invitation(self, request: web.Request) -> int | None:
        return links.read_survey_token(self._ctx.secret, request.match_info["token"])

    def _from_our_page(self, sent: Sent, invitation_id: int) -> bool:
        form = sent.one("form")
        return bool(form) and links.read_form_token(self._ctx.secret, str(form)) == invitation_id

    async def _page(self, request: web.Request) -> Page | web.Response:
        invitation_id = self._invitation(request)
        page = await pages.open_page(self._ctx, invitation_id) if invitation_id else None
        return self._unknown(request) if page is None else page

    async def _note(self, request: web.Request, page: Page, **seen: Any) -> None:
        client = _client(request, self._ctx.secret)
        await visit.note(self._ctx, page.opened.invitation.id, client, **seen)

    async def _show_as_sent(self, request: web.Request, sent: Sent) -> web.Response:
        page = await self._page(request)
        if isinstance(page, web.Response):
            return page
        if page.closed is not None:
            return self._told(request, page, page.closed)
        step = "1" if page.answer is None else sent.screen
        return survey_view.screen(page, step, sent, notice="page.confirm_sent")

    async def _refused(self, request: web.Request, sent: Sent, error: AnswerError) -> web.Response:
        page = await self._page(request)
        if isinstance(page, web.Response):
            return page
        if error.field == "link":
            return self._told(request, page, error.problem)
        if error.problem == "failed":
            return survey_view.failed(page)
        step = next((each for each in SCREENS if error.field in SCREENS[each]), "1")
        return survey_view.screen(page, step, sent, error=error)

    async def _too_large(self, request: web.Request) -> web.Response:
        page = await self._page(request)
        return page if isinstance(page, web.Response) else survey_view.too_large(page)

    def _told(
        self, request: web.Request, page: Page, problem: str, *, showing: bool = False
    ) -> web.Response:
        if problem == "unknown":
            return self._unknown(request)
        if problem == "expired":
            return survey_view.expired(page)
        # The answer is there to be read; only changing it is refused.
        return survey_view.locked(page, 200 if showing else 410)

    def _unknown(self, request: web.Request) -> web.Response:
        t = pages.texts_for_browser(request.headers.get("Accept-Language", ""), self._ctx)
        return survey_view.unknown(self._ctx, t)


def _followed(score: str | None) -> str | None:
    """Gives the reply of a mail's link, None for anything a mail doesn't hold."""
    known = {*map(str, range(11)), *OTHER_REPLIES}
    return score if score in known else None


def _client(request: web.Request, secret: str) -> str:
    """Gives a keyed hash of address and agent: it tells clients apart and nothing about them."""
    address = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if forwarded and _is_proxy(address):
        address = forwarded.split(",")[-1].strip()
    agent = request.headers.get("User-Agent", "")
    seen = f"{address}\n{agent}".encode()
    return hmac.new(secret.encode(), seen, hashlib.sha256).hexdigest()[:32]


def _is_proxy(address: str) -> bool:
    # Only a machine of our own network may say for whom it asks.
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False


def _serve(file: survey_view.File) -> _Respond:
    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=file.body, headers=file.headers)

    return serve
