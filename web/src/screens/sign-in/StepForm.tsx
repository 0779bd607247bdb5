// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useEffect, useRef } from "react";

import { useSayError } from "../../ui/errors";
import { Alert } from "../../ui/Notices";

interface Props {
  readonly title: string;
  readonly text?: string;
  readonly error: unknown;
  readonly onSubmit: () => void;
  readonly children: ReactNode;
  /** Within a dialog, which has the title already. */
  readonly isBare?: boolean;
}

/** One step: its title, what went wrong, its fields. An error brings the focus to the first field again, what is missing to the first that is. */
export function StepForm({ title, text, error, onSubmit, children, isBare = false }: Props) {
  const say = useSayError();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (!isBare) document.title = `${title} · Torrazzo`;
  }, [title, isBare]);
  useEffect(() => {
    if (error !== undefined) form.current?.querySelector<HTMLElement>("input, textarea, button")?.focus();
  }, [error]);
  return (
    <form
      ref={form}
      className="step-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
        requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
      }}
    >
      {isBare ? null : <h1>{title}</h1>}
      {text === undefined ? null : <p>{text}</p>}
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      {children}
    </form>
  );
}
