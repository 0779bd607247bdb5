// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { CameraGroup, Wanted } from "../../core/api/people";
import { fieldErrors } from "../../ui/errors";
import { Checkbox, TextField } from "../../ui/Field";
import { ApplyDialog } from "./ApplyDialog";
import { CameraList } from "./CameraList";
import { ReasonDialog } from "./ReasonDialog";
import type { Town } from "./town";

interface Props {
  readonly town: Town;
  readonly group?: CameraGroup;
  /** Takes cameras out, at once. */
  readonly isFewer?: boolean;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** A new group, another one in its place, or fewer cameras in it. */
export function GroupForm({ group, isFewer = false, ...props }: Props) {
  return group !== undefined && isFewer ? <Fewer group={group} {...props} /> : <Applied {...(group === undefined ? {} : { group })} {...props} />;
}

function Applied({ town, group, onClose, onDone }: Omit<Props, "isFewer">) {
  const { t } = useTranslation();
  const [name, setName] = useState(group?.name ?? "");
  const [isAll, setAll] = useState(group?.is_all ?? false);
  const [chosen, setChosen] = useState(group?.cameras ?? []);

  function wanted(): Wanted | null {
    if (name.trim() === "") return null;
    return { kind: "person.group", ...(group === undefined ? {} : { id: group.id }), name: name.trim(), is_all: isAll, cameras: isAll ? [] : chosen };
  }

  const title = group === undefined ? t("camera_groups.new") : t("camera_groups.title_change", { name: group.name });
  return (
    <ApplyDialog title={title} text={t("camera_groups.applied_text")} wanted={wanted} onClose={onClose} onProposed={onDone}>
      {({ isAsked, error }) => (
        <>
          <TextField
            label={t("camera_groups.name")}
            autoComplete="off"
            value={name}
            error={isAsked && name.trim() === "" ? t("errors.field_missing") : fieldErrors(error)["name"]}
            onChange={setName}
          />
          <Checkbox label={t("camera_groups.is_all")} isChecked={isAll} onChange={setAll} />
          {isAll ? null : <CameraList town={town} legend={t("camera_groups.cameras")} of={town.cameras.map(({ id }) => id)} chosen={chosen} onChoose={setChosen} />}
        </>
      )}
    </ApplyDialog>
  );
}

function Fewer({ town, group, onClose, onDone }: Omit<Props, "isFewer" | "group"> & { readonly group: CameraGroup }) {
  const { t } = useTranslation();
  const client = useClient();
  const all = group.is_all ? town.cameras.map(({ id }) => id) : group.cameras;
  const [chosen, setChosen] = useState(all);
  return (
    <ReasonDialog
      title={t("camera_groups.title_fewer", { name: group.name })}
      text={t("camera_groups.text_fewer")}
      button={t("camera_groups.do_fewer")}
      done={t("camera_groups.done_fewer")}
      onGo={(reason) => client.call("POST /camera-groups/{id}/fewer", { cameras: chosen, reason }, { path: { id: group.id } })}
      onClose={onClose}
      onDone={onDone}
    >
      {() => <CameraList town={town} legend={t("camera_groups.stay")} of={all} chosen={chosen} onChoose={setChosen} />}
    </ReasonDialog>
  );
}
