// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useMe } from "../../app/session";
import type { MaskArea } from "../../core/api/masks";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { TextField } from "../../ui/Field";
import { Alert } from "../../ui/Notices";
import { MaskDrawing } from "./MaskDrawing";
import { useStill } from "./useStill";

/** Areas, over the camera's picture for who may see one: decided and checked by eye, not by numbers. */
export function MasksSeen({ camera, areas }: { readonly camera: string; readonly areas: readonly MaskArea[] }) {
  const { t } = useTranslation();
  const say = useSayError();
  const { permissions } = useMe();
  const still = useStill(camera);
  const [reason, setReason] = useState("");
  return (
    <div className="stack">
      {areas.length === 0 && still.picture === undefined ? null : <MaskDrawing areas={areas} picture={still.picture} />}
      {permissions.includes("view") ? (
        <>
          {still.error === undefined ? null : <Alert kind="warning">{say(still.error)}</Alert>}
          <TextField label={t("masks.look_reason")} value={reason} autoComplete="off" onChange={setReason} />
          <div className="buttons">
            <Button kind="secondary" icon="camera" isBusy={still.isBusy} onClick={() => still.show(reason.trim())}>{t("masks.show_still")}</Button>
          </div>
        </>
      ) : null}
    </div>
  );
}
