// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { useSayWhole } from "../../app/alarms";
import { useClient } from "../../app/session";
import type { SystemState } from "../../core/api/types";
import { msFromInstant } from "../../core/time/ticks";
import { useFormat } from "../../ui/format";
import { Alert } from "../../ui/Notices";
import { Screen } from "../../ui/Screen";
import { Failed, Loading, Stale } from "../../ui/States";
import { useResource } from "../../ui/useResource";
import { Cameras } from "./Cameras";
import { Disks } from "./Disks";
import { notFine } from "./judge";
import { Parts } from "./Parts";

const EVERY_MS = 5000;

/** State of the system: what records now, what was not recorded today, and what all of it stands on. */
export function System() {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const read = useCallback((signal: AbortSignal) => client.call("GET /system", undefined, { signal }), [client]);
  const { value, error, at, retry } = useResource(read, EVERY_MS);
  return (
    <Screen
      title={t("system.title")}
      aside={value === undefined ? null : <p className="quiet">{t("system.at", { time: format.seconds(msFromInstant(value.now)) })}</p>}
    >
      {value === undefined && error === undefined ? <Loading /> : null}
      {error === undefined ? null : value === undefined ? (
        <Failed error={error} onRetry={retry} />
      ) : (
        <Stale since={format.seconds(at ?? msFromInstant(value.now))} />
      )}
      {value === undefined ? null : <Everything state={value} />}
    </Screen>
  );
}

function Everything({ state }: { readonly state: SystemState }) {
  return (
    <>
      <Summary state={state} />
      <Parts state={state} />
      <Disks disks={state.disks} />
      <Cameras cameras={state.cameras} isKnown={state.recorder.state === "running"} />
    </>
  );
}

function Summary({ state }: { readonly state: SystemState }) {
  const { t } = useTranslation();
  const say = useSayWhole();
  const wrong = notFine(state.cameras);
  const all = state.cameras.length;
  return (
    <div className="stack">
      {state.recorder.state === "down" ? (
        <Alert kind="danger" title={t("system.recorder_down")}>
          <p>{t("system.recorder_down_text")}</p>
        </Alert>
      ) : wrong.length > 0 ? (
        <Alert kind="danger" title={t("system.some_wrong", { n: wrong.length, all })}>
          <p>{wrong.map(({ name }) => name).join(", ")}</p>
        </Alert>
      ) : all === 0 ? (
        <Alert kind="info">{t("system.no_cameras")}</Alert>
      ) : (
        <Alert kind="success">{t("system.all_fine", { all })}</Alert>
      )}
      {state.alarms.filter(({ state: is }) => is !== "over").map((alarm) => (
        <Alert key={alarm.id + alarm.code} kind={alarm.priority === 1 ? "danger" : "warning"}>
          {say(alarm)}
        </Alert>
      ))}
    </div>
  );
}
