// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import type { CameraState } from "../../core/api/types";
import type { Cell, Layout } from "../../core/api/walls";
import { neighbour, placeOf } from "../../core/wall/layouts";
import { type MenuItem, Menu } from "../../ui/Menu";
import { LivePicture } from "./Tile";
import { useRound } from "./useRound";

const TILE = "application/x-torrazzo-tile";
export const CAMERA = "application/x-torrazzo-camera";

export interface TileDeeds {
  readonly onSwap: (a: number, b: number) => void;
  readonly onDropCamera: (tile: number, camera: string) => void;
  readonly onEmpty: (tile: number) => void;
  readonly onPick: (tile: number) => void;
  readonly onLarge: (tile: number | null) => void;
  /** Before it is carried by keys; `onPutBack`: it was not meant. */
  readonly onPickUp: () => void;
  readonly onPutBack: () => void;
  readonly onReplay: ((camera: string) => void) | null;
}

interface Props extends TileDeeds {
  readonly label: string;
  readonly layout: Layout;
  readonly cells: readonly Cell[];
  readonly cameras: ReadonlyMap<string, CameraState>;
  readonly large: number | null;
  readonly isOn: boolean;
  /** So many tiles may move; the others show single pictures. */
  readonly moving: number;
  /** Sequences of tiles go on. */
  readonly isRunning: boolean;
}

interface Held {
  readonly from: number;
  readonly at: number;
}

/** The tiles. Arrows go from one to the next; M picks one up, arrows carry it, Enter drops it and Escape puts it back. */
export function Grid(props: Props) {
  const { t } = useTranslation();
  const list = useRef<HTMLOListElement>(null);
  const [active, setActive] = useState(0);
  const [held, setHeld] = useState<Held | null>(null);
  const [said, setSaid] = useState("");
  const going = useRef<number | null>(null); // the tile that has the focus once what changes is on the screen
  const { layout, cells, cameras, large } = props;
  useLayoutEffect(() => {
    if (going.current !== null) list.current?.children[going.current]?.querySelector<HTMLElement>(".tile-open")?.focus();
    going.current = null; // before the next key: a tile that changes places is a new one, and has none
  });

  function nameOf(tile: number): string {
    const [camera] = cells[tile]?.cameras ?? [];
    return camera === undefined ? t("wall.empty_tile") : (cameras.get(camera)?.name ?? camera);
  }
  function where(tile: number): Record<string, string | number> {
    const place = placeOf(layout, tile);
    return { name: nameOf(held?.at ?? tile), n: tile + 1, all: cells.length, row: place.row, column: place.column };
  }
  function go(tile: number): void {
    setActive(tile);
    going.current = tile;
  }
  function pickUp(tile: number): void {
    props.onPickUp();
    setHeld({ from: tile, at: tile });
    setSaid(t("wall.picked_up", where(tile)));
    go(tile);
  }
  function carry({ from, at }: Held, to: number): void {
    if (to === at) return;
    props.onSwap(at, to);
    setHeld({ from, at: to });
    setSaid(t("wall.carried", where(to)));
    go(to);
  }
  function drop({ from, at }: Held, isKept: boolean): void {
    if (!isKept) props.onPutBack();
    setHeld(null);
    setSaid(t(isKept ? "wall.dropped" : "wall.put_back", where(isKept ? at : from)));
    go(isKept ? at : from);
  }
  function key(event: KeyboardEvent, tile: number): void {
    const to = neighbour(layout, tile, event.key);
    if (held !== null) {
      if (event.key === "Enter" || event.key === " " || event.key === "Escape") drop(held, event.key !== "Escape");
      else if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") carry(held, neighbour(layout, held.at, event.key));
      else return;
    } else if (event.key === "Escape" && large !== null) props.onLarge(null);
    else if ((event.key === "m" || event.key === "M") && large === null && !event.ctrlKey && !event.altKey && !event.metaKey) pickUp(tile);
    else if (to !== tile && large === null) go(to);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <>
      <ol ref={list} className={`wall-grid wall-grid--${layout} ${large === null ? "" : "wall-grid--large"}`} aria-label={props.label}>
        {cells.map((cell, tile) => (
          <Place
            key={tile}
            {...props}
            cell={cell}
            tile={tile}
            isActive={tile === active}
            isHeld={held?.at === tile}
            name={nameOf(tile)}
            where={t("wall.position", where(tile))}
            onKey={(event) => key(event, tile)}
            onFocus={() => setActive(tile)}
            onCarry={() => pickUp(tile)}
          />
        ))}
      </ol>
      <p className="visually-hidden" role="status" aria-live="assertive">
        {said}
      </p>
    </>
  );
}

interface PlaceProps extends Props {
  readonly cell: Cell;
  readonly tile: number;
  readonly isActive: boolean;
  readonly isHeld: boolean;
  readonly name: string;
  readonly where: string;
  readonly onKey: (event: KeyboardEvent) => void;
  readonly onFocus: () => void;
  readonly onCarry: () => void;
}

function Place(props: PlaceProps) {
  const { t } = useTranslation();
  const { cell, tile, large, isActive, isHeld, cameras } = props;
  const [isOver, setOver] = useState(false);
  const isLarge = large === tile;
  const round = useRound(cell.cameras.length > 1 && props.isRunning && !isLarge ? cell.every_s : null);
  const camera = cell.cameras[round % Math.max(1, cell.cameras.length)];
  const name = camera === undefined ? props.name : (cameras.get(camera)?.name ?? camera);
  const label = camera === undefined ? t("wall.choose_for", { where: props.where }) : t(isLarge ? "wall.smaller" : "wall.larger", { name, where: props.where });
  const opener = (
    <button
      type="button"
      className="tile-open"
      tabIndex={isActive ? 0 : -1}
      aria-label={label}
      aria-keyshortcuts="M"
      onKeyDown={props.onKey}
      onFocus={props.onFocus}
      onClick={() => (camera === undefined ? props.onPick(tile) : props.onLarge(isLarge ? null : tile))}
    >
      {camera === undefined ? <span className="tile-empty">{t("wall.choose")}</span> : null}
    </button>
  );
  return (
    <li
      className={`tile ${isLarge ? "tile--large" : ""} ${isHeld ? "tile--held" : ""} ${isOver ? "tile--over" : ""}`}
      hidden={large !== null && !isLarge}
      draggable={large === null}
      data-tile={tile}
      onDragStart={(event) => {
        event.dataTransfer.setData(TILE, String(tile));
        event.dataTransfer.effectAllowed = "move";
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.some((type) => type === TILE || type === CAMERA)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const [from, dropped] = [event.dataTransfer.getData(TILE), event.dataTransfer.getData(CAMERA)];
        if (dropped !== "") props.onDropCamera(tile, dropped);
        else if (from !== "" && Number(from) !== tile) props.onSwap(Number(from), tile);
      }}
    >
      {camera === undefined ? (
        <div className="live live--none">{opener}</div>
      ) : (
        <LivePicture
          key={camera}
          camera={camera}
          known={cameras.get(camera)}
          isLarge={isLarge || props.layout === "1"}
          motion={movesBefore(props.cells, tile) < props.moving || (isLarge && props.moving > 0) ? "moving" : "stills"}
          isOn={props.isOn}
          menu={<TileMenu {...props} camera={camera} name={name} />}
        >
          {opener}
        </LivePicture>
      )}
    </li>
  );
}

function movesBefore(cells: readonly Cell[], tile: number): number {
  return cells.slice(0, tile).filter(({ cameras }) => cameras.length > 0).length;
}

function TileMenu(props: PlaceProps & { readonly camera: string }) {
  const { t } = useTranslation();
  const { tile, camera, name, large } = props;
  const items: MenuItem[] = [
    { label: t(large === tile ? "wall.menu_smaller" : "wall.menu_larger"), icon: "expand", onChoose: () => props.onLarge(large === tile ? null : tile) },
  ];
  if (props.onReplay !== null) {
    const { onReplay } = props;
    items.push({ label: t("wall.menu_replay"), icon: "clock", onChoose: () => onReplay(camera) });
  }
  if (large === null) {
    items.push(
      { label: t("wall.menu_choose"), icon: "camera", onChoose: () => props.onPick(tile) },
      { label: t("wall.menu_move"), icon: "fullscreen", onChoose: props.onCarry },
      { label: t("wall.menu_empty"), icon: "close", onChoose: () => props.onEmpty(tile) },
    );
  }
  return <Menu label={t("wall.menu", { name })} icon="more-actions" items={items} isCompact tabIndex={props.isActive ? 0 : -1} />;
}

/** Keeps the focus where it was when a large picture becomes small. */
export function useFocusBack(large: number | null): void {
  const before = useRef<number | null>(null);
  useEffect(() => {
    const was = before.current;
    before.current = large;
    if (was !== null && large === null) document.querySelector<HTMLElement>(`[data-tile="${was}"] .tile-open`)?.focus();
  }, [large]);
}
