// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Supervision } from "../../core/api/supervisions";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Card, Facts } from "../../ui/Card";
import { useSayError } from "../../ui/errors";
import { useFormat } from "../../ui/format";
import { Alert } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";
import { MaskDrawing } from "./MaskDrawing";
import { useStill } from "./useStill";

const EVERY_MS = 15_000;

/** For a technician (AC-07): who is there, until when, and a test picture of this camera on which nobody is known. */
export function TechnicianSession({ camera }: { readonly camera: string }) {
  const { t } = useTranslation();
  const client = useClient();
  const read = useCallback((signal: AbortSignal) => client.call("GET /me/supervision", undefined, { signal }), [client]);
  const { value, error, retry } = useResource(read, EVERY_MS);
  const found = value?.supervision ?? null;
  return (
    <Card title={t("supervision.own")}>
      {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : null}
      {value !== undefined && found === null ? <p>{t("supervision.nobody")}</p> : null}
      {found === null ? null : <Open found={found} camera={camera} onLeft={retry} />}
    </Card>
  );
}

function Open({ found, camera, onLeft }: { readonly found: Supervision; readonly camera: string; readonly onLeft: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const say = useSayError();
  const still = useStill(camera);
  const leaving = useAction();
  const isHere = found.cameras.some(({ id }) => id === camera);
  function leave(): void {
    leaving.run(async () => {
      await client.call("POST /me/supervision/end", {});
      onLeft();
    });
  }
  return (
    <div className="stack">
      <Facts
        items={[
          [t("supervision.operator"), found.operator.name],
          [t("supervision.until"), format.dateTime(msFromInstant(found.until))],
          [t("supervision.work"), found.reason],
          [t("supervision.cameras"), found.cameras.map(({ name }) => name).join(", ")],
        ]}
      />
      {found.state === "open" ? null : <Alert kind="warning">{t(`supervision.rests_${found.state}`)}</Alert>}
      {found.state === "open" && isHere ? (
        <>
          {still.picture === undefined ? null : <MaskDrawing areas={[]} picture={still.picture} />}
          <p className="quiet">{t("supervision.test_text")}</p>
          {still.error === undefined ? null : <Alert kind="warning">{say(still.error)}</Alert>}
        </>
      ) : null}
      {leaving.error === undefined ? null : <Alert kind="danger">{say(leaving.error)}</Alert>}
      <div className="buttons">
        {found.state === "open" && isHere ? (
          <Button kind="secondary" icon="camera" isBusy={still.isBusy} onClick={() => still.show()}>{t("supervision.test")}</Button>
        ) : null}
        <Button kind="secondary" icon="logout" isBusy={leaving.isBusy} onClick={leave}>{t("supervision.leave")}</Button>
      </div>
    </div>
  );
}
