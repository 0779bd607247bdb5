// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { useFormat } from "../ui/format";

/** This station's clock in the town's zone; the server's is in System. */
export function TownClock({ zone }: { readonly zone: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setTimeout(() => setNow(Date.now()), 1000 - (Date.now() % 1000));
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <p className="clock" title={t("ui.clock_zone", { zone })}>
      <span className="clock-date">{format.date(now)}</span>{" "}
      <time dateTime={new Date(now).toISOString()}>{format.seconds(now)}</time>
    </p>
  );
}
