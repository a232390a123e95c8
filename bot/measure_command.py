"""`npsbot measure`: the figures of a scope on the command line."""

import json
from collections.abc import Mapping
from datetime import date

from handlers import audit, viewing
from handlers.context import Context, NotAllowed
from handlers.figures import measure_scope
from handlers.measures.measure import Scope, to_json


async def figures(
    ctx: Context,
    scope: Scope,
    kind: str,
    wave: str | None,
    at: date | None,
    rho: float | None,
    as_json: bool,
    email: str | None = None,
) -> str:
    """Gives the figures as JSON under the names of statistics, or in a few lines.

    With the e-mail of a member they are those that member may see: what is kept from them is left
    out. The audit log keeps who saw them. Raises NotMeasurable for a scope, wave or kind that does
    not exist, Refused for an unknown member, NotAllowed for figures that are not theirs.
    """
    me = await viewing.member_of(ctx, email) if email else None
    without: set[int] = set()
    async with ctx.db.reading() as session:
        try:
            seen = await viewing.shown(ctx, session, me, scope)
        except NotAllowed as refused:
            await audit.keep(ctx, [audit.refusal(refused, "measure")], me=me)
            raise
        if me is not None:
            without = await viewing.kept_answers(session, me)
    measured = await measure_scope(ctx, scope, kind, wave, at, rho, without)
    await audit.keep(ctx, [seen], me=me)
    data = to_json(measured)
    if as_json:
        return json.dumps(data, indent=2)
    return in_lines(data)


def in_lines(data: Mapping[str, object]) -> str:
    """Gives figures in a few lines, rounded for the eye."""
    return "\n".join(f"{name}: {_short(value)}" for name, value in data.items())


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "".join(f"\n  {_short(part)}" for part in value)
    if isinstance(value, list):
        return "..".join(_short(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(part)}" for name, part in value.items())
    return "–" if value is None else str(value)
