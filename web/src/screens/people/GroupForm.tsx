// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { CameraGroup, Wanted } from "../../core/api/people";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { fieldErrors } from "../../ui/errors";
import { Checkbox, TextArea, TextField } from "../../ui/Field";
import { useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { StepForm } from "../sign-in/StepForm";
import { ApplyDialog } from "./ApplyDialog";
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

interface ListProps {
  readonly town: Town;
  readonly legend: string;
  readonly of: readonly string[];
  readonly chosen: readonly string[];
  readonly onChoose: (chosen: readonly string[]) => void;
}

function CameraList({ town, legend, of, chosen, onChoose }: ListProps) {
  const { t } = useTranslation();
  const names = new Map(town.cameras.map(({ id, name }) => [id, name]));
  return (
    <fieldset className="group">
      <legend>{legend}</legend>
      <div className="check-grid">
        {of.map((id) => (
          <Checkbox
            key={id}
            label={names.get(id) ?? id}
            isChecked={chosen.includes(id)}
            onChange={(isIn) => onChoose(isIn ? [...chosen, id] : chosen.filter((each) => each !== id))}
          />
        ))}
      </div>
      {of.length === 0 ? <p className="quiet">{t("camera_groups.none")}</p> : null}
    </fieldset>
  );
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
  const action = useAction();
  const notify = useNotify();
  const all = group.is_all ? town.cameras.map(({ id }) => id) : group.cameras;
  const [chosen, setChosen] = useState(all);
  const [reason, setReason] = useState("");
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    if (reason.trim() === "") return;
    action.run(async () => {
      await client.call("POST /camera-groups/{id}/fewer", { cameras: chosen, reason: reason.trim() }, { path: { id: group.id } });
      notify("success", t("camera_groups.done_fewer"));
      onDone();
    });
  }

  return (
    <Dialog title={t("camera_groups.title_fewer", { name: group.name })} onClose={onClose}>
      <StepForm title="" text={t("camera_groups.text_fewer")} error={action.error} onSubmit={submit} isBare>
        <CameraList town={town} legend={t("camera_groups.stay")} of={all} chosen={chosen} onChoose={setChosen} />
        <TextArea label={t("people.reason")} value={reason} error={isAsked && reason.trim() === "" ? t("errors.field_missing") : undefined} onChange={setReason} />
        <Button isSubmit kind="danger" isBusy={action.isBusy}>
          {t("camera_groups.do_fewer")}
        </Button>
      </StepForm>
    </Dialog>
  );
}
