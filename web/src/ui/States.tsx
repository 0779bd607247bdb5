// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Away, Refused } from "../core/api/client";
import { Button } from "./Button";
import { Icon } from "./Icon";
import type { IconName } from "./icons";
import { useSayError } from "./errors";

interface Props {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

function State({ icon, title, children, action }: Props) {
  return (
    <div className="state">
      <Icon name={icon} size="large" />
      <p className="state-title">{title}</p>
      {children}
      {action}
    </div>
  );
}

/** There is nothing, and that is right; `action` is the way to something. */
export function Empty({ title, children, action }: Omit<Props, "icon">) {
  return (
    <State icon="info-circle" title={title} action={action}>
      {children}
    </State>
  );
}

export function Loading() {
  const { t } = useTranslation();
  return (
    <div className="state" role="status">
      <span className="spinner spinner--large" aria-hidden="true" />
      <p className="state-title">{t("ui.loading")}</p>
    </div>
  );
}

export function Failed({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const { t } = useTranslation();
  const say = useSayError();
  const isAway = error instanceof Away;
  return (
    <div role="alert">
      <State
        icon={isAway ? "wifi" : "error"}
        title={isAway ? say(error) : t("ui.failed")}
        action={onRetry === undefined ? undefined : <Button icon="refresh" kind="secondary" onClick={onRetry}>{t("ui.retry")}</Button>}
      >
        <p>{isAway ? t("ui.away_text") : say(error)}</p>
        {error instanceof Refused ? <p className="quiet">{error.problem.code}</p> : null}
      </State>
    </div>
  );
}

/** Above what was read before the control room went away: old, and said to be. */
export function Stale({ since }: { readonly since: string }) {
  const { t } = useTranslation();
  return (
    <p className="stale" role="status">
      <Icon name="wifi" size="small" />
      {t("ui.stale", { since })}
    </p>
  );
}
