// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../ui/format";
import { Icon } from "../ui/Icon";
import { useClient } from "./session";

const EVERY_MS = 3000;
const LIMIT_MS = 8000;

/** Over every screen, while the control room does not answer: since when, and that it is asked again, which is done here. */
export function Silence() {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useClient();
  const since = useSyncExternalStore(client.silence.subscribe, client.silence.get);
  const isSilent = since !== null;
  useEffect(() => {
    if (!isSilent) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const ask = async (): Promise<void> => {
      await client.call("GET /station", undefined, { limitMs: LIMIT_MS }).catch(() => undefined);
      if (!isOver) timer = setTimeout(() => void ask(), EVERY_MS);
    };
    timer = setTimeout(() => void ask(), EVERY_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isSilent, client]);
  if (since === null) return null;
  return (
    <p role="alert" className="stale shell-silent">
      <Icon name="wifi" size="small" />
      {t("ui.away_shell", { since: format.seconds(since) })}
    </p>
  );
}
