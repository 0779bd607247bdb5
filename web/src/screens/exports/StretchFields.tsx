// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useContext } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import { keptSaid } from "../../core/playback/said";
import { Checkbox, TextArea, TextField } from "../../ui/Field";
import { Zone } from "../../ui/format";
import { Failed, Loading } from "../../ui/States";
import { MomentField } from "../../ui/TimeFields";
import { useResource } from "../../ui/useResource";
import { instantOf, type Wish, wallText } from "./stretch";

/** Which cameras, from when to when, for which case and why: what a copy and a hold both need. */
export interface Said {
  readonly cameras: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly case: string;
  readonly reason: string;
}

/** From playback: for the case and the reason for which it was looked at. */
export function useFirstSaid(wish: Wish | null): Said {
  const zone = useContext(Zone);
  const person = useMe().person.id;
  const looked = wish === null ? null : keptSaid(sessionStorage, person);
  const at = (ms: number | null | undefined) => wallText(ms ?? null, zone);
  return { cameras: wish?.cameras ?? [], from: at(wish?.from), to: at(wish?.to), case: looked?.case ?? "", reason: looked?.reason ?? "" };
}

/** As the server takes it; null where something is missing. */
export function useWhole(): (said: Said) => (Said & { readonly from: string; readonly to: string }) | null {
  const zone = useContext(Zone);
  return (said) => {
    const from = instantOf(said.from, zone, false);
    const to = instantOf(said.to, zone, true);
    const isWhole = said.cameras.length > 0 && said.case.trim() !== "" && said.reason.trim() !== "";
    return from === null || to === null || !isWhole ? null : { ...said, from, to };
  };
}

interface Props {
  readonly said: Said;
  readonly isAsked: boolean;
  readonly errors: Readonly<Record<string, string>>;
  readonly onSay: (said: Said) => void;
}

export function StretchFields({ said, isAsked, errors, onSay }: Props) {
  const { t } = useTranslation();
  const zone = useContext(Zone);
  const missing = (isThere: boolean) => (isAsked && !isThere ? t("errors.field_missing") : undefined);
  const time = (key: "from" | "to") => {
    const isThere = instantOf(said[key], zone, key === "to") !== null;
    return errors[key] === undefined ? missing(isThere) : t("exports.time_wrong");
  };
  return (
    <>
      <Cameras chosen={said.cameras} error={missing(said.cameras.length > 0)} onChoose={(cameras) => onSay({ ...said, cameras })} />
      <div className="export-times">
        <MomentField label={t("exports.from")} value={said.from} error={time("from")} onChange={(from) => onSay({ ...said, from })} />
        <MomentField label={t("exports.to")} value={said.to} error={time("to")} onChange={(to) => onSay({ ...said, to })} />
      </div>
      <TextField label={t("exports.case")} hint={t("exports.case_hint")} value={said.case} error={missing(said.case.trim() !== "")} onChange={(text) => onSay({ ...said, case: text })} />
      <TextArea label={t("exports.reason")} hint={t("exports.reason_hint")} value={said.reason} error={missing(said.reason.trim() !== "")} onChange={(reason) => onSay({ ...said, reason })} />
    </>
  );
}

interface CamerasProps {
  readonly chosen: readonly string[];
  readonly error: string | undefined;
  readonly onChoose: (cameras: readonly string[]) => void;
}

function Cameras({ chosen, error, onChoose }: CamerasProps) {
  const { t } = useTranslation();
  const client = useClient();
  const read = useCallback((signal: AbortSignal) => client.call("GET /cameras", undefined, { signal }), [client]);
  const { value, error: failed, retry } = useResource(read);
  if (value === undefined) return failed === undefined ? <Loading /> : <Failed error={failed} onRetry={retry} />;
  return (
    <fieldset className="field export-cameras">
      <legend>{t("exports.cameras")}</legend>
      {value.items.map(({ id, name }) => (
        <Checkbox
          key={id}
          label={name}
          isChecked={chosen.includes(id)}
          onChange={(isChecked) => onChoose(isChecked ? [...chosen, id] : chosen.filter((each) => each !== id))}
        />
      ))}
      {error === undefined ? null : <p className="field-error">{error}</p>}
    </fieldset>
  );
}
