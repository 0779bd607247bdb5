// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { ListedMasks } from "../../core/api/masks";
import { Status } from "../../ui/Status";

/** Decided or not, in the camera or not, seen on the picture or not. */
export function MaskState({ masks }: { readonly masks: ListedMasks }) {
  const { t } = useTranslation();
  if (masks.version === 0) return <Status tone="off">{t("masks.undecided")}</Status>;
  if (!masks.is_set) return <Status tone="alarm">{t("masks.not_set")}</Status>;
  return masks.checked === null ? <Status tone="warning">{t("masks.unchecked")}</Status> : <Status tone="fine">{t("masks.set")}</Status>;
}
