// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

const DOING = ["pointerdown", "pointermove", "keydown", "wheel"] as const;
const TELL_EVERY = 60_000;
const OTHERS_EVERY = 5000;

export interface Watching {
  readonly idleMs: number;
  /** Somebody is there: at most once a minute. */
  readonly onActive: () => void;
  /** Nobody was for `idleMs`. */
  readonly onIdle: () => void;
  /** Somebody is there: at most once in five seconds, for other windows of the station. */
  readonly onHand?: () => void;
  /** Calls when somebody is there in another window; what it gives ends that. */
  readonly others?: (act: () => void) => () => void;
}

/** Watches whether somebody types or points; what it gives ends that. Sleeping stations are idle when they wake. */
export function watchIdle(target: EventTarget, { idleMs, onActive, onIdle, onHand, others }: Watching): () => void {
  let last = Date.now();
  let told = last;
  let handed = 0;
  let timer = setTimeout(look, idleMs);

  function look(): void {
    const left = last + idleMs - Date.now();
    if (left <= 0) onIdle();
    else timer = setTimeout(look, left);
  }
  function actElsewhere(): void {
    if (Date.now() - last < idleMs) last = Date.now(); // that window tells the server
  }
  function act(): void {
    const now = Date.now();
    if (now - last >= idleMs) return; // woken after its time: onIdle comes
    last = now;
    if (now - told >= TELL_EVERY) {
      told = now;
      onActive();
    }
    if (now - handed >= OTHERS_EVERY) {
      handed = now;
      onHand?.();
    }
  }
  const leave = others?.(actElsewhere);

  for (const name of DOING) target.addEventListener(name, act, { passive: true });
  return () => {
    clearTimeout(timer);
    leave?.();
    for (const name of DOING) target.removeEventListener(name, act);
  };
}
