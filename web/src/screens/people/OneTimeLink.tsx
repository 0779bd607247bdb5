// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Alert } from "../../ui/Notices";

interface Props {
  readonly token: string;
  readonly name: string;
  readonly onClose: () => void;
}

/** Shown to who approved, once. What follows # is no part of any request, and stands in nobody's log. */
export function OneTimeLink({ token, name, onClose }: Props) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState<"no" | "yes" | "failed">("no");
  const address = `${location.origin}/link#${token}`;

  function copy(): void {
    navigator.clipboard.writeText(address).then(
      () => setCopied("yes"),
      () => setCopied("failed"),
    );
  }

  return (
    <Dialog title={t("people.link_title", { name })} actions={<Button onClick={onClose}>{t("people.link_given")}</Button>}>
      <Alert kind="warning">{t("people.link_once")}</Alert>
      <p className="label" id="one-time-link">
        {t("people.link_address")}
      </p>
      <p>
        <code className="secret" aria-labelledby="one-time-link">
          {address}
        </code>
      </p>
      <div className="buttons">
        <Button kind="secondary" icon="copy" onClick={copy}>
          {t("people.copy")}
        </Button>
      </div>
      <p role="status">{copied === "no" ? null : t(`people.copied_${copied}`)}</p>
      <ol>
        <li>{t("people.link_step_1", { name })}</li>
        <li>{t("people.link_step_2")}</li>
        <li>{t("people.link_step_3")}</li>
      </ol>
    </Dialog>
  );
}
