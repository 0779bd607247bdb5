// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { Sound } from "../core/alarms/sound";
import { AlarmWatch, newOnes } from "../core/alarms/watch";
import type { Alarm } from "../core/api/alarms";
import { Icon } from "../ui/Icon";
import { AlarmContext, useAlarms, useSayWhole, useSound } from "./alarms";
import { useClient, useMe, useStanding } from "./session";

/** Looks at the queue for as long as somebody is signed in who may see it, and sounds in an open shift. */
export function Alarms({ children }: { readonly children: ReactNode }) {
  const me = useMe();
  const client = useClient();
  const standing = useStanding();
  const [news, setNews] = useState<readonly Alarm[]>([]);
  const may = me.permissions.includes("alarms.see");
  const isLocked = standing.phase === "signed-in" && standing.isLocked;
  const person = me.person.id;
  const found = useMemo(() => {
    if (!may) return null;
    const sound = new Sound(
      { page: window, storage: localStorage, context: () => new AudioContext(), locks: (navigator as Partial<Navigator>).locks },
      person,
    );
    const watch = new AlarmWatch(client, (alarms) => {
      setNews(alarms);
      sound.play(alarms[0]?.priority ?? 3);
    });
    return { watch, sound };
  }, [client, may, person]);

  useEffect(() => {
    if (found === null || isLocked) return undefined;
    found.watch.start();
    return () => found.watch.stop();
  }, [found, isLocked]);
  useEffect(() => {
    found?.sound.enter();
    return () => found?.sound.leave();
  }, [found]);
  const isInShift = me.shift !== null;
  useEffect(() => found?.sound.work(isInShift), [found, isInShift]);

  return (
    <AlarmContext value={found}>
      {children}
      <Announced news={news} />
    </AlarmContext>
  );
}

/** Read aloud, wherever the focus is. */
function Announced({ news }: { readonly news: readonly Alarm[] }) {
  const { t } = useTranslation();
  const say = useSayWhole();
  const text = (alarms: readonly Alarm[]) => alarms.map((alarm) => t("alarms.announced", { text: say(alarm) })).join(" ");
  return (
    <div className="visually-hidden" role="region" aria-label={t("alarms.news")}>
      <p aria-live="assertive">{text(news.filter(({ priority }) => priority === 1))}</p>
      <p aria-live="polite">{text(news.filter(({ priority }) => priority !== 1))}</p>
    </div>
  );
}

/** In the header, on every screen: the most urgent alarm of which nobody has taken notice. */
export function AlarmBell() {
  const { t } = useTranslation();
  const say = useSayWhole();
  const { state } = useSound();
  const fresh = newOnes(useAlarms().items);
  const first = fresh[0];
  if (first === undefined) return null;
  return (
    <Link to="/alarms" className={`alarm-bell alarm-bell--${first.priority}`} data-sound={state}>
      <Icon name="horn" size="small" />
      <span className="alarm-bell-text">{say(first)}</span>
      {fresh.length > 1 ? <span className="alarm-bell-more">{t("alarms.and_more", { count: fresh.length - 1 })}</span> : null}
    </Link>
  );
}

/** Beside the screen's name in the navigation. */
export function AlarmCount() {
  const { t } = useTranslation();
  const count = newOnes(useAlarms().items).length;
  if (count === 0) return null;
  return (
    <span className="nav-count">
      <span aria-hidden="true">{count}</span>
      <span className="visually-hidden">{t("alarms.new_count", { count })}</span>
    </span>
  );
}
