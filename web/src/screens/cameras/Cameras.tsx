// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";

import { useClient, useMe } from "../../app/session";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { useFormat } from "../../ui/format";
import { Screen } from "../../ui/Screen";
import { Failed, Loading, Stale } from "../../ui/States";
import { useResource } from "../../ui/useResource";
import { AddCamera } from "./AddCamera";
import { CameraPage } from "./CameraPage";
import { FirstSteps } from "./FirstSteps";
import { List } from "./List";
import { MasksList } from "./MasksList";

const EVERY_MS = 5000;

/** The cameras: a list with their state, one of them (`?camera=`), a new one (`?add`). No picture anywhere. */
export function Cameras() {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const { permissions } = useMe();
  const [params, setParams] = useSearchParams();
  const read = useCallback((signal: AbortSignal) => client.call("GET /cameras", undefined, { signal }), [client]);
  const { value, error, at, retry } = useResource(read, EVERY_MS);
  const mayApply = permissions.includes("cameras.apply");
  const back = useCallback(() => setParams({}), [setParams]);
  const chosen = value?.items.find(({ id }) => id === params.get("camera"));

  if (mayApply && params.has("add")) {
    return <AddCamera cameras={value?.items ?? []} onChanged={retry} onBack={back} />;
  }
  if (params.has("masks")) return <MasksList onBack={back} />;
  if (chosen !== undefined) return <CameraPage key={chosen.id} camera={chosen} onChanged={retry} onBack={back} />;
  return (
    <Screen
      title={t("cameras.title")}
      aside={
        <div className="buttons">
          <Button kind="secondary" onClick={() => setParams({ masks: "" })}>{t("masks.title")}</Button>
          {mayApply ? <Button icon="plus" onClick={() => setParams({ add: "" })}>{t("cameras.add")}</Button> : null}
        </div>
      }
    >
      {permissions.includes("people.see") ? <FirstSteps /> : null}
      {value === undefined && error === undefined ? <Loading /> : null}
      {error === undefined ? null : value === undefined ? (
        <Failed error={error} onRetry={retry} />
      ) : (
        <Stale since={format.seconds(at ?? msFromInstant(new Date().toISOString()))} />
      )}
      {value === undefined ? null : <List cameras={value.items} />}
    </Screen>
  );
}
