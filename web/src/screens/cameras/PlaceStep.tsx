// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { CameraDetail, ListedCamera } from "../../core/api/cameras";
import { Button } from "../../ui/Button";
import { fieldErrors, useSayError } from "../../ui/errors";
import { RadioGroup, TextField } from "../../ui/Field";
import { Alert } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import type { Found } from "./AccessStep";
import { accessOf, type Checked } from "./CheckStep";
import { plain } from "./filter";
import { positionFrom, PositionFields, typed } from "./PositionFields";

interface Props {
  readonly found: Found;
  readonly checked: Checked;
  readonly cameras: readonly ListedCamera[];
  readonly onBack: () => void;
  readonly onMade: (camera: CameraDetail) => void;
}

/** How people call it, where it stands, whether it shows a real place. */
export function PlaceStep({ found, checked, cameras, onBack, onMade }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const { isBusy, error, run } = useAction();
  const [name, setName] = useState(found.name);
  const [place, setPlace] = useState(found.place);
  const [pictures, setPictures] = useState<"real" | "synthetic">("real");
  const [where, setWhere] = useState(typed(null));
  const [isChecked, setChecked] = useState(false);
  const isTaken = cameras.some((camera) => plain(camera.name) === plain(name));
  const wrong = isChecked ? (name.trim() === "" ? t("cameras.needed") : isTaken ? t("errors.CAMERA_NAME_TAKEN") : undefined) : undefined;

  function go(event: SyntheticEvent): void {
    event.preventDefault();
    setChecked(true);
    const position = positionFrom(where);
    if (position === undefined || name.trim() === "" || isTaken) return;
    run(async () => {
      const body = { ...accessOf(found), url: checked.url, ...(checked.sub === "" ? {} : { sub: checked.sub }) };
      onMade(await client.call("POST /cameras", { ...body, name, place, synthetic: pictures === "synthetic", position }));
    });
  }
  return (
    <form className="step-form" onSubmit={go} noValidate>
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      <TextField label={t("cameras.name")} hint={t("cameras.name_hint")} value={name} onChange={setName} error={wrong ?? fieldErrors(error)["name"]} autoComplete="off" />
      <TextField label={t("cameras.place")} hint={t("cameras.place_hint")} value={place} onChange={setPlace} autoComplete="off" />
      <RadioGroup
        legend={t("cameras.pictures")}
        value={pictures}
        options={[
          { value: "real", label: t("cameras.real") },
          { value: "synthetic", label: t("cameras.synthetic") },
        ]}
        onChange={setPictures}
      />
      <fieldset className="field">
        <legend>{t("cameras.on_map")}</legend>
        <p className="field-hint">{t("cameras.on_map_hint")}</p>
        <PositionFields value={where} isChecked={isChecked} onChange={setWhere} />
      </fieldset>
      <div className="buttons">
        <Button isSubmit icon="check" isBusy={isBusy}>{t("cameras.add_it")}</Button>
        <Button kind="quiet" onClick={onBack}>{t("cameras.back")}</Button>
      </div>
    </form>
  );
}
