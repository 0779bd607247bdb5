// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Doors } from "../../app/Doors";
import { useClient, useSession } from "../../app/session";
import type { Ended } from "../../core/api/client";
import type { SignInStep, Town } from "../../core/api/types";
import { hasPasskeys } from "../../core/session/passkey";
import { Button } from "../../ui/Button";
import { Alert } from "../../ui/Notices";
import { ChangePassword } from "./ChangePassword";
import { CodeForm } from "./CodeForm";
import { NameAndPassword } from "./NameAndPassword";
import { PasskeyForm } from "./PasskeyForm";

export type Shown = "name" | "change-password" | "totp" | "passkey" | "recovery";

/** Password, then a second factor; each step is one form, and any of a person's factors will do. */
export function SignIn({ town, why }: { readonly town: Town; readonly why: Ended | null }) {
  const { t } = useTranslation();
  const session = useSession();
  const [said, setSaid] = useState<SignInStep | null>(null);
  const [shown, setShown] = useState<Shown>("name");

  async function next(step: SignInStep): Promise<void> {
    setSaid(step);
    if (step.step === "done") await session.begin();
    else setShown(step.step);
  }

  return (
    <Doors town={town}>
      {why === null || shown !== "name" ? null : <Alert kind="info">{t(`errors.${why}`)}</Alert>}
      <Form shown={shown} onStep={next} />
      {said === null || shown === "name" ? null : <OtherWays shown={shown} said={said} onShow={setShown} />}
    </Doors>
  );
}

interface FormProps {
  readonly shown: Shown;
  readonly onStep: (step: SignInStep) => Promise<void>;
}

function Form({ shown, onStep }: FormProps) {
  const { t } = useTranslation();
  const client = useClient();
  switch (shown) {
    case "name":
      return <NameAndPassword onStep={onStep} />;
    case "change-password":
      return <ChangePassword onStep={onStep} />;
    case "passkey":
      return <PasskeyForm onStep={onStep} />;
    case "totp":
      return (
        <CodeForm
          key="totp"
          title={t("sign_in.totp_title")}
          text={t("sign_in.totp_text")}
          label={t("sign_in.totp_code")}
          isNumeric
          onCode={async (code) => onStep(await client.call("POST /sign-in/totp", { code }))}
        />
      );
    case "recovery":
      return (
        <CodeForm
          key="recovery"
          title={t("sign_in.recovery_title")}
          text={t("sign_in.recovery_text")}
          label={t("sign_in.recovery_code")}
          isNumeric={false}
          onCode={async (code) => onStep(await client.call("POST /sign-in/recovery", { code }))}
        />
      );
  }
}

interface WaysProps {
  readonly shown: Shown;
  readonly said: SignInStep;
  readonly onShow: (shown: Shown) => void;
}

function OtherWays({ shown, said, onShow }: WaysProps) {
  const { t } = useTranslation();
  const factors = [said.step, ...said.also].filter((way) => way === "totp" || way === "passkey" || way === "recovery");
  const others = factors.filter((way) => way !== shown && (way !== "passkey" || hasPasskeys()));
  return (
    <div className="ways">
      {others.map((way) => (
        <Button key={way} kind="quiet" onClick={() => onShow(way)}>
          {t(`sign_in.by_${way}`)}
        </Button>
      ))}
      <Button kind="quiet" icon="arrow-left" onClick={() => onShow("name")}>
        {t("sign_in.again")}
      </Button>
    </div>
  );
}
