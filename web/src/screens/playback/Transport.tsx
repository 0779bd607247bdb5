// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { Deck, DeckState } from "../../core/playback/deck";
import { FORWARD } from "../../core/playback/master";
import { Button } from "../../ui/Button";
import { SelectField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Glyph } from "./Glyph";
import { ClockText } from "./Timing";

interface Props {
  readonly deck: Deck;
  readonly state: DeckState;
  readonly onStep: (direction: 1 | -1) => void;
  readonly onEdge: (edge: "from" | "to" | null) => void;
  readonly names: ReadonlyMap<string, string>;
}

/** Shuttle, frame steps, rate and loop; the keys stand beside the words. */
export function Transport({ deck, state, onStep, onEdge, names }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const rates = [...new Set([...FORWARD, state.rate])].sort((a, b) => a - b);
  return (
    <div className="play-bar">
      <ClockText deck={deck} />
      <div className="play-shuttle" role="group" aria-label={t("playback.shuttle")}>
        <Key label={t("playback.frame_back")} hint="," onClick={() => onStep(-1)}><Glyph shape="frame-back" /></Key>
        <Key label={t("playback.back")} hint="J" onClick={() => deck.shuttle(-1)}><Glyph shape="back" /></Key>
        <Key label={t(state.isPlaying ? "playback.pause" : "playback.play")} hint="K" onClick={() => toggle(deck, state)}>
          <Glyph shape={state.isPlaying ? "pause" : "play"} />
        </Key>
        <Key label={t("playback.forward")} hint="L" onClick={() => deck.shuttle(1)}><Glyph shape="forward" /></Key>
        <Key label={t("playback.frame_forward")} hint="." onClick={() => onStep(1)}><Glyph shape="frame-forward" /></Key>
      </div>
      <SelectField label={t("playback.rate")} value={String(state.rate)} onChange={(rate) => (state.isPlaying ? deck.play(Number(rate)) : deck.setRate(Number(rate)))} options={rates.map((rate) => ({ value: String(rate), label: t("playback.times", { n: format.number(rate) }) }))} />
      <div className="play-loop" role="group" aria-label={t("playback.loop")}>
        <Button kind="secondary" size="small" onClick={() => onEdge("from")}>{t("playback.loop_from")}</Button>
        <Button kind="secondary" size="small" onClick={() => onEdge("to")}>{t("playback.loop_to")}</Button>
        {state.loop === null ? null : <Button kind="quiet" size="small" onClick={() => onEdge(null)}>{t("playback.loop_off")}</Button>}
      </div>
      <p className="play-waits" role="status">
        {state.waiting.length === 0 ? "" : t("playback.waits", { cameras: state.waiting.map((camera) => names.get(camera) ?? camera).join(", ") })}
      </p>
    </div>
  );
}

export function toggle(deck: Deck, state: DeckState): void {
  if (state.isPlaying) deck.pause();
  else deck.play(state.rate < 0 ? 1 : state.rate);
}

function Key({ label, hint, onClick, children }: { readonly label: string; readonly hint: string; readonly onClick: () => void; readonly children: ReactNode }) {
  return (
    <button type="button" className="play-key" aria-label={label} title={`${label} (${hint})`} aria-keyshortcuts={hint} onClick={onClick}>
      {children}
      <kbd aria-hidden="true">{hint}</kbd>
    </button>
  );
}
