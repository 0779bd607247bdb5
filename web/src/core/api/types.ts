// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ActivationRoutes } from "./activation";
import type { Alarm, AlarmRoutes } from "./alarms";
import type { CameraRoutes } from "./cameras";
import type { DemoRoutes } from "./demo";
import type { ErasureRoutes } from "./erasures";
import type { ExportRoutes } from "./exports";
import type { LogRoutes } from "./log";
import type { PeopleRoutes } from "./people";
import type { LiveRoutes } from "./live";
import type { MapRoutes } from "./map";
import type { MaskRoutes } from "./masks";
import type { PlaybackRoutes } from "./playback";
import type { PolicyRoutes } from "./policy";
import type { ProviderRoutes } from "./provider";
import type { RegisterRoutes } from "./register";
import type { CurtainRoutes } from "./room";
import type { SectorRoutes } from "./sectors";
import type { SupervisionRoutes } from "./supervisions";
import type { TurningRoutes } from "./turning";
import type { WallRoutes } from "./walls";

/**
 * What /api/v1 takes and gives, as the page needs it. JSON objects at the top, lists in `items`.
 *
 * Times: `Instant`. Names of roles, operations and causes of gaps are those of src/torrazzo/law and docs/3-formats.
 * A reader accepts words that it does not know: causes, states and codes are shown as they come.
 *
 * What changes something carries the header `x-torrazzo-csrf`: `csrf` of Me or of SignInStep, whichever came last; what
 * begins a session (POST /sign-in, /sign-in/passkey…, /first-run…, /link…) may come without. All errors are `Problem`.
 *
 * Idle is who neither types nor points: a GET is no activity. The page says POST /active at most once a minute while
 * its person does something; a session that is idle for `idle_s` answers 401 `SESSION_LOCKED` to everything but
 * /unlock, /session and what shows live pictures already.
 */
export interface Routes
  extends ActivationRoutes,
    AlarmRoutes,
    CameraRoutes,
    CurtainRoutes,
    DemoRoutes,
    ErasureRoutes,
    ExportRoutes,
    LiveRoutes,
    LogRoutes,
    MapRoutes,
    MaskRoutes,
    PeopleRoutes,
    PlaybackRoutes,
    PolicyRoutes,
    ProviderRoutes,
    RegisterRoutes,
    SectorRoutes,
    SupervisionRoutes,
    TurningRoutes,
    WallRoutes {
  // Nobody has to be signed in.
  "GET /town": Route<undefined, Town>;

  "POST /sign-in": Route<{ name: string; password: string }, SignInStep>;
  "POST /sign-in/password": Route<{ password: string }, SignInStep>; // after "change-password"
  "POST /sign-in/totp": Route<{ code: string }, SignInStep>;
  "POST /sign-in/recovery": Route<{ code: string }, SignInStep>;
  "POST /sign-in/passkey/options": Route<Nothing, PasskeyAsked>;
  "POST /sign-in/passkey": Route<{ credential: AuthenticationResponseJSON }, SignInStep>; // the second step, or all
  "POST /sign-in/take-over": Route<Nothing, SignInStep>; // after "elsewhere": the other session ends

  // One-time links: what follows # in their address. They make the first two people, or give somebody a password.
  "POST /first-run": Route<{ token: string }, FirstRun>;
  "POST /first-run/person": Route<NewPerson & { token: string; role: Role }, SignInStep>; // signs in; "enrol" is next
  "POST /link": Route<{ token: string }, LinkFor>;
  "POST /link/password": Route<{ token: string; password: string }, SignInStep>;

  // After "enrol", and later by one's own wish.
  "POST /enrol/totp": Route<Nothing, Enrolment>;
  "POST /enrol/totp/code": Route<{ code: string }, RecoveryCodes>; // shows that the secret arrived

  "GET /me": Route<undefined, Me>;
  "PATCH /me": Route<Partial<Wishes>, Me>;
  "POST /active": Route<Nothing, undefined>; // 204
  "POST /lock": Route<Nothing, undefined>; // 204
  "POST /unlock": Route<{ password: string }, Me>; // after `SESSION_LOCKED`; by another token
  "DELETE /session": Route<undefined, undefined>; // 204

  "GET /shift": Route<undefined, ShiftState>;
  // `alarms`: numbers of those that were shown, and are taken over, or left to the next shift.
  "POST /shift": Route<{ reason: string; alarms?: readonly number[] }, ShiftState>;
  "POST /shift/close": Route<{ note: string; alarms?: readonly number[] }, ShiftState>; // the note is for the next

  "GET /system": Route<undefined, SystemState>;
}

export interface Route<Body, Answer> {
  readonly body: Body;
  readonly answer: Answer;
}

/** `{}`: a request that says all by its path. */
export type Nothing = Record<string, never>;

/** UTC, RFC 3339 with milliseconds: `2026-11-24T22:04:41.250Z`. */
export type Instant = string;

/** `application/problem+json` (RFC 9457). `code` is stable, in capitals as those of src/torrazzo/law; the rest is for people and may change. */
export interface Problem {
  readonly status: number;
  /** See `errors` in i18n/it.json for those that the page has words for. */
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  /** With `SIGN_IN_LOCKED`: when one may try again. */
  readonly until?: Instant;
  /** With `LEDGER_AWAY`: when it gave no answer first, where that is known. */
  readonly since?: Instant;
  /** With `SESSION_LOCKED`: the session's word, so that a page loaded anew can unlock. */
  readonly csrf?: string;
  /** With `NOT_VALID`: what is wrong, by its place in the body: `account`, `designation.until`. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Of the law, or of the controls that follow from it: `AC-03`. */
  readonly clause?: string;
  /** With `CAMERA_NOT_LAWFUL`: what is. */
  readonly missing?: readonly string[];
}

export type Language = "it" | "en";
export type Theme = "system" | "light" | "dark";

export type Role =
  | "titolare"
  | "designato"
  | "operator"
  | "pg-officer"
  | "extractor"
  | "police"
  | "admin"
  | "technician"
  | "dpo"
  | "auditor"
  | "desk";

/** An operation of the matrix that this person's roles may ever do; more may have to hold at the time. */
export type Permission =
  | "live"
  | "view"
  | "ptz"
  | "playback"
  | "still"
  | "hold.place"
  | "hold.ask"
  | "hold.confirm"
  | "hold.opinion"
  | "copy.ask"
  | "copy.prepare"
  | "copy.approve"
  | "policy.propose"
  | "policy.confirm"
  | "policy.apply"
  | "policy.opinion"
  | "people.approve"
  | "people.apply"
  | "people.see"
  | "logs.totals"
  | "logs.read"
  | "request"
  | "delete"
  | "erase.see"
  | "erase.ask"
  | "erase.confirm"
  | "erase.opinion"
  | "reports"
  | "cameras.see"
  | "cameras.apply"
  | "state.see"
  | "alarms.see"
  | "alarms.take"
  | "shift"
  | "shifts.see"
  | "room"
  | "supervise";

/** What the page has to know before anybody signs in. */
export interface Town {
  readonly name: string;
  /** IANA: `Europe/Rome`. */
  readonly zone: string;
  /** The name of another way to sign in; null: there is none. */
  readonly provider: string | null;
  /** Nobody has an account yet: only the one-time link goes on. */
  readonly first_run: boolean;
  /** All cameras are synthetic. */
  readonly demo: boolean;
}

// ------------------------------------------------------------------------------------------------------------ sign-in

/**
 * What is asked next. "totp", "passkey": the session is half. "elsewhere": the same person has a session at another
 * station, `other`. "change-password", "enrol" (a second factor): owed before anything else. "done": GET /me.
 */
export type Step = "totp" | "passkey" | "elsewhere" | "change-password" | "enrol" | "done";

export interface SignInStep {
  readonly step: Step;
  /** Other second factors of this person: offered beside `step`. */
  readonly also: readonly ("totp" | "passkey" | "recovery")[];
  /** With "elsewhere": where. */
  readonly other: string | null;
  /** False: the ledger is away, and hears of this sign-in later. */
  readonly is_told: boolean;
  readonly csrf: string;
}

export interface PasskeyAsked {
  readonly options: PublicKeyCredentialRequestOptionsJSON;
}

export interface Me {
  readonly town: Town;
  readonly person: Person;
  readonly roles: readonly Role[];
  readonly permissions: readonly Permission[];
  readonly shift: Shift | null;
  readonly csrf: string;
  /** Without anything being done for so long the session locks. */
  readonly idle_s: number;
  /** The session ends then, whatever is done. */
  readonly until: Instant;
  /** Whoever came in by the provider goes there after signing out: its session ends, too. */
  readonly leave: string | null;
  readonly wishes: Wishes;
}

export interface Person {
  readonly id: string;
  readonly name: string;
}

/** Kept with the account, so that they follow a person to another station; null: never chosen. */
export interface Wishes {
  readonly language: Language | null;
  readonly theme: Theme | null;
}

// ---------------------------------------------------------------------------------------------------------- first run

/** Two people are made: one who configures and sees no picture, one who commands and approves. */
export interface FirstRun {
  /** Whose turn it is; null: both are made, the link is used up. */
  readonly next: Role | null;
}

/** Whose a link is: they choose a password, and sign in by that. */
export interface LinkFor {
  readonly name: string;
}

/** One natural person (AC-01): the act that designates them, and when it ends (AC-09). */
export interface NewPerson {
  readonly name: string;
  /** As signed in with. */
  readonly account: string;
  readonly password: string;
  readonly designation: { readonly number: string; readonly date: LocalDate; readonly until: LocalDate };
}

/** `2026-11-24`, in the town's zone. */
export type LocalDate = string;

export interface Enrolment {
  /** `secret` in base 32, for those who type; `uri`: otpauth://…, drawn by the page as a QR code. */
  readonly totp: { readonly secret: string; readonly uri: string };
}

/** Shown once; none where there were some already. */
export interface RecoveryCodes {
  readonly codes: readonly string[];
}

// -------------------------------------------------------------------------------------------------------------- shift

export interface Shift {
  readonly id: string;
  readonly person: Person;
  readonly opened: Instant;
  /** The standing reason for live view (LG-02). */
  readonly reason: string;
}

export interface ShiftState {
  /** This person's open shift. */
  readonly current: Shift | null;
  /** The last one that ended, whoever's it was. */
  readonly previous: { readonly person: Person; readonly closed: Instant; readonly note: string } | null;
}

// ------------------------------------------------------------------------------------------------------------- system

/** The state of the system: `/state.json` as people read it, and what others look for. */
export interface SystemState {
  readonly now: Instant;
  readonly recorder: RecorderState;
  readonly cameras: readonly CameraState[];
  readonly disks: readonly DiskState[];
  readonly clock: ClockState;
  readonly ledger: LedgerState;
  readonly retention: RetentionState;
  readonly keyring: KeyringState;
  /** The queue of alarms, without notes. */
  readonly alarms: readonly Alarm[];
}

export interface RecorderState {
  /** "waits": it runs, and may not record yet. */
  readonly state: "running" | "waits" | "down";
  readonly keys_hours_left: number | null;
  /** Seconds of footage that wait for a disk. */
  readonly queue_s: number | null;
}

export interface CameraState {
  readonly id: string;
  readonly name: string;
  readonly place: string;
  readonly synthetic: boolean;
  readonly enabled: boolean;
  readonly streams: readonly StreamState[];
}

export interface StreamState {
  readonly name: string;
  readonly state: "recording" | "connecting" | "gap" | "disabled" | "starting" | "unknown";
  /** Cause of the gap that lasts (docs/3-formats/fact.md). */
  readonly why: string | null;
  readonly since: Instant | null;
  /** Of the last frame, at `now`. */
  readonly age_s: number | null;
  /** Today's, in order. `to` null: it lasts. */
  readonly gaps: readonly Gap[];
}

export interface Gap {
  readonly from: Instant;
  readonly to: Instant | null;
  readonly why: string;
}

export interface DiskState {
  readonly path: string;
  readonly state: "ok" | "away" | "failed" | "unknown";
  readonly free: number | null;
  readonly size: number | null;
  /** At today's rate; null: it will not be full, or that is not known. */
  readonly days_left: number | null;
}

export interface ClockState {
  readonly state: "trusted" | "untrusted" | "unknown";
  /** By whom: chrony, a witness. */
  readonly source: string | null;
  readonly offset_ms: number | null;
}

export interface LedgerState {
  readonly state: "running" | "refused" | "starting" | "down";
  readonly why: string | null;
  /** With "down": when it gave no answer first. */
  readonly since: Instant | null;
  /** Facts that it has not taken yet. */
  readonly waiting: number | null;
  readonly witnesses: readonly WitnessState[];
}

export interface WitnessState {
  readonly name: string;
  readonly away_s: number | null;
  /** One of the town's own home: for show. */
  readonly own: boolean;
}

export interface RetentionState {
  /** "late": something is older than it may be. */
  readonly state: "on-time" | "late" | "unknown";
  readonly hours: number;
  /** Beginning of the oldest footage that can be looked at. */
  readonly oldest: Instant | null;
  readonly last_erased: Instant | null;
}

export interface KeyringState {
  readonly state: "running" | "down";
  readonly level: "tpm" | "file" | null;
}
