// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { TextField } from "../../ui/Field";
import { Alert, useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";

/** Proposes that it records, with the file as it was saved. */
export function ActivationAsk({ camera, onDone }: { readonly camera: string; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const notify = useNotify();
  const { isBusy, error, run } = useAction();
  const [reason, setReason] = useState("");
  function go(event: SyntheticEvent): void {
    event.preventDefault();
    run(async () => {
      await client.call("POST /cameras/{id}/activation", { reason: reason.trim() }, { path: { id: camera } });
      notify("success", t("activation.proposed"));
      onDone();
    });
  }
  return (
    <form className="step-form" onSubmit={go} noValidate>
      <TextField label={t("activation.reason")} value={reason} autoComplete="off" onChange={setReason} />
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      <Button isSubmit isBusy={isBusy}>{t("activation.propose")}</Button>
    </form>
  );
}
