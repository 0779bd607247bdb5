// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useAlarms } from "../../app/alarms";
import { useMe } from "../../app/session";
import { msFromInstant } from "../../core/time/ticks";
import { useFormat } from "../../ui/format";
import { Screen } from "../../ui/Screen";
import { Empty, Failed, Loading, Stale } from "../../ui/States";
import { Tabs } from "../../ui/Tabs";
import { AlarmCard } from "./AlarmCard";
import { Past } from "./Past";
import { SoundSwitch } from "./SoundSwitch";

type Tab = "now" | "past";

/** The one queue: what is wrong now, who has taken notice, what is over. */
export function Alarms() {
  const { t } = useTranslation();
  const [tab, setTab] = useState<Tab>("now");
  return (
    <Screen title={t("alarms.title")} aside={<SoundSwitch />}>
      <Tabs
        label={t("alarms.title")}
        chosen={tab}
        onChoose={setTab}
        tabs={[
          { key: "now", label: t("alarms.now"), content: <Now /> },
          { key: "past", label: t("alarms.past"), content: <Past /> },
        ]}
      />
    </Screen>
  );
}

function Now() {
  const { t } = useTranslation();
  const format = useFormat();
  const me = useMe();
  const { items, now, error, look } = useAlarms();
  const needsShift = me.permissions.includes("shift") && me.shift === null;
  if (items === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={() => void look()} />;
  return (
    <>
      {error === undefined || now === undefined ? null : <Stale since={format.seconds(msFromInstant(now))} />}
      {needsShift && items.length > 0 ? <p className="quiet">{t("alarms.needs_shift")}</p> : null}
      {items.length === 0 ? (
        <Empty title={t("alarms.none")} />
      ) : (
        <ol className="alarm-list" aria-label={t("alarms.title")}>
          {items.map((alarm) => (
            <li key={alarm.id === "0" ? `${alarm.code} ${alarm.place}` : alarm.id}>
              <AlarmCard alarm={alarm} now={now === undefined ? 0 : msFromInstant(now)} mayTake={me.permissions.includes("alarms.take") && !needsShift} onDone={() => void look()} />
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
