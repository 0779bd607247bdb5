// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { Away, DO_MS, refusalOf } from "../api/client";

/** A still as it came: the file, its name, and what it is of. */
export interface Still {
  readonly file: Blob;
  readonly name: string;
  /** As the ledger has it, and as this browser counted it. */
  readonly sha256: string;
  readonly isAsTold: boolean;
  readonly at: string;
  /** For an <img>: the CSP lets data in, and no blob. */
  readonly address: string;
}

/** Raises `Refused` or `Away`. */
export async function takeStill(address: string): Promise<Still> {
  const limit = AbortSignal.timeout(DO_MS);
  const away = (error: unknown): never => {
    throw new Away(error, null, limit.aborted);
  };
  const answer = await fetch(address, { credentials: "same-origin", cache: "no-store", signal: limit }).catch(away);
  if (!answer.ok) throw await refusalOf(answer);
  const file = await answer.blob().catch(away);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const told = answer.headers.get("x-torrazzo-sha256") ?? "";
  const counted = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  const name = /filename="?([^";]+)"?/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "still.jpg";
  return { file, name, sha256: counted, isAsTold: told === counted, at: answer.headers.get("x-torrazzo-at") ?? "", address: `data:image/jpeg;base64,${base64(bytes)}` };
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8190) parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 8190))));
  return parts.join("");
}
