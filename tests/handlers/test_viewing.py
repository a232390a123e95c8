"""`npsbot measure` and `export --as` a member: what that member may see, no more."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.measure_command import figures
from handlers.context import Context, NotAllowed, Refused
from handlers.files import export_file
from handlers.files.commands import export_command
from handlers.measures.measure import Scope
from handlers.scopes import NotMeasurable
from storage.models import AuditEntry
from tests.factories import Make, acme_story
from tests.files.conftest import Files


async def measured(ctx: Context, scope: Scope, email: str | None) -> dict[str, object]:
    told: dict[str, object] = json.loads(
        await figures(ctx, scope, "relationship", None, None, None, True, email)
    )
    return told


@pytest.mark.both_databases
async def test_a_member_measures_and_exports_what_they_see_in_chat(
    ctx: Context, make: Make, tmp_path: Path
) -> None:
    acme = await acme_story(make)
    await make.response(acme.invitations["jane"], 3, comment="Nobody calls back")
    other = await make.team("Benelux")
    kees = await make.member("Kees", team_id=other.id, email="kees@nordfab.example")
    own = await make.account("Bolt", key="bolt", owner_id=kees.id, team_id=other.id)
    await make.contact(own, "Tom")
    for scope in (Scope("account", "acme"), Scope("team", "Nordics"), Scope("all")):
        with pytest.raises(NotAllowed):
            await measured(ctx, scope, kees.email)
    with pytest.raises(NotAllowed):
        await measured(ctx, Scope("segment", "industry"), acme.anna.email)
    refused = await Files(ctx).rows(AuditEntry)
    assert {(each.act, each.subject) for each in refused} == {
        ("refused", "account"), ("refused", "team"), ("refused", "command")
    }  # fmt: skip
    with pytest.raises(Refused):
        await measured(ctx, Scope("all"), "nobody@nordfab.example")
    assert (await measured(ctx, Scope("account", "acme"), acme.anna.email))["asked"] == 6
    assert (await measured(ctx, Scope("all"), acme.clara.email))["asked"] == 7

    exported = {
        what: (await export_file(ctx, what, "csv", kees)).decode()
        for what in ("members", "accounts", "contacts", "responses")
    }
    assert [len(text.splitlines()) for text in exported.values()] == [2, 2, 2, 1]
    assert "Nobody calls back" in (await export_file(ctx, "responses", "csv", acme.anna)).decode()
    opened = replace(ctx, programme=replace(ctx.programme, open=True))
    assert "Nobody calls back" in (await export_file(opened, "responses", "csv", kees)).decode()
    adam = await make.member("Adam", role="admin", email="adam@nordfab.example")
    assert "Nobody" not in (await export_file(ctx, "responses", "csv", adam)).decode()

    code, _told, _problems = await export_command(
        ctx, "responses", tmp_path / "r.csv", "Anna@nordfab.example"
    )
    assert code == 0
    last = (await Files(ctx).rows(AuditEntry))[-1]
    assert (last.act, last.member_id, last.detail) == (
        "exported", acme.anna.id, {"what": "responses"}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "withheld"), [("never", True), ("self", True), ("lead", False)]
)
async def test_the_score_of_a_small_team_is_told_to_nobody_unless_leads_are(
    ctx: Context, make: Make, setting: str, withheld: bool
) -> None:
    rules = replace(ctx.programme, measure_members=setting)  # type: ignore[arg-type]  # a setting
    ctx = replace(ctx, programme=rules)
    team = await make.team("Tiny")
    ann = await make.member("Ann", team_id=team.id, email="ann@x.example")
    account = await make.account("Acme", key="acme", team_id=team.id, owner_id=ann.id)
    invitation = await make.invitation(await make.contact(account))
    await make.response(invitation, 9)
    for email in (None, "ann@x.example"):
        told = await measured(ctx, Scope("team", "Tiny"), email)
        assert ("withheld" in told, told["rated"] is None) == (withheld, withheld)
        assert told["asked"] == 1


async def test_what_an_operator_measures_stands_in_the_audit_log(ctx: Context, make: Make) -> None:
    acme = await acme_story(make)
    for scope in (Scope("account", "acme"), Scope("team", "Nordics"), Scope("all")):
        await measured(ctx, scope, None)
    with pytest.raises(NotMeasurable):
        await measured(ctx, Scope("account", "nobody"), None)
    entries = await Files(ctx).rows(AuditEntry)
    assert [(each.actor, each.act, each.subject, each.subject_id) for each in entries] == [
        ("operator", "viewed", "account", acme.account.id),
        ("operator", "viewed", "team", acme.team.id),
        ("operator", "viewed", "programme", None),
    ]
