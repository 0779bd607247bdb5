// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { createContext, type KeyboardEvent, type ReactNode, useContext, useId, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { IconButton } from "./Button";

/** True around what is hidden as a whole: a dialog in it lets go of the page, and is there again as it was. */
export const HiddenContext = createContext(false);

interface Props {
  readonly title: string;
  readonly children: ReactNode;
  /** Buttons, the harmless one first. */
  readonly actions?: ReactNode;
  /** Escape and the cross; without it the dialog stays until its work is done. */
  readonly onClose?: () => void;
}

const FOCUSABLE = 'a[href],button:not([disabled]),input:not([disabled]),select:not([disabled]),textarea:not([disabled]),[tabindex="0"]';

/** A modal dialog while it is rendered. The focus stays inside; as it goes, and never later, the focus is back where it was. */
export function Dialog({ title, children, actions, onClose }: Props) {
  const { t } = useTranslation();
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const before = useRef<Element | null>(null);
  const inside = useRef<HTMLElement | null>(null); // what had the focus when it was hidden
  const isHidden = useContext(HiddenContext);

  useLayoutEffect(() => {
    const dialog = ref.current;
    if (isHidden) return undefined; // a modal dialog that nobody sees would let nobody press anything else
    before.current ??= document.activeElement;
    dialog?.setAttribute("closedby", "none"); // React tells, not the browser
    dialog?.showModal();
    const first = dialog?.querySelector<HTMLElement>(".dialog-body :is(input, select, textarea)"); // not the cross above it
    (inside.current?.isConnected === true ? inside.current : first)?.focus();
    return () => {
      const { activeElement } = document;
      inside.current = activeElement instanceof HTMLElement && dialog?.contains(activeElement) === true ? activeElement : null;
      dialog?.close();
    };
  }, [isHidden]);
  useLayoutEffect(
    () => () => {
      if (before.current instanceof HTMLElement) before.current.focus();
    },
    [],
  );

  function key(event: KeyboardEvent<HTMLDialogElement>): void {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      onClose?.();
    } else if (event.key === "Tab" && ref.current !== null) {
      keepInside(event, ref.current);
    }
  }

  return (
    <dialog ref={ref} className="dialog" aria-labelledby={id} onKeyDown={key} onCancel={(event) => event.preventDefault()}>
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        {onClose === undefined ? null : <IconButton icon="close" label={t("ui.close")} onClick={onClose} />}
      </div>
      <div className="dialog-body">{children}</div>
      {actions === undefined ? null : <div className="dialog-actions">{actions}</div>}
    </dialog>
  );
}

/** From the last to the first, and back: the browser's own bars are not on the way. */
function keepInside(event: KeyboardEvent, dialog: HTMLElement): void {
  const parts = [...dialog.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((part) => part.checkVisibility());
  const edge = event.shiftKey ? parts[0] : parts.at(-1);
  if (document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? parts.at(-1) : parts[0])?.focus();
}
