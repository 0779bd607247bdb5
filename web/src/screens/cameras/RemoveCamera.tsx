// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { CameraDetail } from "../../core/api/cameras";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { useSayError } from "../../ui/errors";
import { Alert, useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";

/** Asked once more, by its name. */
export function RemoveCamera({ camera, onRemoved }: { readonly camera: CameraDetail; readonly onRemoved: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const notify = useNotify();
  const { isBusy, error, run, clear } = useAction();
  const [isAsked, setAsked] = useState(false);
  function remove(): void {
    run(async () => {
      await client.call("DELETE /cameras/{id}", undefined, { path: { id: camera.id } });
      notify("success", t("cameras.removed", { name: camera.name }));
      onRemoved();
    });
  }
  function close(): void {
    clear();
    setAsked(false);
  }
  return (
    <>
      <Button kind="danger" onClick={() => setAsked(true)}>{t("cameras.remove")}</Button>
      {isAsked ? (
        <Dialog
          title={t("cameras.remove_ask", { name: camera.name })}
          onClose={close}
          actions={
            <>
              <Button kind="secondary" onClick={close}>{t("cameras.keep")}</Button>
              <Button kind="danger" isBusy={isBusy} onClick={remove}>{t("cameras.remove")}</Button>
            </>
          }
        >
          {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
          <p>{t("cameras.remove_text")}</p>
        </Dialog>
      ) : null}
    </>
  );
}
