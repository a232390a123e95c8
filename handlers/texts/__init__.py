"""Every text that a contact or a member reads, by key and language."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "da", "nl")


class Texts:
    """The texts of one language: `t("case.taken", name="Anna")`."""

    def __init__(self, language: str, texts: dict[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """Gives the text with its values filled in; raises KeyError for an unknown key."""
        return self._texts[key].format_map(values)

    def count(self, key: str, n: int, **values: object) -> str:
        """Gives `key.one` or `key.many` with `n` filled in."""
        return self(f"{key}.{'one' if n == 1 else 'many'}", n=n, **values)

    def raw(self, key: str) -> str:
        """Gives the text with its {values} unfilled."""
        return self._texts[key]

    def keys(self) -> frozenset[str]:
        """All keys of this language."""
        return frozenset(self._texts)


def of(language: str | None, otherwise: str = "en") -> Texts:
    """Gives the texts of a language (`da`, `da-DK`), else of `otherwise`, else English."""
    for wanted in (language, otherwise):
        short = (wanted or "").replace("_", "-").split("-")[0].lower()
        if short in LANGUAGES:
            return _load(short)
    return _load("en")


@cache
def _load(language: str) -> Texts:
    raw = tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))
    return Texts(language, dict(_flatten(raw)))


def _flatten(table: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            flat.extend(_flatten(value, f"{prefix}{key}."))
        else:
            flat.append((prefix + key, value))
    return flat
