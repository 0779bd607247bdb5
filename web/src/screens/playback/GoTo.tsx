// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { dateAt, instantsOf, wallAt } from "../../core/time/zone";
import { DAY } from "../../core/timeline/view";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { RadioGroup, TextField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { DayField } from "../../ui/TimeFields";

const DAYS = 8; // of footage, the first one and the last one not whole

interface Props {
  readonly at: number;
  readonly now: number;
  readonly onGo: (at: number) => void;
  readonly onClose: () => void;
}

/** The calendar of what can still be looked at, and a time that is typed. */
export function GoTo({ at, now, onGo, onClose }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const wall = wallAt(at, format.zone);
  const [date, setDate] = useState(wall.date);
  const [time, setTime] = useState(wall.time);
  const [which, setWhich] = useState<"0" | "1">("0");
  const found = instantsFrom(date, time, format.zone);
  const wrong = date === "" ? undefined : found === null ? t("playback.time_wrong") : found.length === 0 ? t("playback.time_left_out") : undefined;

  function go(): void {
    const wanted = found?.[found.length > 1 ? Number(which) : 0];
    if (wanted !== undefined) onGo(wanted);
  }
  return (
    <Dialog
      title={t("playback.go_to")}
      onClose={onClose}
      actions={
        <>
          <Button kind="secondary" onClick={onClose}>{t("playback.cancel")}</Button>
          <Button onClick={go}>{t("playback.go")}</Button>
        </>
      }
    >
      <form
        className="step-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <div className="play-days" role="group" aria-label={t("playback.days")}>
          {lastDays(now, format.zone).map((day) => (
            <button key={day} type="button" className="play-day" aria-pressed={day === date} onClick={() => setDate(day)}>
              {format.longDate(middayOf(day, format.zone))}
            </button>
          ))}
        </div>
        <DayField label={t("playback.date")} value={date} error={date === "" ? t("ui.day_wrong") : undefined} onChange={setDate} />
        <TextField label={t("playback.time")} hint={t("playback.time_hint")} value={time} onChange={setTime} inputMode="numeric" error={wrong} autoComplete="off" />
        {found === null || found.length < 2 ? null : (
          <RadioGroup
            legend={t("playback.which")}
            value={which}
            onChange={setWhich}
            options={found.map((ms, place) => ({ value: place === 0 ? ("0" as const) : ("1" as const), label: format.seconds(ms) }))}
          />
        )}
        <button type="submit" hidden aria-hidden="true" tabIndex={-1} />
      </form>
    </Dialog>
  );
}

/** Of `9`, `9:30`, `09:30:05.250`, `0930`: the instants at which the wall clock showed that; null: that is no time. */
export function instantsFrom(date: string, time: string, zone: string): readonly number[] | null {
  const parts = /^(\d{1,2})(?:[:.]?(\d{2})(?:[:.]?(\d{2})(?:[.,](\d{1,3}))?)?)?$/.exec(time.trim());
  if (parts === null || !/^\d{4}-\d\d-\d\d$/.test(date)) return null;
  const [hours, minutes, seconds] = [parts[1], parts[2] ?? "00", parts[3] ?? "00"].map((each) => String(each).padStart(2, "0"));
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const ms = Number((parts[4] ?? "0").padEnd(3, "0"));
  try {
    return instantsOf({ date, time: `${hours}:${minutes}:${seconds}` }, zone).map((each) => each + ms);
  } catch {
    return null;
  }
}

/** What the wall clock shows now, a day before; in the hour that spring leaves out, 24 hours ago. */
export function yesterday(now: number, zone: string): number {
  const found = instantsOf({ date: dateAt(now, zone, -1), time: wallAt(now, zone).time }, zone);
  return found[0] ?? now - DAY;
}

function lastDays(now: number, zone: string): readonly string[] {
  return Array.from({ length: DAYS }, (_, ago) => dateAt(now, zone, ago - DAYS + 1));
}

function middayOf(date: string, zone: string): number {
  return instantsOf({ date, time: "12:00:00" }, zone)[0] ?? Date.parse(`${date}T12:00:00Z`);
}
