"""Suggests from a title who may sign; nobody has a role before a person says so."""

import re
import unicodedata
from collections.abc import Iterable

from storage.models import Contact, ContactStatus

# English, Danish and Dutch titles, most of them used across the borders.
_DECIDES = (
    "ceo", "cfo", "coo", "cto", "cio", "cpo", "chief", "president", "vp", "director", "owner",
    "founder", "partner", "managing director", "general manager",
    "direktor", "adm dir", "okonomichef", "indkobschef", "fabrikschef", "indehaver", "ejer",
    "directeur", "algemeen directeur", "eigenaar", "bestuurder", "hoofd inkoop", "inkoopmanager",
)  # fmt: skip
_INFLUENCES = (
    "head", "manager", "lead", "purchasing", "procurement", "buyer",
    "chef", "leder", "ansvarlig", "indkob", "indkober",
    "hoofd", "leider", "inkoop", "inkoper", "verantwoordelijke",
)  # fmt: skip


def likely_first(people: Iterable[Contact]) -> list[Contact]:
    """Gives those who may be asked, the most likely to sign first."""
    there = [each for each in people if each.status == ContactStatus.ACTIVE]
    return sorted(
        there,
        key=lambda each: (
            not _has(each.title, _DECIDES), not _has(each.title, _INFLUENCES), each.name, each.id,
        ),
    )  # fmt: skip


def _has(title: str | None, words: tuple[str, ...]) -> bool:
    plain = unicodedata.normalize("NFKD", (title or "").casefold().replace("ø", "o"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    known = f" {' '.join(re.findall('[a-z]+', plain))} "
    return any(f" {word} " in known or f"{word} " in known and len(word) > 6 for word in words)
