// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";

import { station, useCurtain } from "../../app/station";
import { useClient, useMe } from "../../app/session";
import type { ListedCamera } from "../../core/api/cameras";
import type { LiveReason } from "../../core/api/live";
import type { Walls } from "../../core/api/walls";
import { Budget } from "../../core/player/budget";
import { ServerClock } from "../../core/player/clock";
import { followClock } from "../../core/player/clock-asks";
import { LookKeeper } from "../../core/player/looks";
import { MOVING } from "../../core/wall/arrangement";
import { Empty, Failed, Loading, Stale } from "../../ui/States";
import { useFormat } from "../../ui/format";
import { useResource } from "../../ui/useResource";
import { keptReason, Reason } from "./Reason";
import { Shown } from "./Shown";
import { type Room, RoomContext } from "./useLive";

const EVERY_MS = 10_000;

/** The wall of this window; `?monitor=2` is another one, without the navigation. */
export function Wall() {
  const { t } = useTranslation();
  const me = useMe();
  const [query] = useSearchParams();
  const monitor = Math.min(8, Math.max(1, Number.parseInt(query.get("monitor") ?? "1", 10) || 1));
  const [reason, setReason] = useState<LiveReason | null>(() => keptReason(me.person.id));
  useEffect(() => {
    document.title = `${monitor === 1 ? t("nav.wall") : t("wall.monitor", { n: monitor })} · Torrazzo`;
  }, [monitor, t]);

  if (me.permissions.includes("shift")) {
    if (me.shift === null) {
      return (
        <>
          <h1 className="visually-hidden">{t("nav.wall")}</h1>
          <Empty title={t("wall.no_shift")} action={<Link to="/shift">{t("shift.open")}</Link>} />
        </>
      );
    }
    return <Monitor monitor={monitor} reason={NONE} />;
  }
  if (reason === null) return <Reason onSaid={setReason} needsCase={me.roles.includes("pg-officer")} person={me.person.id} />;
  return <Monitor monitor={monitor} reason={reason} />;
}

const NONE: LiveReason = {};

function Monitor({ monitor, reason }: { readonly monitor: number; readonly reason: LiveReason }) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const readCameras = useCallback((signal: AbortSignal) => client.call("GET /cameras", undefined, { signal }), [client]);
  const readWalls = useCallback((signal: AbortSignal) => client.call("GET /walls", undefined, { signal }), [client]);
  const cameras = useResource(readCameras, EVERY_MS);
  const walls = useResource(readWalls);
  const room = useWallRoom(reason);
  const items = useMemo(() => cameras.value?.items.toSorted((a, b) => a.name.localeCompare(b.name)), [cameras.value]);

  useEffect(() => {
    const here = (): void => station.tell({ kind: "here", monitor });
    here();
    const gone = (): void => station.tell({ kind: "gone", monitor });
    addEventListener("pagehide", gone);
    const leave = station.hear("who", here);
    return () => {
      leave();
      removeEventListener("pagehide", gone);
    };
  }, [monitor]);

  if (items === undefined || walls.value === undefined) {
    const error = cameras.error ?? walls.error;
    return (
      <>
        <h1 className="visually-hidden">{t("nav.wall")}</h1>
        {error === undefined ? <Loading /> : <Failed error={error} onRetry={() => [cameras, walls].forEach(({ retry }) => retry())} />}
      </>
    );
  }
  return (
    <RoomContext value={room}>
      {cameras.error !== undefined && cameras.at !== undefined ? <Stale since={format.seconds(cameras.at)} /> : null}
      <Known monitor={monitor} cameras={items} walls={walls.value} onWalls={walls.retry} />
    </RoomContext>
  );
}

interface KnownProps {
  readonly monitor: number;
  readonly cameras: readonly ListedCamera[];
  readonly walls: Walls;
  readonly onWalls: () => void;
}

function Known(props: KnownProps) {
  const { t } = useTranslation();
  if (props.cameras.length === 0) {
    return (
      <>
        <h1 className="visually-hidden">{t("nav.wall")}</h1>
        <Empty title={t("wall.no_cameras")} />
      </>
    );
  }
  return <Shown {...props} />;
}

/** Looks and clock live as long as the wall; behind the curtain there is no look. */
function useWallRoom(reason: LiveReason): Room {
  const client = useClient();
  const me = useMe();
  const { isDrawn } = useCurtain();
  const [name, setName] = useState<string | null>(null);
  const looks = useMemo(() => new LookKeeper(client, () => reason), [client, reason]);
  const clock = useMemo(() => new ServerClock(), []);
  const budget = useMemo(() => new Budget(MOVING), []);
  useEffect(() => budget.begin(document), [budget]);
  useEffect(() => followClock(client, clock, setName), [client, clock]);
  useEffect(() => () => looks.close(), [looks]);
  useEffect(() => {
    if (isDrawn) looks.close();
  }, [isDrawn, looks]);
  const { name: person } = me.person;
  return useMemo(() => ({ looks, clock, budget, station: name, person }), [looks, clock, budget, name, person]);
}
