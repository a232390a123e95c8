"""What a member corrected holds against the import until the import's own value changes."""

import pytest

from handlers.context import Context
from handlers.files.importing import import_file
from storage.models import Contact
from tests.factories import Make

HEAD = "account_key,email,name,role,language\n"


async def imported(ctx: Context, *rows: str) -> tuple[int, int, int]:
    data = (HEAD + "\n".join(rows) + "\n").encode()
    report = await import_file(ctx, "contacts", "contacts.csv", data)
    assert report.problems == ()
    return report.created, report.updated, report.unchanged


async def stored(ctx: Context, contact_id: int) -> Contact:
    async with ctx.db.reading() as session:
        return await session.get_one(Contact, contact_id)


async def test_a_members_word_beats_the_import_until_its_own_value_changes(
    ctx: Context, make: Make
) -> None:
    account = await make.account(key="acme")
    jane = await make.contact(
        account, "Jane", email="jane@acme.example", role="decision_maker", language="da",
        corrected={"role": "user"},
    )  # fmt: skip
    row = "acme,jane@acme.example,Jane,{role},{language}"
    assert await imported(ctx, row.format(role="user", language="da")) == (0, 0, 1)
    assert (await stored(ctx, jane.id)).role == "decision_maker"

    assert await imported(ctx, row.format(role="user", language="nl")) == (0, 1, 0)
    found = await stored(ctx, jane.id)
    assert (found.role, found.language, found.corrected) == (
        "decision_maker", "nl", {"role": "user"},
    )  # fmt: skip

    assert await imported(ctx, row.format(role="influencer", language="nl")) == (0, 1, 0)
    found = await stored(ctx, jane.id)
    assert (found.role, found.corrected) == ("influencer", {})


@pytest.mark.both_databases
async def test_a_corrected_address_is_still_the_same_person(ctx: Context, make: Make) -> None:
    account = await make.account(key="acme")
    jane = await make.contact(
        account, "Jane", email="j.jensen@acme.example", corrected={"email": "jane@acme.example"}
    )
    assert await imported(ctx, "acme,jane@acme.example,Jane,user,") == (0, 1, 0)
    found = await stored(ctx, jane.id)
    assert (found.email, found.role) == ("j.jensen@acme.example", "user")
    # The file knows the new address now: nothing is left to hold.
    assert await imported(ctx, "acme,j.jensen@acme.example,Jane,user,") == (0, 1, 0)
    found = await stored(ctx, jane.id)
    assert (found.email, found.corrected) == ("j.jensen@acme.example", {})
