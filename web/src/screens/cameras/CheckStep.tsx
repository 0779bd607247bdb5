// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { CameraAccess } from "../../core/api/cameras";
import { Button } from "../../ui/Button";
import type { Found } from "./AccessStep";
import { canRecord, ProbeResult, useProbe } from "./Probe";

/** What the probe found: the streams to record. */
export interface Checked {
  readonly url: string;
  readonly sub: string;
}

interface Props {
  readonly found: Found;
  readonly onBack: () => void;
  readonly onGo: (checked: Checked) => void;
}

/** What it is and sends. An administrator sees that, and no picture. */
export function CheckStep({ found, onBack, onGo }: Props) {
  const { t } = useTranslation();
  const probe = useProbe(accessOf(found));
  const { job, begin } = probe;
  const hasBegun = useRef(false);
  useEffect(() => {
    if (hasBegun.current) return;
    hasBegun.current = true;
    begin();
  }, [begin]);

  function go(): void {
    const streams = job?.found[0]?.streams ?? [];
    const url = (name: string, otherwise: string) => (otherwise === "" ? (streams.find((stream) => stream.name === name && stream.why === null)?.url ?? "") : otherwise);
    onGo({ url: url("main", found.url), sub: url("sub", found.sub) });
  }
  const isOver = job !== undefined && job.state !== "running";
  return (
    <div className="step-form">
      <p>{t("cameras.check_text")}</p>
      <ProbeResult probe={probe} />
      <div className="buttons">
        {canRecord(job) && isOver ? <Button onClick={go}>{t("cameras.go_on")}</Button> : null}
        {isOver ? <Button kind="secondary" icon="refresh" onClick={begin}>{t("cameras.probe_again")}</Button> : null}
        <Button kind="quiet" onClick={onBack}>{t("cameras.back")}</Button>
      </div>
    </div>
  );
}

/** As the API takes it: nothing that is empty. */
export function accessOf({ device, url, sub, user, password }: Found): CameraAccess {
  return {
    ...(device === null ? {} : { device }),
    ...(url === "" ? {} : { url }),
    ...(sub === "" ? {} : { sub }),
    ...(user === "" ? {} : { user }),
    ...(password === "" ? {} : { password }),
  };
}
