# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of `api_town` in Chromium, as somebody has it who is signed in."""

import json
from typing import Any

from tests.tools.api_town import ApiTown
from tests.tools.page_seen import ROOT, Seen

WORDS: dict[str, Any] = {
    language: json.loads((ROOT / "web" / "src" / "i18n" / f"{language}.json").read_text("utf-8"))
    for language in ("it", "en")
}


def opened(
    browser: Any, town: ApiTown, name: str | None, path: str, language: str = "it", theme: str = "light"
) -> Seen:
    """The page as this person has it, signed in."""
    seen = Seen(browser, f"http://localhost:{town.port}", language, theme)
    if name is not None:
        cookies = town.signed_in(name).cookies.items()
        seen.context.add_cookies([{"name": key, "value": value, "url": seen.address} for key, value in cookies])
    seen.open(path)
    return seen


def close(seen: Seen) -> None:
    """It complained of nothing, and asked nobody else."""
    assert seen.complaints == []
    assert [url for url in seen.asked if not url.startswith(seen.address)] == []
    seen.context.close()


def by_name(seen: Seen, role: str, name: str) -> Any:
    return seen.page.get_by_role(role, name=name, exact=True)
