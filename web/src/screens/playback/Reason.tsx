// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { LEDGER_S, type LookAsked, type Purpose } from "../../core/api/playback";
import { type Said, titlesOf } from "../../core/playback/said";
import { HOUR, MINUTE } from "../../core/timeline/view";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { SelectField, TextArea, TextField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert } from "../../ui/Notices";
import { useSayError } from "../../ui/errors";
import { useAction } from "../../ui/useAction";
import { Waiting } from "../../ui/Waiting";
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

/** What the person said before: in this window, or in a request for a copy. */
export interface Before {
  readonly said: Said;
  readonly isRequest: boolean;
}

interface Props {
  readonly at: number;
  readonly now: number;
  /** By id, with their names. */
  readonly cameras: ReadonlyMap<string, string>;
  /** What was said last, and where. */
  readonly before: Before;
  readonly onOpen: (asked: LookAsked, said: Said) => Promise<void>;
  readonly onClose: () => void;
}

/** Why somebody looks (LG-02): asked before the first picture, and kept for the look. */
export function Reason({ at, now, cameras, before, onOpen, onClose }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const say = useSayError();
  const action = useAction();
  const [written, setWritten] = useState<Partial<Said>>({});
  const said = { ...before.said, ...written };
  const write = (part: Partial<Said>) => setWritten({ ...written, ...part });
  const [length, setLength] = useState<Length>("60");
  const span = spanAround(at, LENGTHS[length], now);

  function go(): void {
    const why = { purpose: said.purpose, reason: said.reason.trim(), ...titlesOf(said) };
    const asked: LookAsked = { cameras: [...cameras.keys()], from: instant(span.from), to: instant(span.to), at: instant(at), ...why };
    action.run(() => onOpen(asked, said));
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
        <Waiting isBusy={action.isBusy}>{(n) => t("playback.waits_ledger", { n, most: LEDGER_S })}</Waiting>
        <p>{t("playback.look_at", { cameras: [...cameras.values()].join(", ") })}</p>
        {before.isRequest && written.reason === undefined ? <Alert kind="info">{t("playback.reason_again", { case: before.said.case })}</Alert> : null}
        <SelectField label={t("playback.purpose")} value={said.purpose} onChange={(purpose) => write({ purpose })} options={PURPOSES.map((value) => ({ value, label: t(`playback.purpose_${value}`) }))} />
        <TextArea label={t("playback.reason")} hint={t("playback.reason_hint")} value={said.reason} onChange={(reason) => write({ reason })} />
        <TextField label={t("playback.event")} hint={t("playback.event_hint")} value={said.event} onChange={(event) => write({ event })} />
        <TextField label={t("playback.case")} hint={t("playback.case_hint")} value={said.case} onChange={(about) => write({ case: about })} />
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
