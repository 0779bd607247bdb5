// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { LookAsked } from "../../core/api/playback";
import type { Said } from "../../core/playback/said";
import { AskForm } from "../exports/AskForm";
import { HoldForm } from "../exports/HoldForm";
import { NewBookmark } from "./Bookmarks";
import { GoTo } from "./GoTo";
import { Keys } from "./Keys";
import { Reason } from "./Reason";
import { StillDialog } from "./StillDialog";
import type { Playing } from "./usePlayer";
import { useSaid } from "./useSaid";

export type Open = "reason" | "go" | "bookmark" | "hold" | "copy" | "keys" | null;

const AROUND_MS = 60_000; // what a hold or a copy is offered of, where no loop says better

interface Props {
  readonly playing: Playing;
  readonly open: Open;
  readonly onGo: (at: number) => void;
  readonly onClose: () => void;
  readonly onLook: () => void;
}

/** What is asked or shown above the player. */
export function Dialogs({ playing, open, onGo, onClose, onLook }: Props) {
  const { deck, looking, known, names, camera, still } = playing;
  const { before, keep } = useSaid();
  const name = names.get(camera) ?? camera;
  if (still !== null) return <StillDialog still={still} camera={name} onClose={() => playing.setStill(null)} />;
  if (open === "reason") {
    const begin = async (asked: LookAsked, said: Said) => {
      await looking.open(asked);
      keep(said);
      onClose();
      onLook();
    };
    return <Reason at={deck.at} now={playing.now} cameras={names} before={before} onClose={onClose} onOpen={begin} />;
  }
  if (open === "go") {
    const go = (at: number) => {
      onClose();
      onGo(at);
    };
    return <GoTo at={deck.at} now={playing.now} onClose={onClose} onGo={go} />;
  }
  if (open === "keys") return <Keys onClose={onClose} />;
  if (open === null) return null;
  const done = () => {
    onClose();
    known.retry();
  };
  if (open !== "bookmark") {
    const { from, to } = playing.state.loop ?? { from: deck.at - AROUND_MS, to: deck.at + AROUND_MS };
    const Form = open === "hold" ? HoldForm : AskForm;
    return <Form wish={{ want: open, cameras: playing.ids, from, to }} onDone={done} onClose={onClose} />;
  }
  return <NewBookmark camera={camera} name={name} at={deck.at} onClose={onClose} onDone={done} />;
}
