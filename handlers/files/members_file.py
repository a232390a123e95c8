"""members.csv: the people on our side, their team and the place of their cards."""

import re

from handlers.cases.handing import leads_changed
from handlers.files.merge import Fields, Outcome, Run, given, once_each
from handlers.files.report import shown
from handlers.files.table import Row
from handlers.files.teams import team_ids
from storage import imports
from storage.db import Session
from storage.models import Member

_PLACE = re.compile(r"(slack|teams|teams-user|console):\S+")
_IDS = ("slack_id", "teams_id")


async def import_members(session: Session, run: Run) -> Outcome:
    """Creates and updates members; `place` holds all the places of a member, one a platform."""
    table, outcome = run.table, Outcome()
    rows = once_each(table, table.rows, "email")
    stored = {member["email"]: member for member in await imports.members(session)}
    bound = await imports.places(session)
    for row in rows:
        _check_places(run, row)
    _check_ids(run, rows, {email: dict(member) for email, member in stored.items()})
    teams = await team_ids(session, run)

    new: list[tuple[Fields, list[str]]] = []
    replaced: dict[int, list[str]] = {}
    for row in rows:
        email = str(row.text("email"))
        fields = given(row, {}, "team", "place")
        if "team" in row.cells:
            fields["team_id"] = teams.get(row.text("team") or "")
        places = sorted(row.items("place"), key=imports.platform_of)
        known = stored.get(email)
        if known is None:
            outcome.created += 1
            new.append(({"name": email.partition("@")[0], **fields}, places))
            continue
        moved = "place" in row.cells and places != bound.get(known["id"], [])
        if moved:
            replaced[known["id"]] = places
        if not outcome.compare(known, fields) and moved:
            outcome.unchanged -= 1
            outcome.updated += 1

    if run.stores:
        await imports.free_ids(session, "member", outcome.changes)
        await imports.update_rows(session, "member", outcome.changes)
        ids = await imports.insert_rows(session, Member, [member for member, _ in new])
        replaced |= {made: places for made, (_, places) in zip(ids, new, strict=True) if places}
        await imports.replace_places(session, replaced, run.ctx.now())
        if new or any({"role", "team_id", "left_at"} & each.keys() for each in outcome.changes):
            await leads_changed(session, run.ctx)
    return outcome


def _check_places(run: Run, row: Row) -> None:
    platforms = set()
    for place in row.items("place"):
        platform = imports.platform_of(place)
        if not _PLACE.fullmatch(place):
            expected = "a place such as slack:C0123, teams:… or console:name"
            run.table.problem(row, "place", f"{shown(place)} is not {expected}")
        elif platform in platforms:
            run.table.problem(row, "place", f"{shown(place)} is a second place on {platform}")
        platforms.add(platform)


def _check_ids(run: Run, rows: list[Row], people: dict[str, dict[str, object]]) -> None:
    """A Slack or Teams id belongs to one person; looked at as it will be after the import."""
    for row in rows:
        person = people.setdefault(str(row.text("email")), {})
        person.update({name: row.cells[name] for name in _IDS if name in row.cells})
    for name in _IDS:
        owners: dict[object, list[str]] = {}
        for email, person in people.items():
            if person.get(name) is not None:
                owners.setdefault(person[name], []).append(email)
        for row in rows:
            value = row.cells.get(name)
            others = [email for email in owners.get(value, []) if email != row.text("email")]
            if value is not None and others:
                run.table.problem(row, name, f"{shown(value)} belongs to {others[0]} too")
