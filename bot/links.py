"""Absolute addresses of our own pages and pictures: only here a token becomes an address."""

import hashlib
import json
from dataclasses import dataclass

from handlers import links
from handlers.cards import Chart, Link, to_json


@dataclass(frozen=True)
class Addresses:
    """Makes addresses below `public_url` (no slash at its end)."""

    public_url: str
    secret: str

    def survey(self, token: str, reply: int | str | None = None) -> str:
        """Gives the survey page of a token, with the chosen reply when there is one."""
        address = f"{self.public_url}/s/{token}"
        return address if reply is None else f"{address}?score={reply}"

    def trap(self, token: str) -> str:
        """Gives the hidden link that only scanners follow."""
        return f"{self.public_url}/s/{token}/t"

    def unsubscribe(self, token: str) -> str:
        """Gives the page on which a contact unsubscribes, and the target of the one-click POST."""
        return f"{self.public_url}/u/{token}"

    def of(self, link: Link) -> str:
        """Gives the address of a link element."""
        return link.url if link.url is not None else f"{self.public_url}{link.token_path}"

    def picture(self, chart: Chart) -> str:
        """Gives the address of a chart's picture; the signed id is the hash of its data."""
        token = links.picture_token(self.secret, picture_id(chart))
        return f"{self.public_url}/p/{token}.png"

    @property
    def public(self) -> bool:
        """Whether others than this machine can open our addresses."""
        return self.public_url.startswith("https://")


def picture_id(chart: Chart) -> str:
    """Gives the hash of a chart's data, under which its picture is kept."""
    data = json.dumps(to_json(chart), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(data.encode()).hexdigest()[:32]
