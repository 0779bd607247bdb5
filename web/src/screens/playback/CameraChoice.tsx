// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { CameraState } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Checkbox, TextField } from "../../ui/Field";
import { Alert } from "../../ui/Notices";

export const MOST = 9;

interface Props {
  readonly cameras: readonly CameraState[];
  readonly chosen: readonly string[];
  readonly onChoose: (cameras: readonly string[]) => void;
  readonly onClose: () => void;
}

/** One to nine cameras, by name or place. */
export function CameraChoice({ cameras, chosen, onChoose, onClose }: Props) {
  const { t } = useTranslation();
  const [now, setNow] = useState(chosen);
  const [search, setSearch] = useState("");
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = cameras.filter(({ name, place }) => words.every((word) => `${name} ${place}`.toLowerCase().includes(word)));
  const isTooMany = now.length > MOST;
  return (
    <Dialog
      title={t("playback.choose_cameras")}
      onClose={onClose}
      actions={
        <>
          <Button kind="secondary" onClick={onClose}>{t("playback.cancel")}</Button>
          <Button onClick={() => (isTooMany || now.length === 0 ? undefined : onChoose(now))} aria-disabled={isTooMany || now.length === 0}>
            {t("playback.chosen", { count: now.length })}
          </Button>
        </>
      }
    >
      <TextField label={t("playback.search")} value={search} onChange={setSearch} type="search" />
      {isTooMany ? <Alert kind="danger">{t("playback.at_most", { most: MOST })}</Alert> : null}
      <div className="play-cameras" role="group" aria-label={t("playback.cameras")}>
        {found.length === 0 ? <p>{t("playback.no_cameras")}</p> : null}
        {found.map(({ id, name, place }) => (
          <Checkbox
            key={id}
            label={place === "" ? name : t("playback.camera_at", { camera: name, place })}
            isChecked={now.includes(id)}
            onChange={(isChecked) => setNow(isChecked ? [...now, id] : now.filter((each) => each !== id))}
          />
        ))}
      </div>
    </Dialog>
  );
}
