// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Bookmark } from "../../core/api/playback";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { useSayError } from "../../ui/errors";
import { TextArea } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert, useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { instant } from "./useLook";

interface NewProps {
  readonly camera: string;
  readonly name: string;
  readonly at: number;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

export function NewBookmark({ camera, name, at, onDone, onClose }: NewProps) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const say = useSayError();
  const action = useAction();
  const [note, setNote] = useState("");
  const save = () =>
    action.run(async () => {
      await client.call("POST /bookmarks", { camera, at: instant(at), note: note.trim() });
      onDone();
    });
  return (
    <Dialog
      title={t("playback.bookmark")}
      onClose={onClose}
      actions={
        <>
          <Button kind="secondary" onClick={onClose}>{t("playback.cancel")}</Button>
          <Button isBusy={action.isBusy} onClick={save}>{t("playback.keep")}</Button>
        </>
      }
    >
      <p>
        {name}, {format.date(at)}, {format.seconds(at)}
      </p>
      {action.error === undefined ? null : <Alert kind="danger">{say(action.error)}</Alert>}
      <TextArea label={t("playback.note")} hint={t("playback.note_hint")} value={note} onChange={setNote} />
    </Dialog>
  );
}

interface ListProps {
  readonly bookmarks: readonly Bookmark[];
  readonly names: ReadonlyMap<string, string>;
  readonly onGo: (at: number) => void;
  readonly onChange: () => void;
}

/** Those of the timeline, in words: to go to, and one's own to be removed. */
export function Bookmarks({ bookmarks, names, onGo, onChange }: ListProps) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const notify = useNotify();
  const say = useSayError();
  if (bookmarks.length === 0) return null;
  function remove(id: string): void {
    client.call("DELETE /bookmarks/{id}", undefined, { path: { id } }).then(onChange, (error: unknown) => notify("danger", say(error)));
  }
  return (
    <section aria-label={t("playback.bookmarks")} className="play-bookmarks">
      <h2>{t("playback.bookmarks")}</h2>
      <ul className="plain">
        {bookmarks.map(({ id, camera, at, note, person, own }) => {
          const time = format.seconds(msFromInstant(at));
          const shown = `${format.date(msFromInstant(at))}, ${time}`;
          return (
            <li key={id}>
              <Button kind="quiet" size="small" onClick={() => onGo(msFromInstant(at))} aria-label={t("playback.go_to_bookmark", { camera: names.get(camera) ?? camera, time: shown })}>
                {shown}
              </Button>
              <span>
                {names.get(camera) ?? camera}: {note} <small>{person.name}</small>
              </span>
              {own ? (
                <Button kind="quiet" size="small" icon="close" onClick={() => remove(id)} aria-label={t("playback.remove_of", { time })}>
                  {t("playback.remove")}
                </Button>
              ) : null}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
