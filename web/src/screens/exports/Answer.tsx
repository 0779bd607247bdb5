// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Person } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { SelectField, TextArea } from "../../ui/Field";
import { useAction } from "../../ui/useAction";
import { StepForm } from "../sign-in/StepForm";

interface Props {
  readonly title: string;
  readonly text: string;
  readonly go: string;
  /** Whom to choose from: who is to make the copy. */
  readonly makers?: readonly Person[];
  readonly isDanger?: boolean;
  readonly onSay: (reason: string, maker: string) => Promise<void>;
  readonly onClose: () => void;
}

/** An answer with its reason: approved, refused, confirmed, released. */
export function Answer({ title, text, go, makers, isDanger = false, onSay, onClose }: Props) {
  const { t } = useTranslation();
  const action = useAction();
  const [reason, setReason] = useState("");
  const [maker, setMaker] = useState(makers?.[0]?.id ?? "");
  const [isAsked, setAsked] = useState(false);
  const isMissing = isAsked && reason.trim() === "";

  function submit(): void {
    setAsked(true);
    if (reason.trim() !== "") action.run(async () => onSay(reason.trim(), maker));
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <StepForm title={title} text={text} error={action.error} onSubmit={submit} isBare>
        {makers === undefined ? null : makers.length === 0 ? (
          <p>{t("exports.no_makers")}</p>
        ) : (
          <SelectField
            label={t("exports.maker")}
            hint={t("exports.maker_hint")}
            value={maker}
            options={makers.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={setMaker}
          />
        )}
        <TextArea
          label={t("exports.answer_reason")}
          hint={t("exports.reason_hint")}
          value={reason}
          error={isMissing ? t("errors.field_missing") : undefined}
          onChange={setReason}
        />
        <Button isSubmit kind={isDanger ? "danger" : "primary"} isBusy={action.isBusy}>
          {go}
        </Button>
      </StepForm>
    </Dialog>
  );
}
