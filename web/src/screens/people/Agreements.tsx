// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useMe } from "../../app/session";
import type { Agreement, AgreementKind, Wanted } from "../../core/api/people";
import type { Permission } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { Checkbox, SelectField, TextField } from "../../ui/Field";
import { Empty } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { DayField } from "../../ui/TimeFields";
import { ApplyDialog } from "./ApplyDialog";
import { type Town, useSayDay } from "./town";

/** Protocols with police forces, contracts with firms: on them hang the accounts of people who are not the town's. */
export function Agreements({ town, onChanged }: { readonly town: Town; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const day = useSayDay();
  const [isNew, setNew] = useState(false);
  const columns: readonly Column<Agreement>[] = [
    { key: "organisation", head: t("people.organisation"), cell: ({ organisation }) => organisation, sort: ({ organisation }) => organisation },
    { key: "kind", head: t("people.agreement_kind"), cell: ({ kind }) => t(`people.kind_${kind}`) },
    { key: "number", head: t("first_run.number"), cell: ({ number }) => number },
    { key: "until", head: t("people.until"), cell: ({ until }) => day(until), sort: ({ until }) => until },
    {
      key: "allows",
      head: t("people.allows"),
      cell: ({ kind, operations }) => (kind === "contract" ? "" : operations.map((each) => t(`people.allows_${each === "ptz" ? "ptz" : "live"}`)).join(", ")),
    },
  ];
  return (
    <>
      {me.permissions.includes("people.apply") ? (
        <div className="buttons people-actions">
          <Button kind="secondary" icon="plus" onClick={() => setNew(true)}>
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
      {isNew ? (
        <NewAgreement
          onClose={() => setNew(false)}
          onProposed={() => {
            setNew(false);
            onChanged();
          }}
        />
      ) : null}
    </>
  );
}

function NewAgreement({ onClose, onProposed }: { readonly onClose: () => void; readonly onProposed: () => void }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<AgreementKind>("protocol");
  const [said, setSaid] = useState({ organisation: "", number: "", until: "" });
  const [isPtz, setPtz] = useState(false);

  function wanted(): Wanted | null {
    const { organisation, number, until } = said;
    if (organisation.trim() === "" || number.trim() === "" || until === "") return null;
    const operations: readonly Permission[] = kind === "contract" ? [] : isPtz ? ["live", "ptz"] : ["live"];
    return { kind: "person.agreement", agreement: kind, organisation: organisation.trim(), number: number.trim(), until, operations };
  }

  return (
    <ApplyDialog title={t("people.agreement_new")} wanted={wanted} onClose={onClose} onProposed={onProposed}>
      {({ isAsked }) => {
        const field = (key: keyof typeof said) => ({
          value: said[key],
          error: isAsked && said[key].trim() === "" ? t("errors.field_missing") : undefined,
          onChange: (value: string) => setSaid({ ...said, [key]: value }),
        });
        return (
          <>
            <SelectField
              label={t("people.agreement_kind")}
              value={kind}
              options={(["protocol", "contract"] as const).map((value) => ({ value, label: t(`people.kind_${value}`) }))}
              onChange={setKind}
            />
            <TextField label={t("people.organisation")} autoComplete="off" {...field("organisation")} />
            <div className="field-row">
              <TextField label={t("first_run.number")} autoComplete="off" {...field("number")} />
              <DayField label={t("first_run.until")} {...field("until")} />
            </div>
            {kind === "protocol" ? <Checkbox label={t("people.allow_ptz")} isChecked={isPtz} onChange={setPtz} /> : null}
          </>
        );
      }}
    </ApplyDialog>
  );
}
