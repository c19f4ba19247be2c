"""The languages of a book, as its configuration names them."""

import re
from dataclasses import dataclass

from sphinx.errors import ConfigError

SEPARATOR = " · "


@dataclass(frozen=True)
class Language:
    """One language: its cell tag, its BCP 47 code, its label in the switch."""

    tag: str
    code: str
    label: str

    @property
    def classes(self):
        """Classes for a docutils node; docutils turns the second into ``lang``."""
        return [f"lang-{self.tag}", f"language-{self.code.lower()}"]


def read_languages(config):
    """Return the configured languages in reading order.

    Raises
    ------
    ConfigError
        If an entry lacks a key, a tag is not a plain word or a tag comes twice.
    """
    languages = []
    for entry in config.bilingual_languages:
        if not isinstance(entry, dict) or set(entry) != {"tag", "code", "label"}:
            raise ConfigError(
                "bilingual_languages: expected entries with tag, code and label, "
                f"got {entry!r}"
            )
        if not re.fullmatch(r"[a-z][a-z0-9-]*", entry["tag"]) or entry["tag"] == "both":
            raise ConfigError(
                "bilingual_languages: a tag is a lower-case word other than 'both', "
                f"got {entry['tag']!r}"
            )
        languages.append(Language(**entry))
    tags = [language.tag for language in languages]
    if len(set(tags)) != len(tags):
        raise ConfigError(f"bilingual_languages: each tag once, got {tags}")
    if config.bilingual_default and config.bilingual_default not in tags:
        raise ConfigError(
            f"bilingual_default: expected one of {tags}, got {config.bilingual_default!r}"
        )
    return languages
