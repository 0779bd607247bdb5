// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { Still } from "../../core/playback/still";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Facts } from "../../ui/Card";
import { Dialog } from "../../ui/Dialog";
import { useFormat } from "../../ui/format";
import { Alert } from "../../ui/Notices";
import { fineTime } from "./say";

/** What was taken: to be saved, with the number by which it is known again. */
export function StillDialog({ still, camera, onClose }: { readonly still: Still; readonly camera: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const at = still.at === "" ? null : msFromInstant(still.at);
  return (
    <Dialog
      title={t("playback.still")}
      onClose={onClose}
      actions={
        <>
          <Button kind="secondary" onClick={onClose}>{t("ui.close")}</Button>
          <Button icon="download" onClick={() => save(still)}>{t("playback.save")}</Button>
        </>
      }
    >
      <img className="play-still" src={still.address} alt={t("playback.still_of", { camera, time: at === null ? "" : format.seconds(at) })} />
      <Facts
        items={[
          [t("playback.camera"), camera],
          [t("playback.time"), at === null ? "" : `${format.date(at)}, ${fineTime(format, at)}`],
          [t("playback.file"), still.name],
          [t("playback.sha256"), <code key="sha256" className="play-hash">{still.sha256}</code>],
        ]}
      />
      {still.isAsTold ? <p>{t("playback.still_told")}</p> : <Alert kind="danger">{t("playback.still_differs")}</Alert>}
    </Dialog>
  );
}

function save(still: Still): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(still.file);
  link.download = still.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
