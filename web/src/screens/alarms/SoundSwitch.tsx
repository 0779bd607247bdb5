// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { useSound } from "../../app/alarms";
import { Button } from "../../ui/Button";
import { Status, type Tone } from "../../ui/Status";
import type { SoundState } from "../../core/alarms/sound";

const TONES: Record<SoundState, Tone> = { on: "fine", blocked: "warning", muted: "off", off: "off", elsewhere: "off" };

/** Whether alarms are heard at this station, and if not, why; each person mutes them for themselves. */
export function SoundSwitch() {
  const { t } = useTranslation();
  const { sound, state } = useSound();
  if (sound === undefined) return null;
  return (
    <div className="sound" role="group" aria-label={t("alarms.sound")}>
      <Status tone={TONES[state]}>{t(`alarms.sound_${state}`)}</Status>
      <Button kind="secondary" size="small" aria-pressed={state === "muted"} onClick={() => sound.mute(!sound.isMuted)}>
        {t("alarms.mute")}
      </Button>
    </div>
  );
}
