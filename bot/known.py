"""Names of what stands in a form's type-aheads, before anything is typed."""

from collections.abc import Mapping

from handlers import routes
from handlers.cards import Choice, Form
from handlers.chat import Lookup, Person
from handlers.context import Context

Inputs = Mapping[str, str | tuple[str, ...]]


async def known(
    ctx: Context, person: Person, form: Form, inputs: Inputs | None = None
) -> dict[str, list[Choice]]:
    """Gives, by kind of input, the values that stand in the form or were typed, then the first."""
    found: dict[str, list[Choice]] = {}
    for kind in ("members", "accounts"):
        fields = [each for each in form.inputs if each.kind == kind]
        chosen: list[str] = []
        for each in fields:
            typed = (inputs or {}).get(each.name, ())
            chosen += [*each.values, *((each.value,) if each.value else ())]
            chosen += [typed] if isinstance(typed, str) else typed
        if fields:
            event = Lookup(person, kind, "", tuple(dict.fromkeys(chosen)))
            found[kind] = await routes.lookup(ctx, event)
    return found
