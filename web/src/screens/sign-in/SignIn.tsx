// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Doors } from "../../app/Doors";
import { PROVIDER_PATH, takeScreen } from "../../app/provider";
import { useClient, useSession } from "../../app/session";
import type { Ended } from "../../core/api/client";
import type { SignInStep, Step, Town } from "../../core/api/types";
import type { Session } from "../../core/session/session";
import { hasPasskeys } from "../../core/session/passkey";
import { Button } from "../../ui/Button";
import { Alert, useNotify } from "../../ui/Notices";
import { FromProvider, ProviderButton } from "./ByProvider";
import { ChangePassword } from "./ChangePassword";
import { CodeForm } from "./CodeForm";
import { Enrol } from "./Enrol";
import { NameAndPassword } from "./NameAndPassword";
import { PasskeyForm } from "./PasskeyForm";
import { TakeOver } from "./TakeOver";
import { UseLink } from "./UseLink";

export type Shown = "name" | "link" | "provider" | "recovery" | Exclude<Step, "done">;

/** Password, then a second factor; each step is one form, and any of a person's factors will do. */
export function SignIn({ town, why }: { readonly town: Town; readonly why: Ended | null }) {
  const { t } = useTranslation();
  const session = useSession();
  const notify = useNotify();
  const [said, setSaid] = useState<SignInStep | null>(null);
  const [shown, setShown] = useState<Shown>(shownFirst);

  async function next(step: SignInStep): Promise<void> {
    setSaid(step);
    if (!step.is_told) notify("warning", t("sign_in.not_told"));
    if (step.step === "done") await enter(session);
    else setShown(step.step);
  }

  return (
    <Doors town={town}>
      {why === null || shown !== "name" ? null : <Over why={why} />}
      <Form shown={shown} said={said} onStep={next} />
      {said === null || shown === "name" ? (
        <Alone isShown={shown === "name"} provider={town.provider} onShow={setShown} />
      ) : (
        <OtherWays shown={shown} said={said} onShow={setShown} />
      )}
    </Doors>
  );
}

/** What ended, and that nothing of the way here is lost. */
function Over({ why }: { readonly why: Ended }) {
  const { t } = useTranslation();
  return (
    <Alert kind="info">
      {t(`errors.${why}`)} {location.pathname === "/" ? null : t("sign_in.back_here")}
    </Alert>
  );
}

function shownFirst(): Shown {
  if (location.pathname === PROVIDER_PATH) return "provider";
  return location.pathname === "/link" ? "link" : "name";
}

/** The address of a one-time link, or of a way back, leads nowhere any more. */
async function enter(session: Session): Promise<void> {
  if (location.pathname === "/link") history.replaceState(null, "", "/");
  if (location.pathname === PROVIDER_PATH) history.replaceState(null, "", takeScreen());
  await session.begin();
}

interface FormProps {
  readonly shown: Shown;
  readonly said: SignInStep | null;
  readonly onStep: (step: SignInStep) => Promise<void>;
}

function Form({ shown, said, onStep }: FormProps) {
  const { t } = useTranslation();
  const client = useClient();
  const session = useSession();
  switch (shown) {
    case "name":
      return <NameAndPassword onStep={onStep} />;
    case "link":
      return <UseLink onStep={onStep} />;
    case "provider":
      return <FromProvider onStep={onStep} />;
    case "elsewhere":
      return <TakeOver other={said?.other ?? ""} onStep={onStep} />;
    case "enrol":
      return (
        <>
          <h1>{t("sign_in.enrol_title")}</h1>
          <Enrol name="" onDone={async () => enter(session)} />
        </>
      );
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

interface AloneProps {
  readonly isShown: boolean;
  readonly provider: string | null;
  readonly onShow: (shown: Shown) => void;
}

/** A passkey says who holds it, and so does a provider: no name is asked. */
function Alone({ isShown, provider, onShow }: AloneProps) {
  const { t } = useTranslation();
  if (isShown && !hasPasskeys() && provider === null) return null;
  return (
    <div className="ways">
      {isShown ? (
        <>
          {provider === null ? null : <ProviderButton name={provider} />}
          {hasPasskeys() ? (
            <Button kind="quiet" icon="key" onClick={() => onShow("passkey")}>
              {t("sign_in.passkey_alone")}
            </Button>
          ) : null}
        </>
      ) : (
        <Button kind="quiet" icon="arrow-left" onClick={() => onShow("name")}>
          {t("sign_in.again")}
        </Button>
      )}
    </div>
  );
}

interface WaysProps {
  readonly shown: Shown;
  readonly said: SignInStep;
  readonly onShow: (shown: Shown) => void;
}

function OtherWays({ shown, said, onShow }: WaysProps) {
  const { t } = useTranslation();
  const isSecond = shown === "totp" || shown === "passkey" || shown === "recovery";
  const others = (isSecond ? [said.step, ...said.also] : [])
    .filter((way) => way === "totp" || way === "passkey" || way === "recovery")
    .filter((way) => way !== shown && (way !== "passkey" || hasPasskeys()));
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
