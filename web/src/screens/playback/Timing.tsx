// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { Deck } from "../../core/playback/deck";
import { useFormat } from "../../ui/format";
import { fineTime } from "./say";

/** Where the clock is: written with every picture, read aloud by the timeline's slider. */
export function ClockText({ deck }: { readonly deck: Deck }) {
  const { t } = useTranslation();
  const format = useFormat();
  const time = useRef<HTMLTimeElement>(null);
  useEffect(() => {
    const write = () => {
      const at = deck.time.get();
      if (time.current === null) return;
      time.current.textContent = `${format.date(at)}, ${fineTime(format, at)}`;
      time.current.dateTime = new Date(at).toISOString();
    };
    write();
    return deck.time.subscribe(write);
  }, [deck, format]);
  return (
    <p className="play-clock">
      <time ref={time} /> <span className="quiet">{format.zone === "UTC" ? "UTC" : t("ui.clock_zone", { zone: format.zone })}</span>
    </p>
  );
}
