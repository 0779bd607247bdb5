// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { PurposeFile } from "../../core/api/activation";
import { Button } from "../../ui/Button";
import { Facts } from "../../ui/Card";
import { fieldErrors, useSayError } from "../../ui/errors";
import { SelectField, TextField } from "../../ui/Field";
import { Alert, useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";

const PURPOSES = ["", "urban-security", "crime", "property", "traffic", "road-accident", "environment", "civil-protection"] as const;
const CHOICES = { regime: ["", "G", "L"], area: ["", "street", "open", "building", "workplace"] } as const;
const WORDS = ["act", "committee", "dpia", "sign", "workers", "view"] as const;

interface Props {
  readonly camera: string;
  readonly file: PurposeFile;
  /** For who may read it alone. */
  readonly isFixed: boolean;
  readonly onSaved: () => void;
}

/** The purpose file: acts by number and date, in words of people. */
export function FileForm({ camera, file, isFixed, onSaved }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const notify = useNotify();
  const { isBusy, error, run } = useAction();
  const [said, setSaid] = useState(file);
  const wrong = fieldErrors(error);
  const purposes = PURPOSES.map((value) => ({ value, label: value === "" ? t("activation.unsaid") : t(`playback.purpose_${value}`) }));
  const choices = (key: "regime" | "area") => CHOICES[key].map((value) => ({ value, label: value === "" ? t("activation.unsaid") : t(`activation.${key}_${value}` as "activation.regime_G") }));
  if (isFixed) return <FileFacts file={file} />;

  function go(event: SyntheticEvent): void {
    event.preventDefault();
    run(async () => {
      await client.call("PUT /cameras/{id}/file", said, { path: { id: camera } });
      notify("success", t("activation.saved"));
      onSaved();
    });
  }
  function text(key: keyof PurposeFile) {
    return <TextField key={key} label={t(`activation.${key}`)} hint={t(`activation.${key}_hint` as "activation.act_hint")} value={said[key]} error={wrong[key]} maxLength={200} autoComplete="off" onChange={(value) => setSaid({ ...said, [key]: value })} />;
  }
  return (
    <form className="step-form" onSubmit={go} noValidate>
      <SelectField label={t("activation.purpose")} value={said.purpose as (typeof PURPOSES)[number]} options={purposes} onChange={(purpose) => setSaid({ ...said, purpose })} />
      {said.purpose === "urban-security" ? (
        <>
          {text("pact")}
          <TextField label={t("activation.pact_until")} type="date" value={said.pact_until} error={wrong["pact_until"]} onChange={(pact_until) => setSaid({ ...said, pact_until })} />
        </>
      ) : null}
      <SelectField label={t("activation.regime")} value={said.regime as ""} options={choices("regime")} onChange={(regime) => setSaid({ ...said, regime })} />
      <SelectField label={t("activation.area")} value={said.area as ""} options={choices("area")} onChange={(area) => setSaid({ ...said, area })} />
      {WORDS.map(text)}
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      <Button isSubmit kind="secondary" isBusy={isBusy}>{t("activation.save")}</Button>
    </form>
  );
}

function FileFacts({ file }: { readonly file: PurposeFile }) {
  const { t } = useTranslation();
  const choice = (key: "regime" | "area") => (file[key] === "" ? "–" : t(`activation.${key}_${file[key]}` as "activation.regime_G"));
  return (
    <Facts
      items={[
        [t("activation.purpose"), file.purpose === "" ? "–" : t(`playback.purpose_${file.purpose}` as "playback.purpose_crime")],
        ...(file.pact === "" ? [] : [[t("activation.pact"), file.pact] as const]),
        [t("activation.regime"), choice("regime")],
        [t("activation.area"), choice("area")],
        ...WORDS.map((key) => [t(`activation.${key}`), file[key] || "–"] as const),
      ]}
    />
  );
}
