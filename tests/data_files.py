"""Reads the data sets of tests/data, as counts for the pure figures and as files for the import."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from handlers.measures.counts import AccountCounts, Role, RoleCounts, add

FOLDER = Path(__file__).parent / "data"

# The three example teams of the figures: accounts of worked.csv by key.
WORKED_TEAMS: Mapping[str, str] = {
    **dict.fromkeys(("K01", "K02", "K03"), "North"),
    **dict.fromkeys(("K04", "K05", "K06", "K07"), "Middle"),
    **dict.fromkeys(("K08", "K09", "K10"), "South"),
}


@dataclass(frozen=True)
class DataRow:
    """One person who was asked: the score is null if they stayed silent."""

    account: str
    email: str
    score: int | None
    value: float | None = None
    at: datetime | None = None
    title: str = ""


@dataclass(frozen=True)
class ImportFiles:
    """Paths of files in the import's own form."""

    accounts: Path
    contacts: Path
    responses: Path


def worked() -> list[DataRow]:
    """worked.csv: 48 people of 10 accounts, 31 of them answered."""
    return [
        DataRow(
            account=row["account_key"],
            email=row["email"],
            score=int(row["score"]) if row["score"] else None,
            value=float(row["annual_value"]),
        )
        for row in _rows("worked.csv")
    ]


def instructor_training() -> list[DataRow]:
    """The 764 answers after 80 named training events, without an e-mail: one contact a row."""
    return [
        DataRow(
            account=row["Event"],
            email=f"row{number}@training.example",
            score=int(row["LikelyToRecommend"]),
            at=datetime.fromisoformat(row["Date"]),
        )
        for number, row in enumerate(_rows("carpentries_instructor_training_nps.csv"), start=2)
        if row["LikelyToRecommend"] and not row["Event"].startswith("My training event is not")
    ]


def longterm_2017() -> list[DataRow]:
    """The 369 answers with a country, position as title, without an e-mail: one contact a row."""
    return [
        DataRow(
            account=row["Country"],
            email=f"row{number}@longterm.example",
            score=int(row["Likely-To-Recommend"]),
            title=row["Position"],
        )
        for number, row in enumerate(_rows("carpentries_longterm_2017_nps.csv"), start=2)
        if row["Country"] and row["Likely-To-Recommend"]
    ]


def counts(rows: Iterable[DataRow], teams: Mapping[str, str] | None = None) -> list[AccountCounts]:
    """The rows counted per account, everybody in the role not known."""
    people: dict[str, list[DataRow]] = {}
    for row in rows:
        people.setdefault(row.account, []).append(row)
    unknown: Role = "unknown"
    return [
        AccountCounts(
            key=key,
            name=key,
            team=(teams or {}).get(key),
            value=members[0].value,
            by_role={unknown: add(_one(row.score) for row in members)},
        )
        for key, members in people.items()
    ]


def write_import_files(
    rows: Sequence[DataRow],
    folder: Path,
    at: date,
    wave: str = "",
    teams: Mapping[str, str] | None = None,
) -> ImportFiles:
    """Writes accounts.csv, contacts.csv and responses.csv for the import into `folder`.

    invited_at = answered_at = the row's time, or the day before `at` where it has none.
    """
    files = ImportFiles(folder / "accounts.csv", folder / "contacts.csv", folder / "responses.csv")
    values = {row.account: row.value for row in rows}
    _write(
        files.accounts,
        ("account_key", "name", "annual_value", "team"),
        (
            (key, key, "" if value is None else f"{value:.2f}", (teams or {}).get(key, ""))
            for key, value in values.items()
        ),
    )
    _write(
        files.contacts,
        ("account_key", "email", "name", "title"),
        ((row.account, row.email, row.email.split("@")[0], row.title) for row in rows),
    )
    before = (at - timedelta(days=1)).isoformat()
    _write(
        files.responses,
        ("account_key", "email", "survey_kind", "wave", "invited_at", "answered_at", "score"),
        (_response(row, row.at.isoformat() if row.at else before, wave) for row in rows),
    )
    return files


def _response(row: DataRow, when: str, wave: str) -> tuple[str, ...]:
    answered = when if row.score is not None else ""
    score = str(row.score) if row.score is not None else ""
    return (row.account, row.email, "relationship", wave, when, answered, score)


def _one(score: int | None) -> RoleCounts:
    if score is None:
        return RoleCounts(asked=1)
    return RoleCounts(
        asked=1,
        promoters=int(score >= 9),
        passives=int(score in (7, 8)),
        detractors=int(score <= 6),
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
