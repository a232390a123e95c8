"""The command line as an operator uses it: real files, the installed program where it matters."""

import io
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from aiosmtpd.controller import Controller

from bot.cli import main
from tests import data_files
from tests.benchmarks.programme import free_port
from tests.journeys.slack_workspace import Mailbox

TODAY = datetime.now(UTC).date()
NPSBOT = Path(sys.executable).with_name("npsbot")


ENVIRONMENT = {"PATH": os.environ["PATH"], "COLUMNS": "120"}


class Done(NamedTuple):
    code: int
    stdout: str
    stderr: str


def npsbot(folder: Path, *arguments: str, code: int = 0) -> Done:
    """Runs `npsbot --config folder/npsbot.toml …` and expects an exit code.

    In this process: a new one takes a second and a half to load what this one has.
    """
    out, err, ended = io.StringIO(), io.StringIO(), 0
    line = ["npsbot", "--config", str(folder / "npsbot.toml"), *arguments]
    with (
        patch.dict(os.environ, ENVIRONMENT, clear=True),
        patch.object(sys, "argv", line),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            ended = end.code if isinstance(end.code, int) else 1 if end.code else 0
    assert ended == code, out.getvalue() + err.getvalue()
    return Done(ended, out.getvalue(), err.getvalue())


def installed(folder: Path, *arguments: str, code: int = 0) -> Done:
    """The same, by the program as it is installed."""
    done = subprocess.run(
        [NPSBOT, "--config", folder / "npsbot.toml", *arguments],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def smtp_sink(mailbox: Mailbox, port: int) -> Iterator[None]:
    """A mail server in a thread of its own: the command has the loop of this one."""
    sink = Controller(mailbox, hostname="127.0.0.1", port=port)
    sink.start()
    try:
        yield
    finally:
        sink.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fresh configuration, on ports that nobody else listens on."""
    npsbot(tmp_path, "init", str(tmp_path))
    changed(tmp_path, ("8400", str(free_port())), ("8425", str(free_port())))
    return tmp_path


def changed(folder: Path, *changes: tuple[str, str]) -> None:
    path = folder / "npsbot.toml"
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def port_of_mail(folder: Path) -> int:
    return int(tomllib.loads((folder / "npsbot.toml").read_text("utf-8"))["mail"]["port"])


def measure(folder: Path, *arguments: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(npsbot(folder, "measure", *arguments, "--json").stdout)
    return figures


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, "utf-8")
    return str(path)


def test_init_refuses_to_overwrite_and_only_the_owner_reads_its_files(tmp_path: Path) -> None:
    assert "npsbot.toml run" in installed(tmp_path, "init", str(tmp_path)).stdout
    again = npsbot(tmp_path, "init", str(tmp_path), code=2)
    assert "exists already" in again.stderr
    for name in ("npsbot.db", "npsbot.toml"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_missing_configuration_says_how_to_make_one(tmp_path: Path) -> None:
    told = npsbot(tmp_path, "chat", "--as", "a@b.example", "/nps", code=2)
    assert "npsbot init" in told.stderr


def test_an_import_with_problems_stores_nothing_and_names_row_and_column(folder: Path) -> None:
    people = write(folder, "m.csv", "email,name,role\na@x.example,A,account_manager\nb@x,B,boss\n")
    told = npsbot(folder, "import", "members", people, code=2)
    assert "row 3, column role" in told.stderr
    assert '"event"' not in told.stderr, "no line of the log stands above the list"
    out = str(folder / "out.csv")
    npsbot(folder, "export", "members", "--out", out)
    assert len(Path(out).read_text("utf-8").splitlines()) == 1


def test_a_portfolio_is_imported_asked_about_and_exported(folder: Path) -> None:
    members = "email,name,role,team\nanna@x.example,Anna Berg,account_manager,Nordics\n"
    accounts = "account_key,name,owner_email,team\nacme,A&B <x>,anna@x.example,Nordics\n"
    contacts = "account_key,email,name,role\nacme,jane@acme.example,Jane Jensen,decision_maker\n"
    hostile = '<!channel> *x* <script>alert(1)</script> =HYPERLINK("x")'
    answers = (
        "account_key,email,survey_kind,wave,invited_at,answered_at,score,comment\n"
        f"acme,jane@acme.example,relationship,W1,{TODAY},{TODAY},3,"
        '"' + hostile.replace('"', '""') + '"\n'
    )
    for what, text in (
        ("members", members),
        ("accounts", accounts),
        ("contacts", contacts),
        ("responses", answers),
    ):
        npsbot(folder, "import", what, write(folder, f"{what}.csv", text))
    first, second = folder / "responses.1.csv", folder / "responses.2.csv"
    npsbot(folder, "export", "responses", "--out", str(first))
    npsbot(folder, "import", "responses", str(first))
    npsbot(folder, "export", "responses", "--out", str(second))
    assert first.read_bytes() == second.read_bytes()
    shown = installed(folder, "chat", "--as", "anna@x.example", "/nps a&b").stdout
    assert "A&B <x>" in shown
    assert "“<!channel> *x*…”" in shown  # the card cuts comments, the history does not
    told = npsbot(folder, "chat", "--as", "anna@x.example", "/nps a&b history").stdout
    assert hostile in " ".join(told.split())
    card = json.loads(
        npsbot(folder, "chat", "--as", "anna@x.example", "--format", "json", "/nps a&b").stdout
    )
    assert card["type"] == "card"
    slack = json.loads(
        npsbot(folder, "chat", "--as", "anna@x.example", "--format", "slack", "/nps a&b").stdout
    )
    assert set(slack) == {"text", "blocks"}
    assert "<!channel>" not in json.dumps(
        [block for block in slack["blocks"] if "mrkdwn" in json.dumps(block)]
    )


def test_somebody_unknown_gets_no_card(folder: Path) -> None:
    told = npsbot(folder, "chat", "--as", "nobody@x.example", "/nps", code=2)
    assert "nobody@x.example" in told.stderr


def test_the_worked_example_has_the_documented_figures(folder: Path) -> None:
    files = data_files.write_import_files(data_files.worked(), folder, at=TODAY)
    for what in ("accounts", "contacts", "responses"):
        npsbot(folder, "import", what, str(getattr(files, what)))
    whole = measure(folder, "--all", "--rho", "0.15")
    assert whole["nps"] == pytest.approx(16.1290, abs=5e-5)
    assert whole["n_eff"] == pytest.approx(21.5955, abs=5e-5)
    assert whole["interval"] == pytest.approx([-21.1107, 48.9892], abs=5e-5)
    assert whole["account_balanced"]["interval"] == pytest.approx([-30.5337, 44.6422], abs=5e-5)
    assert whole["value_weighted"]["without_largest"] == pytest.approx(36.2637, abs=5e-5)
    estimated = measure(folder, "--all")
    assert estimated["icc"] == pytest.approx(0.271732, abs=5e-7)
    assert estimated["rho"] == pytest.approx(0.187779, abs=5e-7)
    account = measure(folder, "--account", "K01")
    assert account["nps"] == 75
    assert account["interval"] == pytest.approx([26.43, 83.33], abs=5e-3)
    assert "no account" in npsbot(folder, "measure", "--account", "K99", code=2).stderr.lower()


def test_real_answers_have_the_documented_figures_as_a_wave(folder: Path) -> None:
    files = data_files.write_import_files(
        data_files.instructor_training(),
        folder,
        at=TODAY,
        wave="Training",
    )
    for what in ("accounts", "contacts", "responses"):
        npsbot(folder, "import", what, str(getattr(files, what)))
    whole = measure(folder, "--all", "--wave", "Training")
    assert whole["rated"] == 764
    assert whole["nps"] == pytest.approx(45.1571, abs=5e-5)
    assert whole["icc"] == pytest.approx(0.12056, abs=5e-6)
    assert whole["interval"] == pytest.approx([37.4455, 52.2097], abs=5e-5)


def test_check_names_what_is_missing_and_what_to_do(folder: Path) -> None:
    told = npsbot(folder, "check", "--recount", code=1).stdout
    assert "ok    database" in told
    assert "npsbot run" in told
    assert "accounts equals a recount" in told
    assert "closed waves equal a recount" in told


def test_check_does_not_take_the_examples_of_init_for_a_public_address(folder: Path) -> None:
    assert "ok    privacy" in npsbot(folder, "check", code=1).stdout
    key = 'secret_key = "a key of thirty-two characters or more"'
    changed(
        folder,
        ('public_url = "http://127.0.0.1', 'public_url = "https://nps.invalid'),
        ("enabled = true\nsmtp_port", "enabled = false\nsmtp_port"),
        ("[server]", f"[server]\n{key}"),
    )
    told = npsbot(folder, "check", code=1).stdout
    assert "FAIL  privacy" in told
    assert "still has the values of `npsbot init`" in told


def test_a_wave_without_privacy_is_refused(folder: Path) -> None:
    changed(folder, ("keep_months = 24", ""))
    told = npsbot(folder, "wave", "send", code=2)
    assert "[privacy]" in told.stderr


def test_a_wave_is_sent_by_smtp_and_its_counts_are_all_that_is_printed(folder: Path) -> None:
    for what, rows in (
        ("members", "email,name,role\nanna@x.example,Anna Berg,account_manager\n"),
        ("accounts", "account_key,name,owner_email\nK1,Acme A/S,anna@x.example\n"),
        (
            "contacts",
            "account_key,email,status\nK1,jane@acme.example,\nK1,old@acme.example,inactive\n",
        ),
    ):
        npsbot(folder, "import", what, str(write(folder, f"{what}.csv", rows)))
    mailbox = Mailbox()
    with smtp_sink(mailbox, port_of_mail(folder)):
        done = npsbot(folder, "wave", "send", "--name", "Autumn")
    assert done.stdout == "planned 1\nskipped inactive 1\nsent 1\ndoubt 0\nfailed 0\n"
    assert done.stderr == ""
    (mail,) = mailbox.mails
    assert mail["To"] == "jane@acme.example"
    again = npsbot(folder, "wave", "send", "--json", code=2)
    assert json.loads(again.stdout)["skipped"] == {"inactive": 1, "rested": 1}


def test_a_reason_and_a_board_get_a_place_from_the_command_line(folder: Path) -> None:
    people = "email,name,role\nclara@x.example,Clara Lind,cx_lead\n"
    npsbot(folder, "import", "members", write(folder, "members.csv", people))
    to = ("--place", "console:finance")
    told = npsbot(folder, "bind", *to, "--reason", "Faktureringen").stdout
    assert "console:finance: Done. When several accounts name “Invoicing”" in told
    assert "stand here once a week" in npsbot(folder, "bind", *to, "--board", "promises").stdout
    listed = npsbot(folder, "chat", "--as", "clara@x.example", "/nps bind list").stdout
    assert listed.count("finance") == 2
    wrong = npsbot(folder, "bind", *to, "--reason", "weather", code=2)
    assert "“weather” is none. There are: " in wrong.stderr
    more = npsbot(folder, "bind", *to, "--reason", "invoicing anna", code=2)
    assert "“anna” is none" in more.stderr
    assert (
        "is not a place"
        in npsbot(folder, "bind", "--place", "x", "--board", "ideas", code=2).stderr
    )
    both = npsbot(folder, "bind", *to, "--reason", "price", "--board", "ideas", code=2)
    assert "Give one of --team NAME" in both.stderr
    npsbot(folder, "bind", *to, "--board", "other", code=2)
