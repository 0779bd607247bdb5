// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from "react";

import { Icon } from "./Icon";
import type { IconName } from "./icons";

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  readonly onChoose: () => void;
}

interface Props {
  readonly label: string;
  readonly icon: IconName;
  readonly items: readonly MenuItem[];
  /** The icon alone is seen; the label is read. */
  readonly isCompact?: boolean;
  /** -1: reached by other keys than Tab. */
  readonly tabIndex?: 0 | -1;
}

/** A button and what it offers. Arrows, Home and End move; Escape closes; Tab leaves. It opens upwards where the window ends below it. */
export function Menu({ label, icon, items, isCompact = false, tabIndex = 0 }: Props) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [at, setAt] = useState<number | null>(null); // null: closed

  const isOpen = at !== null;
  useLayoutEffect(() => {
    const { top, bottom, height } = list.current?.getBoundingClientRect() ?? new DOMRect();
    list.current?.toggleAttribute("data-up", bottom > innerHeight && top > height);
  }, [isOpen]);
  useEffect(() => {
    if (at !== null) list.current?.querySelectorAll<HTMLElement>('[role="menuitem"]')[at]?.focus();
  }, [at]);

  function close(): void {
    setAt(null);
    button.current?.focus();
  }
  function key(event: KeyboardEvent): void {
    const next = moved(event.key, at, items.length);
    if (next !== undefined) {
      event.preventDefault();
      setAt(next);
    } else if (event.key === "Escape" && at !== null) {
      event.stopPropagation();
      close();
    }
  }

  return (
    <div
      className="menu"
      onKeyDown={key}
      onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || setAt(null)}
    >
      <button
        ref={button}
        type="button"
        tabIndex={tabIndex}
        className={isCompact ? "menu-button menu-button--compact" : "menu-button"}
        title={isCompact ? label : undefined}
        aria-haspopup="menu"
        aria-expanded={at !== null}
        aria-controls={at === null ? undefined : id}
        onClick={() => setAt(at === null ? 0 : null)}
      >
        <Icon name={icon} size="small" />
        <span className={isCompact ? "visually-hidden" : undefined}>{label}</span>
      </button>
      {at === null ? null : (
        <ul ref={list} id={id} role="menu" aria-label={label} className="menu-list">
          {items.map((item, index) => (
            <li key={index} role="none">
              <button
                type="button"
                role="menuitem"
                tabIndex={-1}
                onClick={() => {
                  close();
                  item.onChoose();
                }}
              >
                {item.icon === undefined ? null : <Icon name={item.icon} size="small" />}
                <span>{item.label}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Where a key moves to; undefined: it moves nowhere. */
export function moved(key: string, at: number | null, count: number): number | undefined {
  if (key === "ArrowDown") return at === null ? 0 : (at + 1) % count;
  if (key === "ArrowUp") return at === null ? count - 1 : (at - 1 + count) % count;
  if (at !== null && key === "Home") return 0;
  if (at !== null && key === "End") return count - 1;
  return undefined;
}
