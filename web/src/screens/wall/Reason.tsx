// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { LiveReason } from "../../core/api/live";
import type { Purpose } from "../../core/api/playback";
import { Button } from "../../ui/Button";
import { SelectField, TextArea, TextField } from "../../ui/Field";
import { Screen } from "../../ui/Screen";

export const PURPOSES: readonly Purpose[] = [
  "urban-security", "crime", "road-accident", "traffic", "environment", "property", "civil-protection", "request", "data-subject", "check",
]; // prettier-ignore

const KEY = "torrazzo-live-reason";

/** Said in this window before, by the same person. */
export function keptReason(person: string): LiveReason | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (typeof kept !== "object" || kept === null || !("person" in kept) || kept.person !== person || !("said" in kept)) return null;
    return kept.said as LiveReason;
  } catch {
    return null;
  }
}

interface Props {
  readonly person: string;
  readonly needsCase: boolean;
  readonly onSaid: (reason: LiveReason) => void;
}

/** Whose shift does not say why they look says it here (LG-02). */
export function Reason({ person, needsCase, onSaid }: Props) {
  const { t } = useTranslation();
  const [purpose, setPurpose] = useState<Purpose>("urban-security");
  const [reason, setReason] = useState("");
  const [about, setAbout] = useState("");
  const [isTried, setTried] = useState(false);
  const isShort = reason.trim().length < 15;
  const lacksCase = needsCase && about.trim() === "";
  function say(): void {
    setTried(true);
    if (isShort || lacksCase) return;
    const said: LiveReason = { purpose, reason: reason.trim(), ...(about.trim() === "" ? {} : { case: about.trim() }) };
    sessionStorage.setItem(KEY, JSON.stringify({ person, said }));
    onSaid(said);
  }
  return (
    <Screen title={t("wall.reason_title")}>
      <form
        className="step-form wall-reason"
        onSubmit={(event) => {
          event.preventDefault();
          say();
        }}
      >
        <p>{t("wall.reason_text")}</p>
        <SelectField
          label={t("playback.purpose")}
          value={purpose}
          options={PURPOSES.map((value) => ({ value, label: t(`playback.purpose_${value}`) }))}
          onChange={setPurpose}
        />
        <TextArea label={t("wall.reason")} hint={t("playback.reason_hint")} value={reason} onChange={setReason} error={isTried && isShort ? t("errors.REASON_REQUIRED") : undefined} />
        {needsCase ? (
          <TextField label={t("wall.case")} value={about} onChange={setAbout} error={isTried && lacksCase ? t("errors.field_missing") : undefined} />
        ) : null}
        <Button isSubmit>{t("wall.look")}</Button>
      </form>
    </Screen>
  );
}
