// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { Icon } from "./Icon";

/** Where one stands in a row of steps. */
export function Steps({ label, steps, at }: { readonly label: string; readonly steps: readonly string[]; readonly at: number }) {
  const { t } = useTranslation();
  return (
    <ol className="steps" aria-label={label}>
      {steps.map((step, index) => (
        <li key={step} aria-current={index === at ? "step" : undefined} className={index < at ? "steps-done" : undefined}>
          <span className="steps-mark" aria-hidden="true">
            {index < at ? <Icon name="check" size="small" /> : index + 1}
          </span>
          <span>{step}</span>
          {index < at ? <span className="visually-hidden"> ({t("ui.step_done")})</span> : null}
        </li>
      ))}
    </ol>
  );
}
