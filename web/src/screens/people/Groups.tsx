// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { CameraGroup } from "../../core/api/people";
import { Button } from "../../ui/Button";
import { Empty } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { GroupForm } from "./GroupForm";
import { ReasonDialog } from "./ReasonDialog";
import { peopleOf, type Town, useSayCameras } from "./town";

interface Props {
  readonly town: Town;
  readonly onChanged: () => void;
}

interface Asked {
  readonly what: "change" | "fewer" | "remove";
  readonly group: CameraGroup;
}

/** With which cameras people have to do: what shows more to somebody takes two, what shows less goes at once. */
export function Groups({ town, onChanged }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const mayApply = useMe().permissions.includes("people.apply");
  const cameras = useSayCameras(town);
  const [asked, setAsked] = useState<Asked | "new" | null>(null);
  const columns: readonly Column<CameraGroup>[] = [
    { key: "name", head: t("camera_groups.name"), cell: ({ name }) => name, sort: ({ name }) => name },
    { key: "cameras", head: t("camera_groups.cameras"), cell: ({ is_all, cameras: ids }) => (is_all ? t("camera_groups.is_all") : cameras(ids)) },
    { key: "people", head: t("camera_groups.people"), cell: ({ id }) => peopleOf(town, id) || t("camera_groups.nobody") },
    ...(mayApply ? [{ key: "do", head: t("camera_groups.do"), cell: (group: CameraGroup) => <Does group={group} isUsed={peopleOf(town, group.id) !== ""} onAsk={setAsked} /> }] : []),
  ];
  function close(): void {
    setAsked(null);
  }
  function done(): void {
    close();
    onChanged();
  }
  return (
    <>
      <p>{t("camera_groups.text")}</p>
      {mayApply ? (
        <div className="buttons people-actions">
          <Button kind="secondary" icon="plus" onClick={() => setAsked("new")}>
            {t("camera_groups.new")}
          </Button>
        </div>
      ) : null}
      <Table
        caption={t("camera_groups.title")}
        columns={columns}
        rows={town.groups}
        rowKey={({ id }) => id}
        empty={<Empty title={t("camera_groups.empty")}>{t("camera_groups.empty_text")}</Empty>}
      />
      {asked === "new" ? <GroupForm town={town} onClose={close} onDone={done} /> : null}
      {asked !== null && asked !== "new" && asked.what !== "remove" ? (
        <GroupForm town={town} group={asked.group} isFewer={asked.what === "fewer"} onClose={close} onDone={done} />
      ) : null}
      {asked !== null && asked !== "new" && asked.what === "remove" ? (
        <ReasonDialog
          title={t("camera_groups.title_remove", { name: asked.group.name })}
          text={t("camera_groups.text_remove")}
          button={t("camera_groups.do_remove")}
          done={t("camera_groups.done_remove")}
          onGo={(reason) => client.call("POST /camera-groups/{id}/remove", { reason }, { path: { id: asked.group.id } })}
          onClose={close}
          onDone={done}
        />
      ) : null}
    </>
  );
}

interface DoesProps {
  readonly group: CameraGroup;
  readonly isUsed: boolean;
  readonly onAsk: (asked: Asked) => void;
}

function Does({ group, isUsed, onAsk }: DoesProps) {
  const { t } = useTranslation();
  const names = isUsed ? (["change", "fewer"] as const) : (["change", "fewer", "remove"] as const);
  return (
    <div className="buttons">
      {names.map((what) => (
        <Button key={what} size="small" kind="quiet" aria-label={t(`camera_groups.do_${what}_named`, { name: group.name })} onClick={() => onAsk({ what, group })}>
          {t(`camera_groups.do_${what}`)}
        </Button>
      ))}
    </div>
  );
}
