// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { CameraChange, CameraDetail } from "../../core/api/cameras";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { fieldErrors, useSayError } from "../../ui/errors";
import { PasswordField, TextField } from "../../ui/Field";
import { Alert, useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";

/** Addresses, user and password. The password is written and never shown again. */
export function EditAccess({ camera, onChanged }: { readonly camera: CameraDetail; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const notify = useNotify();
  const { isBusy, error, run } = useAction();
  const stream = (name: string) => camera.streams.find((each) => each.name === name);
  const main = stream("main");
  const [device, setDevice] = useState(camera.device ?? "");
  const [url, setUrl] = useState(main?.url ?? "");
  const [sub, setSub] = useState(stream("sub")?.url ?? "");
  const [user, setUser] = useState(main?.user ?? "");
  const [password, setPassword] = useState("");
  const hasPassword = main?.has_password === true;

  function go(event: SyntheticEvent): void {
    event.preventDefault();
    run(async () => {
      const said: CameraChange = {
        ...(device.trim() === (camera.device ?? "") ? {} : { device: device.trim() || null }),
        ...(url.trim() === "" ? {} : { url: url.trim() }),
        sub: sub.trim() || null,
        user: user.trim(),
        ...(password === "" ? {} : { password }),
      };
      await client.call("PATCH /cameras/{id}", said, { path: { id: camera.id } });
      setPassword("");
      notify("success", t("cameras.saved"));
      onChanged();
    });
  }
  const wrong = fieldErrors(error);
  return (
    <Card title={t("cameras.access")}>
      <form className="step-form" onSubmit={go} noValidate>
        {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
        <TextField label={t("cameras.onvif")} hint={t("cameras.onvif_hint")} value={device} onChange={setDevice} error={wrong["device"]} autoComplete="off" spellCheck={false} />
        <TextField label={t("cameras.url")} value={url} onChange={setUrl} error={wrong["url"]} autoComplete="off" spellCheck={false} />
        <TextField label={t("cameras.sub_url")} hint={t("cameras.sub_url_hint")} value={sub} onChange={setSub} error={wrong["sub"]} autoComplete="off" spellCheck={false} />
        <TextField label={t("cameras.user")} value={user} onChange={setUser} autoComplete="off" autoCapitalize="none" spellCheck={false} />
        <PasswordField label={t("cameras.password")} hint={t(hasPassword ? "cameras.password_kept" : "cameras.password_none")} value={password} onChange={setPassword} autoComplete="new-password" />
        <Button isSubmit isBusy={isBusy}>{t("cameras.save")}</Button>
      </form>
    </Card>
  );
}
