// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { Facts } from "../../ui/Card";
import { Dialog } from "../../ui/Dialog";

const KEYS = {
  "J K L": "shuttle",
  ", .": "frame",
  "A B": "loop",
  "N P": "gaps",
  "1 … 9": "tile",
  "+ − 0": "zoom",
  "← → PgUp PgDn Home End": "line",
} as const;

/** What the keys do while the player has the focus. */
export function Keys({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("playback.keys")} onClose={onClose} actions={<Button onClick={onClose}>{t("ui.close")}</Button>}>
      <p>{t("playback.keys_text")}</p>
      <Facts items={Object.entries(KEYS).map(([keys, what]) => [keys, t(`playback.key_${what}`)])} />
    </Dialog>
  );
}
