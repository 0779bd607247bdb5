// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ReactNode } from "react";

import { Icon } from "./Icon";
import type { IconName } from "./icons";

export type Tone = "fine" | "warning" | "alarm" | "off";

const ICONS: Record<Tone, IconName> = {
  fine: "check-circle",
  warning: "warning-circle",
  alarm: "error",
  off: "minus-circle",
};

/** A state in one glance: shape, colour and word; never colour alone. */
export function Status({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className={`status status--${tone}`}>
      <Icon name={ICONS[tone]} size="small" />
      <span>{children}</span>
    </span>
  );
}
