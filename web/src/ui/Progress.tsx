// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

interface Props {
  readonly label: string;
  /** From 0 to 1. */
  readonly value: number;
}

/** How far something is: a bar with its name above, and read with it. */
export function Progress({ label, value }: Props) {
  return (
    <label className="progress">
      <span>{label}</span>
      <progress value={value} max={1} />
    </label>
  );
}
