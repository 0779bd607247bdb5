// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

const SLACK_MS = 400;

/**
 * A veil that comes by itself unless frames hold it back. It is an animation of the browser's compositor, so that it comes
 * also where this page hangs and can say nothing any more. What is given holds it back once more.
 */
export function guard(veil: Element): (limit: number) => void {
  const animation = veil.animate([{ opacity: 0 }, { opacity: 0, offset: 0.99 }, { opacity: 1 }], { duration: 2000, fill: "forwards" });
  return (limit) => {
    const duration = limit + SLACK_MS;
    if (animation.effect?.getTiming().duration !== duration) animation.effect?.updateTiming({ duration });
    animation.currentTime = 0;
    if (animation.playState !== "running") animation.play();
  };
}
