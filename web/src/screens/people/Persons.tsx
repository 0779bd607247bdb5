// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { PersonDetail } from "../../core/api/people";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { useFormat } from "../../ui/format";
import { Empty } from "../../ui/States";
import { Status } from "../../ui/Status";
import { type Column, Table } from "../../ui/Table";
import { type Town, useSayDay, useSayGroups, useSayRoles } from "./town";

const SOON_MS = 14 * 86_400_000;

/** All of them, also those that are suspended: what they did stays theirs. */
export function Persons({ town, onOpen }: { readonly town: Town; readonly onOpen: (id: string) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const day = useSayDay();
  const roles = useSayRoles();
  const groups = useSayGroups(town);
  const columns: readonly Column<PersonDetail>[] = [
    {
      key: "name",
      head: t("people.name"),
      cell: ({ name, account }) => (
        <>
          {name}
          <small>{account}</small>
        </>
      ),
      sort: ({ name }) => name,
    },
    { key: "roles", head: t("people.roles"), cell: (person) => roles(person.roles), sort: (person) => roles(person.roles) },
    { key: "groups", head: t("people.groups"), cell: (person) => groups(person.groups) },
    { key: "state", head: t("people.state"), cell: (person) => <PersonState person={person} />, sort: stateOf },
    {
      key: "until",
      head: t("people.until"),
      cell: ({ designation }) => day(designation.until),
      sort: ({ designation }) => designation.until,
    },
    {
      key: "certified",
      head: t("people.certified"),
      cell: ({ certified }) => format.date(msFromInstant(certified)),
      sort: ({ certified }) => certified,
    },
    {
      key: "open",
      head: t("people.open"),
      cell: ({ id, name }) => (
        <Button kind="secondary" size="small" aria-label={t("people.open_named", { name })} onClick={() => onOpen(id)}>
          {t("people.open")}
        </Button>
      ),
    },
  ];
  return (
    <Table
      caption={t("people.persons")}
      columns={columns}
      rows={[...town.people].sort((a, b) => a.name.localeCompare(b.name))}
      rowKey={({ id }) => id}
      empty={<Empty title={t("people.nobody")} />}
    />
  );
}

function stateOf(person: PersonDetail): "active" | "soon" | "suspended" {
  if (person.suspended !== null) return "suspended";
  const ends = Math.min(msFromInstant(person.certify_by), Date.parse(`${person.designation.until}T23:59:59Z`));
  return ends - Date.now() < SOON_MS ? "soon" : "active";
}

const TONES = { active: "fine", soon: "warning", suspended: "off" } as const;

export function PersonState({ person }: { readonly person: PersonDetail }) {
  const { t, i18n } = useTranslation();
  const state = stateOf(person);
  const key = `people.why_${person.why}`;
  return (
    <Status tone={TONES[state]}>
      {state === "suspended" ? (i18n.exists(key) ? t(key as "people.why_order") : t("people.why_order")) : t(`people.state_${state}`)}
    </Status>
  );
}
