// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** Whether /ui, the page of all parts, is built in: never in what is shipped. */
declare const __GALLERY__: boolean;

declare module "virtual:icons" {
  /** An SVG document of one symbol per icon. */
  const sprite: string;
  export default sprite;
}
