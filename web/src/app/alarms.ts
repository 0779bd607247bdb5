// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { createContext, useContext, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

import type { Sound, SoundState } from "../core/alarms/sound";
import type { AlarmWatch, Watched } from "../core/alarms/watch";
import type { Alarm } from "../core/api/alarms";
import { Store } from "../core/store";
import { useFormat } from "../ui/format";

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
  const format = useFormat();
  const cause = useSayCause();
  const said = (values: Alarm["values"]) => {
    const { said: known, text, why } = values;
    if (known === undefined) return text ?? why; // kept by an older version
    return t(`alarms.said.${i18n.exists(`alarms.said.${known}`) ? known : "other"}` as "alarms.said.other", values);
  };
  return ({ code, values, text }) => {
    const count = typeof values.count === "number" ? values.count : 1;
    const isSub = code === "camera-lost" && values.streams === "sub"; // its large pictures are recorded
    const key = `alarms.codes.${code}${isSub ? "-stream" : ""}`;
    if (!i18n.exists(key, { count })) return text;
    const whys = typeof values.whys === "string" ? values.whys.split(",") : typeof values.why === "string" ? [values.why] : [];
    const why = whys.length === 0 ? t("alarms.why_unknown") : whys.map(cause).join(", ");
    const lasted = typeof values.seconds === "number" ? format.age(values.seconds) : t("alarms.lasted_unknown");
    const about = values.about ?? t("alarms.about_unknown");
    return t(key as "alarms.codes.books", { ...values, why, lasted, about, what: said(values), count, stream: t("cameras.sub") });
  };
}

/** A cause of gaps, in words. */
export function useSayCause(): (why: string) => string {
  const { t, i18n } = useTranslation();
  return (why) => (i18n.exists(`causes.${why}`) ? t(`causes.${why}` as "causes.net") : why);
}

/** What a program has said, which is English: for whoever mends it. Empty where the words tell all. */
export function detailOf({ values, text }: Pick<Alarm, "values" | "text">): string {
  return values.said === undefined && values.entries === undefined ? "" : text;
}

/** The place and what is wrong there. */
export function useSayWhole(): (alarm: Alarm) => string {
  const say = useSayAlarm();
  return (alarm) => (alarm.name === "" ? say(alarm) : `${alarm.name}: ${say(alarm)}`);
}
