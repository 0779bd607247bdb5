// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import { LEDGER_S, type Look, mediaAddress } from "../../core/api/playback";
import { runOver } from "../../core/playback/minute";
import { keepSaid, keptSaid, type Said, titlesOf } from "../../core/playback/said";
import { HlsSource } from "../../core/playback/source";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { SelectField, TextArea, TextField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert } from "../../ui/Notices";
import { useSayError } from "../../ui/errors";
import { useAction } from "../../ui/useAction";
import { Waiting } from "../../ui/Waiting";
import { PURPOSES } from "./Reason";

const BACK_MS = 75_000; // what is not in the ledger yet, some ten seconds, cannot be shown
const STAY_MS = 20_000;
const NOTHING: Said = { purpose: "urban-security", reason: "", event: "", case: "" };

interface Props {
  readonly camera: string;
  readonly name: string;
  readonly onClose: () => void;
}

/** The last minute of a tile: playback, with its reason (LG-02), which holds for the next one too. */
export function Replay({ camera, name, onClose }: Props) {
  const { t } = useTranslation();
  const [look, setLook] = useState<Look | null>(null);
  return (
    <Dialog title={t("wall.replay_title", { name })} onClose={onClose}>
      {look === null ? <Why camera={camera} onLook={setLook} /> : <Minute look={look} camera={camera} onLook={setLook} />}
    </Dialog>
  );
}

function Why({ camera, onLook }: { readonly camera: string; readonly onLook: (look: Look) => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const person = useMe().person.id;
  const say = useSayError();
  const { isBusy, error, run } = useAction();
  const [said, setSaid] = useState<Said>(() => keptSaid(sessionStorage, person) ?? NOTHING);
  function go(): void {
    run(async () => {
      const { now } = await client.call("GET /station", undefined);
      const to = msFromInstant(now);
      const from = new Date(to - BACK_MS).toISOString();
      const why = { purpose: said.purpose, reason: said.reason.trim(), ...titlesOf(said) };
      const asked = { cameras: [camera], from, to: now, at: from, ...why };
      const look = await client.call("POST /looks", asked);
      keepSaid(sessionStorage, person, said);
      onLook(look);
    });
  }
  return (
    <form
      className="step-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        go();
      }}
    >
      <p>{t("wall.replay_text")}</p>
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      <Waiting isBusy={isBusy}>{(n) => t("playback.waits_ledger", { n, most: LEDGER_S })}</Waiting>
      <SelectField
        label={t("playback.purpose")}
        value={said.purpose}
        options={PURPOSES.map((value) => ({ value, label: t(`playback.purpose_${value}`) }))}
        onChange={(purpose) => setSaid({ ...said, purpose })}
      />
      <TextArea label={t("playback.reason")} hint={t("playback.reason_hint")} value={said.reason} onChange={(reason) => setSaid({ ...said, reason })} />
      <TextField label={t("playback.event")} hint={t("playback.event_hint")} value={said.event} onChange={(event) => setSaid({ ...said, event })} />
      <TextField label={t("playback.case")} hint={t("playback.case_hint")} value={said.case} onChange={(about) => setSaid({ ...said, case: about })} />
      <Button isSubmit isBusy={isBusy} icon="clock">
        {t("wall.menu_replay")}
      </Button>
    </form>
  );
}

/** `onLook`: it is another one now, with the camera's other stream. */
function Minute({ look, camera, onLook }: { readonly look: Look; readonly camera: string; readonly onLook: (look: Look) => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const video = useRef<HTMLVideoElement>(null);
  const [utc, setUtc] = useState<number | null>(null);
  const [failed, setFailed] = useState(false);
  const [cannot, setCannot] = useState<{ readonly stream: string; readonly codec: string } | null>(null);
  const hasFallen = useRef(false);
  const [found] = look.cameras;
  const stream = found?.stream ?? "main";
  const isThere = found?.state === "open" && found.to !== null;

  useEffect(() => {
    const path = { key: look.key };
    const timer = setInterval(() => void client.call("POST /looks/{key}/stay", {}, { path }).catch(() => undefined), STAY_MS);
    return () => {
      clearInterval(timer);
      void client.call("DELETE /looks/{key}", undefined, { path }).catch(() => undefined); // it ends by itself
    };
  }, [client, look.key]);

  useEffect(() => {
    const element = video.current;
    if (element === null || !isThere) return undefined;
    element.focus(); // what had the focus is gone
    const source = new HlsSource(element, () => {
      if (source.loaded.state === "failed") setFailed(true);
      else if (source.loaded.state === "unplayable") fall(source.loaded.codec);
      else if (source.loaded.state === "ready" && element.paused && element.currentTime === 0) void element.play().catch(() => undefined);
    });
    const fall = (codec: string): void => {
      setCannot({ stream, codec });
      if (hasFallen.current) return;
      hasFallen.current = true;
      const wanted = { from: look.from, to: look.to, at: look.from, streams: { [camera]: "sub" as const } };
      client.call("POST /looks/{key}/move", wanted, { path: { key: look.key } }).then(onLook, () => setFailed(true));
    };
    const from = msFromInstant(look.from);
    void source.load(mediaAddress(look.key, camera, "video.m3u8", { from: look.from, to: look.to, at: look.from }), from);
    const start = (): void => void element.play().catch(() => undefined);
    element.addEventListener("canplay", start, { once: true });
    const leave = runOver(element, source, setUtc);
    return () => {
      leave();
      element.removeEventListener("canplay", start);
      source.end();
    };
  }, [client, look, camera, stream, isThere, onLook]);

  if (!isThere) return <p>{t("wall.replay_none")}</p>;
  return (
    <div className="replay">
      <video
        ref={video}
        className="replay-video"
        controls
        controlsList="nodownload noremoteplayback nofullscreen"
        disablePictureInPicture
        muted
        playsInline
        aria-label={t("wall.replay_title", { name: found.name })}
        onContextMenu={(event) => event.preventDefault()}
      />
      {cannot === null ? null : cannot.stream === stream ? (
        <Alert kind="danger">{t("playback.unplayable", { codec: cannot.codec })}</Alert>
      ) : (
        <p>{t("wall.fell_back", { codec: cannot.codec })}</p>
      )}
      {failed ? <Alert kind="danger">{t("wall.replay_failed")}</Alert> : null}
      <p className="replay-mark">
        {look.person.name} · {look.station} · {utc === null ? "–" : `${format.date(utc)} ${format.seconds(utc)}`}
      </p>
    </div>
  );
}
