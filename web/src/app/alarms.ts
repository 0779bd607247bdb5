// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { createContext, useContext, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

import type { Sound, SoundState } from "../core/alarms/sound";
import type { AlarmWatch, Watched } from "../core/alarms/watch";
import type { Alarm } from "../core/api/alarms";
import { Store } from "../core/store";

export interface Alarming {
  readonly watch: AlarmWatch;
  readonly sound: Sound;
}

export const AlarmContext = createContext<Alarming | null>(null);

const NOTHING = new Store<Watched>({ items: undefined, now: undefined, error: undefined });
const SILENT = new Store<SoundState>("off");

/** The queue as it was read last; nothing for those who may not see it. */
export function useAlarms(): Watched & { readonly look: () => Promise<void> } {
  const watch = useContext(AlarmContext)?.watch;
  const { subscribe, get } = watch?.state ?? NOTHING;
  return { ...useSyncExternalStore(subscribe, get), look: async () => watch?.look() };
}

export function useSound(): { readonly sound: Sound | undefined; readonly state: SoundState } {
  const sound = useContext(AlarmContext)?.sound;
  const { subscribe, get } = sound?.state ?? SILENT;
  return { sound, state: useSyncExternalStore(subscribe, get) };
}

/** What an alarm is, in words: of codes that we have none for, the server's. */
export function useSayAlarm(): (alarm: Pick<Alarm, "code" | "values" | "text">) => string {
  const { t, i18n } = useTranslation();
  return ({ code, values, text }) => {
    const count = typeof values.count === "number" ? values.count : 1;
    const isSub = code === "camera-lost" && values.streams === "sub"; // its large pictures are recorded
    const key = `alarms.codes.${code}${isSub ? "-stream" : ""}`;
    if (!i18n.exists(key, { count })) return text;
    const why = typeof values.why === "string" && i18n.exists(`causes.${values.why}`) ? t(`causes.${values.why}` as "causes.net") : values.why;
    return t(key as "alarms.codes.books", { ...values, why, count, stream: t("cameras.sub") });
  };
}

/** The place and what is wrong there. */
export function useSayWhole(): (alarm: Alarm) => string {
  const say = useSayAlarm();
  return (alarm) => (alarm.name === "" ? say(alarm) : `${alarm.name}: ${say(alarm)}`);
}
