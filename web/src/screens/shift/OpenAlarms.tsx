// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { useSayWhole } from "../../app/alarms";
import type { Alarm } from "../../core/api/alarms";
import { Status } from "../../ui/Status";

interface Props {
  readonly alarms: readonly Alarm[];
  /** Said above them: they are taken over, or left. */
  readonly text: string;
}

/** The alarms that go from one shift to the next, as they stand beside the button that does it. */
export function OpenAlarms({ alarms, text }: Props) {
  const { t } = useTranslation();
  const say = useSayWhole();
  if (alarms.length === 0) return <p className="quiet">{t("shift.no_alarms")}</p>;
  return (
    <div className="handed">
      <p>{text}</p>
      <ul>
        {alarms.map((alarm) => (
          <li key={`${alarm.id} ${alarm.code}`}>
            <Status tone={alarm.state === "new" ? "alarm" : alarm.state === "over" ? "off" : "warning"}>
              {say(alarm)} ({t(`alarms.state_${alarm.state}`)})
            </Status>
            {alarm.notes.filter(({ text: said }) => said !== "").map(({ at, text: said }) => (
              <q key={at} className="alarm-note">
                {said}
              </q>
            ))}
          </li>
        ))}
      </ul>
    </div>
  );
}
