// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { CameraAccess, Job, Probed, ProbedDevice, ProbedStream, ProbeJob } from "../../core/api/cameras";
import { Button } from "../../ui/Button";
import { Facts } from "../../ui/Card";
import { useFormat } from "../../ui/format";
import { Alert } from "../../ui/Notices";
import { Progress } from "../../ui/Progress";
import { Failed } from "../../ui/States";
import { Status } from "../../ui/Status";
import { useJob } from "../../ui/useJob";
import { useSayCause } from "../system/Cameras";

/** Looks at a camera without a picture: what it is, what it sends, what should be set otherwise. */
export function useProbe(asked: CameraAccess & { readonly camera?: string }) {
  const client = useClient();
  const text = JSON.stringify(asked);
  const ways = useMemo(
    () => ({
      begin: () => client.call("POST /camera-probes", JSON.parse(text) as CameraAccess & { camera?: string }),
      see: (id: string) => client.call("GET /camera-probes/{id}", undefined, { path: { id } }),
      end: (id: string) => client.call("DELETE /camera-probes/{id}", undefined, { path: { id } }),
    }),
    [client, text],
  );
  return useJob<ProbeJob>(ways);
}

interface Props {
  readonly probe: ReturnType<typeof useProbe>;
}

/** How far a probe is, or what came of it. */
export function ProbeResult({ probe }: Props) {
  const { t } = useTranslation();
  const { job, error, begin, cancel } = probe;
  if (job === undefined) return error === undefined ? null : <Failed error={error} onRetry={begin} />;
  const found = job.found[0];
  return (
    <div className="stack">
      {job.state === "running" ? (
        <div className="camera-job">
          <Progress label={t("cameras.probing")} value={job.progress} />
          <Button kind="secondary" size="small" onClick={cancel}>{t("cameras.stop")}</Button>
        </div>
      ) : null}
      {job.state === "cancelled" ? <Alert kind="info">{t("cameras.probe_stopped")}</Alert> : null}
      {job.state === "failed" ? <WhatToDo job={job} /> : null}
      {found === undefined ? null : <Seen found={found} />}
    </div>
  );
}

/** A failure with what a person can do about it. */
export function WhatToDo({ job }: { readonly job: Job<unknown> }) {
  const { t, i18n } = useTranslation();
  const key = `cameras.todo_${job.why ?? "failed"}`;
  return (
    <Alert kind="danger" title={t(i18n.exists(key) ? (key as "cameras.todo_failed") : "cameras.todo_failed")}>
      <p className="quiet" lang="en">{job.message}</p>
    </Alert>
  );
}

function Seen({ found }: { readonly found: Probed }) {
  const { t, i18n } = useTranslation();
  return (
    <>
      {found.device === null ? null : <Device device={found.device} />}
      {found.streams.map((stream) => (
        <Stream key={stream.name} stream={stream} />
      ))}
      {found.advice.length === 0 ? null : (
        <Alert kind="warning" title={t("cameras.advice")}>
          <ul className="plain">
            {found.advice.map((code) => (
              <li key={code}>{i18n.exists(`cameras.advice_${code}`) ? t(`cameras.advice_${code}` as "cameras.advice_no_sub") : code}</li>
            ))}
          </ul>
        </Alert>
      )}
    </>
  );
}

function Device({ device }: { readonly device: ProbedDevice }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { maker, model, firmware, clock_s, sensors, turns, masks } = device;
  return (
    <Facts
      items={[
        [t("cameras.device"), [maker, model, firmware].filter(Boolean).join(" ") || "–"],
        [t("cameras.clock"), clock_s === null ? t("system.unknown") : t("cameras.clock_off", { s: format.number(clock_s) })],
        [t("cameras.sensors"), format.number(sensors)],
        [t("cameras.turns"), t(turns ? "cameras.yes" : "cameras.no")],
        [t("cameras.masks"), masks === null ? t("cameras.no_masks") : format.number(masks)],
      ]}
    />
  );
}

function Stream({ stream }: { readonly stream: ProbedStream }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cause = useSayCause();
  const { name, why, message, codec, width, height, fps, bits } = stream;
  const shown = [
    codec?.toUpperCase().replace("H26", "H.26"),
    width === null || height === null ? undefined : `${width}×${height}`,
    fps === null ? undefined : t("cameras.per_second", { n: format.number(fps) }),
    bits === null ? undefined : `${format.number(Math.round(bits / 1000))} kbit/s`,
  ].filter((part) => part !== undefined);
  return (
    <p className="camera-stream">
      <Status tone={why === null ? "fine" : "alarm"}>
        {t(why === null ? "cameras.recordable" : "cameras.not_recordable", { stream: t(name === "sub" ? "cameras.sub" : "cameras.main") })}
      </Status>{" "}
      {why === null ? shown.join(", ") : `${cause(why)} (${message})`}
    </p>
  );
}

/** Whether everything that was looked at can be recorded, so far as is known. */
export function canRecord(job: ProbeJob | undefined): boolean {
  const found = job?.found[0];
  return found !== undefined && found.streams.length > 0 && found.streams[0]?.why === null;
}

