# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page's own trees, policies and proofs, in a real browser, against the ledger's vectors."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import torrazzo_verify
from tests.tools.browser import open_browser, patient

PAGE = Path(torrazzo_verify.__file__).with_name("verify.html")
VECTORS = Path(__file__).parents[2] / "vectors"

pytestmark = pytest.mark.browser

# Whether each check is passed: true, or false if it is refused in the page's own way.
_SCRIPT = """
window.judge = async (cases, check) => {
  const found = [];
  for (const one of cases) found.push((await why(() => check(one))) === null);
  return found;
};
window.judgeTrees = (cases) => judge(cases, async (one) => {
  const path = one.path.map(parseBase64);
  const [index, size, old, now] = [one.index, one.size, one.old, one.new].map((value) => BigInt(value ?? 0));
  if ("leaf" in one) await checkInclusion(parseBase64(one.leaf), index, size, path, parseBase64(one.root));
  else await checkConsistency(old, parseBase64(one.old_root), now, parseBase64(one.new_root), path);
});
window.judgePolicies = (cases) => judge(cases, (text) => parsePolicy(bytesOf(text)));
window.judgeKeys = (cases) => judge(cases, (text) => parseKey(text));
window.judgeProofs = async (policy, cases) => {
  const trusted = await parsePolicy(bytesOf(policy));
  return judge(cases, async ({ entry, proof }) => {
    const parsed = parseProof(bytesOf(proof)), { head } = await acceptHead(trusted, parseNote(parsed.note));
    await checkInclusion(await leafHash(bytesOf(entry)), parsed.entry, head.size, parsed.path, head.root);
  });
};
window.judgeSignatures = (cases) => judge(cases, ([key, message, signature]) => {
  const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  return checkSignature({ name: "x", kind: LOG_KEY, public: bytes(key) }, bytes(message), bytes(signature));
});
null;
"""


def _load(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """The page with the script above in it."""
    with open_browser() as browser:
        made = patient(browser.new_page())
        made.goto(PAGE.as_uri())
        made.evaluate(_SCRIPT)
        yield made


def test_trees(page: Any) -> None:
    """Inclusion and consistency proofs hold or not as the vectors say."""
    vectors = _load("ledger-merkle")
    cases = [case for case in [*vectors["inclusion"], *vectors["consistency"]] if not _is_too_large(case)]
    assert len(cases) >= 190
    assert page.evaluate("(cases) => judgeTrees(cases)", cases) == [case["valid"] for case in cases]


def _is_too_large(case: dict[str, Any]) -> bool:
    """Numbers that JSON can't carry into the page whole."""
    return any(isinstance(value, int) and abs(value) > 2**53 for value in case.values())


def test_keys_and_policies(page: Any) -> None:
    """Each is read or refused as the vectors say."""
    ours, formats, sigsum = _load("ledger"), _load("ledger-formats"), _load("ledger-sigsum")
    keys = [(case["text"], case["valid"]) for case in formats["verifiers"] + sigsum["verifiers"]]
    keys += [(case["text"], False) for case in ours["hostile_verifiers"]]
    policies = [(case["policy"], case["valid"]) for case in formats["policies"]]
    policies += [(case["policy"], False) for case in sigsum["refused_policies"]]
    policies += [(case["text"], False) for case in ours["hostile_policies"]]
    policies += [(case["policy"], True) for case in sigsum["policies"]]
    assert page.evaluate("(cases) => judgeKeys(cases)", [text for text, _ in keys]) == [good for _, good in keys]
    found = page.evaluate("(cases) => judgePolicies(cases)", [text for text, _ in policies])
    assert found == [good for _, good in policies]


def test_proofs(page: Any) -> None:
    """Each good proof is accepted, each hostile one refused."""
    vectors = _load("ledger")
    cases = [*vectors["proofs"], *vectors["hostile_proofs"]]
    told = [{"entry": case["entry"], "proof": case["proof"]} for case in cases]
    found = page.evaluate("([policy, cases]) => judgeProofs(policy, cases)", [vectors["policy"], told])
    assert found == [True] * len(vectors["proofs"]) + [False] * len(vectors["hostile_proofs"])


def test_signatures(page: Any) -> None:
    """The browser's Ed25519 accepts and refuses what Wycheproof says."""
    cases = [(key["public"], *case) for key in _load("ed25519-wycheproof")["keys"] for case in key["cases"]]
    found = page.evaluate("(cases) => judgeSignatures(cases)", [[key, case[0], case[1]] for key, _, *case in cases])
    assert found == [case[4] for case in cases]
