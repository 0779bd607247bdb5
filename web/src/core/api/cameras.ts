// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { CameraState, Instant, Route } from "./types";

/** Cameras as they are declared. Nothing here has a picture, and no answer a password. */
export interface CameraRoutes {
  "GET /cameras": Route<undefined, { readonly items: readonly ListedCamera[] }>;
  "GET /cameras/{id}": Route<undefined, CameraDetail>;
  "POST /cameras": Route<NewCamera, CameraDetail>;
  /** What is absent stays, null takes away. PASSWORD_AGAIN: what is stored goes to no other host. */
  "PATCH /cameras/{id}": Route<CameraChange, CameraDetail>;
  "POST /cameras/{id}/credentials": Route<{ user: string; password: string }, undefined>; // 204
  "DELETE /cameras/{id}": Route<undefined, undefined>; // 204

  /** `at`: one address instead of the whole network; `interface`: an address of the server's own. */
  "POST /camera-searches": Route<{ at?: string; interface?: string }, SearchJob>;
  "GET /camera-searches/{id}": Route<undefined, SearchJob>;
  "DELETE /camera-searches/{id}": Route<undefined, undefined>; // 204

  "POST /camera-probes": Route<CameraAccess & { camera?: string }, ProbeJob>;
  "GET /camera-probes/{id}": Route<undefined, ProbeJob>;
  "DELETE /camera-probes/{id}": Route<undefined, undefined>; // 204
}

export interface ListedCamera extends CameraState {
  readonly position: Position | null;
  readonly turns: boolean;
  /** A real one that nobody has activated: it is not recorded (LB-01). */
  readonly waits: boolean;
}

/** WGS 84; direction and angle in degrees (from north, clockwise), reach in metres. */
export interface Position {
  readonly latitude: number;
  readonly longitude: number;
  readonly direction: number | null;
  readonly angle: number | null;
  readonly reach: number | null;
}

export interface CameraAccess {
  readonly device?: string | null;
  readonly sensor?: number;
  readonly url?: string;
  readonly sub?: string | null;
  readonly user?: string;
  readonly password?: string;
  readonly transport?: Transport;
}

export type Transport = "auto" | "tcp" | "udp";

export interface NewCamera extends CameraAccess {
  readonly name: string;
  readonly place: string;
  readonly synthetic: boolean;
  readonly position: Position | null;
}

export interface CameraChange extends CameraAccess {
  readonly name?: string;
  readonly place?: string;
  readonly enabled?: boolean;
  readonly retention_hours?: number;
  readonly position?: Position | null;
}

export interface CameraDetail {
  readonly id: string;
  readonly name: string;
  readonly place: string;
  readonly synthetic: boolean;
  readonly enabled: boolean;
  readonly waits: boolean;
  readonly added: Instant;
  readonly permit_until: Instant | null;
  readonly retention_hours: number;
  readonly position: Position | null;
  readonly device: string | null;
  readonly sensor: number;
  readonly streams: readonly StreamSetting[];
  readonly groups: readonly string[];
}

export interface StreamSetting {
  readonly name: string;
  readonly url: string;
  readonly user: string | null;
  readonly has_password: boolean;
  readonly transport: Transport;
  readonly has_ca: boolean;
  readonly pin_sha256: string | null;
}

/** Something that takes a while. `found` grows. */
export interface Job<Found> {
  readonly id: string;
  readonly state: "running" | "done" | "failed" | "cancelled";
  /** From 0 to 1. */
  readonly progress: number;
  /** It failed: a cause of a gap (net, auth, codec, nosignal), or "failed". */
  readonly why: string | null;
  /** English, for the log and for who installs. */
  readonly message: string;
  readonly found: readonly Found[];
}

export type SearchJob = Job<FoundDevice>;
export type ProbeJob = Job<Probed>;

export interface FoundDevice {
  readonly address: string;
  readonly name: string;
  readonly hardware: string;
  readonly location: string;
  /** The camera of the registry that is there. */
  readonly known: string | null;
}

export interface Probed {
  readonly device: ProbedDevice | null;
  readonly streams: readonly ProbedStream[];
  /** What should be set otherwise: words in `cameras.advice_…`. */
  readonly advice: readonly string[];
}

export interface ProbedDevice {
  readonly maker: string;
  readonly model: string;
  readonly firmware: string;
  /** By which its clock is ahead. */
  readonly clock_s: number | null;
  readonly sensors: number;
  readonly turns: boolean;
  readonly masks: number | null;
  readonly masks_most: number | null;
  readonly about_people: readonly string[];
}

export interface ProbedStream {
  readonly name: string;
  readonly url: string;
  /** Null: it can be recorded. */
  readonly why: string | null;
  readonly message: string;
  readonly codec: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly fps: number | null;
  readonly bits: number | null;
  readonly server: string | null;
}

