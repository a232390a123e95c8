"""accounts.csv: the customer companies, their owner, team and parent."""

from typing import Any

from handlers.cases.handing import Moved, leads_changed, owners_changed
from handlers.files.merge import Fields, Outcome, Run, given, once_each
from handlers.files.report import shown
from handlers.files.table import Row
from handlers.files.teams import team_ids
from storage import imports
from storage.db import Session
from storage.models import Account, RecommendPolicy

_CLEARED = {"aliases": [], "strategic": False, "recommend_policy": RecommendPolicy.ALLOWED.value}


async def import_accounts(session: Session, run: Run) -> Outcome:
    """Creates and updates accounts; a parent may stand anywhere in the file."""
    outcome = Outcome()
    rows = once_each(run.table, run.table.rows, "account_key")
    stored = {account["key"]: account for account in await imports.accounts(session)}
    owners = {member["email"]: member["id"] for member in await imports.members(session)}
    keys = {account["id"]: key for key, account in stored.items()}
    parents = {key: keys.get(account["parent_id"]) for key, account in stored.items()}
    _check(run, rows, owners, parents)
    teams = await team_ids(session, run)

    new: list[Fields] = []
    # New accounts get their id when they are stored; until then a parent is known by its key.
    new_parents: dict[str, str | None] = {}
    for row in rows:
        key = str(row.text("account_key"))
        fields: dict[str, Any] = given(
            row, _CLEARED, "account_key", "parent_key", "owner_email", "team"
        )
        if "team" in row.cells:
            fields["team_id"] = teams.get(row.text("team") or "")
        if "owner_email" in row.cells:
            fields["owner_id"] = owners.get(row.text("owner_email") or "")
        known = stored.get(key)
        if known is None:
            outcome.created += 1
            new.append({"name": key, **fields, "key": key})
            new_parents[key] = row.text("parent_key")
            continue
        given_parent: dict[str, Any] = {}
        if "parent_key" in row.cells:
            given_parent["parent"] = row.text("parent_key")
        outcome.compare({**known, "parent": keys.get(known["parent_id"])}, fields | given_parent)

    if run.stores:
        ids = dict(zip(new_parents, await imports.insert_rows(session, Account, new), strict=True))
        ids |= {key: account["id"] for key, account in stored.items()}
        changes = [
            {
                "parent_id" if name == "parent" else name: ids.get(value)
                if name == "parent"
                else value
                for name, value in change.items()
            }
            for change in outcome.changes
        ]
        changes += [
            {"id": ids[key], "parent_id": ids[parent]}
            for key, parent in new_parents.items()
            if parent
        ]
        await imports.update_rows(session, "account", changes)
        before = {account["id"]: account["owner_id"] for account in stored.values()}
        moved = [
            Moved(change["id"], before[change["id"]], change["owner_id"])
            for change in outcome.changes
            if "owner_id" in change
        ]
        if moved:
            await owners_changed(session, run.ctx, moved)
        elif any("team_id" in change for change in outcome.changes):
            await leads_changed(session, run.ctx)
    return outcome


def _check(
    run: Run, rows: list[Row], owners: dict[str, int], parents: dict[str, str | None]
) -> None:
    for row in rows:
        owner = row.text("owner_email")
        if owner and owner not in owners:
            run.table.problem(row, "owner_email", f"{shown(owner)} is not a known member")
        key = str(row.text("account_key"))
        parents[key] = row.text("parent_key") if "parent_key" in row.cells else parents.get(key)
    for row in rows:
        key, parent = str(row.text("account_key")), row.text("parent_key")
        if not parent:
            continue
        if parent not in parents:
            run.table.problem(row, "parent_key", f"{shown(parent)} is not a known account")
        elif _is_above_itself(key, parents):
            run.table.problem(row, "parent_key", f"{shown(parent)} would stand above itself")


def _is_above_itself(key: str, parents: dict[str, str | None]) -> bool:
    seen = {key}
    above = parents.get(key)
    while above is not None and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return above == key
