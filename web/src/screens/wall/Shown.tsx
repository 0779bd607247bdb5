// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";

import { useMe } from "../../app/session";
import { useCurtain } from "../../app/station";
import type { ListedCamera } from "../../core/api/cameras";
import type { Arrangement, Walls } from "../../core/api/walls";
import { addCamera, cellsOf, EMPTY, indexOf, pages, putCell, swapCells } from "../../core/wall/arrangement";
import { Failed } from "../../ui/States";
import { Bar } from "./Bar";
import { CameraList } from "./CameraList";
import { Grid, useFocusBack } from "./Grid";
import { Picker } from "./Picker";
import { Replay } from "./Replay";
import { TilePad } from "./TilePad";
import { useRoom } from "./useLive";
import { useRound } from "./useRound";
import { useWall } from "./useWall";

interface Props {
  readonly monitor: number;
  readonly cameras: readonly ListedCamera[];
  readonly walls: Walls;
  readonly onWalls: () => void;
}

/** The wall with what changes it. */
export function Shown({ monitor, cameras, walls, onWalls }: Props) {
  const { t } = useTranslation();
  const { isDrawn } = useCurtain();
  const ids = useMemo(() => cameras.map(({ id }) => id), [cameras]);
  const byId = useMemo(() => new Map(cameras.map((camera) => [camera.id, camera])), [cameras]);
  const [query] = useSearchParams();
  const { arrangement, change, error, begun } = useWall(monitor, walls, ids, query.get("camera"));
  const [large, setLarge] = useState<number | null>(begun?.tile ?? null);
  const [picked, setPicked] = useState<number | null>(null);
  const [isRunning, setRunning] = useState(true);
  const [hasList, setList] = useState(false);
  const [turned, setTurned] = useState(begun?.page ?? 0);
  const [replayed, setReplayed] = useState<string | null>(null);
  const mayReplay = useMe().permissions.includes("playback");
  const before = useRef<Arrangement | null>(null);
  const round = useRound(isRunning && large === null ? arrangement.every_s : null);
  useFocusBack(large);
  const empty = useCallback((tile: number, page: number, now: Arrangement) => change(putCell(now, indexOf(now, page, tile), EMPTY)), [change]);
  const { looks, budget } = useRoom();
  const moving = useSyncExternalStore(budget.moving.subscribe, budget.moving.get);
  useEffect(() => {
    const known = new Set(ids);
    looks.expect([...new Set(arrangement.cells.flatMap((cell) => cell.cameras))].filter((camera) => known.has(camera)));
  }, [looks, arrangement, ids]);
  const all = pages(arrangement);
  const page = (((turned + round) % all) + all) % all;
  const at = (tile: number): number => indexOf(arrangement, page, tile);
  const cells = cellsOf(arrangement, page);
  return (
    <section className={monitor === 1 ? "wall" : "wall wall--bare"} aria-labelledby="wall-title">
      <h1 id="wall-title" className="visually-hidden">
        {monitor === 1 ? t("nav.wall") : t("wall.monitor", { n: monitor })}
      </h1>
      <Bar
        monitor={monitor}
        arrangement={arrangement}
        onChange={change}
        page={page}
        pages={all}
        onPage={(step) => setTurned(turned + step)}
        isRunning={isRunning}
        onRunning={setRunning}
        walls={walls}
        onWalls={onWalls}
        hasList={hasList}
        onList={setList}
      />
      {error === undefined ? null : <Failed error={error} onRetry={() => change(arrangement)} />}
      <Thrift moving={moving} most={budget.most} shown={cells.filter(({ cameras: all_ }) => all_.length > 0).length} />
      <div className="wall-body">
        <Grid
          label={t("wall.grid", { page: page + 1, pages: all })}
          layout={arrangement.layout}
          cells={cells}
          cameras={byId}
          large={large}
          isOn={!isDrawn}
          isRunning={isRunning}
          moving={moving}
          onSwap={(a, b) => change(swapCells(arrangement, at(a), at(b)))}
          onDropCamera={(tile, camera) => change(putCell(arrangement, at(tile), { cameras: [camera], every_s: 10 }))}
          onEmpty={(tile) => empty(tile, page, arrangement)}
          onPick={setPicked}
          onLarge={setLarge}
          onPickUp={() => (before.current = arrangement)}
          onPutBack={() => {
            if (before.current !== null) change(before.current);
          }}
          onReplay={mayReplay ? setReplayed : null}
        />
        {large === null || isDrawn ? null : <TilePad cell={cells[large]} cameras={byId} />}
        {hasList ? <CameraList cameras={cameras} arrangement={arrangement} onAdd={(camera) => change(addCamera(arrangement, page, camera))} /> : null}
      </div>
      {replayed === null || isDrawn ? null : <Replay camera={replayed} name={byId.get(replayed)?.name ?? replayed} onClose={() => setReplayed(null)} />}
      {picked === null ? null : (
        <Picker
          cameras={cameras}
          cell={cells[picked] ?? EMPTY}
          onClose={() => setPicked(null)}
          onChosen={(cell) => {
            change(putCell(arrangement, at(picked), cell));
            setPicked(null);
          }}
        />
      )}
    </section>
  );
}

/** That this station, or the way to it, does not carry all pictures; it stands there empty, so that it is read when it comes. */
function Thrift({ moving, most, shown }: { readonly moving: number; readonly most: number; readonly shown: number }) {
  const { t } = useTranslation();
  const isSaid = moving < most && moving < shown;
  return (
    <p role="status" className={isSaid ? "wall-thrift" : "visually-hidden"}>
      {isSaid ? t("wall.thrift", { n: moving, all: shown }) : null}
    </p>
  );
}
