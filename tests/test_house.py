"""The house rules, read from the sources: who imports what, and every text in every language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers import texts

ROOT = Path(__file__).parents[1]
ROOMS = ("bot", "handlers", "storage")
SOURCES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]

# What each room may import of the others.
ONE_WAY = {"storage": {"storage"}, "handlers": {"storage", "handlers"}, "bot": set(ROOMS)}

# Where an outside library may be imported: everywhere below these paths, nowhere else.
ALLOWED = {
    "sqlalchemy": ("storage/", "bot/engine.py"),
    "sqlmodel": ("storage/",),
    "alembic": ("storage/migrations/", "storage/migrate.py"),
    "structlog": ("handlers/", "bot/"),
    "rapidfuzz": ("handlers/names.py",),
    "holidays": ("handlers/calendars.py",),
    "babel": ("handlers/wording.py", "handlers/calendars.py"),
    "itsdangerous": ("handlers/links.py",),
    "pandas": ("handlers/measures/", "handlers/files/"),
    "openpyxl": ("handlers/files/",),
    "aiohttp": ("bot/",),
    "slack_bolt": ("bot/slack/",),
    "slack_sdk": ("bot/slack/",),
    "microsoft_teams": ("bot/msteams/",),
    "botbuilder": ("bot/msteams/adapter.py",),
    "botframework": ("bot/msteams/adapter.py",),
    "msrest": ("bot/msteams/adapter.py",),
    "jwt": ("bot/msteams/auth.py",),
    "apscheduler": ("bot/clock.py",),
    "dbos": ("bot/engine.py",),
    "altair": ("bot/charts.py",),
    "vl_convert": ("bot/pictures.py",),
    "aiosmtplib": ("bot/mail/",),
    "aiosmtpd": ("bot/web/console_smtp.py",),
    "css_inline": ("bot/mail/",),
    "jinja2": ("bot/mail/", "bot/web/"),
    "markupsafe": ("bot/mail/", "bot/web/"),
    "pydantic": ("bot/config.py", "bot/sections.py"),
    "typer": ("bot/cli.py", "bot/cli_privacy.py"),
    "rich": ("bot/terminal.py", "bot/demo/"),
    "prometheus_client": ("bot/server.py",),
    "psycopg": ("storage/",),
    "aiosqlite": ("storage/driver.py",),
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way_and_libraries_stay_in_their_room(path: Path) -> None:
    import sys

    name = path.relative_to(ROOT).as_posix()
    room = name.split("/")[0]
    for module in imports(path):
        if module in ROOMS:
            assert module in ONE_WAY[room], f"{name} imports {module}"
        elif module not in sys.stdlib_module_names:
            rooms = ALLOWED.get(module, ())
            assert name.startswith(rooms), f"{name} imports {module}, allowed in {rooms}"


# The formal and the informal words of a language, which its own texts may ask for.
FORMALITY = {"nl": {"u", "uw", "bent", "waardeert", "hoort", "krijgt", "kunt"}}


def test_every_text_stands_in_every_language_with_the_same_values() -> None:
    english = texts.of("en")
    for language in texts.LANGUAGES:
        others = texts.of(language)
        assert others.keys() == english.keys(), language
        for key in sorted(english.keys()):
            own = _values(others.raw(key)) - FORMALITY.get(language, set())
            assert own == _values(english.raw(key)), f"{language}: {key}"


def test_every_text_is_used_and_every_text_used_exists() -> None:
    """A key is used where it stands as a string, or where an f-string builds it from its parts."""
    literals, patterns = set(), []
    for path in _texts_are_used_in():
        source = path.read_text("utf-8")
        # A template joins a key of its beginning and a value: t("page.wish_" ~ wish).
        patterns += [
            re.escape(text) + "[a-z_0-9.]+"
            for text in re.findall(r'"([a-z_0-9]+\.[a-z_0-9.]*)" ~', source)
        ]
        source = re.sub(r'"[a-z_0-9.]+" ~', "", source)
        literals |= set(re.findall(r"[\"']([a-z_0-9]+(?:\.[a-z_0-9]+)+)[\"']", source))
        patterns += [
            re.sub(r"\\\{[^}]*\\\}", "[a-z_0-9.]+", re.escape(text))
            for text in re.findall(r"f[\"']([a-z_0-9{}.\[\]()'\"]*\.[a-z_0-9{}.]*)[\"']", source)
        ]
    keys = texts.of("en").keys()
    built = re.compile("|".join(patterns) or "$^")
    bases = {key.rsplit(".", 1)[0] for key in keys if key.endswith((".one", ".many"))}
    unused = {
        key
        for key in keys
        if key not in literals
        and key.rsplit(".", 1)[0] not in literals
        and not built.fullmatch(key)
        and not built.fullmatch(key.rsplit(".", 1)[0])
    }
    assert not unused, "texts that nothing shows"
    sections = {key.split(".")[0] for key in keys}
    files = {"py", "toml", "html", "txt", "js", "css", "svg", "json", "png", "db", "com", "example"}
    asked = {
        key
        for key in literals
        if key.split(".")[0] in sections and key.rsplit(".", 1)[-1] not in files
    }
    missing = asked - keys - bases
    assert not missing, "texts asked for that no file has"


def _texts_are_used_in() -> list[Path]:
    pages = [*(ROOT / "bot").rglob("*.html"), *(ROOT / "bot").rglob("*.txt")]
    # storage shows no text (its "account.id" is a column), and texts/ explains itself by examples.
    code = [
        path
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] != "storage" and path.parent.name != "texts"
    ]
    return [*code, *pages]


def _values(text: str) -> set[str]:
    return set(re.findall(r"\{([a-z_]+)", text))


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in SOURCES
        if "migrations/versions" not in path.as_posix()
        and (lines := len(path.read_text("utf-8").splitlines())) > 350
    }
    assert not long
