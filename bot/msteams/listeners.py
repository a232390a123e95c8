"""What each activity of Teams becomes: a command, click, submission, lookup or notice.

A message is acknowledged first and worked on after; an invoke's answer is the acknowledgement, so
nothing is sent before it.
"""

import asyncio
from collections.abc import Coroutine
from secrets import token_hex
from typing import Any

import structlog

from bot.msteams import incoming
from bot.msteams.askers import Askers
from bot.msteams.auth import BOT
from bot.msteams.channel import TeamsChannel
from bot.msteams.data import Filled, Pressed, draw_choices, read_data
from bot.msteams.incoming import Activity, part
from bot.msteams.notices import Notices
from bot.msteams.origin import Asker, Origin, unpack
from bot.msteams.replies import OPEN_COMMAND, SEPARATOR, SHOW_THERE, Answer, Replies, message
from bot.seen import Once, Seen
from handlers import identity, routes, texts
from handlers.accounts.card import SHOW_IN_CHANNEL
from handlers.accounts.commands import is_meant
from handlers.cards import Card, FormErrors, Reply, whisper
from handlers.chat import (
    ChatError,
    Click,
    Command,
    Lookup,
    MessageRef,
    Person,
    Place,
    Remark,
    Submission,
    row_id,
)
from handlers.context import Context, Refused
from handlers.outsiders import may_read
from storage import conversations

log = structlog.get_logger()

DRAIN_SECONDS = 10.0  # work that was acknowledged is finished before the process ends


class Listeners:
    """Knows what an activity means."""

    def __init__(self, ctx: Context, channel: TeamsChannel) -> None:
        self._ctx = ctx
        self._channel = channel
        self._replies = Replies(ctx, channel)
        self._notices = Notices(ctx, channel)
        self._askers = Askers(ctx, channel)
        self._seen = Seen()
        self._answered: Once[Answer | None] = Once()
        self._work: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Finishes what was acknowledged."""
        if self._work:
            await asyncio.wait(self._work, timeout=DRAIN_SECONDS)

    async def receive(self, activity: Activity) -> Answer | None:
        """Gives the body of the answer, or None for an empty one; never fails for its input."""
        person, account = incoming.sender(activity), part(activity, "from", "id")
        if person and account and not account.startswith(BOT):
            self._channel.people.note(person, account)
        try:
            is_new = await self._note(activity)
            match activity["type"]:
                case "message":
                    self._later(self._on_message(activity))
                case "invoke":
                    answer, _first = await self._answered.give(
                        _key(activity), lambda: self._on_invoke(activity)
                    )
                    return answer
                case "conversationUpdate" | "installationUpdate":
                    self._later(self._on_change(activity, is_new))
                case kind:
                    log.debug("teams activity ignored", kind=kind)
        except Exception:
            # The one boundary of this channel: a repetition would fail the same way.
            problem = token_hex(4)
            log.exception("teams activity failed", kind=activity.get("type"), problem=problem)
            if part(activity, "name").startswith(("task/", "composeExtension/")):
                return message(texts.of(self._ctx.programme.language)("teams.failed", id=problem))
        return None

    async def _note(self, activity: Activity) -> bool:
        """Stores where the activity came from, if that is news; gives whether it is a new place."""
        told = incoming.told(activity, self._channel.app_id, self._ctx.now())
        if told is None or part(activity, "action").startswith("remove"):
            return False
        async with self._ctx.db.reading() as session:
            known = await conversations.by_id(session, told.id)
        conversations.keep_known(known, told)
        if conversations.is_told(known, told):
            return False
        async with self._ctx.db.session() as session:
            return await conversations.note(session, told)

    async def _on_message(self, activity: Activity) -> None:
        person = incoming.person_of(activity)
        if person is None or self._seen.before(_key(activity)):
            return
        data = read_data(activity.get("value"))
        if isinstance(data, Pressed):
            asker = await self._askers.find(activity, person)
            origin = incoming.origin_of(activity, clicked=True)
            reply = await self._press(data, asker, origin)
            await self._replies.show(reply, asker, origin)
        elif isinstance(data, Filled):
            # A form outside of a dialog: there is none of ours, but its words are not lost.
            asker = await self._askers.find(activity, person)
            origin = incoming.origin_of(activity, clicked=True)
            reply = await self._submit(data, asker, origin, _key(activity))
            if isinstance(reply, FormErrors):
                reply = whisper(" ".join(reply.errors.values()))
            await self._replies.show(reply, asker, origin)
        elif activity.get("value") is None:
            await self._on_words(activity, person)

    async def _on_words(self, activity: Activity, person: Person) -> None:
        direct = incoming.kind_of(activity) == "personal"
        text = incoming.typed_text(activity)
        if not (text if direct else incoming.mentions_us(activity)):
            return
        asker = await self._askers.find(activity, person)
        origin = incoming.origin_of(activity, clicked=False)
        asked = incoming.command_text(activity)
        words = incoming.command_words(asked)
        if asker.maybe:
            t = texts.of(asker.language, self._ctx.programme.language)
            await self._replies.private(identity.question(t, asker.maybe), asker, origin)
            return
        if words is None and direct and not asker.known:
            # A customer's contact who writes to the bot is not told about commands.
            log.info("words of an unknown person", person=person.id)
            return
        remark = self._remark(activity, asker, origin, text)
        if words is None and remark.top and await self._is_remark(remark.top, asker, asked or text):
            reply = await routes.remark(self._ctx, remark)
            await self._replies.show(reply, asker, origin)
            return
        words = asked if words is None else words
        event = Command(asker.person, origin.place, words, answered_directly=True)
        reply = await routes.command(self._ctx, event)
        await self._replies.show(reply, asker, origin, words)

    def _remark(self, activity: Activity, asker: Asker, origin: Origin, text: str) -> Remark:
        """Gives words under a message: in a channel's thread, or as a reply in a chat."""
        answered = part(activity, "replyToId") or incoming.quoted(activity)
        top = origin.thread or answered or None
        here = MessageRef(origin.place, part(activity, "id"), origin.thread)
        under = MessageRef(origin.place, top) if top else None
        return Remark(asker.person, origin.place, here, under, text)

    async def _is_remark(self, top: MessageRef, asker: Asker, text: str) -> bool:
        """Tells a note under a card from a question: Teams shows us only what mentions the bot."""
        me = await routes.find_member(self._ctx, asker.person)
        if me is None or not await routes.is_heard(self._ctx, top):
            return False
        is_command = text.lower() in routes.COMMANDS
        return not is_command and not await is_meant(self._ctx, me, text)

    async def _on_invoke(self, activity: Activity) -> Answer | None:
        person = incoming.person_of(activity)
        value, name = activity.get("value"), part(activity, "name")
        if person is None:
            return None
        match name:
            case "application/search":
                return await self._on_search(activity, person)
            case incoming.PICK:
                return await self._on_picked(activity, person)
            case "task/fetch" | "task/submit" | incoming.PICK_SENT:
                return await self._on_dialog(activity, person, read_data(value))
            case "adaptiveCard/action":
                action = value.get("action") if isinstance(value, dict) else None
                pressed = read_data(action)
                if isinstance(pressed, Pressed):
                    return await self._on_execute(activity, person, pressed)
        log.debug("teams invoke ignored", name=name)
        return None

    async def _on_picked(self, activity: Activity, person: Person) -> Answer | None:
        """“Keep as note on a case” in the menu of a message."""
        asker = await self._askers.find(activity, person)
        place = incoming.place_of(activity)
        text, message, top = incoming.picked(activity)
        said = MessageRef(place, message, top)
        under = MessageRef(place, top) if top else None
        remark = Remark(asker.person, place, said, under, text, picked=True)
        return await self._replies.dialog(
            await routes.remark(self._ctx, remark), asker, Origin(place)
        )

    async def _on_search(self, activity: Activity, person: Person) -> Answer | None:
        kind = part(activity, "value", "dataset")
        if kind not in ("members", "accounts"):
            return None
        asker = await self._askers.find(activity, person)
        typed = part(activity, "value", "queryText")
        event = Lookup(asker.person, "members" if kind == "members" else "accounts", typed)
        found = await routes.lookup(self._ctx, event)
        return {"statusCode": 200, **draw_choices(found, kind)}

    async def _on_dialog(
        self, activity: Activity, person: Person, data: Pressed | Filled | None
    ) -> Answer | None:
        asker = await self._askers.find(activity, person)
        fetched = part(activity, "name") == "task/fetch"
        if isinstance(data, Filled):
            carried = unpack(self._ctx.secret, data.origin)
            origin = carried[0] if carried else Origin(incoming.place_of(activity))
            form = carried[1] if carried else None
            reply = await self._submit(data, asker, origin, _key(activity))
        elif isinstance(data, Pressed):
            form, origin = None, incoming.origin_of(activity, clicked=fetched)
            reply = await self._press(data, asker, origin)
        else:
            return None
        if isinstance(reply, Card) and origin.message is not None:
            self._later(self._replies.replace(reply, asker, origin.message))
            reply = whisper(reply.title) if fetched else None
        inputs = data.inputs if isinstance(data, Filled) else None
        answer = await self._replies.dialog(reply, asker, origin, form, inputs)
        if answer is None and fetched:  # a dialog must show something
            t = texts.of(asker.language, self._ctx.programme.language)
            return message(t("teams.done"))
        return answer

    async def _on_execute(self, activity: Activity, person: Person, data: Pressed) -> Answer:
        asker = await self._askers.find(activity, person)
        origin = incoming.origin_of(activity, clicked=True)
        reply = await self._press(data, asker, origin)
        if (
            isinstance(reply, Card)
            and origin.place != asker.person.place
            and reply.audience == "internal"
            and await may_read(self._ctx, origin.place)
        ):
            self._later(self._replies.private(reply, asker, origin))
            t = texts.of(asker.language, self._ctx.programme.language)
            reply = whisper(t("routes.sent_directly"))
        return self._replies.in_place(reply, asker)

    async def _press(self, data: Pressed, asker: Asker, origin: Origin) -> Reply:
        person, place = asker.person, origin.place
        action, value = data.action, data.value
        if action == identity.I_AM:
            return await self._i_am(asker, value)
        if action in (OPEN_COMMAND, SHOW_THERE):
            value, _, there = value.rpartition(SEPARATOR)
            place = await self._there(asker, there)
            if action == OPEN_COMMAND:
                event = Command(person, place, value, answered_directly=True)
                return await routes.command(self._ctx, event)
            action, message_ref = SHOW_IN_CHANNEL, None
        else:
            message_ref = origin.message
        return await routes.click(self._ctx, Click(person, place, action, value, message_ref))

    async def _submit(self, data: Filled, asker: Asker, origin: Origin, key: str | None) -> Reply:
        event = Submission(
            asker.person, origin.place, data.form, data.value, data.inputs, origin.message,
            f"teams {key}" if key else "",
        )  # fmt: skip
        try:
            return await routes.submission(self._ctx, event)
        except Exception:
            problem = token_hex(4)
            log.exception("form failed", action=data.form, problem=problem)
            t = texts.of(asker.language, self._ctx.programme.language)
            return FormErrors({"": t("teams.form_failed", id=problem)})

    async def _there(self, asker: Asker, place: Place) -> Place:
        """Gives the place a button names, if the person is there: its value may be forged."""
        own = asker.person.place
        if place == own or not place.startswith("teams:"):
            return own
        try:
            at = await self._channel.address(place)
            found = await self._channel.people.present(at, asker.person.id)
        except ChatError as error:
            log.info("place not looked into", place=place, reason=error.reason)
            return own
        return place if found is not None else own

    async def _i_am(self, asker: Asker, value: str) -> Reply:
        t = texts.of(asker.language, self._ctx.programme.language)
        addresses = [member.email for member in asker.maybe]
        try:
            member = await identity.confirm(self._ctx, asker.person, addresses, row_id(value))
        except Refused as refused:
            return whisper(str(refused))
        if member is None:
            return whisper(t("teams.not_you"))
        return Card(t("teams.known_now", name=member.name), audience="person", tone="good")

    async def _on_change(self, activity: Activity, is_new: bool) -> None:
        person = incoming.person_of(activity)
        await self._notices.tell(activity)
        direct = incoming.kind_of(activity) == "personal"
        if not (is_new and direct) or person is None:
            return
        asker = await self._askers.find(activity, person)
        await self._replies.private(
            self._notices.welcome(asker), asker, incoming.origin_of(activity, clicked=False)
        )

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """Goes on after the acknowledgement."""

        async def run() -> None:
            try:
                await work
            except Exception:
                log.exception("teams work failed")

        task = asyncio.create_task(run())
        self._work.add(task)
        task.add_done_callback(self._work.discard)


def _key(activity: Activity) -> str | None:
    """Gives what tells one delivery from another: the same for a repetition."""
    if not part(activity, "id"):
        return None
    return f"{part(activity, 'conversation', 'id')} {part(activity, 'id')}"
