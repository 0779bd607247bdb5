// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

const SHAPES = {
  play: "M6 4l14 8-14 8z",
  pause: "M6 4h4v16H6zM14 4h4v16h-4z",
  back: "M12 5v14L3 12zM21 5v14l-9-7z",
  forward: "M12 5v14l9-7zM3 5v14l9-7z",
  "frame-back": "M16 5v14L7 12zM4 5h2v14H4z",
  "frame-forward": "M8 5v14l9-7zM18 5h2v14h-2z",
};

/** What the kit has no icon for: ours, drawn by six paths. */
export function Glyph({ shape }: { readonly shape: keyof typeof SHAPES }) {
  return (
    <svg className="icon icon--small" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={SHAPES[shape]} />
    </svg>
  );
}
