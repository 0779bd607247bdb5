// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { LookAsked, Purpose } from "../../core/api/playback";
import { HOUR, MINUTE } from "../../core/timeline/view";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { SelectField, TextArea, TextField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert } from "../../ui/Notices";
import { useSayError } from "../../ui/errors";
import { useAction } from "../../ui/useAction";
import { instant } from "./useLook";

const PURPOSES: readonly Purpose[] = [
  "crime",
  "urban-security",
  "road-accident",
  "traffic",
  "environment",
  "property",
  "civil-protection",
  "data-subject",
  "request",
  "check",
];
const LENGTHS = { "10": 10 * MINUTE, "60": HOUR, "240": 4 * HOUR, "720": 12 * HOUR, "1440": 24 * HOUR };
type Length = keyof typeof LENGTHS;

interface Props {
  readonly at: number;
  readonly now: number;
  readonly cameras: readonly string[];
  readonly before: LookAsked | null;
  readonly onOpen: (asked: LookAsked) => Promise<void>;
  readonly onClose: () => void;
}

/** Why somebody looks (LG-02): asked before the first picture, and kept for the look. */
export function Reason({ at, now, cameras, before, onOpen, onClose }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const say = useSayError();
  const action = useAction();
  const [purpose, setPurpose] = useState<Purpose>(before?.purpose ?? "crime");
  const [reason, setReason] = useState(before?.reason ?? "");
  const [caseName, setCase] = useState(before?.case ?? "");
  const [event, setEvent] = useState(before?.event ?? "");
  const [length, setLength] = useState<Length>("60");
  const span = spanAround(at, LENGTHS[length], now);

  function go(): void {
    const titles = { ...(caseName.trim() === "" ? {} : { case: caseName.trim() }), ...(event.trim() === "" ? {} : { event: event.trim() }) };
    const asked: LookAsked = { cameras, from: instant(span.from), to: instant(span.to), at: instant(at), purpose, reason: reason.trim(), ...titles };
    action.run(() => onOpen(asked));
  }
  return (
    <Dialog
      title={t("playback.reason_title")}
      onClose={onClose}
      actions={
        <>
          <Button kind="secondary" onClick={onClose}>{t("playback.cancel")}</Button>
          <Button isBusy={action.isBusy} onClick={go}>{t("playback.look")}</Button>
        </>
      }
    >
      <form
        className="step-form"
        noValidate
        onSubmit={(submitted) => {
          submitted.preventDefault();
          go();
        }}
      >
        <p>{t("playback.reason_text")}</p>
        {action.error === undefined ? null : <Alert kind="danger">{say(action.error)}</Alert>}
        <SelectField label={t("playback.purpose")} value={purpose} onChange={setPurpose} options={PURPOSES.map((value) => ({ value, label: t(`playback.purpose_${value}`) }))} />
        <TextArea label={t("playback.reason")} hint={t("playback.reason_hint")} value={reason} onChange={setReason} />
        <TextField label={t("playback.event")} hint={t("playback.event_hint")} value={event} onChange={setEvent} />
        <TextField label={t("playback.case")} hint={t("playback.case_hint")} value={caseName} onChange={setCase} />
        <SelectField
          label={t("playback.length")}
          hint={`${format.dateTime(span.from)} – ${format.dateTime(span.to)}`}
          value={length}
          onChange={setLength}
          options={(Object.keys(LENGTHS) as Length[]).map((value) => ({ value, label: format.age(LENGTHS[value] / 1000) }))}
        />
        <button type="submit" hidden aria-hidden="true" tabIndex={-1} />
      </form>
    </Dialog>
  );
}

/** So much time around a moment, nothing of it to come. */
export function spanAround(at: number, length: number, now: number): { readonly from: number; readonly to: number } {
  const to = Math.min(now, at + length / 2);
  const from = Math.min(to - length, at - 1000);
  return { from: Math.floor(Math.max(from, to - 24 * HOUR)), to: Math.floor(to) };
}
