// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Turn } from "../../core/api/turning";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { SelectField } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import type { IconName } from "../../ui/icons";
import { Alert } from "../../ui/Notices";
import { useResource } from "../../ui/useResource";

const AGAIN_MS = 400; // while a key or a button is held
const SECONDS = 0.6; // of one command: without the next one it stands still by itself
const SPEEDS = { slow: 0.1, normal: 0.3, fast: 0.7 } as const;
type Speed = keyof typeof SPEEDS;

const WAYS = {
  up: { pan: 0, tilt: 1, zoom: 0, icon: "arrow-up" },
  left: { pan: -1, tilt: 0, zoom: 0, icon: "arrow-left" },
  right: { pan: 1, tilt: 0, zoom: 0, icon: "arrow-right" },
  down: { pan: 0, tilt: -1, zoom: 0, icon: "arrow-down" },
  closer: { pan: 0, tilt: 0, zoom: 1, icon: "zoom-in" },
  farther: { pan: 0, tilt: 0, zoom: -1, icon: "zoom-out" },
} as const satisfies Record<string, { pan: number; tilt: number; zoom: number; icon: IconName }>;
type Way = keyof typeof WAYS;

const KEYS: Readonly<Record<string, Way>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
  "+": "closer",
  "-": "farther",
};

/**
 * Turns one camera: arrows and plus and minus while the pad has the focus, or its buttons, for as long as they are held.
 * What lies outside its sectors the server refuses, and says so here. Each move is in the ledger.
 */
export function Ptz({ camera }: { readonly camera: string }) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const [speed, setSpeed] = useState<Speed>("normal");
  const [error, setError] = useState<unknown>(undefined);
  const held = useRef<ReturnType<typeof setInterval> | undefined>(undefined);
  const read = useCallback((signal: AbortSignal) => client.call("GET /cameras/{id}/turning", undefined, { path: { id: camera }, signal }), [client, camera]);
  const { value, error: away, retry } = useResource(read);

  const send = useCallback(
    (wanted: Turn) => {
      client.call("POST /cameras/{id}/turning", { wanted }, { path: { id: camera } }).then(
        () => setError(undefined),
        (cause: unknown) => {
          clearInterval(held.current);
          setError(cause);
        },
      );
    },
    [client, camera],
  );
  const stop = useCallback(() => {
    if (held.current === undefined) return;
    clearInterval(held.current);
    held.current = undefined;
    send({ kind: "stop" });
  }, [send]);
  const go = useCallback(
    (way: Way) => {
      if (held.current !== undefined) return;
      const { pan, tilt, zoom } = WAYS[way];
      const by = SPEEDS[speed];
      const move = () => send({ kind: "move", pan: pan * by, tilt: tilt * by, zoom: zoom * by, seconds: SECONDS });
      move();
      held.current = setInterval(move, AGAIN_MS);
    },
    [send, speed],
  );
  useEffect(() => stop, [stop]);

  function key(event: KeyboardEvent): void {
    const way = KEYS[event.key];
    if (way === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    go(way);
  }
  if (away !== undefined) {
    return (
      <Alert kind="warning" title={say(away)}>
        <Button kind="secondary" size="small" onClick={retry}>{t("ui.retry")}</Button>
      </Alert>
    );
  }
  return (
    <div className="ptz">
      <div className="ptz-pad" role="group" tabIndex={0} aria-label={t("turning.pad")} onKeyDown={key} onKeyUp={stop} onBlur={stop}>
        {(Object.keys(WAYS) as Way[]).map((way) => (
          <Hold key={way} way={way} onGo={go} onStop={stop} />
        ))}
      </div>
      <p className="quiet">{t("turning.keys")}</p>
      <SelectField
        label={t("turning.speed")}
        value={speed}
        options={(Object.keys(SPEEDS) as Speed[]).map((name) => ({ value: name, label: t(`turning.speed_${name}`) }))}
        onChange={setSpeed}
      />
      {value === undefined || value.presets.length === 0 ? null : (
        <div className="buttons" role="group" aria-label={t("turning.presets")}>
          {value.presets.map(({ token, name }) => (
            <Button key={token} kind="secondary" size="small" onClick={() => send({ kind: "preset", preset: token })}>
              {name || token}
            </Button>
          ))}
        </div>
      )}
      <div aria-live="assertive">{error === undefined ? null : <Alert kind="warning">{say(error)}</Alert>}</div>
    </div>
  );
}

interface HoldProps {
  readonly way: Way;
  readonly onGo: (way: Way) => void;
  readonly onStop: () => void;
}

/** Turns while it is pressed, by pointer, space or Enter. */
function Hold({ way, onGo, onStop }: HoldProps) {
  const { t } = useTranslation();
  function key(event: KeyboardEvent): void {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    onGo(way);
  }
  return (
    <button
      type="button"
      className={`icon-button ptz-${way}`}
      aria-label={t(`turning.way_${way}`)}
      onPointerDown={() => onGo(way)}
      onPointerUp={onStop}
      onPointerLeave={onStop}
      onPointerCancel={onStop}
      onKeyDown={key}
      onKeyUp={onStop}
    >
      <Icon name={WAYS[way].icon} />
    </button>
  );
}
