"""What Teams tells without anybody typing: installs, removals, and channels that changed."""

from collections.abc import Iterable

from bot.msteams import incoming
from bot.msteams.channel import TeamsChannel
from bot.msteams.incoming import Activity, items, part
from bot.msteams.origin import Asker
from handlers import routes, texts
from handlers.cards import Card, Text
from handlers.chat import Notice, NoticeKind, Person
from handlers.context import Context
from storage import conversations
from storage.models import Conversation

CHANNEL_GONE = frozenset({"channelDeleted"})
TEAM_GONE = frozenset({"teamDeleted", "teamHardDeleted", "teamArchived"})
CHANNEL_THERE = frozenset({"channelCreated", "channelRestored"})
CHANNEL_RENAMED, TEAM_RENAMED = "channelRenamed", "teamRenamed"
TEAM_THERE = frozenset({"teamRestored", "teamUnarchived"})
SHARED = frozenset({"channelShared"})
READERS = frozenset({"teamMemberAdded", "teamMemberRemoved", "channelMemberAdded",
                     "channelMemberRemoved"})  # fmt: skip


class Notices:
    """Tells handlers what happened to places, and keeps conversations right."""

    def __init__(self, ctx: Context, channel: TeamsChannel) -> None:
        self._ctx = ctx
        self._channel = channel

    async def tell(self, activity: Activity) -> None:
        """Passes on what a conversationUpdate or installationUpdate says."""
        here = incoming.base(part(activity, "conversation", "id"))
        us = part(activity, "recipient", "id")
        event = part(activity, "channelData", "eventType")
        channel = part(activity, "channelData", "channel", "id") or here
        team = part(activity, "channelData", "team", "id")
        came, left = items(activity, "membersAdded"), items(activity, "membersRemoved")
        added = any(each.get("id") == us for each in came)
        removed = any(each.get("id") == us for each in left)
        if event == "teamMemberRemoved":
            for each in left:
                if each.get("id") != us and each.get("aadObjectId"):
                    person = Person("teams", str(each["aadObjectId"]))
                    await self._notice("member_left", person.place, person)
        if came or left or event in READERS:
            others = any(each.get("id") != us for each in came) or event in READERS
            await self._readers_changed(dict.fromkeys((here, channel)), team, others)
        if incoming.kind_of(activity) != "personal" and (came or event in READERS):
            await self._channel.meet(self._ctx, here)  # newcomers are known before they write
        if part(activity, "action") == "remove" or removed:  # a new version is "remove-upgrade"
            await self._gone(activity, here, team)
        elif event in TEAM_GONE:
            await self._close_team(team or here)
        elif event in CHANNEL_GONE:
            await self._close(channel)
        elif event == TEAM_RENAMED and (name := part(activity, "channelData", "team", "name")):
            async with self._ctx.db.session() as session:
                await conversations.name_team(session, team or here, name)
        elif event in SHARED:
            await self._shared(activity, channel)
        elif event == CHANNEL_RENAMED:
            await self._there(activity, channel)
            await self._notice("place_renamed", f"teams:{channel}")
        elif event in TEAM_THERE:
            for conversation in await self._of_team(team or here):
                await self._notice("place_opened", f"teams:{conversation}")
        elif event in CHANNEL_THERE:
            await self._there(activity, channel)
            await self._notice("place_opened", f"teams:{channel}")
        elif part(activity, "action").startswith("add") or added:
            await self._notice("installed", f"teams:{here}")

    def welcome(self, asker: Asker) -> Card:
        """Gives the first card in a personal chat."""
        t = texts.of(asker.language, self._ctx.programme.language)
        company = self._ctx.programme.company
        if not asker.known:
            # Also customers' contacts get surveys here: nothing is told of figures.
            return Card(t("teams.welcome"), (Text(t("teams.welcome_contact", company=company)),),
                        audience="person")  # fmt: skip
        body = (Text(t("teams.welcome_member")), Text(t("teams.welcome_help"), "note"))
        return Card(t("teams.welcome"), body, audience="person")

    async def _readers_changed(self, places: Iterable[str], team: str, look: bool) -> None:
        """Looks anew at who reads: whoever joins a team reads all of its channels."""
        if team:
            async with self._ctx.db.reading() as session:
                rows = await conversations.of_team(session, team)
                apart = await conversations.places_without_team(session)
            places = dict.fromkeys([*places, team, *(row.id for row in rows), *apart])
        for place in places:
            self._channel.people.forget_readers(place)
        for place in places if look else ():
            await self._notice("readers_changed", f"teams:{place}")

    async def _gone(self, activity: Activity, here: str, team: str) -> None:
        if incoming.kind_of(activity) == "channel":
            await self._close_team(team or here)
            return
        await self._close(here)
        if incoming.kind_of(activity) == "personal":
            person = incoming.person_of(activity)
            await self._notice("removed", f"teams:{here}", person)

    async def _close_team(self, team: str) -> None:
        for conversation in await self._of_team(team):
            await self._close(conversation)

    async def _of_team(self, team: str) -> list[str]:
        async with self._ctx.db.reading() as session:
            rows = await conversations.of_team(session, team)
        return list(dict.fromkeys([team, *(row.id for row in rows)]))

    async def _close(self, conversation: str) -> None:
        self._channel.people.forget_readers(conversation)
        async with self._ctx.db.session() as session:
            await conversations.close(session, conversation, self._ctx.now())
        await self._notice("place_closed", f"teams:{conversation}")

    async def _shared(self, activity: Activity, channel: str) -> None:
        self._channel.people.forget_readers(channel)
        await self._keep(activity, channel, shared=True)
        await self._notice("place_shared", f"teams:{channel}")

    async def _there(self, activity: Activity, channel: str) -> None:
        await self._keep(activity, channel, shared=incoming.is_shared(activity))

    async def _keep(self, activity: Activity, channel: str, shared: bool) -> None:
        told = incoming.told(activity, self._channel.app_id, self._ctx.now())
        if told is None:
            return
        row = Conversation(
            id=incoming.base(channel), kind="channel", service_url=told.service_url, bot=told.bot,
            tenant=told.tenant, team=told.team, shared=shared, noted_at=told.noted_at,
            name=part(activity, "channelData", "channel", "name") or None,
            team_name=told.team_name,
        )  # fmt: skip
        async with self._ctx.db.session() as session:
            conversations.keep_known(await conversations.by_id(session, row.id), row)
            await conversations.note(session, row)

    async def _notice(self, kind: NoticeKind, place: str, person: Person | None = None) -> None:
        await routes.notice(self._ctx, Notice(kind, place, person))
