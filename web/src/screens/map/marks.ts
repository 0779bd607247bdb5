// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import type { ListedCamera } from "../../core/api/cameras";
import type { Mark } from "../../core/map/marks";
import { cameraTone } from "../system/judge";

/** Shape and word of a camera's state: the drawing and its list tell the same. */
export function useMark(): { readonly markOf: (camera: ListedCamera) => Mark; readonly wordOf: (camera: ListedCamera) => string } {
  const { t } = useTranslation();
  const markOf = useCallback((camera: ListedCamera): Mark => (camera.waits ? "off" : cameraTone(camera)), []);
  const wordOf = useCallback(
    (camera: ListedCamera) => (camera.waits ? t("cameras.waits") : t(`map.state_${markOf(camera)}`)),
    [t, markOf],
  );
  return { markOf, wordOf };
}
