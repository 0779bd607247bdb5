// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { MyWays } from "../../core/api/people";
import { hasPasskeys } from "../../core/session/passkey";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { useNotify } from "../../ui/Notices";
import { Screen } from "../../ui/Screen";
import { Failed, Loading } from "../../ui/States";
import { Status } from "../../ui/Status";
import { useResource } from "../../ui/useResource";
import { MyPasskeys } from "./MyPasskeys";
import { MyProvider } from "./MyProvider";
import { MySessions } from "./MySessions";
import { NewDevice } from "./NewDevice";
import { NewRecovery } from "./NewRecovery";
import { OwnPassword } from "./OwnPassword";

type Asked = "password" | "device" | "recovery";

/** With what one signs in, and from where one did. Nobody does it for somebody else. */
export function Ways() {
  const { t } = useTranslation();
  const client = useClient();
  const read = useCallback((signal: AbortSignal) => client.call("GET /me/ways", undefined, { signal }), [client]);
  const { value, error, retry } = useResource(read);
  return (
    <Screen title={t("ways.title")}>
      {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : <Everything ways={value} onChanged={retry} />}
      <MySessions />
    </Screen>
  );
}

function Everything({ ways, onChanged }: { readonly ways: MyWays; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const notify = useNotify();
  const [asked, setAsked] = useState<Asked | null>(null);
  function done(text: string): void {
    setAsked(null);
    notify("success", text);
    onChanged();
  }
  const close = () => setAsked(null);
  return (
    <div className="columns">
      <Card title={t("ways.password")}>
        <p>{t("ways.password_text")}</p>
        <Button kind="secondary" onClick={() => setAsked("password")}>
          {t("ways.password_change")}
        </Button>
      </Card>
      <Card title={t("ways.device")} aside={<Held isHeld={ways.totp} />}>
        <p>{t(ways.totp ? "ways.device_there" : "ways.device_none")}</p>
        <Button kind="secondary" onClick={() => setAsked("device")}>
          {t(ways.totp ? "ways.device_new" : "ways.device_add")}
        </Button>
      </Card>
      <Card title={t("ways.recovery")} aside={<Held isHeld={ways.recovery_codes > 0} />}>
        <p>{t("ways.recovery_left", { count: ways.recovery_codes })}</p>
        <Button kind="secondary" onClick={() => setAsked("recovery")}>
          {t("ways.recovery_new")}
        </Button>
      </Card>
      {ways.provider === null ? null : <MyProvider provider={ways.provider} onChanged={onChanged} />}
      {hasPasskeys() ? <MyPasskeys ways={ways} onChanged={onChanged} /> : null}
      {asked === "password" ? <OwnPassword onClose={close} onDone={() => done(t("ways.password_changed"))} /> : null}
      {asked === "device" ? (
        <NewDevice name={me.person.name} hasDevice={ways.totp} onClose={close} onDone={() => done(t("ways.device_changed"))} />
      ) : null}
      {asked === "recovery" ? <NewRecovery name={me.person.name} onClose={close} onDone={() => done(t("ways.recovery_changed"))} /> : null}
    </div>
  );
}

function Held({ isHeld }: { readonly isHeld: boolean }) {
  const { t } = useTranslation();
  return <Status tone={isHeld ? "fine" : "off"}>{t(isHeld ? "ways.held" : "ways.not_held")}</Status>;
}
