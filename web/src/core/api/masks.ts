// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { CameraProposal } from "./proposal";
import type { Instant, Nothing, Route } from "./types";

/** Areas that a camera hides (MN-02): one person proposes, another confirms, the camera is told; then the picture is looked at. */
export interface MaskRoutes {
  "GET /masks": Route<undefined, { readonly items: readonly ListedMasks[] }>;
  "GET /cameras/{id}/masks": Route<undefined, CameraMasks>;
  "POST /cameras/{id}/masks": Route<{ areas: readonly MaskArea[]; reason: string }, CameraMasks>;
  "POST /mask-proposals/{number}/approve": Route<{ reason: string }, CameraMasks>;
  "POST /mask-proposals/{number}/refuse": Route<{ reason: string }, CameraMasks>;
  "POST /mask-proposals/{number}/withdraw": Route<Nothing, CameraMasks>;
  /** Once more, of what was decided. */
  "POST /cameras/{id}/masks/set": Route<Nothing, CameraMasks>;
  "POST /cameras/{id}/masks/check": Route<{ is_right: boolean }, CameraMasks>;
}

export type MaskKind = "Color" | "Pixelated" | "Blurred";

export interface MaskArea {
  /** x and y from -1 to 1; y points up. */
  readonly corners: readonly (readonly [x: number, y: number])[];
  readonly kind: MaskKind;
}

export interface ListedMasks {
  readonly camera: string;
  readonly name: string;
  /** 0: nobody has decided. */
  readonly version: number;
  readonly count: number;
  readonly decided: Instant | null;
  /** The camera says that it has them. */
  readonly is_set: boolean;
  /** Why it has them not, in its words or ours. */
  readonly why: string;
  /** When they were last seen on the picture. */
  readonly checked: Instant | null;
  readonly is_proposed: boolean;
}

export interface CameraMasks extends ListedMasks {
  readonly areas: readonly MaskArea[];
  readonly proposal: MaskProposal | null;
}

export interface MaskProposal extends CameraProposal {
  readonly areas: readonly MaskArea[];
}
