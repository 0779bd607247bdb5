// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { useClient } from "../../app/session";
import type { CameraDetail } from "../../core/api/cameras";
import { Button } from "../../ui/Button";
import { Alert } from "../../ui/Notices";
import { useResource } from "../../ui/useResource";
import { CameraStatus } from "./List";

const EVERY_MS = 1000;

interface Props {
  readonly camera: CameraDetail;
  readonly onAgain: () => void;
  readonly onBack: () => void;
}

/** It is there: whether it records, second by second, or what it waits for. */
export function DoneStep({ camera, onAgain, onBack }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const read = useCallback((signal: AbortSignal) => client.call("GET /cameras", undefined, { signal }), [client]);
  const { value } = useResource(read, EVERY_MS);
  const now = value?.items.find(({ id }) => id === camera.id);
  return (
    <div className="step-form">
      <Alert kind="success" title={t("cameras.added", { name: camera.name })}>
        {camera.waits ? <p>{t("cameras.waits_text")}</p> : null}
      </Alert>
      <p aria-live="polite">{now === undefined ? t("ui.loading") : <CameraStatus camera={now} />}</p>
      <div className="buttons">
        <Button icon="plus" onClick={onAgain}>{t("cameras.another")}</Button>
        <Button kind="secondary" onClick={onBack}>{t("cameras.to_list")}</Button>
        <Link to={`/cameras?camera=${encodeURIComponent(camera.id)}`}>{t("cameras.to_camera")}</Link>
      </div>
    </div>
  );
}
