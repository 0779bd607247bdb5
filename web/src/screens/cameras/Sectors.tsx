// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { CameraDetail } from "../../core/api/cameras";
import type { Pointing, TurningBounds } from "../../core/api/sectors";
import { Refused } from "../../core/api/client";
import { numberFrom } from "../../core/number";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { useSayError } from "../../ui/errors";
import { Checkbox, SelectField, TextArea, TextField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert, useNotify } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";
import { SectorFields } from "./SectorFields";
import { emptySector, sectorFrom, type TypedSector, typedSector } from "./sector";

/** Where a camera may turn (MN-04): by numbers, or by where it looks now. No picture. */
export function Sectors({ camera, onChanged }: { readonly camera: CameraDetail; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const read = useCallback((signal: AbortSignal) => client.call("GET /cameras/{id}/sectors", undefined, { path: { id: camera.id }, signal }), [client, camera.id]);
  const { value, error, at, retry } = useResource(read);
  function changed(): void {
    retry();
    onChanged();
  }
  return (
    <Card title={t("sectors.title")}>
      <p>{t("sectors.text")}</p>
      {camera.device === null ? <p className="quiet">{t("sectors.no_device")}</p> : null}
      {camera.device !== null && value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : null}
      {camera.device !== null && value !== undefined ? <Form key={at} id={camera.id} bounds={value} onChanged={changed} /> : null}
    </Card>
  );
}

interface Props {
  readonly id: string;
  readonly bounds: TurningBounds;
  readonly onChanged: () => void;
}

function Form({ id, bounds, onChanged }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const { isBusy, error, run } = useAction();
  const say = useSayError();
  const pointing = useAction();
  const [sectors, setSectors] = useState<readonly TypedSector[]>(() => bounds.sectors.map(typedSector));
  const [isEndless, setEndless] = useState(bounds.is_endless);
  const [speed, setSpeed] = useState(String(bounds.full_speed));
  const [home, setHome] = useState(bounds.home ?? "");
  const [looks, setLooks] = useState<Pointing | undefined>(undefined);
  const [isChecked, setChecked] = useState(false);
  const [reason, setReason] = useState("");
  const full = numberFrom(speed, 0.001, 1000);
  const path = { id };

  function go(event: SyntheticEvent): void {
    event.preventDefault();
    setChecked(true);
    const said = sectors.map(sectorFrom).filter((each) => each !== undefined);
    if (said.length < sectors.length || typeof full !== "number") return;
    run(async () => {
      await save(client, id, { sectors: said, is_endless: isEndless, full_speed: full, home: home || null }, reason.trim());
      notify("success", t(reason.trim() === "" ? "sectors.saved" : "camera_policy.proposed"));
      onChanged();
    });
  }
  /** Asks the camera, then does something with the answer. */
  function look(then: (found: Pointing) => void = () => undefined): void {
    pointing.run(async () => {
      const found = await client.call("GET /cameras/{id}/pose", undefined, { path });
      setLooks(found);
      then(found);
    });
  }
  function keepHome(): void {
    run(async () => {
      await client.call("POST /cameras/{id}/home", {}, { path });
      notify("success", t("sectors.home_kept"));
      onChanged();
    });
  }
  function change(at: number, sector: TypedSector): void {
    setSectors((before) => before.map((each, index) => (index === at ? sector : each)));
  }
  const known = looks?.presets ?? [];
  const homes = [
    { value: "", label: t("sectors.home_none") },
    ...(home === "" || known.some(({ token }) => token === home) ? [] : [{ value: home, label: home }]),
    ...known.map(({ token, name }) => ({ value: token, label: name || token })),
  ];
  return (
    <form className="stack" onSubmit={go} noValidate>
      <p className="quiet">{t("sectors.blind")}</p>
      <Now looks={looks} isBusy={pointing.isBusy} onRead={() => look()} />
      {pointing.error === undefined ? null : <Alert kind="warning">{say(pointing.error)}</Alert>}
      {sectors.length === 0 ? <p className="quiet">{t("sectors.none")}</p> : null}
      {sectors.map((sector, at) => (
        <SectorFields
          key={sector.key}
          number={at + 1}
          value={sector}
          isChecked={isChecked}
          onChange={(next) => change(at, next)}
          onLook={(then) => look((found) => setSectors((before) => before.map((each, index) => (index === at ? then(each, found) : each))))}
          onRemove={() => setSectors((before) => before.filter((_, index) => index !== at))}
        />
      ))}
      <div className="buttons">
        <Button kind="secondary" size="small" icon="plus" onClick={() => setSectors((before) => [...before, emptySector()])}>{t("sectors.add")}</Button>
      </div>
      <Checkbox label={t("sectors.endless")} isChecked={isEndless} onChange={setEndless} />
      <TextField
        label={t("sectors.speed")}
        hint={t("sectors.speed_hint")}
        inputMode="decimal"
        autoComplete="off"
        value={speed}
        error={isChecked && typeof full !== "number" ? t("cameras.between", { low: 0.001, high: 1000 }) : undefined}
        onChange={setSpeed}
      />
      <SelectField label={t("sectors.home")} hint={t("sectors.home_hint")} value={home} options={homes} onChange={setHome} />
      <ByTwo error={error} reason={reason} onReason={setReason} />
      <div className="buttons">
        <Button isSubmit isBusy={isBusy}>{t(reason.trim() === "" ? "sectors.save" : "camera_policy.propose")}</Button>
        {bounds.sectors.length === 0 ? null : <Button kind="secondary" isBusy={isBusy} onClick={keepHome}>{t("sectors.home_here")}</Button>}
      </div>
    </form>
  );
}

/** At once; with a reason, as a proposal that another person confirms. */
async function save(client: ReturnType<typeof useClient>, id: string, bounds: TurningBounds, reason: string): Promise<void> {
  if (reason === "") await client.call("PUT /cameras/{id}/sectors", bounds, { path: { id } });
  else await client.call("POST /cameras/{id}/sectors/proposal", { bounds, reason }, { path: { id } });
}

interface ByTwoProps {
  readonly error: unknown;
  readonly reason: string;
  readonly onReason: (reason: string) => void;
}

/** What was refused, and why it is wanted where another person has to confirm it. */
function ByTwo({ error, reason, onReason }: ByTwoProps) {
  const { t } = useTranslation();
  const say = useSayError();
  const isByTwo = error instanceof Refused && error.problem.code === "SECTORS_BY_TWO";
  return (
    <>
      {error === undefined ? null : <Alert kind={isByTwo ? "warning" : "danger"}>{say(error)}</Alert>}
      {isByTwo || reason !== "" ? <TextArea label={t("camera_policy.reason")} value={reason} onChange={onReason} /> : null}
    </>
  );
}

interface NowProps {
  readonly looks: Pointing | undefined;
  readonly isBusy: boolean;
  readonly onRead: () => void;
}

function Now({ looks, isBusy, onRead }: NowProps) {
  const { t } = useTranslation();
  const format = useFormat();
  function text(): string {
    if (isBusy) return t("sectors.reading");
    if (looks === undefined) return "";
    const { pan, tilt, zoom } = looks;
    if (pan === null || tilt === null || zoom === null) return t("sectors.silent");
    return t("sectors.now", { pan: format.number(pan), tilt: format.number(tilt), zoom: format.number(zoom) });
  }
  return (
    <div className="sector-now">
      <Button kind="secondary" size="small" icon="refresh" isBusy={isBusy} onClick={onRead}>{t("sectors.read")}</Button>
      <span role="status">{text()}</span>
    </div>
  );
}
