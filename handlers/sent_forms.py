"""A form is carried out once, however often a platform delivers it, also across a restart."""

import asyncio
from collections.abc import Awaitable, Callable

from handlers.cards import FormErrors, Reply, whisper
from handlers.context import Context
from handlers.texts import Texts
from storage import sent_forms

# Another process may be at it: both together stay within the three seconds that Slack waits.
_LOOKS = 20
_PAUSE_SECONDS = 0.1


async def once(ctx: Context, key: str, t: Texts, work: Callable[[], Awaitable[Reply]]) -> Reply:
    """Carries out a form unless its delivery was carried out before; "" has no repetitions.

    One that a process left half done is asked for again: nobody can tell what of it was stored.
    """
    if not key:
        return await work()
    async with ctx.db.quick_session() as session:
        state = await sent_forms.begin(session, key, ctx.now())
    if state == "done" or (state == "begun" and await _is_done_soon(ctx, key)):
        return whisper(t("routes.form_known"))
    if state == "begun":
        await _drop(ctx, key)
        return FormErrors({"": t("routes.form_doubt")})
    try:
        reply = await work()
    except Exception:
        await _drop(ctx, key)
        raise
    if isinstance(reply, FormErrors):
        await _drop(ctx, key)
    else:
        async with ctx.db.quick_session() as session:
            await sent_forms.finish(session, key)
    return reply


async def _is_done_soon(ctx: Context, key: str) -> bool:
    for _look in range(_LOOKS):
        await asyncio.sleep(_PAUSE_SECONDS)
        async with ctx.db.reading() as session:
            if await sent_forms.is_done(session, key):
                return True
    return False


async def _drop(ctx: Context, key: str) -> None:
    async with ctx.db.quick_session() as session:
        await sent_forms.drop(session, key)
