// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { CameraProposal } from "./proposal";
import type { TurningBounds } from "./sectors";
import type { Nothing, Route } from "./types";

/** What two decide about a camera that records: how long it keeps (RT-01), where else it may look (MN-04). */
export interface PolicyRoutes {
  "GET /cameras/{id}/policy": Route<undefined, CameraPolicy>;
  "POST /cameras/{id}/retention": Route<{ hours: number; reason: string }, CameraPolicy>;
  "POST /cameras/{id}/sectors/proposal": Route<{ bounds: TurningBounds; reason: string }, CameraPolicy>;
  "POST /policy-proposals/{number}/approve": Route<{ reason: string }, CameraPolicy>;
  "POST /policy-proposals/{number}/refuse": Route<{ reason: string }, CameraPolicy>;
  "POST /policy-proposals/{number}/withdraw": Route<Nothing, CameraPolicy>;
}

export interface CameraPolicy {
  readonly camera: string;
  /** It is not recorded: what is said of it is confirmed when it is activated. */
  readonly waits: boolean;
  readonly hours: number;
  readonly hours_proposal: (CameraProposal & { readonly hours: number }) | null;
  readonly bounds: TurningBounds;
  readonly bounds_proposal: (CameraProposal & { readonly bounds: TurningBounds }) | null;
}
