// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useMe } from "../../app/session";
import { centred, lengthOf, LENGTHS, type View, zoomedTo } from "../../core/timeline/view";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { SelectField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert } from "../../ui/Notices";
import { Failed, Stale } from "../../ui/States";
import { Bookmarks } from "./Bookmarks";
import { Dialogs, type Open } from "./Dialogs";
import { yesterday } from "./GoTo";
import { Intervals } from "./Intervals";
import { playerKey } from "./keys";
import { Tile } from "./Tile";
import { TimelinePanel } from "./TimelinePanel";
import { toggle, Transport } from "./Transport";
import { type PlayerProps, type Playing, usePlayer } from "./usePlayer";

/** Tiles, transport and timeline on one clock. Before a look is open there is the timeline alone. */
export function Player(props: PlayerProps) {
  const { view, onView } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const region = useRef<HTMLDivElement>(null);
  const playing = usePlayer(props);
  const { look, deck, state, rows, fine, seek, edge, step } = playing;
  const [open, setOpen] = useState<Open>(null);
  const tiles = () => region.current?.querySelectorAll<HTMLElement>(".play-tile");
  const isBegun = useRef(false); // a look, and nothing has the focus yet: what it was asked with goes away
  useLayoutEffect(() => {
    if (!isBegun.current || open !== null || look === null) return;
    isBegun.current = false;
    region.current?.querySelector<HTMLElement>(".play-tile")?.focus();
  }, [open, look]);

  function goTo(at: number): void {
    onView(centred(view, at));
    seek(at);
  }
  function key(event: KeyboardEvent): void {
    if (look === null || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const hands = {
      deck, rows: fine, step, edge, seek,
      place: [...(tiles() ?? [])].findIndex((tile) => tile === event.target),
      toggle: () => toggle(deck, state),
      choose: (place: number) => tiles()?.[place]?.focus(),
    };
    if (playerKey(event.key, hands)) event.preventDefault();
  }
  return (
    <>
      <Troubles playing={playing} />
      <div ref={region} className="play" role="group" aria-label={t("playback.player")} onKeyDown={key}>
        {look === null ? (
          <div className="play-before">
            <p>{t("playback.before_look")}</p>
            <Button icon="video" onClick={() => setOpen("reason")}>{t("playback.look")}</Button>
          </div>
        ) : (
          <>
            <Tiles playing={playing} />
            <Transport deck={deck} state={state} names={playing.names} onStep={step} onEdge={edge} />
          </>
        )}
        <div className="play-line-head">
          {look === null ? null : <Acts playing={playing} onOpen={setOpen} />}
          <Button kind="secondary" size="small" icon="calendar" onClick={() => setOpen("go")}>{t("playback.go_to")}</Button>
          {look === null ? (
            <Button kind="secondary" size="small" icon="clock" onClick={() => goTo(yesterday(playing.now, format.zone))}>{t("playback.yesterday")}</Button>
          ) : null}
          <Length view={view} onView={onView} at={() => deck.at} />
        </div>
        <TimelinePanel deck={deck} rows={rows} flags={playing.flags} view={view} loop={state.loop} look={look} span={playing.reach?.span ?? null} chosen={playing.camera} onView={onView} onSeek={seek} />
      </div>
      <Intervals rows={rows} view={view} onGo={seek} />
      <Bookmarks bookmarks={playing.known.value?.cameras.flatMap(({ bookmarks }) => bookmarks) ?? []} names={playing.names} onGo={seek} onChange={playing.known.retry} />
      <Dialogs playing={playing} open={open} onGo={goTo} onClose={() => setOpen(null)} onLook={() => { isBegun.current = true; }} />
    </>
  );
}

/** What is old, refused or over. */
function Troubles({ playing: { looking, known } }: { readonly playing: Playing }) {
  const { t } = useTranslation();
  const format = useFormat();
  const say = useSayError();
  if (looking.isOver) return <Alert kind="warning">{t("playback.look_over")}</Alert>;
  if (known.error === undefined) return null;
  if (known.value === undefined) return <Failed error={known.error} onRetry={known.retry} />;
  return known.at === undefined ? <Alert kind="danger">{say(known.error)}</Alert> : <Stale since={format.time(known.at)} />;
}

function Tiles({ playing }: { readonly playing: Playing }) {
  const { look, deck, state, fine, fallen, camera, isWriting } = playing;
  if (look === null) return null;
  return (
    <div className="play-tiles" data-count={look.cameras.length}>
      {look.cameras.map((each) => (
        <Tile
          key={each.camera}
          deck={deck}
          look={look}
          camera={each}
          shown={state.tiles[each.camera]}
          fellBackFrom={fallen[each.camera] ?? null}
          isWriting={isWriting}
          row={fine.find((row) => row.camera === each.camera)}
          isChosen={each.camera === camera && look.cameras.length > 1}
          onChoose={() => playing.setChosen(each.camera)}
        />
      ))}
    </div>
  );
}

/** What is done with the chosen camera's picture, and with the look. */
function Acts({ playing, onOpen }: { readonly playing: Playing; readonly onOpen: (open: Open) => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const { camera, names, looking } = playing;
  return (
    <div className="play-acts" role="group" aria-label={t("playback.acts", { camera: names.get(camera) ?? camera })}>
      {me.permissions.includes("still") ? (
        <Button kind="secondary" size="small" icon="camera" isBusy={playing.isTaking} onClick={() => void playing.take()}>{t("playback.still")}</Button>
      ) : null}
      <Button kind="secondary" size="small" icon="note" onClick={() => onOpen("bookmark")}>{t("playback.bookmark")}</Button>
      {me.permissions.includes("hold.place") ? (
        <Button kind="secondary" size="small" icon="lock" onClick={() => onOpen("hold")}>{t("playback.hold")}</Button>
      ) : null}
      {me.permissions.includes("copy.ask") ? (
        <Button kind="secondary" size="small" icon="files" onClick={() => onOpen("copy")}>{t("playback.copy")}</Button>
      ) : null}
      <Button kind="quiet" size="small" icon="help-circle" onClick={() => onOpen("keys")}>{t("playback.keys")}</Button>
      <Button kind="quiet" size="small" icon="close" onClick={() => void looking.close().catch(playing.fail)}>{t("playback.close")}</Button>
    </div>
  );
}

/** How much of time is seen: the same as wheel, pinch and keys do. */
function Length({ view, onView, at }: { readonly view: View; readonly onView: (view: View) => void; readonly at: () => number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = lengthOf(view);
  const nearest = LENGTHS.reduce((best, each) => (Math.abs(Math.log(each / now)) < Math.abs(Math.log(best / now)) ? each : best));
  const choose = (length: string) => {
    const middle = at();
    onView(zoomedTo(middle >= view.from && middle < view.to ? view : centred(view, middle), Number(length), middle));
  };
  return <SelectField label={t("playback.seen")} value={String(nearest)} onChange={choose} options={[...LENGTHS].reverse().map((length) => ({ value: String(length), label: format.age(length / 1000) }))} />;
}

function isTyping(target: EventTarget): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select");
}
