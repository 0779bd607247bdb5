// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

import { readDay, readMoment, showDay, showMoment } from "../core/time/typed";
import { TextField } from "./Field";

interface Props {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
  /** `2026-11-26`, of a moment `2026-11-26T08:30:05`; empty while what is typed is none. */
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A day, typed as the page writes days; a browser's own field would follow the browser's language. */
export function DayField(props: Props) {
  const { t } = useTranslation();
  return <TypedField hint={t("ui.day_hint")} {...props} read={readDay} show={showDay} wrong={t("ui.day_wrong")} />;
}

/** A day and a time by the town's clock. */
export function MomentField(props: Props) {
  const { t } = useTranslation();
  return <TypedField hint={t("ui.moment_hint")} {...props} read={readMoment} show={showMoment} wrong={t("ui.moment_wrong")} />;
}

interface TypedProps extends Props {
  readonly read: (text: string) => string | null;
  readonly show: (value: string) => string;
  readonly wrong: string;
}

function TypedField({ label, hint, error, value, onChange, read, show, wrong }: TypedProps) {
  const [text, setText] = useState(show(value));
  const [isLeft, setLeft] = useState(true);
  const isOurs = (read(text) ?? "") === value; // else it was set from outside
  const shown = isOurs ? text : show(value);
  const isWrong = isLeft && shown.trim() !== "" && read(shown) === null;

  function type(typed: string): void {
    setText(typed);
    setLeft(false);
    onChange(read(typed) ?? "");
  }
  function leave(): void {
    setLeft(true);
    if (value !== "") setText(show(value));
  }
  return (
    <TextField
      label={label}
      hint={hint}
      error={isWrong ? wrong : error}
      value={shown}
      onChange={type}
      onBlur={leave}
      autoComplete="off"
      spellCheck={false}
    />
  );
}
