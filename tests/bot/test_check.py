"""What `npsbot check` says of the rules and of the mail relay, without a server of ours."""

from typing import Any

import pytest

from bot.check import _privacy
from bot.config import load
from bot.mail.check import check as check_mail
from bot.sections import Mail
from tests.bot.scripted_relay import relay

SIGNED_IN = {"username": "survey", "password": "secret"}


@pytest.mark.parametrize(("kept", "ok"), [("11", False), ("12", True)])
def test_names_should_be_kept_as_long_as_figures_look_back(kept: str, ok: bool) -> None:
    names = {"CONTROLLER": "Nordfab A/S", "CONTACT": "privacy@nordfab.example", "KEEP_MONTHS": kept}
    settings = load(None, {f"NPSBOT_PRIVACY__{name}": value for name, value in names.items()})
    finding = _privacy(settings)
    assert finding.ok is ok
    if not ok:
        assert "Make window_months shorter." in finding.advice


@pytest.mark.parametrize(
    ("says", "settings", "advice"),
    [
        ({}, {}, None),
        ({"EHLO": ["250-relay\r\n250 AUTH PLAIN"], "AUTH": ["235 welcome"]}, SIGNED_IN, None),
        (
            {"EHLO": ["250-relay\r\n250 AUTH PLAIN"], "AUTH": ["535 5.7.8 who are you"]},
            SIGNED_IN,
            "It refuses [mail] username and password (535 5.7.8 who are you).",
        ),
        (
            {"MAIL": ["550 5.7.1 not yours"]},
            {},
            "It answered 550 5.7.1 not yours. Check [mail] from_address and username.",
        ),
        ({}, {"starttls": True}, "Check [mail] starttls, username and password."),
        ({"CONNECT": ["DROP"]}, {}, "Check [mail] host and port."),
    ],
)
async def test_the_relay_is_signed_in_to_and_asked_whether_we_may_send(
    says: dict[str, list[str]], settings: dict[str, Any], advice: str | None
) -> None:
    async with relay(**says) as scripted:
        mail = Mail(
            host="127.0.0.1", port=scripted.port, from_address="survey@nordfab.example",
            **{"starttls": False, **settings},
        )  # fmt: skip
        ((what, ok, said),) = await check_mail(mail, None)
    assert what == f"mail: 127.0.0.1:{scripted.port} lets survey@nordfab.example send"
    assert ok is (advice is None)
    assert said.endswith(advice or "")
    assert not scripted.recipients, "nobody gets a mail"


async def test_a_relay_that_is_not_there_is_told_with_where_to_look() -> None:
    ((_what, ok, said),) = await check_mail(Mail(host="127.0.0.1", port=9, starttls=False), 9)
    assert not ok
    assert "Check [mail] host and port; the console takes mail only while" in said
