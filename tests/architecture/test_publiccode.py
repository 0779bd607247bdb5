# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""publiccode.yml 0.7, by the rules of its standard (the official validator is run at each release)."""

import datetime as dt
import re
from typing import Any

import pytest
import yaml

from tests.architecture.tree import ROOT, project

STATUS = {"concept", "development", "beta", "stable", "obsolete"}
TYPES = {
    f"standalone/{kind}" for kind in ("mobile", "iot", "desktop", "web", "backend", "other")
} | {"addon", "library", "configurationFiles"}  # fmt: skip
ALIASES = {"gdpr", "eidas", "nis2", "cra", "spid", "cie", "pagopa", "anpr", "io"}
KEYS = {
    "publiccodeYmlVersion", "name", "applicationSuite", "url", "landingURL", "isBasedOn", "softwareVersion",
    "releaseDate", "logo", "organisation", "platforms", "categories", "usedBy", "fundedBy", "roadmap",
    "developmentStatus", "softwareType", "intendedAudience", "description", "legal", "maintenance", "localisation",
    "dependsOn", "supports", "inputTypes", "outputTypes",
}  # fmt: skip
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")


@pytest.fixture
def file() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "publiccode.yml").read_text("utf-8"))
    return content


def test_it_has_the_mandatory_keys_and_no_unknown_or_deprecated_one(file: dict[str, Any]) -> None:
    """Version 0.7, all mandatory keys, none that the standard does not know; no country section (deprecated in 0.7)."""
    assert file["publiccodeYmlVersion"] == "0.7"
    assert {"name", "url", "platforms", "developmentStatus", "softwareType"} <= set(file)
    assert {"description", "legal", "maintenance", "localisation"} <= set(file)
    assert set(file) <= KEYS, set(file) - KEYS
    assert file["developmentStatus"] in STATUS
    assert file["softwareType"] in TYPES
    assert file["platforms"]
    assert re.fullmatch(r"https://\S+", file["url"])


def test_it_tells_the_version_and_licence_of_this_very_project(file: dict[str, Any]) -> None:
    """Version and licence are those of pyproject.toml; the licence's text is in LICENSES/."""
    assert file["softwareVersion"] == project()["project"]["version"]
    assert isinstance(file["releaseDate"], dt.date)
    assert file["legal"]["license"] == project()["project"]["license"]
    assert (ROOT / "LICENSES" / f"{file['legal']['license']}.txt").is_file()


@pytest.mark.parametrize("language", ["it", "en"])
def test_each_language_is_described(file: dict[str, Any], language: str) -> None:
    """Short text up to 150 characters, long text of 150 to 10,000, at least one feature, no genericName."""
    text = file["description"][language]
    assert 0 < len(text["shortDescription"].strip()) <= 150
    assert 150 <= len(text["longDescription"].strip()) <= 10_000
    assert text["features"]
    assert "genericName" not in text


def test_maintenance_and_languages_are_told(file: dict[str, Any]) -> None:
    """A community names a contact; languages are BCP 47 tags."""
    assert file["maintenance"]["type"] in {"internal", "contract", "community", "none"}
    if file["maintenance"]["type"] in {"internal", "community"}:
        assert all(contact["name"] for contact in file["maintenance"]["contacts"])
    assert isinstance(file["localisation"]["localisationReady"], bool)
    assert all(LANGUAGE.fullmatch(tag) for tag in file["localisation"]["availableLanguages"])
    assert all(LANGUAGE.fullmatch(tag) for tag in file["description"])


def test_what_it_supports_is_named_by_alias_or_uri(file: dict[str, Any]) -> None:
    """Each item of `supports` is an alias that the standard knows or a URI."""
    for item in file.get("supports", []):
        alias = re.fullmatch(r"alias:(\w+)", item["id"])
        assert (alias is not None and alias[1] in ALIASES) or re.fullmatch(
            r"(?:urn:[a-z0-9-]+:|https://)\S+", item["id"]
        )


def test_dependencies_have_names(file: dict[str, Any]) -> None:
    """Each dependency has a name and only keys that the standard knows."""
    for items in file.get("dependsOn", {}).values():
        for item in items:
            assert item["name"]
            assert set(item) <= {"name", "versionMin", "versionMax", "version", "optional"}
