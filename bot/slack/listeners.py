"""What each request of Slack becomes: a command, click, submission, lookup or notice.

Everything is acknowledged first and worked on after, except a submission and a type-ahead, whose
answer is the acknowledgement.
"""

import asyncio
import re
from secrets import token_hex
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.seen import Once, Seen
from bot.slack.channel import SlackChannel
from bot.slack.forms import FORM, LOOKUP, draw_form, draw_options, read_inputs
from bot.slack.incoming import (
    NOTICED,
    REPLY_SHOWN,
    command_words,
    is_reply,
    notice_of,
    origin_of,
    pressed,
    submitted,
    typed_text,
    without_own_mention,
)
from bot.slack.manifest import KEEP
from bot.slack.origin import Asker, Origin, pack, unpack
from bot.slack.people import SlackPerson
from bot.slack.replies import OPEN_FORM, Replies
from bot.slack.working import Working
from handlers import routes, texts
from handlers.cards import Card, Form, FormErrors, Reply, Whisper
from handlers.chat import Click, Command, Lookup, MessageRef, Notice, Person, Remark, Submission
from handlers.context import Context

log = structlog.get_logger()

ANY = re.compile(".*", re.DOTALL)
# A member does not wait longer for Slack to say who they are: a form is answered in 3 seconds.
SOON_SECONDS = 1.0


class Listeners:
    """Knows what a request means; `work` holds the tasks that go on after the acknowledgement."""

    def __init__(
        self, ctx: Context, channel: SlackChannel, seen: Seen, work: set[asyncio.Task[Any]]
    ) -> None:
        self._ctx = ctx
        self._channel = channel
        self._replies = Replies(ctx, channel)
        self._seen = seen
        # What was refused is looked at anew: it stored nothing, and the person may try again.
        self._answered: Once[Reply] = Once(lambda reply: not isinstance(reply, FormErrors))
        self._work = work

    def listen(self, bolt: AsyncApp) -> None:
        """Tells bolt what to call."""
        bolt.command(ANY)(self._on_command)
        bolt.action(ANY)(self._on_press)
        bolt.view(FORM)(self._on_form)
        bolt.options(ANY)(self._on_lookup)
        bolt.shortcut(KEEP)(self._on_picked)
        bolt.event("message")(self._on_message)
        bolt.event("app_mention")(self._on_mention)
        bolt.event("app_home_opened")(self._on_home)
        bolt.event("user_change")(self._on_user)
        for event in NOTICED:
            bolt.event(event)(self._on_notice)

    async def _on_command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        if self._seen.before(body.get("trigger_id")):
            return
        async with self._working():
            asker = await self._asker(body["user_id"], body.get("user_name"))
            channel = str(body.get("channel_id") or "")
            place = await self._place(channel, asker.person)
            text = await typed_text(str(body.get("text") or ""), self._name_of)
            origin = Origin(place, url=body.get("response_url"))
            reply = await routes.command(self._ctx, Command(asker.person, place, text))
            await self._replies.show(reply, asker, origin, body.get("trigger_id"), text)

    async def _on_press(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        press = pressed(body)
        user = (body.get("user") or {}).get("id")
        trigger = body.get("trigger_id")
        if press is None or not user or self._seen.before(trigger):
            return
        async with self._working():
            action, value = press
            asker = await self._asker(user, (body.get("user") or {}).get("name"))
            origin = origin_of(body, user)
            person, place = asker.person, origin.place
            reply: Reply
            if action == OPEN_FORM:
                reply = await routes.command(self._ctx, Command(person, place, value))
            else:
                click = Click(person, place, action, value, origin.message)
                reply = await routes.click(self._ctx, click)
            await self._replies.show(reply, asker, origin, trigger)
            if origin.home or origin.view:
                await self._replies.home(asker)  # the page lies above the home tab

    async def _on_form(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        view = body.get("view") or {}
        user = (body.get("user") or {}).get("id")
        known = unpack(str(view.get("private_metadata") or ""))
        if known is None or not user:
            await ack()
            return
        action, value, origin = known
        async with self._working():
            asker = await self._asker(user, (body.get("user") or {}).get("name"))
            inputs = read_inputs((view.get("state") or {}).get("values") or {})
            key = submitted(user, view)
            where, message = origin.place, origin.message
            event = Submission(asker.person, where, action, value, inputs, message, key)
            reply, first = await self._answered.give(key, lambda: self._submit(event, asker))
            await self._answer_form(ack, reply, view, asker, origin, first)

    async def _submit(self, event: Submission, asker: Asker) -> Reply:
        try:
            return await routes.submission(self._ctx, event)
        except Exception:
            problem = token_hex(4)
            log.exception("form failed", action=event.action, problem=problem)
            return FormErrors({"": texts.of(asker.language)("slack.form_failed", id=problem)})

    async def _answer_form(
        self,
        ack: AsyncAck,
        reply: Reply,
        view: dict[str, Any],
        asker: Asker,
        origin: Origin,
        first: bool,
    ) -> None:
        fields = [b["block_id"] for b in view.get("blocks") or [] if b.get("type") == "input"]
        match reply:
            case FormErrors() if fields:
                # Slack shows errors at fields only; one that belongs to none stands at the first.
                errors: dict[str, str] = {}
                for name, text in reply.errors.items():
                    field = name if name in fields else fields[0]
                    errors[field] = f"{errors[field]} {text}" if field in errors else text
                await ack(response_action="errors", errors=errors)
            case Form():
                packed = pack(origin, reply.action, reply.value)
                drawn = draw_form(reply, packed, self._channel.addresses, asker.language)
                await ack(response_action="update", view=drawn)
            case Card() | Whisper() if origin.home:
                card = reply.card if isinstance(reply, Whisper) else reply
                page = self._replies.page(card, asker, Origin(origin.place))
                await ack(response_action="update", view=page)
                if first:
                    await self._replies.home(asker)
            case _:
                await ack()
                if first:
                    await self._replies.show(reply, asker, origin, None)
                    if origin.home or origin.view:
                        await self._replies.home(asker)

    async def _on_lookup(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        user = (body.get("user") or {}).get("id")
        kind = str(body.get("action_id") or "").removeprefix(LOOKUP)
        if not user or kind not in ("members", "accounts"):
            await ack(options=[])
            return
        asker = await self._asker(user, None)
        typed = str(body.get("value") or "")
        try:
            event = Lookup(asker.person, "members" if kind == "members" else "accounts", typed)
            found = await routes.lookup(self._ctx, event)
        except Exception:
            log.exception("lookup failed", kind=kind)
            found = []
        await ack(**draw_options(found))

    async def _on_message(self, body: dict[str, Any], event: dict[str, Any]) -> None:
        """A direct message to the bot, or a reply in a thread; the rest is not for us."""
        subtype = event.get("subtype")
        if event.get("bot_id") or not event.get("user") or subtype not in (None, REPLY_SHOWN):
            return
        direct = event.get("channel_type") == "im"
        if is_reply(event) and await self._on_reply(body, event, direct):
            return
        if not direct or subtype:
            return
        await self._on_words(body, event, str(event.get("text") or ""), direct=True)

    async def _on_reply(self, body: dict[str, Any], event: dict[str, Any], direct: bool) -> bool:
        """A reply in a thread: kept where the thread is a case's; gives whether it was."""
        text, user = str(event.get("text") or ""), str(event["user"])
        if command_words(text) is not None or await self._calls_bot(text):
            return False  # that is a question to the bot
        place = f"slack:{user if direct else event.get('channel') or ''}"
        top = MessageRef(place, str(event["thread_ts"]))
        said = MessageRef(place, str(event.get("ts") or ""), top.id)
        async with self._working():
            if not await routes.is_heard(self._ctx, top):
                return False
            if self._seen.before(body.get("event_id")):
                return True
            asker = await self._asker(user, None)
            words = await typed_text(text, self._name_of)
            remark = Remark(asker.person, place, said, top, words)
            reply = await routes.remark(self._ctx, remark)
            await self._replies.show(reply, asker, Origin(place, thread=top.id), None)
        return True

    async def _on_picked(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """“Keep as note on a case” in the menu of a message."""
        await ack()
        user, trigger = (body.get("user") or {}).get("id"), body.get("trigger_id")
        if not user or self._seen.before(trigger):
            return
        async with self._working():
            asker = await self._asker(user, (body.get("user") or {}).get("name"))
            channel = str((body.get("channel") or {}).get("id") or "")
            place = await self._place(channel, asker.person)
            message = body.get("message") or {}
            thread = str(message.get("thread_ts") or "")
            said = MessageRef(place, str(message.get("ts") or ""), thread or None)
            words = await typed_text(str(message.get("text") or ""), self._name_of)
            top = MessageRef(place, thread) if thread else None
            remark = Remark(asker.person, place, said, top, words, picked=True)
            reply = await routes.remark(self._ctx, remark)
            origin = Origin(place, thread=thread or None, url=body.get("response_url"))
            await self._replies.show(reply, asker, origin, trigger)

    async def _calls_bot(self, text: str) -> bool:
        await self._channel.people.home()
        return f"<@{self._channel.people.bot_user_id}" in text

    async def _on_mention(self, body: dict[str, Any], event: dict[str, Any]) -> None:
        if event.get("bot_id") or not event.get("user"):
            return
        text = without_own_mention(str(event.get("text") or ""))
        await self._on_words(body, event, text, direct=False)

    async def _on_words(
        self, body: dict[str, Any], event: dict[str, Any], text: str, direct: bool
    ) -> None:
        if self._seen.before(body.get("event_id")):
            return
        async with self._working():
            asker = await self._asker(event["user"], None)
            channel = str(event.get("channel") or "")
            if direct:
                self._channel.remember_direct(asker.person.id, channel)
            place = asker.person.place if direct else f"slack:{channel}"
            text = await typed_text(text, self._name_of)
            words = command_words(text)
            if words is None and direct and not asker.known:
                # A customer's contact who writes to the bot is not told about commands.
                log.info("words of an unknown person", user=asker.person.id)
                return
            words = text if words is None else words
            origin = Origin(place, thread=event.get("thread_ts"))
            reply = await routes.command(self._ctx, Command(asker.person, place, words))
            await self._replies.show(reply, asker, origin, None, words)

    async def _on_home(self, event: dict[str, Any]) -> None:
        if event.get("tab", "home") != "home" or not event.get("user"):
            return
        async with self._working():
            await self._replies.home(await self._asker(event["user"], None))

    async def _on_user(self, body: dict[str, Any], event: dict[str, Any]) -> None:
        """A person's account changed: what matters here is one that was closed."""
        user = event.get("user") or {}
        self._channel.people.forget(str(user.get("id")))  # a guest now, or none any more
        if not user.get("deleted") or not user.get("id"):
            return
        if self._seen.before(body.get("event_id")):
            return
        async with self._working():
            person = Person("slack", str(user["id"]))
            await routes.notice(self._ctx, Notice("member_left", person.place, person))

    async def _on_notice(self, body: dict[str, Any], event: dict[str, Any]) -> None:
        kind = str(event.get("type"))
        place = event.get("channel")
        place = place.get("id") if isinstance(place, dict) else place
        if place:
            self._channel.readers.forget(str(place))
        if self._seen.before(body.get("event_id")):
            return
        async with self._working():
            found = notice_of(body, event)
            if kind.startswith("member_") and place and await self._is_bot(event.get("user")):
                left = kind == "member_left_channel"
                found = Notice("place_closed" if left else "installed", f"slack:{place}")
            if found is not None:
                await routes.notice(self._ctx, found)

    async def _is_bot(self, user: str | None) -> bool:
        await self._channel.people.home()
        return bool(user) and user == self._channel.people.bot_user_id

    async def _asker(self, user: str, name: str | None) -> Asker:
        """Finds the member by Slack id or e-mail; a guest is none, whoever they once were."""
        person = Person("slack", user, name=name)
        known = await routes.find_member(self._ctx, person) is not None
        found = await self._who(user, SOON_SECONDS if known else None)
        if found is not None:
            email, name = found.email, found.name or name
            person = Person("slack", user, email, name, found.outside)
        me = await routes.find_member(self._ctx, person)
        language = (me.language if me else None) or self._ctx.programme.language
        return Asker(person, language, known=me is not None)

    async def _who(self, user: str, within: float | None) -> SlackPerson | None:
        try:
            async with asyncio.timeout(within):
                return await self._channel.people.find(user)
        except TimeoutError:
            return None

    async def _place(self, channel: str, person: Person) -> str:
        """A direct channel is the person's own place only when its other side is the bot."""
        if channel.startswith("D"):
            try:
                own = await self._channel.channel_id(person.place)
            except Exception as error:
                log.warning("direct channel unknown", reason=type(error).__name__)
            else:
                if own == channel:
                    return person.place
        return f"slack:{channel}"

    async def _name_of(self, user: str) -> str | None:
        found = await self._channel.people.find(user)
        return found.name if found else None

    def _working(self) -> Working:
        return Working(self._work)
