"""Members and teams on our side, accounts and contacts on the customer's, and where cards go."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.models.columns import UtcDateTime


class MemberRole(StrEnum):
    """What a member may do; `contracts` of rights live in handlers/rights.py."""

    ACCOUNT_MANAGER = "account_manager"
    TEAM_LEAD = "team_lead"
    CX_LEAD = "cx_lead"
    ADMIN = "admin"


class DigestRhythm(StrEnum):
    """How often a member wants the digest; weekly is the first working day of the week."""

    DAILY = "daily"
    WEEKLY = "weekly"
    OFF = "off"


class ContactRole(StrEnum):
    """A contact's part in the decision; None in the column means not known."""

    DECISION_MAKER = "decision_maker"
    INFLUENCER = "influencer"
    USER = "user"


class ContactStatus(StrEnum):
    """Whether a contact may be asked: inactive, unsubscribed and erased are three
    different things.

    `anonymous` holds answers that lost their person after `[privacy] keep_months`; the person may
    stand in another row.
    """

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCING = "bouncing"
    ERASED = "erased"
    ANONYMOUS = "anonymous"


# Rows without a person: they count, but there is nobody to show, ask or repair.
NAMELESS = (ContactStatus.ERASED, ContactStatus.ANONYMOUS)


class RecommendPolicy(StrEnum):
    """Whether a company lets its staff recommend suppliers."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"


class Team(SQLModel, table=True):
    """An account team; its lead is the member of role team_lead in it."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)


class Member(SQLModel, table=True):
    """A person on our side; e-mail in lower case is the key."""

    id: int = Field(default=None, primary_key=True)
    email: str = Field(unique=True)
    name: str
    role: str = MemberRole.ACCOUNT_MANAGER
    function: str | None = None
    team_id: int | None = Field(default=None, foreign_key="team.id", index=True)
    slack_id: str | None = Field(default=None, unique=True)
    teams_id: str | None = Field(default=None, unique=True)
    timezone: str | None = None
    language: str | None = None
    country: str | None = None
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    away_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    away_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    backup_id: int | None = Field(default=None, foreign_key="member.id")
    last_digest_on: date | None = None
    digest: str = DigestRhythm.DAILY


class BoundPlace(SQLModel, table=True):
    """The place of a team, a member, a reason or a board on one platform; exactly one is set."""

    __tablename__ = "bound_place"
    __table_args__ = (
        UniqueConstraint("team_id", "platform"),
        UniqueConstraint("member_id", "platform"),
        UniqueConstraint("reason", "platform"),
        UniqueConstraint("board", "platform"),
    )

    id: int = Field(default=None, primary_key=True)
    platform: str
    place: str = Field(index=True)
    team_id: int | None = Field(default=None, foreign_key="team.id")
    member_id: int | None = Field(default=None, foreign_key="member.id")
    reason: str | None = None
    board: str | None = None  # ideas, references, promises
    bound_at: datetime = Field(sa_type=UtcDateTime)
    name: str | None = None  # as the platform calls it
    problem: str | None = None  # why it took nothing the last time, as the platform said
    mend: str | None = None  # which text says what to do about it
    problem_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Account(SQLModel, table=True):
    """A customer company."""

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str
    aliases: list[str] = Field(default_factory=list, sa_type=JSON)
    parent_id: int | None = Field(default=None, foreign_key="account.id")
    segment: str | None = Field(default=None, index=True)
    region: str | None = None
    country: str | None = None
    tier: str | None = None
    annual_value: float | None = None
    currency: str | None = None
    strategic: bool = False
    renewal_date: date | None = None
    owner_id: int | None = Field(default=None, foreign_key="member.id", index=True)
    team_id: int | None = Field(default=None, foreign_key="team.id", index=True)
    recommend_policy: str = RecommendPolicy.ALLOWED
    key_people_unknown: bool = False  # asked who signs, the owner does not know
    # Owners of before who had answers kept from them: whatever they are now, these stay kept.
    once_kept_from: list[int] = Field(default_factory=list, sa_type=JSON)

    @property
    def kept_from(self) -> frozenset[int | None]:
        """The members who must not know what is kept from the owner: the owner, and those."""
        return frozenset((self.owner_id, *self.once_kept_from))


class Contact(SQLModel, table=True):
    """A person at an account; e-mail in lower case, empty (None) without a person."""

    __table_args__ = (
        UniqueConstraint("account_id", "email"),
        Index("ix_contact_figures", "account_id", "role", "status"),
    )

    id: int = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    email: str | None = Field(default=None, index=True)
    name: str
    phone: str | None = None
    title: str | None = None
    department: str | None = None
    role: str | None = None
    takes_part_in_buying: bool | None = None
    experiences_service: bool | None = None
    judges: list[str] = Field(default_factory=list, sa_type=JSON)
    language: str | None = None
    timezone: str | None = None
    country: str | None = None
    slack_id: str | None = Field(default=None, index=True)
    teams_id: str | None = Field(default=None, index=True)
    status: str = ContactStatus.ACTIVE
    # What the import said where a member said otherwise; the member's word holds until it changes.
    corrected: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    added_by: int | None = Field(default=None, foreign_key="member.id")
    asked_before: bool = False  # answers or invitations of theirs are anonymous by now


class BlockEntry(SQLModel, table=True):
    """A person who must not be asked again, kept as a keyed hash of the e-mail only."""

    __tablename__ = "block_entry"

    id: int = Field(default=None, primary_key=True)
    email_hash: str = Field(unique=True)
    reason: str
    at: datetime = Field(sa_type=UtcDateTime)
