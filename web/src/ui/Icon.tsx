// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import sprite from "virtual:icons";

import type { IconName } from "./icons";

interface Props {
  readonly name: IconName;
  /** Where the icon says what no word beside it says. */
  readonly label?: string;
  readonly size?: "small" | "normal" | "large";
}

export function Icon({ name, label, size = "normal" }: Props) {
  return (
    <svg
      className={`icon icon--${size}`}
      role={label === undefined ? undefined : "img"}
      aria-label={label}
      aria-hidden={label === undefined}
      focusable="false"
    >
      <use href={`#it-${name}`} />
    </svg>
  );
}

/** Put the shapes into the page, once, before the first icon is drawn. */
export function placeIcons(page: Document): void {
  const shapes = new DOMParser().parseFromString(sprite, "image/svg+xml").documentElement;
  shapes.setAttribute("aria-hidden", "true");
  shapes.setAttribute("class", "icons");
  page.body.prepend(page.importNode(shapes, true));
}
