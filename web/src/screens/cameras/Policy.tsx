// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, type SyntheticEvent, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { CameraPolicy } from "../../core/api/policy";
import type { CameraProposal } from "../../core/api/proposal";
import { numberFrom } from "../../core/number";
import { Button } from "../../ui/Button";
import { Card, Facts } from "../../ui/Card";
import { useSayError } from "../../ui/errors";
import { TextArea, TextField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert, useNotify } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";
import { SecondPerson } from "./SecondPerson";

interface Props {
  readonly camera: string;
  readonly onChanged: () => void;
}

/** How long it keeps, and where it may look: what two decide once it records. */
export function Policy({ camera, onChanged }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const read = useCallback((signal: AbortSignal) => client.call("GET /cameras/{id}/policy", undefined, { path: { id: camera }, signal }), [client, camera]);
  const { value, error, at, retry } = useResource(read);
  function changed(): void {
    retry();
    onChanged();
  }
  return (
    <Card title={t("camera_policy.title")}>
      {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : <Shown key={at} policy={value} onDone={changed} />}
    </Card>
  );
}

function Shown({ policy, onDone }: { readonly policy: CameraPolicy; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const { permissions } = useMe();
  const { hours_proposal: hours, bounds_proposal: bounds } = policy;
  return (
    <div className="stack">
      <p>{t(policy.waits ? "camera_policy.waits" : "camera_policy.text")}</p>
      <Facts
        items={[
          [t("cameras.hours"), t("camera_policy.hours", { count: policy.hours })],
          [t("sectors.title"), t("camera_policy.sectors", { count: policy.bounds.sectors.length })],
        ]}
      />
      {hours === null ? null : (
        <Waiting proposal={hours} text={t("camera_policy.hours_wanted", { name: hours.proposer.name, count: hours.hours })} onDone={onDone} />
      )}
      {bounds === null ? null : (
        <Waiting proposal={bounds} text={t("camera_policy.sectors_wanted", { name: bounds.proposer.name })} onDone={onDone}>
          <Directions policy={bounds} />
        </Waiting>
      )}
      {permissions.includes("policy.propose") && hours === null && !policy.waits ? <HoursForm policy={policy} onDone={onDone} /> : null}
    </div>
  );
}

/** Each sector in words: a number alone would say nothing to whoever confirms. */
function Directions({ policy }: { readonly policy: { readonly bounds: CameraPolicy["bounds"] } }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { sectors } = policy.bounds;
  if (sectors.length === 0) return <p>{t("sectors.none")}</p>;
  return (
    <ul>
      {sectors.map((sector, at) => {
        const [left, right, bottom, top, zoom] = [sector.left, sector.right, sector.bottom, sector.top, sector.zoom].map((side) => format.number(side));
        return <li key={at}>{t("camera_policy.sector", { left, right, bottom, top, zoom })}</li>;
      })}
    </ul>
  );
}

interface WaitingProps {
  readonly proposal: CameraProposal;
  readonly text: string;
  readonly children?: ReactNode;
  readonly onDone: () => void;
}

function Waiting({ proposal, text, children, onDone }: WaitingProps) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const path = { number: String(proposal.number) };
  async function decide(what: "approve" | "refuse", reason: string): Promise<void> {
    await client.call(`POST /policy-proposals/{number}/${what}`, { reason }, { path });
    notify("success", t(`camera_policy.done_${what}`));
  }
  return (
    <SecondPerson
      proposal={proposal}
      text={text}
      approve={t("camera_policy.approve")}
      onDecide={decide}
      onWithdraw={async () => {
        await client.call("POST /policy-proposals/{number}/withdraw", {}, { path });
      }}
      onDone={onDone}
    >
      {children}
    </SecondPerson>
  );
}

function HoursForm({ policy, onDone }: { readonly policy: CameraPolicy; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const notify = useNotify();
  const { isBusy, error, run } = useAction();
  const [hours, setHours] = useState(String(policy.hours));
  const [reason, setReason] = useState("");
  const [isChecked, setChecked] = useState(false);
  const wanted = numberFrom(hours, 2, 168);
  const isNumber = typeof wanted === "number" && Number.isInteger(wanted);
  function go(event: SyntheticEvent): void {
    event.preventDefault();
    setChecked(true);
    if (!isNumber || wanted === policy.hours || reason.trim() === "") return;
    run(async () => {
      await client.call("POST /cameras/{id}/retention", { hours: wanted, reason: reason.trim() }, { path: { id: policy.camera } });
      notify("success", t("camera_policy.proposed"));
      onDone();
    });
  }
  const wrong = !isNumber ? t("cameras.between", { low: 2, high: 168 }) : wanted === policy.hours ? t("camera_policy.same") : undefined;
  return (
    <form className="step-form" onSubmit={go} noValidate>
      <TextField label={t("camera_policy.new_hours")} hint={t("cameras.hours_hint")} inputMode="numeric" autoComplete="off" value={hours} error={isChecked ? wrong : undefined} onChange={setHours} />
      <TextArea label={t("camera_policy.reason")} value={reason} error={isChecked && reason.trim() === "" ? t("cameras.needed") : undefined} onChange={setReason} />
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      <Button isSubmit kind="secondary" isBusy={isBusy}>{t("camera_policy.propose")}</Button>
    </form>
  );
}
