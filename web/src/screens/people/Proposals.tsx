// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { PersonDetail, Proposal, Wanted } from "../../core/api/people";
import type { Me } from "../../core/api/types";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Card, Facts } from "../../ui/Card";
import { useFormat } from "../../ui/format";
import { useSayError } from "../../ui/errors";
import { Alert, useNotify } from "../../ui/Notices";
import { Empty } from "../../ui/States";
import { Status, type Tone } from "../../ui/Status";
import { useAction } from "../../ui/useAction";
import { Decide } from "./Decide";
import { OneTimeLink } from "./OneTimeLink";
import { peopleOf, type Town, useSayCameras, useSayDay, useSayGroups, useSayRoles } from "./town";

const TONES: Readonly<Record<Proposal["state"], Tone>> = {
  open: "warning",
  approved: "warning",
  done: "fine",
  refused: "off",
  withdrawn: "off",
  expired: "off",
};

interface Props {
  readonly town: Town;
  readonly proposals: readonly Proposal[];
  readonly onChanged: () => void;
}

interface Given {
  readonly token: string;
  readonly name: string;
}

/** What is wanted of people; the newest first. */
export function Proposals({ town, proposals, onChanged }: Props) {
  const { t } = useTranslation();
  const [given, setGiven] = useState<Given | null>(null);
  return (
    <section aria-label={t("people.proposals")}>
      {proposals.length === 0 ? <Empty title={t("people.no_proposals")} /> : null}
      <ul className="plain stack">
        {proposals.map((proposal) => (
          <li key={proposal.number}>
            <OneProposal
              town={town}
              proposal={proposal}
              onLink={(token) => setGiven({ token, name: nameOf(town, proposal.wanted) })}
              onChanged={onChanged}
            />
          </li>
        ))}
      </ul>
      {given === null ? null : (
        <OneTimeLink
          {...given}
          onClose={() => {
            setGiven(null);
            onChanged();
          }}
        />
      )}
    </section>
  );
}

interface OneProps {
  readonly town: Town;
  readonly proposal: Proposal;
  readonly onLink: (token: string) => void;
  readonly onChanged: () => void;
}

function OneProposal({ town, proposal, onLink, onChanged }: OneProps) {
  const { t } = useTranslation();
  const me = useMe();
  const format = useFormat();
  const [asked, setAsked] = useState<"approve" | "refuse" | null>(null);
  const title = useTitle(town)(proposal.wanted);
  const details = useDetails(town)(proposal.wanted);
  const { state, proposer, decider, decided, answer } = proposal;
  const isOpen = state === "open";
  const mayDecide = isOpen && me.permissions.includes("people.approve") && !isMine(proposal, me);
  return (
    <Card title={title} aside={<Status tone={TONES[state]}>{t(`people.proposal_${state}`)}</Status>}>
      <Facts
        items={[
          ...details,
          [t("people.asked_by"), t("people.person_at", { name: proposer.name, when: format.dateTime(msFromInstant(proposal.proposed)) })],
          [t("people.reason"), proposal.reason],
          ...(isOpen ? [[t("people.decide_by"), format.dateTime(msFromInstant(proposal.until))] as const] : []),
          ...(decider === null || decided === null
            ? []
            : [
                [t("people.decided_by"), t("people.person_at", { name: decider.name, when: format.dateTime(msFromInstant(decided)) })] as const,
                [t("people.answer"), answer ?? ""] as const,
              ]),
        ]}
      />
      {mayDecide ? (
        <div className="buttons">
          <Button size="small" icon="check" onClick={() => setAsked("approve")}>
            {t("people.approve")}
          </Button>
          <Button size="small" kind="secondary" onClick={() => setAsked("refuse")}>
            {t("people.refuse")}
          </Button>
        </div>
      ) : null}
      {isOpen && isMine(proposal, me) ? <Withdraw proposal={proposal} onChanged={onChanged} /> : null}
      {asked === null ? null : (
        <Decide
          what={asked}
          title={title}
          proposal={proposal}
          onClose={() => setAsked(null)}
          onDone={(token) => {
            setAsked(null);
            if (token === null) onChanged();
            else onLink(token);
          }}
        />
      )}
    </Card>
  );
}

function Withdraw({ proposal, onChanged }: { readonly proposal: Proposal; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const notify = useNotify();
  const say = useSayError();
  return (
    <>
      {action.error === undefined ? null : <Alert kind="danger">{say(action.error)}</Alert>}
      <div className="buttons">
        <Button
          size="small"
          kind="secondary"
          isBusy={action.isBusy}
          onClick={() =>
            action.run(async () => {
              await client.call("POST /proposals/{number}/withdraw", {}, { path: { number: String(proposal.number) } });
              notify("info", t("people.withdrawn"));
              onChanged();
            })
          }
        >
          {t("people.withdraw")}
        </Button>
      </div>
    </>
  );
}

export function isMine(proposal: Proposal, me: Me): boolean {
  return proposal.proposer.id === me.person.id;
}

export function isAbout({ wanted }: Proposal, person: PersonDetail): boolean {
  if (wanted.kind === "person.create") return wanted.person.account === person.account;
  return "person" in wanted && wanted.person === person.id;
}

function nameOf(town: Town, wanted: Wanted): string {
  if (wanted.kind === "person.create") return wanted.person.name;
  if (wanted.kind === "person.agreement") return wanted.organisation;
  if (wanted.kind === "person.group") return wanted.name;
  return town.people.find(({ id }) => id === wanted.person)?.name ?? wanted.person;
}

function agreementOf(town: Town, id: string): string {
  return town.agreements.find((each) => each.id === id)?.number ?? id;
}

type WantedGroup = Extract<Wanted, { readonly kind: "person.group" }>;

const KINDS = {
  "person.create": "create",
  "person.roles": "roles",
  "person.certify": "certify",
  "person.reinstate": "reinstate",
  "person.designate": "designate",
  "person.link": "link",
  "person.agreement": "agreement",
  "person.group": "group",
} as const;

function useTitle(town: Town): (wanted: Wanted) => string {
  const { t } = useTranslation();
  return (wanted) => t(`people.title_${KINDS[wanted.kind]}`, { name: nameOf(town, wanted) });
}

type Pairs = readonly (readonly [string, string])[];

function useDetails(town: Town): (wanted: Wanted) => Pairs {
  const { t } = useTranslation();
  const roles = useSayRoles();
  const groups = useSayGroups(town);
  const day = useSayDay();
  const cameras = useSayCameras(town);
  const rights = (said: { readonly roles: readonly string[]; readonly groups: readonly string[] }): Pairs => [
    [t("people.roles"), roles(said.roles)],
    [t("people.groups"), groups(said.groups)],
  ];
  const act = ({ number, date, until }: { readonly number: string; readonly date: string; readonly until: string }): Pairs => [
    [t("people.act"), t("people.act_of", { number, date: day(date) })],
    [t("people.until"), day(until)],
  ];
  function group(wanted: WantedGroup): Pairs {
    const before = town.groups.find(({ id }) => id === wanted.id);
    const came = wanted.cameras.filter((id) => before === undefined || !before.cameras.includes(id));
    return [
      ...(before === undefined || before.name === wanted.name ? [] : [[t("camera_groups.before"), before.name] as const]),
      [t("camera_groups.cameras"), wanted.is_all ? t("camera_groups.is_all") : cameras(wanted.cameras)],
      ...(before === undefined || wanted.is_all ? [] : [[t("camera_groups.came"), cameras(came)] as const]),
      [t("camera_groups.people"), peopleOf(town, wanted.id) || t("camera_groups.nobody")],
    ];
  }
  return (wanted) => {
    switch (wanted.kind) {
      case "person.create":
        return [[t("people.account"), wanted.person.account], ...rights(wanted), ...act(wanted.person.designation)];
      case "person.roles":
        return rights(wanted);
      case "person.designate":
        return act(wanted.designation);
      case "person.link":
        return [[t("people.link_for"), t(wanted.is_all ? "people.link_for_all" : "people.link_for_password")]];
      case "person.group":
        return group(wanted);
      case "person.agreement":
        return [
          ...(wanted.id === undefined ? [] : [[t("people.agreement_instead"), agreementOf(town, wanted.id)] as const]),
          [t("people.agreement_kind"), t(`people.kind_${wanted.agreement}`)],
          [t("first_run.number"), wanted.number],
          [t("people.until"), day(wanted.until)],
          ...(wanted.operations.includes("ptz") ? [[t("people.allows"), t("people.allow_ptz")] as const] : []),
          ...(wanted.agreement === "protocol"
            ? [
                [t("people.protocol_cameras"), (wanted.cameras ?? []).length === 0 ? t("people.cameras_any") : cameras(wanted.cameras ?? [])] as const,
                [t("people.stations"), (wanted.stations ?? []).length === 0 ? t("people.stations_any") : (wanted.stations ?? []).join(", ")] as const,
              ]
            : []),
        ];
      case "person.certify":
      case "person.reinstate":
        return [];
    }
  };
}
