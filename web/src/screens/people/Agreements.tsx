// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { Agreement, AgreementKind, Wanted } from "../../core/api/people";
import type { Permission } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { Checkbox, SelectField, TextArea, TextField } from "../../ui/Field";
import { Empty } from "../../ui/States";
import { Status } from "../../ui/Status";
import { type Column, Table } from "../../ui/Table";
import { DayField } from "../../ui/TimeFields";
import { ApplyDialog } from "./ApplyDialog";
import { CameraList } from "./CameraList";
import { ReasonDialog } from "./ReasonDialog";
import { type Town, useSayDay } from "./town";

/** Protocols with police forces, contracts with firms: on them hang the accounts of people who are not the town's. */
export function Agreements({ town, onChanged }: { readonly town: Town; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const day = useSayDay();
  const client = useClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const mayApply = me.permissions.includes("people.apply");
  const columns: readonly Column<Agreement>[] = [
    { key: "organisation", head: t("people.organisation"), cell: ({ organisation }) => organisation, sort: ({ organisation }) => organisation },
    { key: "kind", head: t("people.agreement_kind"), cell: ({ kind }) => t(`people.kind_${kind}`) },
    { key: "number", head: t("first_run.number"), cell: ({ number }) => number },
    { key: "until", head: t("people.until"), cell: ({ until }) => day(until), sort: ({ until }) => until },
    { key: "state", head: t("people.agreement_state"), cell: (agreement) => <State agreement={agreement} /> },
    {
      key: "allows",
      head: t("people.allows"),
      cell: ({ kind, operations }) => (kind === "contract" ? "" : operations.map((each) => t(`people.allows_${each === "ptz" ? "ptz" : "live"}`)).join(", ")),
    },
    ...(mayApply ? [{ key: "do", head: t("camera_groups.do"), cell: (agreement: Agreement) => <Does agreement={agreement} onAsk={setAsked} /> }] : []),
  ];
  function close(): void {
    setAsked(null);
  }
  function done(): void {
    close();
    onChanged();
  }
  return (
    <>
      {mayApply ? (
        <div className="buttons people-actions">
          <Button kind="secondary" icon="plus" onClick={() => setAsked({ what: "new" })}>
            {t("people.agreement_new")}
          </Button>
        </div>
      ) : null}
      <Table
        caption={t("people.agreements")}
        columns={columns}
        rows={town.agreements}
        rowKey={({ id }) => id}
        empty={<Empty title={t("people.no_agreements")}>{t("people.no_agreements_text")}</Empty>}
      />
      {asked === null || asked.what === "end" ? null : <AgreementForm {...asked} town={town} onClose={close} onProposed={done} />}
      {asked?.what === "end" ? (
        <ReasonDialog
          title={t("people.agreement_end_title", { name: asked.before.organisation })}
          text={t("people.agreement_end_text")}
          button={t("people.agreement_end")}
          done={t("people.agreement_ended")}
          onGo={(reason) => client.call("POST /agreements/{id}/end", { reason }, { path: { id: asked.before.id } })}
          onClose={close}
          onDone={done}
        />
      ) : null}
    </>
  );
}

type Asked = { readonly what: "new"; readonly before?: undefined } | { readonly what: "renew" | "end"; readonly before: Agreement };

const SOON_DAYS = 90;

function daysLeft(until: string): number {
  return Math.ceil((Date.parse(`${until}T23:59:59Z`) - Date.now()) / 86_400_000);
}

function State({ agreement: { until } }: { readonly agreement: Agreement }) {
  const { t } = useTranslation();
  const days = daysLeft(until);
  if (days <= 0) return <Status tone="off">{t("people.agreement_over")}</Status>;
  return days <= SOON_DAYS ? <Status tone="warning">{t("people.agreement_soon", { count: days })}</Status> : <Status tone="fine">{t("people.agreement_runs")}</Status>;
}

function Does({ agreement, onAsk }: { readonly agreement: Agreement; readonly onAsk: (asked: Asked) => void }) {
  const { t } = useTranslation();
  const name = `${agreement.organisation}, ${agreement.number}`;
  const whats = daysLeft(agreement.until) <= 0 ? (["renew"] as const) : (["renew", "end"] as const);
  return (
    <div className="buttons">
      {whats.map((what) => (
        <Button key={what} size="small" kind="quiet" aria-label={t(`people.agreement_${what}_named`, { name })} onClick={() => onAsk({ what, before: agreement })}>
          {t(`people.agreement_${what}`)}
        </Button>
      ))}
    </div>
  );
}

interface FormProps {
  readonly town: Town;
  readonly before?: Agreement | undefined;
  readonly onClose: () => void;
  readonly onProposed: () => void;
}

/** As openssl writes them, or without colons, one a line. */
function fingerprints(text: string): readonly string[] {
  return text.split(/\s+/).filter((each) => each !== "").map((each) => each.replaceAll(":", "").toLowerCase());
}

/** A new one, or one that there is as it is from then on: its people stay on it. */
function AgreementForm({ town, before, onClose, onProposed }: FormProps) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<AgreementKind>(before?.kind ?? "protocol");
  const [said, setSaid] = useState({ organisation: before?.organisation ?? "", number: before?.number ?? "", until: "" });
  const [isPtz, setPtz] = useState(before?.operations.includes("ptz") ?? false);
  const [cameras, setCameras] = useState(before?.cameras ?? []);
  const [stations, setStations] = useState((before?.stations ?? []).join("\n"));

  function wanted(): Wanted | null {
    const { organisation, number, until } = said;
    if (organisation.trim() === "" || number.trim() === "" || until === "") return null;
    const operations: readonly Permission[] = kind === "contract" ? [] : isPtz ? ["live", "ptz"] : ["live"];
    return { kind: "person.agreement", ...(before === undefined ? {} : { id: before.id }), agreement: kind, organisation: organisation.trim(), number: number.trim(), until, operations, ...(kind === "contract" ? { cameras: [], stations: [] } : { cameras, stations: fingerprints(stations) }) };
  }

  return (
    <ApplyDialog title={before === undefined ? t("people.agreement_new") : t("people.agreement_renew_title", { name: before.organisation })} wanted={wanted} onClose={onClose} onProposed={onProposed}>
      {({ isAsked }) => {
        const field = (key: keyof typeof said) => ({
          value: said[key],
          error: isAsked && said[key].trim() === "" ? t("errors.field_missing") : undefined,
          onChange: (value: string) => setSaid({ ...said, [key]: value }),
        });
        return (
          <>
            {before === undefined ? (
              <SelectField
                label={t("people.agreement_kind")}
                value={kind}
                options={(["protocol", "contract"] as const).map((value) => ({ value, label: t(`people.kind_${value}`) }))}
                onChange={setKind}
              />
            ) : null}
            <TextField label={t("people.organisation")} autoComplete="off" {...field("organisation")} />
            <div className="field-row">
              <TextField label={t("first_run.number")} autoComplete="off" {...field("number")} />
              <DayField label={t("first_run.until")} {...field("until")} />
            </div>
            {kind === "protocol" ? (
              <>
                <Checkbox label={t("people.allow_ptz")} isChecked={isPtz} onChange={setPtz} />
                <CameraList town={town} legend={t("people.protocol_cameras")} of={town.cameras.map(({ id }) => id)} chosen={cameras} onChoose={setCameras} />
                <TextArea
                  label={t("people.stations")}
                  hint={t("people.stations_hint")}
                  value={stations}
                  error={isAsked && fingerprints(stations).some((each) => !/^[0-9a-f]{64}$/.test(each)) ? t("people.stations_wrong") : undefined}
                  onChange={setStations}
                />
              </>
            ) : null}
          </>
        );
      }}
    </ApplyDialog>
  );
}
