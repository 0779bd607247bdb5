// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Instant, Person } from "./types";

/** What one proposed about a camera, and another decides. */
export interface CameraProposal {
  readonly number: number;
  readonly proposer: Person;
  readonly reason: string;
  readonly proposed: Instant;
  readonly until: Instant;
}
