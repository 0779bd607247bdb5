// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { useMe } from "../../app/session";
import type { ListedCamera } from "../../core/api/cameras";
import type { Cell } from "../../core/api/walls";
import { Ptz } from "../cameras/Ptz";

/** Beside a large picture: what turns its camera, where it turns and this person may turn it; not in a sequence. */
export function TilePad({ cell, cameras }: { readonly cell: Cell | undefined; readonly cameras: ReadonlyMap<string, ListedCamera> }) {
  const { t } = useTranslation();
  const { permissions } = useMe();
  const [only, another] = cell?.cameras ?? [];
  const camera = another === undefined ? cameras.get(only ?? "") : undefined;
  if (camera?.turns !== true || !permissions.includes("ptz")) return null;
  return (
    <section className="wall-ptz" aria-label={t("turning.title")}>
      <Ptz key={camera.id} camera={camera.id} />
    </section>
  );
}
