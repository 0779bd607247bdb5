// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { station } from "../../app/station";
import type { Arrangement, Layout, Walls } from "../../core/api/walls";
import { chooseLayout } from "../../core/wall/arrangement";
import { LAYOUT_NAMES } from "../../core/wall/layouts";
import { Button, IconButton } from "../../ui/Button";
import { useNotify } from "../../ui/Notices";
import { WallsDialog } from "./WallsDialog";

interface Props {
  readonly monitor: number;
  readonly arrangement: Arrangement;
  readonly onChange: (arrangement: Arrangement) => void;
  readonly page: number;
  readonly pages: number;
  readonly onPage: (step: number) => void;
  readonly isRunning: boolean;
  readonly onRunning: (isRunning: boolean) => void;
  readonly walls: Walls;
  readonly onWalls: () => void;
  readonly hasList: boolean;
  readonly onList: (hasList: boolean) => void;
}

const ROUNDS = [5, 10, 20, 30, 60] as const;

/** How the wall is arranged, and where else it is. */
export function Bar(props: Props) {
  const { t } = useTranslation();
  const { arrangement, onChange } = props;
  const [isChoosing, setChoosing] = useState(false);
  const moves = (arrangement.every_s !== null && props.pages > 1) || arrangement.cells.some(({ cameras }) => cameras.length > 1);
  return (
    <div className="wall-bar" role="toolbar" aria-label={t("wall.bar")}>
      <Choice
        label={t("wall.layout")}
        value={arrangement.layout}
        options={LAYOUT_NAMES.map((name) => ({ value: name, label: t(`wall.layout_${name}`) }))}
        onChange={(layout) => onChange(chooseLayout(arrangement, layout as Layout))}
      />
      {props.pages > 1 ? <Pages {...props} /> : null}
      {props.pages > 1 ? (
        <Choice
          label={t("wall.round")}
          value={arrangement.every_s === null ? "" : String(arrangement.every_s)}
          options={[{ value: "", label: t("wall.round_none") }, ...ROUNDS.map((each) => ({ value: String(each), label: t("wall.every_s", { n: each }) }))]}
          onChange={(value) => onChange({ ...arrangement, every_s: value === "" ? null : Number(value) })}
        />
      ) : null}
      {moves ? (
        <Button kind="secondary" size="small" onClick={() => props.onRunning(!props.isRunning)}>
          {t(props.isRunning ? "wall.pause" : "wall.go_on")}
        </Button>
      ) : null}
      <span className="wall-bar-space" />
      <Button kind="secondary" size="small" icon="list" aria-expanded={props.hasList} onClick={() => props.onList(!props.hasList)}>
        {t("nav.cameras")}
      </Button>
      <Button kind="secondary" size="small" icon="presentation" onClick={() => setChoosing(true)}>
        {t("wall.walls")}
      </Button>
      <Monitors monitor={props.monitor} />
      <IconButton icon="fullscreen" label={t("wall.full")} onClick={() => void toggleFull()} />
      {isChoosing ? <WallsDialog {...props} onClose={() => setChoosing(false)} /> : null}
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label className="wall-choice">
      <span>{label}</span>
      <select className="input" value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}

function Pages({ page, pages, onPage }: Props) {
  const { t } = useTranslation();
  return (
    <div className="wall-pages" role="group" aria-label={t("wall.pages")}>
      <IconButton icon="chevron-left" label={t("wall.page_before")} onClick={() => onPage(-1)} />
      <span>{t("wall.page", { page: page + 1, pages })}</span>
      <IconButton icon="chevron-right" label={t("wall.page_after")} onClick={() => onPage(1)} />
    </div>
  );
}

const MONITORS = "torrazzo-monitors"; // how many this station had
const BACK_MS = 3000; // a window that is loaded anew is back by then

/**
 * Another window for another screen; those that were there before a restart are opened again by one press. One that is
 * closed while this one stays was closed by a hand, and is forgotten.
 */
function Monitors({ monitor }: { readonly monitor: number }) {
  const { t } = useTranslation();
  const notify = useNotify();
  const [there, setThere] = useState<ReadonlySet<number>>(new Set([monitor]));
  useEffect(() => {
    const known = new Set([monitor]);
    const timers = new Map<number, ReturnType<typeof setTimeout>>();
    const come = station.hear("here", ({ monitor: told }) => {
      clearTimeout(timers.get(told));
      known.add(told);
      setThere(new Set(known));
      localStorage.setItem(MONITORS, String(Math.max(told, Number(localStorage.getItem(MONITORS) ?? "1"))));
    });
    const forget = (told: number): void => {
      known.delete(told);
      setThere(new Set(known));
      localStorage.setItem(MONITORS, String(Math.max(...known)));
    };
    const go = station.hear("gone", ({ monitor: told }) => {
      clearTimeout(timers.get(told));
      timers.set(told, setTimeout(() => forget(told), BACK_MS));
    });
    station.tell({ kind: "who" });
    return () => {
      come();
      go();
      for (const timer of timers.values()) clearTimeout(timer);
    };
  }, [monitor]);
  if (monitor !== 1) return null;
  const had = Number(localStorage.getItem(MONITORS) ?? "1");
  const gone = Array.from({ length: Math.max(0, had - 1) }, (_, at) => at + 2).filter((each) => !there.has(each));
  function open(which: readonly number[]): void {
    const opened = which.map((each) => window.open(`/wall?monitor=${each}`, `torrazzo-monitor-${each}`, "popup"));
    if (opened.some((each) => each === null)) notify("warning", t("wall.window_blocked"));
    localStorage.setItem(MONITORS, String(Math.max(had, ...which)));
  }
  return (
    <>
      {gone.length === 0 ? null : (
        <Button size="small" icon="refresh" onClick={() => open(gone)}>
          {t("wall.monitors_again", { count: gone.length })}
        </Button>
      )}
      <Button kind="secondary" size="small" icon="plus" onClick={() => open([firstFree(there)])}>
        {t("wall.monitor_more")}
      </Button>
    </>
  );
}

function firstFree(there: ReadonlySet<number>): number {
  let number = 2;
  while (there.has(number)) number += 1;
  return number;
}

async function toggleFull(): Promise<void> {
  if (document.fullscreenElement === null) await document.documentElement.requestFullscreen();
  else await document.exitFullscreen();
}
