// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Arrangement, Wall, Walls } from "../../core/api/walls";
import { Button, IconButton } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { useSayError } from "../../ui/errors";
import { Checkbox, TextField } from "../../ui/Field";
import { useAction } from "../../ui/useAction";

interface Props {
  readonly arrangement: Arrangement;
  readonly onChange: (arrangement: Arrangement) => void;
  readonly walls: Walls;
  readonly onWalls: () => void;
  readonly onClose: () => void;
}

/** Walls that were kept, one's own and shared ones; and to keep this one. */
export function WallsDialog({ arrangement, onChange, walls, onWalls, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const { isBusy, error, run } = useAction();
  const [name, setName] = useState("");
  const [isShared, setShared] = useState(false);
  const there = walls.items.find((wall) => wall.name === name.trim() && (wall.own || walls.may_share));

  function keep(): void {
    run(async () => {
      const body = { name: name.trim(), shared: isShared, arrangement };
      if (there === undefined) await client.call("POST /walls", body);
      else await client.call("PUT /walls/{id}", body, { path: { id: there.id } });
      setName("");
      onWalls();
    });
  }
  function remove(wall: Wall): void {
    run(async () => {
      await client.call("DELETE /walls/{id}", undefined, { path: { id: wall.id } });
      onWalls();
    });
  }

  return (
    <Dialog title={t("wall.walls")} onClose={onClose}>
      {walls.items.length === 0 ? <p>{t("wall.walls_none")}</p> : null}
      <ul className="plain wall-kept">
        {walls.items.map((wall) => (
          <li key={wall.id}>
            <Button
              kind="secondary"
              onClick={() => {
                onChange(wall.arrangement);
                onClose();
              }}
            >
              {wall.name}
            </Button>
            <span className="quiet">{wall.shared ? t("wall.shared_by", { name: wall.owner.name }) : t("wall.own")}</span>
            {wall.own || walls.may_share ? <IconButton icon="close" label={t("wall.remove", { name: wall.name })} onClick={() => remove(wall)} /> : null}
          </li>
        ))}
      </ul>
      <form
        className="step-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== "") keep();
        }}
      >
        <TextField label={t("wall.keep_as")} value={name} onChange={setName} maxLength={64} error={error === undefined ? undefined : say(error)} />
        {walls.may_share ? <Checkbox label={t("wall.share")} isChecked={isShared} onChange={setShared} /> : null}
        <Button isSubmit isBusy={isBusy}>
          {t(there === undefined ? "wall.keep" : "wall.keep_again")}
        </Button>
      </form>
    </Dialog>
  );
}
