// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { Erasure, Ground } from "../../core/api/erasures";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Card, Facts } from "../../ui/Card";
import { useSayError } from "../../ui/errors";
import { RadioGroup, SelectField, TextArea, TextField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert, useNotify } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";
import { Answer } from "./SecondPerson";

const HOUR_MS = 3_600_000;
const YOUNGEST = 2; // hours: of a younger one the keys are still in use
const LONGEST = 168; // hours that anything is kept (RT-01)
const GROUNDS: readonly Ground[] = ["rights-request", "unlawful-capture"];

/** Footage that goes before its time (RT-06): asked by who commands, with an opinion, decided by another official. */
export function Erasures({ camera }: { readonly camera: string }) {
  const { t } = useTranslation();
  const client = useClient();
  const { permissions } = useMe();
  const read = useCallback((signal: AbortSignal) => client.call("GET /erasures", undefined, { signal }), [client]);
  const { value, error, retry } = useResource(read);
  const found = value?.items.filter((each) => each.camera === camera) ?? [];
  return (
    <Card title={t("erasures.title")}>
      <div className="stack">
        <p>{t("erasures.text")}</p>
        {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : null}
        {value !== undefined && found.length === 0 ? <p className="quiet">{t("erasures.none")}</p> : null}
        {found.map((each) => (
          <One key={`${each.number} ${each.state} ${each.opinion?.at ?? ""}`} erasure={each} onDone={retry} />
        ))}
        {permissions.includes("erase.ask") ? <Ask key={found.length} camera={camera} onDone={retry} /> : null}
      </div>
    </Card>
  );
}

function One({ erasure, onDone }: { readonly erasure: Erasure; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { permissions } = useMe();
  const { opinion, state } = erasure;
  const hour = format.dateTime(msFromInstant(erasure.hour));
  return (
    <section className="mask-proposal" aria-label={t("erasures.one", { hour })}>
      <h3>{t("erasures.one", { hour })}</h3>
      <Facts
        items={[
          [t("erasures.state"), t(`erasures.state_${state}`)],
          [t("erasures.ground"), `${t(`erasures.ground_${erasure.ground}`)}, ${erasure.reference}`],
          [t("erasures.asked"), `${erasure.proposer.name}, ${format.dateTime(msFromInstant(erasure.proposed))}: ${erasure.reason}`],
          [t("erasures.opinion"), opinion === null ? t("erasures.no_opinion") : `${t(opinion.favours ? "erasures.for" : "erasures.against")}, ${opinion.person.name}: ${opinion.text}`],
          ...(erasure.decider === null ? [] : [[t("erasures.decided"), `${erasure.decider.name}: ${erasure.answer ?? ""}`] as const]),
        ]}
      />
      {erasure.holds.length > 0 ? <Alert kind="warning">{t("erasures.held", { holds: erasure.holds.join(", ") })}</Alert> : null}
      {state === "open" && permissions.includes("erase.opinion") ? <Advise erasure={erasure} onDone={onDone} /> : null}
      <Decision erasure={erasure} onDone={onDone} />
    </section>
  );
}

interface StepProps {
  readonly erasure: Erasure;
  readonly onDone: () => void;
}

function Decision({ erasure, onDone }: StepProps) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const { permissions, person } = useMe();
  const { state, opinion, own } = erasure;
  const isOpen = state === "open";
  const isMine = isOpen || (state === "approved" && erasure.decider?.id === person.id);
  const path = { number: String(erasure.number) };
  async function decide(what: "approve" | "refuse", reason: string): Promise<void> {
    if (what === "approve") await client.call("POST /erasures/{number}/approve", { reason, opinion: opinion?.at ?? null }, { path });
    else await client.call("POST /erasures/{number}/refuse", { reason }, { path });
    notify("success", t(`erasures.done_${what}`));
  }
  return (
    <Answer
      isOwn={isOpen && own}
      mayDecide={isMine && permissions.includes("erase.confirm") && !own}
      approve={opinion !== null && erasure.holds.length === 0 ? t("erasures.approve") : null}
      mayRefuse={isOpen}
      isFinal
      onDecide={decide}
      onWithdraw={async () => {
        await client.call("POST /erasures/{number}/withdraw", {}, { path });
      }}
      onDone={onDone}
    />
  );
}

function Advise({ erasure, onDone }: StepProps) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const notify = useNotify();
  const { isBusy, error, run } = useAction();
  const [text, setText] = useState("");
  const [favours, setFavours] = useState<"for" | "against" | "">("");
  const [isChecked, setChecked] = useState(false);
  function go(event: SyntheticEvent): void {
    event.preventDefault();
    setChecked(true);
    if (favours === "" || text.trim() === "") return;
    run(async () => {
      await client.call("POST /erasures/{number}/opinion", { favours: favours === "for", text: text.trim() }, { path: { number: String(erasure.number) } });
      notify("success", t("erasures.advised"));
      onDone();
    });
  }
  return (
    <form className="step-form" onSubmit={go} noValidate>
      <RadioGroup
        legend={t("erasures.opinion")}
        value={favours}
        options={[
          { value: "for", label: t("erasures.for") },
          { value: "against", label: t("erasures.against") },
        ]}
        onChange={setFavours}
      />
      {isChecked && favours === "" ? <Alert kind="warning">{t("erasures.choose")}</Alert> : null}
      <TextArea label={t("erasures.opinion_text")} value={text} error={isChecked && text.trim() === "" ? t("cameras.needed") : undefined} onChange={setText} />
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      <Button isSubmit kind="secondary" isBusy={isBusy}>{t("erasures.advise")}</Button>
    </form>
  );
}

function Ask({ camera, onDone }: { readonly camera: string; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const say = useSayError();
  const notify = useNotify();
  const { isBusy, error, run } = useAction();
  const [hour, setHour] = useState("");
  const [ground, setGround] = useState<Ground | "">("");
  const [reference, setReference] = useState("");
  const [reason, setReason] = useState("");
  const [isChecked, setChecked] = useState(false);
  const station = useResource(useCallback((signal: AbortSignal) => client.call("GET /station", undefined, { signal }), [client]));
  const offered = station.value === undefined ? [] : pastHours(msFromInstant(station.value.now)); // this station's clock may be off
  const missing = (text: string): string | undefined => (isChecked && text.trim() === "" ? t("cameras.needed") : undefined);
  function go(event: SyntheticEvent): void {
    event.preventDefault();
    setChecked(true);
    if (hour === "" || ground === "" || reference.trim() === "" || reason.trim() === "") return;
    run(async () => {
      await client.call("POST /erasures", { camera, hour, ground, reference: reference.trim(), reason: reason.trim() });
      notify("success", t("erasures.asked_now"));
      onDone();
    });
  }
  return (
    <form className="step-form" onSubmit={go} noValidate>
      <SelectField
        label={t("erasures.hour")}
        hint={t("erasures.hour_hint")}
        error={missing(hour)}
        value={hour}
        options={[{ value: "", label: t("erasures.choose") }, ...offered.map((at) => ({ value: new Date(at).toISOString(), label: format.dateTime(at) }))]}
        onChange={setHour}
      />
      <SelectField
        label={t("erasures.ground")}
        error={missing(ground)}
        value={ground}
        options={[{ value: "", label: t("erasures.choose") }, ...GROUNDS.map((each) => ({ value: each, label: t(`erasures.ground_${each}`) }))]}
        onChange={setGround}
      />
      <TextField label={t("erasures.reference")} hint={t("erasures.reference_hint")} autoComplete="off" maxLength={100} value={reference} error={missing(reference)} onChange={setReference} />
      <TextArea label={t("erasures.reason")} value={reason} error={missing(reason)} onChange={setReason} />
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      <Button isSubmit kind="secondary" isBusy={isBusy}>{t("erasures.ask")}</Button>
    </form>
  );
}

/** Milliseconds of the starts of hours that are over and still kept, the newest first. */
function pastHours(now: number): readonly number[] {
  const last = Math.floor(now / HOUR_MS) - YOUNGEST;
  return Array.from({ length: LONGEST - YOUNGEST }, (_, at) => (last - at) * HOUR_MS);
}
