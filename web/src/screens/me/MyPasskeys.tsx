// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { MyWays } from "../../core/api/people";
import { makePasskey } from "../../core/session/passkey";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert, useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { Fresh } from "../sign-in/Fresh";
import { RecoverySheet } from "../sign-in/RecoverySheet";
import { StepForm } from "../sign-in/StepForm";

interface Props {
  readonly ways: MyWays;
  readonly onChanged: () => void;
}

export function MyPasskeys({ ways, onChanged }: Props) {
  const { t } = useTranslation();
  const [isNew, setNew] = useState(false);
  const isLast = ways.passkeys.length === 1 && !ways.totp;
  return (
    <Card title={t("ways.passkeys")}>
      <p>{t("ways.passkeys_text")}</p>
      {ways.passkeys.length === 0 ? (
        <p className="quiet people-note">{t("ways.passkeys_none")}</p>
      ) : (
        <ul className="plain ways-keys">
          {ways.passkeys.map((key) => (
            <OneKey key={key.id} passkey={key} isLast={isLast} onChanged={onChanged} />
          ))}
        </ul>
      )}
      <Button kind="secondary" icon="key" onClick={() => setNew(true)}>
        {t("ways.passkey_add")}
      </Button>
      {isNew ? (
        <NewPasskey
          onClose={() => setNew(false)}
          onDone={() => {
            setNew(false);
            onChanged();
          }}
        />
      ) : null}
    </Card>
  );
}

interface KeyProps {
  readonly passkey: MyWays["passkeys"][number];
  /** The only second factor stays. */
  readonly isLast: boolean;
  readonly onChanged: () => void;
}

function OneKey({ passkey, isLast, onChanged }: KeyProps) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const notify = useNotify();
  const action = useAction();
  const [isAsked, setAsked] = useState(false);

  function remove(): void {
    action.run(async () => {
      await client.call("DELETE /me/passkeys/{id}", undefined, { path: { id: passkey.id } });
      setAsked(false);
      notify("success", t("ways.passkey_removed", { name: passkey.name }));
      onChanged();
    });
  }

  return (
    <li>
      <span>
        {passkey.name}
        <small>{t("ways.passkey_made", { date: format.date(msFromInstant(passkey.created)) })}</small>
      </span>
      {isLast ? (
        <span className="quiet">{t("ways.passkey_last")}</span>
      ) : (
        <Button kind="quiet" size="small" aria-label={t("ways.passkey_remove_named", { name: passkey.name })} onClick={() => setAsked(true)}>
          {t("ways.passkey_remove")}
        </Button>
      )}
      {isAsked ? (
        <Dialog title={t("ways.passkey_remove_named", { name: passkey.name })} onClose={() => setAsked(false)}>
          <Fresh>
            <StepForm title="" text={t("ways.passkey_remove_text")} error={action.error} onSubmit={remove} isBare>
              <div className="buttons">
                <Button kind="secondary" onClick={() => setAsked(false)}>
                  {t("ways.keep")}
                </Button>
                <Button isSubmit kind="danger" isBusy={action.isBusy}>
                  {t("ways.passkey_remove")}
                </Button>
              </div>
            </StepForm>
          </Fresh>
        </Dialog>
      ) : null}
    </li>
  );
}

function NewPasskey({ onClose, onDone }: { readonly onClose: () => void; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const me = useMe();
  const notify = useNotify();
  const action = useAction();
  const [name, setName] = useState("");
  const [isAsked, setAsked] = useState(false);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const isRefusedHere = action.error instanceof DOMException;

  function submit(): void {
    setAsked(true);
    if (name.trim() === "") return;
    action.run(async () => {
      const { options } = await client.call("POST /enrol/passkey/options", {});
      const credential = await makePasskey(options);
      const given = await client.call("POST /enrol/passkey", { credential, name: name.trim() });
      notify("success", t("ways.passkey_added", { name: name.trim() }));
      if (given.codes.length === 0) onDone();
      else setCodes(given.codes);
    });
  }

  if (codes !== null) {
    return (
      <Dialog title={t("ways.recovery")}>
        <RecoverySheet name={me.person.name} codes={codes} onKept={() => Promise.resolve().then(onDone)} />
      </Dialog>
    );
  }
  return (
    <Dialog title={t("ways.passkey_add")} onClose={onClose}>
      <Fresh>
        <StepForm title="" text={t("ways.passkey_add_text")} error={isRefusedHere ? undefined : action.error} onSubmit={submit} isBare>
          {isRefusedHere ? <Alert kind="danger">{t("ways.passkey_not_made")}</Alert> : null}
          <TextField
            label={t("ways.passkey_name")}
            hint={t("ways.passkey_name_hint")}
            maxLength={64}
            autoComplete="off"
            autoFocus
            value={name}
            error={isAsked && name.trim() === "" ? t("errors.field_missing") : undefined}
            onChange={setName}
          />
          <Button isSubmit icon="key" isBusy={action.isBusy}>
            {t("ways.passkey_add")}
          </Button>
        </StepForm>
      </Fresh>
    </Dialog>
  );
}
