// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Instant, LocalDate, Nothing, Permission, Person, RecoveryCodes, Role, Route } from "./types";

/** People: seen by four roles, changed by two persons; and one's own ways in. */
export interface PeopleRoutes {
  "GET /people": Route<undefined, { readonly items: readonly PersonDetail[] }>;
  "GET /people/{id}": Route<undefined, PersonDetail>;
  "GET /people/{id}/history": Route<undefined, { readonly items: readonly PersonChange[] }>;
  /** At once, by one: they take away. */
  "POST /people/{id}/suspend": Route<{ reason: string }, PersonDetail>;
  "POST /people/{id}/end": Route<{ reason: string }, PersonDetail>;

  "GET /agreements": Route<undefined, { readonly items: readonly Agreement[] }>;
  /** At once, by one: it is over. */
  "POST /agreements/{id}/end": Route<{ reason: string }, Agreement>;
  "GET /camera-groups": Route<undefined, { readonly items: readonly CameraGroup[] }>;
  /** At once, by one: those that stay. GROUP_BY_TWO where one would come in. */
  "POST /camera-groups/{id}/fewer": Route<{ cameras: readonly string[]; reason: string }, CameraGroup>;
  /** GROUP_USED while somebody has it. */
  "POST /camera-groups/{id}/remove": Route<{ reason: string }, undefined>; // 204

  "GET /proposals": Route<undefined, { readonly items: readonly Proposal[] }>;
  "POST /proposals": Route<{ wanted: Wanted; reason: string }, Proposal>;
  /** By another person; done on return. */
  "POST /proposals/{number}/approve": Route<{ reason: string }, Approved>;
  "POST /proposals/{number}/refuse": Route<{ reason: string }, Proposal>;
  "POST /proposals/{number}/withdraw": Route<Nothing, Proposal>;

  "GET /me/ways": Route<undefined, MyWays>;
  /** Who sits there shows it, before a way in is changed; the session goes on by another token. */
  "POST /me/again": Route<{ password: string }, { readonly csrf: string }>;
  "POST /me/again/passkey": Route<{ credential: AuthenticationResponseJSON }, { readonly csrf: string }>;
  "GET /me/sessions": Route<undefined, { readonly items: readonly MySession[] }>;
  "POST /me/password": Route<{ old: string; new: string }, undefined>; // 204; other sessions of this person end
  "POST /me/recovery": Route<Nothing, RecoveryCodes>; // those before are void
  "POST /me/totp/remove": Route<Nothing, undefined>; // 204; where it was the only one, another is owed
  "POST /enrol/passkey/options": Route<Nothing, { readonly options: PublicKeyCredentialCreationOptionsJSON }>;
  "POST /enrol/passkey": Route<{ credential: RegistrationResponseJSON; name: string }, RecoveryCodes>;
  "DELETE /me/passkeys/{id}": Route<undefined, undefined>; // 204; not the last second factor
}

export interface Designation {
  readonly number: string;
  readonly date: LocalDate;
  /** The last day. */
  readonly until: LocalDate;
  readonly tasks: string;
}

/** "protocol": with a police force (AC-06); "contract": with a firm that maintains (AC-07). */
export interface Agreement {
  readonly id: string;
  readonly kind: AgreementKind;
  readonly organisation: string;
  readonly number: string;
  readonly until: LocalDate;
  /** That a protocol allows. */
  readonly operations: readonly Permission[];
  /** Of a protocol, by id; none: those of each person's groups. */
  readonly cameras: readonly string[];
  /** Their certificates, SHA-256 in hex; none: any station. */
  readonly stations: readonly string[];
}

export type AgreementKind = "protocol" | "contract";

export interface PersonDetail extends Person {
  readonly account: string;
  readonly roles: readonly Role[];
  /** Of cameras, by id. */
  readonly groups: readonly string[];
  readonly agreement: Agreement | null;
  readonly designation: Designation;
  readonly created: Instant;
  readonly certified: Instant;
  /** Without being confirmed anew the account is suspended then. */
  readonly certify_by: Instant;
  readonly used: Instant;
  readonly suspended: Instant | null;
  /** ended, uncertified, unused, order */
  readonly why: string | null;
}

export interface PersonChange {
  readonly at: Instant;
  /** created, roles, groups, designation, certified, suspended, reinstated, link */
  readonly what: readonly string[];
  /** Null: the program, or the owner of the home. */
  readonly by: Person | null;
  readonly why: string;
}

export interface CameraGroup {
  readonly id: string;
  readonly name: string;
  readonly is_all: boolean;
  readonly cameras: readonly string[];
}

interface DesignationSaid {
  readonly number: string;
  readonly date: LocalDate;
  readonly until: LocalDate;
  readonly tasks?: string;
}

export type Wanted =
  | {
      readonly kind: "person.create";
      readonly person: { readonly name: string; readonly account: string; readonly designation: DesignationSaid };
      readonly roles: readonly Role[];
      readonly groups: readonly string[];
      readonly agreement: string | null;
    }
  | { readonly kind: "person.roles"; readonly person: string; readonly roles: readonly Role[]; readonly groups: readonly string[] }
  | { readonly kind: "person.certify" | "person.reinstate"; readonly person: string }
  | { readonly kind: "person.designate"; readonly person: string; readonly designation: DesignationSaid }
  /** `is_all`: device, passkeys and recovery codes are lost, too. */
  | { readonly kind: "person.link"; readonly person: string; readonly is_all: boolean }
  | {
      readonly kind: "person.agreement";
      /** Of one that there is, as it is from then on. */
      readonly id?: string;
      readonly agreement: AgreementKind;
      readonly organisation: string;
      readonly number: string;
      readonly until: LocalDate;
      readonly operations: readonly Permission[];
      /** Both are missing in what was asked for before there were any. */
      readonly cameras?: readonly string[];
      readonly stations?: readonly string[];
    }
  /** `id`: of one that there is, as it is from then on for everybody who has it. */
  | { readonly kind: "person.group"; readonly id?: string; readonly name: string; readonly is_all: boolean; readonly cameras: readonly string[] };

export interface Proposal {
  readonly number: number;
  readonly kind: string;
  readonly wanted: Wanted;
  readonly proposer: Person;
  readonly reason: string;
  readonly proposed: Instant;
  readonly until: Instant;
  readonly state: "open" | "approved" | "refused" | "withdrawn" | "expired" | "done";
  readonly decider: Person | null;
  readonly answer: string | null;
  readonly decided: Instant | null;
}

/** `token`: of a one-time link, for the person whom it is about; shown once. */
export interface Approved {
  readonly proposal: Proposal;
  readonly token: string | null;
}

export interface MyWays {
  readonly password: boolean;
  readonly totp: boolean;
  readonly passkeys: readonly { readonly id: string; readonly name: string; readonly created: Instant }[];
  /** That are left. */
  readonly recovery_codes: number;
  /** Null: there is none. */
  readonly provider: { readonly name: string; readonly bound: boolean } | null;
  /** Before one is changed, POST /me/again: else AGAIN_REQUIRED. */
  readonly again: boolean;
}

export interface MySession {
  /** code, passkey, recovery, link, password, demo; oidc, oidc-code, oidc-recovery, oidc-first */
  readonly method: string;
  readonly station: string;
  readonly address: string;
  readonly opened: Instant;
  readonly seen: Instant;
  readonly ended: Instant | null;
  /** out, expired, taken, suspended, changed */
  readonly why: string | null;
  readonly is_this: boolean;
}
