// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";

import { Icon } from "./Icon";
import type { IconName } from "./icons";

interface Props extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "type"> {
  readonly children: ReactNode;
  readonly kind?: "primary" | "secondary" | "danger" | "quiet";
  readonly icon?: IconName;
  readonly size?: "normal" | "small";
  readonly isSubmit?: boolean;
  /** Its work is under way: it stays where the focus is, and does nothing. */
  readonly isBusy?: boolean;
  readonly ref?: Ref<HTMLButtonElement>;
}

const KINDS = {
  primary: "btn-primary",
  secondary: "btn-outline-primary",
  danger: "btn-danger",
  quiet: "btn-quiet",
};

export function Button(props: Props) {
  const { children, kind = "primary", icon, size = "normal", isSubmit = false, isBusy = false, onClick, ...rest } = props;
  return (
    <button
      {...rest}
      type={isSubmit ? "submit" : "button"}
      className={`btn ${KINDS[kind]} ${size === "small" ? "btn-xs" : "btn-sm"} ${rest.className ?? ""}`}
      aria-disabled={isBusy || undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {isBusy ? <span className="spinner" aria-hidden="true" /> : icon === undefined ? null : <Icon name={icon} size="small" />}
      <span>{children}</span>
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "type" | "children"> {
  readonly icon: IconName;
  readonly label: string;
  readonly ref?: Ref<HTMLButtonElement>;
}

/** An icon that is pressed; its label is read, and shown on hover. */
export function IconButton({ icon, label, className = "", ...rest }: IconButtonProps) {
  return (
    <button {...rest} type="button" className={`icon-button ${className}`} aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  );
}
