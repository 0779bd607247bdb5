// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useSession } from "../../app/session";
import type { MyWays } from "../../core/api/people";
import { askPasskey, hasPasskeys } from "../../core/session/passkey";
import { Button } from "../../ui/Button";
import { PasswordField } from "../../ui/Field";
import { Alert } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";
import { StepForm } from "./StepForm";

/** What changes a way in: where its person showed some time ago who it is, they do it again first. */
export function Fresh({ children }: { readonly children: ReactNode }) {
  const client = useClient();
  const [isShown, setShown] = useState(false);
  const read = useCallback((signal: AbortSignal) => client.call("GET /me/ways", undefined, { signal }), [client]);
  const { value, error, retry } = useResource(read);
  if (value === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} />;
  return isShown || !value.again ? children : <Again ways={value} onShown={() => setShown(true)} />;
}

function Again({ ways, onShown }: { readonly ways: MyWays; readonly onShown: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const session = useSession();
  const action = useAction();
  const [password, setPassword] = useState("");
  const isRefusedHere = action.error instanceof DOMException;

  function run(show: () => Promise<unknown>): void {
    action.run(async () => {
      await show();
      session.onChanged(); // it goes on by another token: other windows have to ask
      onShown();
    });
  }
  function byPasskey(): void {
    run(async () => {
      const { options } = await client.call("POST /sign-in/passkey/options", {});
      await client.call("POST /me/again/passkey", { credential: await askPasskey(options) });
    });
  }
  const hasKey = ways.passkeys.length > 0 && hasPasskeys();

  return (
    <StepForm
      title={t("again.title")}
      text={t(ways.password ? "again.text" : "again.text_passkey")}
      error={isRefusedHere ? undefined : action.error}
      onSubmit={() => {
        if (password !== "") run(() => client.call("POST /me/again", { password }));
      }}
      isBare
    >
      {isRefusedHere ? <Alert kind="danger">{t("errors.passkey_not_given")}</Alert> : null}
      {ways.password ? (
        <PasswordField label={t("sign_in.password")} autoComplete="current-password" autoFocus value={password} onChange={setPassword} />
      ) : null}
      <div className="buttons">
        {ways.password ? (
          <Button isSubmit isBusy={action.isBusy}>
            {t("sign_in.go_on")}
          </Button>
        ) : null}
        {hasKey ? (
          <Button kind="secondary" icon="key" isBusy={action.isBusy} onClick={byPasskey}>
            {t("again.by_passkey")}
          </Button>
        ) : null}
      </div>
    </StepForm>
  );
}
