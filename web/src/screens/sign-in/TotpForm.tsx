// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Enrolment, RecoveryCodes } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { CodeField } from "../../ui/Field";
import { QrCode } from "../../ui/QrCode";
import { useAction } from "../../ui/useAction";
import { StepForm } from "./StepForm";

interface Props {
  readonly enrolment: Enrolment;
  readonly onCodes: (codes: RecoveryCodes) => Promise<void>;
}

/** The secret goes into the person's authenticator; a code from there shows that it arrived. */
export function TotpForm({ enrolment, onCodes }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const [code, setCode] = useState("");
  const plain = code.replaceAll(/\s/g, "");

  function submit(): void {
    if (plain !== "") action.run(async () => onCodes(await client.call("POST /enrol/totp/code", { code: plain })));
  }

  return (
    <StepForm title={t("first_run.step_totp")} text={t("first_run.totp_text")} error={action.error} onSubmit={submit} isBare>
      <div className="totp">
        <QrCode text={enrolment.totp.uri} label={t("first_run.totp_qr")} />
        <div>
          <p>{t("first_run.totp_secret")}</p>
          <p>
            <code className="secret">{grouped(enrolment.totp.secret)}</code>
          </p>
        </div>
      </div>
      <CodeField label={t("sign_in.totp_code")} autoFocus value={code} onChange={setCode} />
      <Button isSubmit isBusy={action.isBusy}>
        {t("sign_in.go_on")}
      </Button>
    </StepForm>
  );
}

/** In fours, as people read and type them. */
export function grouped(secret: string): string {
  return secret.match(/.{1,4}/g)?.join(" ") ?? "";
}
