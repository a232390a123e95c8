"""Account teams that a file names: known ones by id, new ones are created."""

from handlers.files.merge import Run
from storage import imports
from storage.db import Session
from storage.models import Team


async def team_ids(session: Session, run: Run) -> dict[str, int]:
    """Gives the id of each team of the file; one that is not stored (dry run) has an id below 0."""
    known = await imports.teams(session)
    named = (row.text("team") for row in run.table.rows)
    new = list(dict.fromkeys(name for name in named if name and name not in known))
    if not run.stores:
        return known | {name: -number for number, name in enumerate(new, start=1)}
    ids = await imports.insert_rows(session, Team, [{"name": name} for name in new])
    return known | dict(zip(new, ids, strict=True))
