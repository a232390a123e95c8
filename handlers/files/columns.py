"""The columns of the four files: what each may hold, and how it is written in an export."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from storage.models import (
    NAMELESS,
    ContactRole,
    ContactStatus,
    MemberRole,
    RecommendPolicy,
    Reply,
    ResponseStatus,
    SurveyKind,
)

What = Literal["members", "accounts", "contacts", "responses"]
Kind = Literal[
    "key", "email", "text", "free", "choice", "list", "flag", "number", "score", "day", "moment",
    "language", "timezone", "country", "currency",
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """`key` columns identify the row; `clears` tells whether `-` may empty the stored value.

    `free` text is kept to the last blank; all other text is stripped.
    """

    name: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    key: bool = False
    clears: bool = True


def _words(words: type[StrEnum], *left_out: str) -> tuple[str, ...]:
    return tuple(word.value for word in words if word.value not in left_out)


COLUMNS: dict[What, tuple[Column, ...]] = {
    "members": (
        Column("email", "email", key=True, clears=False),
        Column("name", clears=False),
        Column("role", "choice", _words(MemberRole), clears=False),
        Column("team"),
        Column("function"),
        Column("slack_id"),
        Column("teams_id"),
        Column("timezone", "timezone"),
        Column("place", "list"),
        Column("language", "language"),
    ),
    "accounts": (
        Column("account_key", "key", key=True, clears=False),
        Column("name", clears=False),
        Column("aliases", "list"),
        Column("parent_key", "key"),
        Column("segment"),
        Column("region"),
        Column("tier"),
        Column("annual_value", "number"),
        Column("currency", "currency"),
        Column("strategic", "flag"),
        Column("renewal_date", "day"),
        Column("owner_email", "email"),
        Column("team"),
        Column("recommend_policy", "choice", _words(RecommendPolicy)),
        Column("country", "country"),
    ),
    "contacts": (
        Column("account_key", "key", key=True, clears=False),
        Column("email", "email", key=True, clears=False),
        Column("name", clears=False),
        Column("phone"),
        Column("title"),
        Column("department"),
        Column("role", "choice", _words(ContactRole)),
        Column("takes_part_in_buying", "flag"),
        Column("experiences_service", "flag"),
        Column("judges", "list"),
        Column("language", "language"),
        Column("timezone", "timezone"),
        # A person is erased by `npsbot privacy erase` only: a file can't know all that must go.
        Column("status", "choice", _words(ContactStatus, *NAMELESS), clears=False),
        Column("country", "country"),
        Column("slack_id"),
        Column("teams_id"),
    ),
    "responses": (
        Column("account_key", "key", key=True, clears=False),
        Column("email", "email", key=True, clears=False),
        Column("survey_kind", "choice", _words(SurveyKind), key=True, clears=False),
        Column("wave", "key", clears=False),
        Column("invited_at", "moment", clears=False),
        Column("answered_at", "moment", clears=False),
        Column("score", "score"),
        Column("comment", "free"),
        Column("reasons", "list"),
        Column("language", "language"),
        Column("product"),
        Column("touchpoint"),
        Column("value_at_invite", "number"),
        Column("idea", "free"),
        Column("reply", "choice", _words(Reply), clears=False),
        Column("status", "choice", _words(ResponseStatus), clears=False),
    ),
}

# Lowest and highest score of each kind of survey.
SCALES: dict[str, tuple[int, int]] = {
    SurveyKind.RELATIONSHIP: (0, 10),
    SurveyKind.TRANSACTIONAL: (0, 10),
    SurveyKind.PRODUCT: (0, 10),
    SurveyKind.SIMILAR: (0, 10),
    SurveyKind.CES1: (1, 5),
    SurveyKind.CES2: (1, 7),
    SurveyKind.CSAT: (1, 5),
}
# The reasons that ship, also the topics a contact can judge; a survey may add its own.
REASONS = (
    "product", "quality", "delivery", "service", "support_wait", "communication", "price",
    "contract", "invoicing", "onboarding", "innovation", "outside",
)  # fmt: skip
# Languages of contacts and answers; without texts of ours the programme's language stands in.
LANGUAGES = ("en", "da", "nl", "de", "sv", "no", "fr")
