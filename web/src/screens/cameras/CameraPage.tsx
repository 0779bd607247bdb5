// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { CameraDetail, ListedCamera } from "../../core/api/cameras";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Card, Facts } from "../../ui/Card";
import { useFormat } from "../../ui/format";
import { Alert } from "../../ui/Notices";
import { Screen } from "../../ui/Screen";
import { Failed, Loading } from "../../ui/States";
import { useResource } from "../../ui/useResource";
import { Activation } from "./Activation";
import { EditAccess } from "./EditAccess";
import { EditCamera } from "./EditCamera";
import { Erasures } from "./Erasures";
import { CameraStatus } from "./List";
import { Masks } from "./Masks";
import { Policy } from "./Policy";
import { ProbeResult, useProbe } from "./Probe";
import { Ptz } from "./Ptz";
import { RemoveCamera } from "./RemoveCamera";
import { Sectors } from "./Sectors";
import { TechnicianSession } from "./TechnicianSession";

interface Props {
  readonly camera: ListedCamera;
  readonly onChanged: () => void;
  readonly onBack: () => void;
}

/** One camera: its state for all; what is declared of it, for who configures. */
export function CameraPage({ camera, onChanged, onBack }: Props) {
  const { t } = useTranslation();
  const { permissions, roles } = useMe();
  return (
    <Screen title={camera.name} aside={<Button kind="quiet" icon="arrow-left" onClick={onBack}>{t("cameras.to_list")}</Button>}>
      <Card title={t("cameras.state")} aside={<CameraStatus camera={camera} />}>
        <Facts
          items={[
            [t("cameras.place"), camera.place || "–"],
            [t("cameras.pictures"), t(camera.synthetic ? "cameras.synthetic" : "cameras.real")],
          ]}
        />
        {camera.waits ? <Alert kind="warning">{t("cameras.waits_text")}</Alert> : null}
      </Card>
      {roles.includes("technician") ? <TechnicianSession camera={camera.id} /> : null}
      {camera.turns && permissions.includes("ptz") ? (
        <Card title={t("turning.title")}>
          <Ptz camera={camera.id} />
        </Card>
      ) : null}
      <div className="camera-parts">
        {camera.synthetic ? null : <Activation camera={camera.id} onChanged={onChanged} />}
        <Masks camera={camera.id} />
        <Policy camera={camera.id} onChanged={onChanged} />
        {permissions.includes("erase.see") ? <Erasures camera={camera.id} /> : null}
      </div>
      {permissions.includes("cameras.apply") ? <Declared id={camera.id} onChanged={onChanged} onBack={onBack} /> : null}
    </Screen>
  );
}

function Declared({ id, onChanged, onBack }: { readonly id: string; readonly onChanged: () => void; readonly onBack: () => void }) {
  const client = useClient();
  const read = useCallback((signal: AbortSignal) => client.call("GET /cameras/{id}", undefined, { path: { id }, signal }), [client, id]);
  const { value, error, retry } = useResource(read);
  if (value === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} />;
  function changed(): void {
    retry();
    onChanged();
  }
  return (
    <div className="camera-forms">
      <EditCamera key={`${value.id} edit`} camera={value} onChanged={changed} />
      <EditAccess key={`${value.id} access`} camera={value} onChanged={changed} />
      <Sectors key={`${value.id} sectors`} camera={value} onChanged={changed} />
      <Look camera={value} />
      <Removal camera={value} onRemoved={() => { onChanged(); onBack(); }} />
    </div>
  );
}

function Look({ camera }: { readonly camera: CameraDetail }) {
  const { t } = useTranslation();
  const probe = useProbe({ camera: camera.id, sensor: camera.sensor });
  return (
    <Card title={t("cameras.probe")}>
      <p>{t("cameras.check_text")}</p>
      <ProbeResult probe={probe} />
      <Button kind="secondary" icon="search" isBusy={probe.job?.state === "running"} onClick={probe.begin}>{t("cameras.probe_go")}</Button>
    </Card>
  );
}

function Removal({ camera, onRemoved }: { readonly camera: CameraDetail; readonly onRemoved: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Card title={t("cameras.remove_title")}>
      <p>{t("cameras.remove_text")}</p>
      <p className="quiet">{t("cameras.since", { time: format.dateTime(msFromInstant(camera.added)) })}</p>
      <RemoveCamera camera={camera} onRemoved={onRemoved} />
    </Card>
  );
}
