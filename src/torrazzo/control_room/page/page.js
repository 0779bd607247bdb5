// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later
// Keeps the table fresh, and says when it is not; tells that somebody looks. The page is whole without it.
"use strict";

const PERIOD_MS = 2000;
const overview = document.getElementById("overview");
const stale = document.getElementById("stale");
const announce = document.getElementById("announce");
const video = document.querySelector("video");
let lastGood = new Date();

async function refresh() {
  try {
    const answer = await fetch(overview.dataset.source, { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.text());
    lastGood = new Date();
    stale.hidden = true;
  } catch {
    if (stale.hidden) {
      stale.textContent = stale.dataset.text.replace("{time}", lastGood.toLocaleTimeString(document.documentElement.lang));
      stale.hidden = false;
    }
  }
  setTimeout(refresh, PERIOD_MS);
}

function show(html) {
  const before = document.getElementById("summary")?.textContent;
  const focused = document.activeElement?.id;
  const left = overview.querySelector(".scroll")?.scrollLeft ?? 0;
  overview.innerHTML = html;
  const scroll = overview.querySelector(".scroll");
  if (scroll) scroll.scrollLeft = left;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  const after = document.getElementById("summary")?.textContent;
  if (after !== before) announce.textContent = after ?? "";
}

if (overview) setTimeout(refresh, PERIOD_MS);

const STAY_MS = 20000;

async function stay() {
  if (document.visibilityState === "visible") {
    const answer = await fetch(video.dataset.stay, { method: "POST" }).catch(() => null);
    if (answer?.status === 410) {
      document.getElementById("over").hidden = false;
      video.pause();
      return;
    }
  }
  setTimeout(stay, STAY_MS);
}

if (video) setTimeout(stay, STAY_MS);
video?.addEventListener("error", () => { document.getElementById("cannot-play").hidden = false; });
