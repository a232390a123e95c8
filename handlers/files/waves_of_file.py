"""The waves that responses.csv names; one that does not exist is created, imported and closed."""

from dataclasses import dataclass
from datetime import datetime

from handlers.files.merge import Run
from handlers.files.report import shown
from handlers.files.table import Row
from storage import imports
from storage.answers import counted_as
from storage.db import Session
from storage.models import Wave, WaveState


@dataclass
class FileWave:
    """A wave and the span of its rows; `id` is None until a new one is stored."""

    name: str
    kind: str
    id: int | None = None
    imported: bool = True
    is_test: bool = False
    starts_at: datetime | None = None
    closes_at: datetime | None = None
    widened: bool = False

    def widen(self, at: object) -> None:
        """Takes a time into the span of the wave."""
        if not isinstance(at, datetime) or not self.imported:
            return
        if self.starts_at is None or at < self.starts_at:
            self.starts_at, self.widened = at, True
        if self.closes_at is None or at > self.closes_at:
            self.closes_at, self.widened = at, True


async def check_waves(session: Session, run: Run, rows: list[Row]) -> dict[str, FileWave]:
    """Gives the waves of the file by name; a row of another kind than its wave is a problem."""
    stored = {wave["name"]: wave for wave in await imports.waves(session)}
    found: dict[str, FileWave] = {}
    for row in rows:
        name, kind = row.text("wave"), str(row.text("survey_kind"))
        if not name:
            continue
        if name not in found:
            found[name] = FileWave(**stored[name]) if name in stored else FileWave(name, kind)
        wave = found[name]
        # `similar` is a wording of relationship: one wave may ask both ways.
        if counted_as(wave.kind) != counted_as(kind):
            run.table.problem(row, "survey_kind", f"{kind} is not {wave.kind}, as this wave is")
        if wave.is_test:
            run.table.problem(row, "wave", f"{shown(name)} is a test wave")
        wave.widen(row.cells.get("invited_at"))
        wave.widen(row.cells.get("answered_at"))
    return found


async def store_waves(session: Session, run: Run, waves: list[FileWave]) -> None:
    """Stores the new waves, and the wider span of imported ones."""
    new = [wave for wave in waves if wave.id is None]
    rows = [
        {
            "name": wave.name,
            "kind": wave.kind,
            "state": WaveState.CLOSED.value,
            "imported": True,
            "starts_at": wave.starts_at,
            "closes_at": wave.closes_at,
            "closed_at": wave.closes_at,
            "created_at": run.ctx.now(),
        }
        for wave in new
    ]
    for wave, made in zip(new, await imports.insert_rows(session, Wave, rows), strict=True):
        wave.id = made
    wider = [wave for wave in waves if wave.widened and wave not in new]
    spans = [
        {
            "id": wave.id,
            "starts_at": wave.starts_at,
            "closes_at": wave.closes_at,
            "closed_at": wave.closes_at,
        }
        for wave in wider
    ]
    await imports.update_rows(session, "wave", spans)
