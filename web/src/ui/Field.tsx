// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type InputHTMLAttributes, type ReactNode, type Ref, type TextareaHTMLAttributes, useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { IconButton } from "./Button";
import { Icon } from "./Icon";

interface Said {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
}

interface Control {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": true | undefined;
}

/** Label above, hint below it, error below the control; the control is told of both. */
function Labelled({ label, hint, error, children }: Said & { readonly children: (control: Control) => ReactNode }) {
  const id = useId();
  const described = [hint === undefined ? "" : `${id}-hint`, error === undefined ? "" : `${id}-error`].filter(Boolean);
  return (
    <div className={`field ${error === undefined ? "" : "field--wrong"}`}>
      <label htmlFor={id}>{label}</label>
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
      {children({
        id,
        "aria-describedby": described.length === 0 ? undefined : described.join(" "),
        "aria-invalid": error === undefined ? undefined : true,
      })}
      {error === undefined ? null : (
        <p id={`${id}-error`} className="field-error">
          <Icon name="error" size="small" />
          {error}
        </p>
      )}
    </div>
  );
}

interface TextProps extends Said, Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "value" | "id"> {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly ref?: Ref<HTMLInputElement>;
}

export function TextField({ label, hint, error, onChange, ...rest }: TextProps) {
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(control) => (
        <input type="text" {...rest} {...control} className={rest.className ?? "input"} onChange={(event) => onChange(event.target.value)} />
      )}
    </Labelled>
  );
}

export function PasswordField({ label, hint, error, onChange, ...rest }: TextProps) {
  const { t } = useTranslation();
  const [isShown, setShown] = useState(false);
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(control) => (
        <div className="input-row">
          <input
            {...rest}
            {...control}
            type={isShown ? "text" : "password"}
            className="input"
            spellCheck={false}
            autoCapitalize="none"
            onChange={(event) => onChange(event.target.value)}
          />
          <IconButton
            icon={isShown ? "password-invisible" : "password-visible"}
            label={t("ui.show_password")}
            aria-pressed={isShown}
            onClick={() => setShown(!isShown)}
          />
        </div>
      )}
    </Labelled>
  );
}

/** A code that is typed or filled in: digits of an authenticator, or a recovery code. */
export function CodeField(props: Omit<TextProps, "type"> & { readonly isNumeric?: boolean }) {
  const { isNumeric = true, ...rest } = props;
  return (
    <TextField
      {...rest}
      className="input input--code"
      inputMode={isNumeric ? "numeric" : "text"}
      autoComplete={isNumeric ? "one-time-code" : "off"}
      autoCapitalize="none"
      spellCheck={false}
    />
  );
}

interface AreaProps extends Said, Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "onChange" | "value" | "id"> {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function TextArea({ label, hint, error, onChange, ...rest }: AreaProps) {
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(control) => (
        <textarea rows={3} {...rest} {...control} className={rest.className ?? "input"} onChange={(event) => onChange(event.target.value)} />
      )}
    </Labelled>
  );
}

interface SelectProps<T extends string> extends Said {
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}

export function SelectField<T extends string>({ label, hint, error, value, options, onChange }: SelectProps<T>) {
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(control) => (
        <select {...control} className="input" value={value} onChange={(event) => onChange(event.target.value as T)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

interface CheckProps {
  readonly label: string;
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
}

export function Checkbox({ label, isChecked, onChange }: CheckProps) {
  return (
    <label className="check">
      <input type="checkbox" checked={isChecked} onChange={(event) => onChange(event.target.checked)} />
      <span>{label}</span>
    </label>
  );
}

interface RadioProps<T extends string> {
  readonly legend: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}

export function RadioGroup<T extends string>({ legend, value, options, onChange }: RadioProps<T>) {
  const name = useId();
  return (
    <fieldset className="field">
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className="check">
          <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
