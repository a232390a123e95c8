"""The app package that an administrator uploads to Microsoft Teams: manifest, texts and icons."""

import io
import json
import re
from importlib.metadata import version
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from handlers import texts
from handlers.texts import Texts

# The current schema (learn.microsoft.com/microsoft-365/extensibility/schema, August 2026).
SCHEMA_VERSION = "1.30"
_SCHEMAS = f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA_VERSION}"
SCOPES = ("personal", "team", "groupChat")
# Every permission with its reason. None is resource-specific: npsbot reads only messages that are
# written to it or mention it, and asks Teams, not Graph, who is in a conversation.
PERMISSIONS: dict[str, str] = {
    "identity": "know who writes and who presses a button",
    "messageTeamMembers": "write to members in person: alerts, digests, and replies that hold "
    "figures, which never stand in a channel",
}
# What is typed, and the text that says what it gives. The menu writes what is typed: where a name
# belongs, a hint stands in its place.
ACCOUNT = "nps acme"
COMMANDS: dict[str, str] = {
    "nps": "help.overview",
    ACCOUNT: "help.account",
    "nps team": "help.team",
    "nps all": "help.all",
    "nps cases": "help.cases",
    "nps tasks": "help.tasks",
    "nps away": "help.away",
    "nps bind": "help.bind",
    "nps wave new": "wave.help.new",
    "nps wave list": "wave.help.list",
    "nps help": "help.help",
}
KEEP = "case_note"  # the action in the menu of every message
FIRST = "en"
NAME = "npsbot"
COLOUR = "#0e5a6b"
PAGE = "/about"  # says who runs npsbot, what is stored, and on which terms
_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_DEVELOPER = 32
_SHORT = 80
_ZIP_TIME = (2026, 1, 1, 0, 0, 0)  # the same settings make the same file


class PackageError(Exception):
    """No package can be made; the text says which setting is missing or wrong."""


def package(app_id: str | None, public_url: str, company: str) -> bytes:
    """Gives the package as a zip file; raises PackageError for settings that Teams would refuse."""
    manifest = manifest_data(app_id, public_url, company)
    content = {"manifest.json": _json(manifest)}
    for language in texts.LANGUAGES:
        if language != FIRST:
            content[f"{language}.json"] = _json(translation(language))
    for name in ("color.png", "outline.png"):
        content[name] = files("bot.msteams").joinpath("icons", name).read_bytes()
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as zip_file:
        for name, data in content.items():
            info = ZipInfo(name, _ZIP_TIME)
            info.compress_type = ZIP_DEFLATED
            zip_file.writestr(info, data)
    return packed.getvalue()


def manifest_data(app_id: str | None, public_url: str, company: str) -> dict[str, Any]:
    """Gives the manifest; raises PackageError for settings that Teams would refuse."""
    host = _checked(app_id, public_url)
    base = public_url.rstrip("/")
    t = texts.of(FIRST)
    return {
        "$schema": f"{_SCHEMAS}/MicrosoftTeams.schema.json",
        "manifestVersion": SCHEMA_VERSION,
        "version": _version(),
        "id": app_id,
        "developer": {
            "name": company[:_DEVELOPER].strip() or NAME,
            "websiteUrl": f"{base}{PAGE}",
            "privacyUrl": f"{base}{PAGE}#privacy",
            "termsOfUseUrl": f"{base}{PAGE}#terms",
        },
        "name": {"short": NAME, "full": t("adaptive.app_name")},
        "description": _description(t),
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": COLOUR,
        "localizationInfo": {
            "defaultLanguageTag": FIRST,
            "additionalLanguages": [
                {"languageTag": language, "file": f"{language}.json"}
                for language in texts.LANGUAGES
                if language != FIRST
            ],
        },
        "bots": [
            {
                "botId": app_id,
                "scopes": list(SCOPES),
                "supportsFiles": False,
                "isNotificationOnly": False,
                "commandLists": [
                    {
                        "scopes": list(SCOPES),
                        "commands": [
                            {"title": _title(typed, t), "description": t(key)}
                            for typed, key in COMMANDS.items()
                        ],
                    }
                ],
            }
        ],
        "composeExtensions": [
            {
                "botId": app_id,
                "commands": [
                    {
                        "id": KEEP,
                        "type": "action",
                        "context": ["message"],
                        "fetchTask": True,
                        "title": t("adaptive.keep"),
                        "description": t("adaptive.keep_why"),
                    }
                ],
            }
        ],
        "permissions": list(PERMISSIONS),
        "validDomains": [host],
        "webApplicationInfo": {"id": app_id, "resource": f"api://{host}/{app_id}"},
        "defaultInstallScope": "personal",
        "defaultGroupCapability": {"team": "bot", "groupchat": "bot"},
        # Private and shared channels too: who can read them is looked at before figures go there.
        "supportsChannelFeatures": "tier1",
    }


def translation(language: str) -> dict[str, Any]:
    """Gives the manifest's texts in another language, by their places in the manifest."""
    t = texts.of(language)
    said = _description(t)
    commands = "bots[0].commandLists[0].commands"
    lines = {f"{commands}[{n}].description": t(key) for n, key in enumerate(COMMANDS.values())}
    lines |= {f"{commands}[{n}].title": _title(typed, t) for n, typed in enumerate(COMMANDS)}
    return {
        "$schema": f"{_SCHEMAS}/MicrosoftTeams.Localization.schema.json",
        "name.short": NAME,
        "name.full": t("adaptive.app_name"),
        "description.short": said["short"],
        "description.full": said["full"],
        **lines,
        "composeExtensions[0].commands[0].title": t("adaptive.keep"),
        "composeExtensions[0].commands[0].description": t("adaptive.keep_why"),
    }


def reasons() -> str:
    """Gives a line for each permission: what it is for."""
    lines = [f"  {permission}: {reason}" for permission, reason in PERMISSIONS.items()]
    return "\n".join(["Permissions:", *lines])


def _title(typed: str, t: Texts) -> str:
    return f"nps [{t('adaptive.customer')}]" if typed == ACCOUNT else typed


def _description(t: Texts) -> dict[str, str]:
    return {"short": t("adaptive.app_short")[:_SHORT], "full": t("adaptive.app_full")}


def _checked(app_id: str | None, public_url: str) -> str:
    """Gives the host of the public address."""
    problems = []
    if not app_id:
        problems.append(
            "[teams] app_id is missing: register the bot in Azure and put its App ID there"
        )
    elif not _GUID.fullmatch(app_id):
        problems.append(
            f"[teams] app_id: {app_id!r} is no Microsoft App ID; it looks like "
            "00000000-0000-0000-0000-000000000000"
        )
    address = urlsplit(public_url)
    if address.scheme != "https" or not address.hostname:
        problems.append(
            f"[server] public_url is {public_url}: Teams needs an https:// address that Microsoft "
            "reaches"
        )
    if problems:
        raise PackageError("\n".join(problems))
    return address.hostname or ""


def _version() -> str:
    """Gives our version as Teams takes it: three numbers, the first at least 1."""
    major, minor, patch = (re.findall(r"\d+", version("npsbot")) + ["0", "0", "0"])[:3]
    return f"{int(major) + 1}.{minor}.{patch}"


def _json(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()
