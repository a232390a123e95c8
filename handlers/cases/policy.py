"""“Is this Acme's rule?”: asked once two contacts answered that they may not recommend."""

from handlers import rights
from handlers.alerts import Outgoing
from handlers.cards import Button, Buttons, Card, Reply, Text
from handlers.cases import places
from handlers.chat import Click, Message, row_id
from handlers.context import Context, Refused
from handlers.texts import of
from storage import digests, members
from storage.models import Account, Alert, Member, RecommendPolicy

_FEWEST = 2


async def question(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """The question to the account manager; None when it was answered or no longer arises."""
    async with ctx.db.reading() as session:
        account = await session.get_one(Account, alert.account_id)
        refusing = await digests.refusing(session, account.id)
        if account.recommend_policy == RecommendPolicy.FORBIDDEN or len(refusing) < _FEWEST:
            return None
        owner = await members.by_id(session, account.owner_id)
        route = await places.of_member(session, ctx, owner, account.team_id)
    t = of(owner.language if owner else None, ctx.programme.language)
    value = str(account.id)
    card = Card(
        t("case.policy.title", account=account.name),
        (
            Text(t("case.policy.text", names=", ".join(refusing))),
            Buttons(
                (
                    Button(t("case.policy.all"), "policy.all", value, "primary"),
                    Button(t("case.policy.only"), "policy.only", value),
                )
            ),
        ),
        tone="attention",
    )
    message = Message(card, f"alert:{alert.id}", t.language)
    return [Outgoing(message, route.steps, route.direct)]


async def for_all(ctx: Context, click: Click, me: Member) -> Reply:
    """Yes, for all: nobody at the account is asked whether they recommend."""
    async with ctx.db.session() as session:
        account = await session.get(Account, row_id(click.value))
        if account is None or not rights.may_see_account(me, account, ctx.programme):
            raise Refused(of(me.language, ctx.programme.language)("routes.unknown_action"))
        account.recommend_policy = RecommendPolicy.FORBIDDEN
        session.add(account)
    t = of(me.language, ctx.programme.language)
    return Card(t("case.policy.all_done", account=account.name), tone="good")


async def only_these(ctx: Context, click: Click, me: Member) -> Reply:
    """Only these: the account's policy stays as it is, their answers speak for themselves."""
    t = of(me.language, ctx.programme.language)
    async with ctx.db.reading() as session:
        account = await session.get(Account, row_id(click.value))
        if account is None or not rights.may_see_account(me, account, ctx.programme):
            raise Refused(t("routes.unknown_action"))
        refusing = await digests.refusing(session, account.id)
    return Card(t("case.policy.only_done", names=", ".join(refusing)), tone="good")
