// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { PersonChange, PersonDetail } from "../../core/api/people";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Card, Facts } from "../../ui/Card";
import { useFormat } from "../../ui/format";
import { Empty, Failed, Loading } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { useResource } from "../../ui/useResource";
import { type Asked, ChangePerson } from "./ChangePerson";
import { PersonState } from "./Persons";
import { isAbout, Proposals } from "./Proposals";
import { TakeAway } from "./TakeAway";
import { type Town, useSayAgreement, useSayDay, useSayGroups, useSayRoles } from "./town";

interface Props {
  readonly town: Town;
  readonly person: PersonDetail;
  readonly onBack: () => void;
  readonly onChanged: () => void;
}

export function OnePerson({ town, person, onBack, onChanged }: Props) {
  const { t } = useTranslation();
  const me = useMe();
  const about = town.proposals.filter((proposal) => isAbout(proposal, person));
  return (
    <div className="stack">
      <div className="buttons">
        <Button kind="quiet" icon="arrow-left" onClick={onBack}>
          {t("people.back")}
        </Button>
      </div>
      <Card title={person.name} aside={<PersonState person={person} />}>
        <PersonFacts town={town} person={person} />
        {me.permissions.includes("people.apply") ? <Actions town={town} person={person} onChanged={onChanged} /> : null}
      </Card>
      {about.length === 0 ? null : <Proposals town={town} proposals={about} onChanged={onChanged} />}
      <History key={`${person.id} ${person.certified} ${person.suspended} ${about.length}`} person={person} />
    </div>
  );
}

function PersonFacts({ town, person }: { readonly town: Town; readonly person: PersonDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const day = useSayDay();
  const roles = useSayRoles();
  const groups = useSayGroups(town);
  const agreement = useSayAgreement();
  const { designation } = person;
  return (
    <Facts
      items={[
        [t("people.account"), person.account],
        [t("people.roles"), roles(person.roles)],
        [t("people.groups"), groups(person.groups)],
        ...(person.agreement === null ? [] : [[t("people.agreement"), agreement(person.agreement)] as const]),
        [t("people.act"), t("people.act_of", { number: designation.number, date: day(designation.date) })],
        [t("people.tasks"), designation.tasks],
        [t("people.until"), day(designation.until)],
        [t("people.certified"), format.dateTime(msFromInstant(person.certified))],
        [t("people.certify_by"), format.date(msFromInstant(person.certify_by))],
        [t("people.used"), format.dateTime(msFromInstant(person.used))],
        [t("people.created"), format.dateTime(msFromInstant(person.created))],
      ]}
    />
  );
}

function Actions({ town, person, onChanged }: Omit<Props, "onBack">) {
  const { t } = useTranslation();
  const me = useMe();
  const [asked, setAsked] = useState<Asked | "suspend" | "end" | null>(null);
  const isMe = person.id === me.person.id;
  const kinds: readonly Asked[] = person.suspended === null ? ["certify", "roles", "designate", "link"] : ["reinstate", "designate", "link"];
  function done(): void {
    setAsked(null);
    onChanged();
  }
  return (
    <>
      <p className="quiet people-note">{t("people.two_persons")}</p>
      <div className="buttons">
        {kinds.map((kind) => (
          <Button key={kind} kind="secondary" size="small" onClick={() => setAsked(kind)}>
            {t(`people.do_${kind}`)}
          </Button>
        ))}
        {isMe || person.suspended !== null ? null : (
          <Button kind="danger" size="small" onClick={() => setAsked("suspend")}>
            {t("people.do_suspend")}
          </Button>
        )}
        {isMe || person.why === "ended" ? null : (
          <Button kind="danger" size="small" onClick={() => setAsked("end")}>
            {t("people.do_end")}
          </Button>
        )}
      </div>
      {asked === "suspend" || asked === "end" ? (
        <TakeAway what={asked} person={person} onClose={() => setAsked(null)} onDone={done} />
      ) : asked === null ? null : (
        <ChangePerson what={asked} town={town} person={person} onClose={() => setAsked(null)} onProposed={done} />
      )}
    </>
  );
}

/** What became of the account; what its person did stands in the log, for those who may read that. */
function History({ person }: { readonly person: PersonDetail }) {
  const { t, i18n } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const read = useCallback(
    (signal: AbortSignal) => client.call("GET /people/{id}/history", undefined, { path: { id: person.id }, signal }),
    [client, person.id],
  );
  const { value, error, retry } = useResource(read);
  if (value === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} />;
  const say = (word: string) => (i18n.exists(`people.changed_${word}`) ? t(`people.changed_${word}` as "people.changed_roles") : word);
  const columns: readonly Column<PersonChange>[] = [
    { key: "at", head: t("people.when"), cell: ({ at }) => format.dateTime(msFromInstant(at)) },
    { key: "what", head: t("people.what"), cell: ({ what }) => what.map(say).join(", ") },
    { key: "by", head: t("people.by"), cell: ({ by }) => by?.name ?? t("people.by_system") },
    { key: "why", head: t("people.why"), cell: ({ why }) => why },
  ];
  return (
    <Table
      caption={t("people.history")}
      columns={columns}
      rows={value.items}
      rowKey={({ at, what, why }) => `${at} ${what.join(" ")} ${why}`}
      empty={<Empty title={t("people.no_history")} />}
    />
  );
}
