"""`npsbot chat`: a chat command from the command line."""

import json
from typing import Literal

from bot.config import Settings
from bot.known import known
from bot.links import Addresses
from handlers import routes
from handlers.cards import Card, Form, Whisper, to_json
from handlers.chat import Command, Person
from handlers.context import Context

Format = Literal["text", "slack", "teams", "json"]


async def answer(
    ctx: Context, settings: Settings, email: str, text: str, format: Format
) -> tuple[str, str]:
    """Gives (what to print, problem): the reply drawn as `format`, or why there is none."""
    person = Person("console", email, email=email)
    words = text.strip()
    for start in ("/nps", "nps"):
        if words == start or words.startswith(start + " "):
            words = words.removeprefix(start).strip()
            break
    reply = await routes.command(ctx, Command(person, person.place, words))
    if isinstance(reply, Whisper):
        return "", reply.card.title
    if format == "json":
        return json.dumps(to_json(reply) or {"type": "none"}, ensure_ascii=False, indent=2), ""
    if not isinstance(reply, Card | Form):
        return "", ""
    if format in ("slack", "teams"):
        addresses = Addresses(settings.server.public_url, ctx.secret, ctx.now)
        me = await routes.find_member(ctx, person)
        language = (me.language if me else None) or ctx.programme.language
        if format == "slack":
            return _slack(reply, addresses, language), ""
        return await _teams(ctx, person, reply, addresses, language), ""
    from bot.terminal import columns, draw

    return draw(reply, columns()), ""


def _slack(reply: Card | Form, addresses: Addresses, language: str) -> str:
    from bot.slack import blocks, forms

    if isinstance(reply, Form):
        drawn = {"view": forms.draw_form(reply, "", addresses, language)}
    else:
        drawn = blocks.draw_card(reply, addresses, language)
    return json.dumps(drawn, ensure_ascii=False, indent=2)


async def _teams(
    ctx: Context, person: Person, reply: Card | Form, addresses: Addresses, language: str
) -> str:
    from bot.msteams import adaptive, forms

    if isinstance(reply, Form):
        drawn = forms.draw_task(
            reply, None, addresses, language, known=await known(ctx, person, reply)
        )
    else:
        drawn = adaptive.draw_card(reply, addresses, language)
    return json.dumps(drawn, ensure_ascii=False, indent=2)
