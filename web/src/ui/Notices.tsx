// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { IconButton } from "./Button";
import { Icon } from "./Icon";
import type { IconName } from "./icons";

export type Kind = "success" | "info" | "warning" | "danger";

export const KIND_ICONS: Record<Kind, IconName> = {
  success: "check-circle",
  info: "info-circle",
  warning: "warning-circle",
  danger: "error",
};

interface Notice {
  readonly id: number;
  readonly kind: Kind;
  readonly text: string;
}

const SHOWN_MS = 8000;
const MOST = 4;

const Notify = createContext<(kind: Kind, text: string) => void>(() => undefined);

/** Tell what happened: read aloud, in the corner. What went wrong stays until it is closed. */
export function useNotify(): (kind: Kind, text: string) => void {
  return useContext(Notify);
}

export function Notices({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const drop = useCallback((id: number) => setNotices((all) => all.filter((notice) => notice.id !== id)), []);
  const notify = useCallback((kind: Kind, text: string) => {
    setNotices((all) => [...all.filter((notice) => notice.text !== text), { id: nextId(), kind, text }].slice(-MOST));
  }, []);
  const [urgent, calm] = useMemo(
    () => [notices.filter(({ kind }) => kind === "danger"), notices.filter(({ kind }) => kind !== "danger")],
    [notices],
  );
  return (
    <Notify value={notify}>
      {children}
      <div className="notices" role="region" aria-label={t("ui.notices")}>
        <div aria-live="assertive">{urgent.map((notice) => <Toast key={notice.id} notice={notice} onClose={drop} />)}</div>
        <div aria-live="polite">{calm.map((notice) => <Toast key={notice.id} notice={notice} onClose={drop} />)}</div>
      </div>
    </Notify>
  );
}

function Toast({ notice, onClose }: { readonly notice: Notice; readonly onClose: (id: number) => void }) {
  const { t } = useTranslation();
  const { id, kind, text } = notice;
  useEffect(() => {
    if (kind === "danger") return undefined;
    const timer = setTimeout(() => onClose(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id, kind, onClose]);
  return (
    <div className={`toast-line tone-${kind}`}>
      <Icon name={KIND_ICONS[kind]} />
      <p>{text}</p>
      <IconButton icon="close" label={t("ui.close")} onClick={() => onClose(id)} />
    </div>
  );
}

let lastId = 0;
function nextId(): number {
  lastId += 1;
  return lastId;
}

interface AlertProps {
  readonly kind: Kind;
  readonly title?: string;
  readonly children?: ReactNode;
}

/** Stands in the page. `danger` is read aloud when it comes, and comes into sight: it may stand above a long form. */
export function Alert({ kind, title, children }: AlertProps) {
  const ref = useRef<HTMLDivElement>(null);
  const isDanger = kind === "danger";
  useEffect(() => {
    if (isDanger && ref.current?.closest("dialog, form") !== null) ref.current?.scrollIntoView({ block: "nearest" });
  }, [isDanger]);
  return (
    <div ref={ref} className={`callout-line tone-${kind}`} role={isDanger ? "alert" : undefined}>
      <Icon name={KIND_ICONS[kind]} />
      <div>
        {title === undefined ? null : <p className="callout-title">{title}</p>}
        {children}
      </div>
    </div>
  );
}
