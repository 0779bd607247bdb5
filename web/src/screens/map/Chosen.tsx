// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { useMe } from "../../app/session";
import type { ListedCamera } from "../../core/api/cameras";
import { IconButton } from "../../ui/Button";
import { Facts } from "../../ui/Card";
import { useFormat } from "../../ui/format";
import { CameraStatus } from "../cameras/List";

/** The camera that was chosen: what it does, and the ways from here. */
export function Chosen({ camera, onClose }: { readonly camera: ListedCamera; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { permissions } = useMe();
  const { id, name, place, position, streams } = camera;
  const ages = streams.map(({ age_s }) => age_s).filter((age) => age !== null);
  const sight =
    position?.direction === null || position === null
      ? t("map.no_sight")
      : t("map.sight", { direction: format.number(position.direction), angle: format.number(position.angle ?? 0), reach: format.number(position.reach ?? 0) });
  return (
    <section className="panel" aria-live="polite" aria-label={name}>
      <header className="panel-head">
        <h2>{name}</h2>
        <IconButton icon="close" label={t("ui.close")} onClick={onClose} />
      </header>
      <p>
        <CameraStatus camera={camera} />
      </p>
      <Facts
        items={[
          [t("cameras.place"), place || "–"],
          [t("system.last_picture"), ages.length === 0 ? t("system.never") : t("system.ago", { age: format.age(Math.min(...ages)) })],
          [t("map.looks"), sight],
        ]}
      />
      <div className="buttons">
        {permissions.includes("live") ? (
          <Link className="btn btn-primary btn-xs" to={`/wall?camera=${encodeURIComponent(id)}`}>
            {t("cameras.look")}
          </Link>
        ) : null}
        <Link to={`/cameras?camera=${encodeURIComponent(id)}`}>{t("cameras.to_camera")}</Link>
      </div>
    </section>
  );
}
