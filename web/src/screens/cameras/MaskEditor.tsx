// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { CameraMasks } from "../../core/api/masks";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { TextArea } from "../../ui/Field";
import { Alert, useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { areaFrom, rectangle, type TypedArea, typedArea } from "./mask";
import { MaskAreaFields } from "./MaskAreaFields";
import { MaskDrawing } from "./MaskDrawing";
import { useStill } from "./useStill";

interface Props {
  readonly masks: CameraMasks;
  readonly onDone: () => void;
  readonly onCancel: () => void;
}

/** All areas of one camera, drawn on a still or typed; another person decides about them. */
export function MaskEditor({ masks, onDone, onCancel }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const notify = useNotify();
  const { isBusy, error, run } = useAction();
  const still = useStill(masks.camera);
  const [areas, setAreas] = useState<readonly TypedArea[]>(() => masks.areas.map(typedArea));
  const [reason, setReason] = useState("");
  const [isChecked, setChecked] = useState(false);
  const drawn = areas.map(areaFrom).filter((area) => area !== undefined);

  function go(event: SyntheticEvent): void {
    event.preventDefault();
    setChecked(true);
    if (drawn.length < areas.length || reason.trim() === "") return;
    run(async () => {
      await client.call("POST /cameras/{id}/masks", { areas: drawn, reason: reason.trim() }, { path: { id: masks.camera } });
      notify("success", t("masks.proposed"));
      onDone();
    });
  }
  return (
    <form className="stack" onSubmit={go} noValidate>
      <TextArea label={t("masks.reason")} hint={t("masks.reason_hint")} value={reason} error={isChecked && reason.trim() === "" ? t("cameras.needed") : undefined} onChange={setReason} />
      <div className="buttons">
        <Button kind="secondary" icon="camera" isBusy={still.isBusy} onClick={() => still.show(reason.trim())}>{t("masks.show_still")}</Button>
      </div>
      {still.error === undefined ? null : <Alert kind="warning">{say(still.error)}</Alert>}
      <MaskDrawing areas={drawn} picture={still.picture} onDrawn={(from, to) => setAreas((before) => [...before, rectangle(from, to)])} />
      <p className="quiet">{t("masks.draw_text")}</p>
      {areas.map((area, at) => (
        <MaskAreaFields
          key={area.key}
          number={at + 1}
          value={area}
          isChecked={isChecked}
          onChange={(next) => setAreas((before) => before.map((each, index) => (index === at ? next : each)))}
          onRemove={() => setAreas((before) => before.filter((_, index) => index !== at))}
        />
      ))}
      <div className="buttons">
        <Button kind="secondary" size="small" icon="plus" onClick={() => setAreas((before) => [...before, rectangle()])}>{t("masks.add")}</Button>
      </div>
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      <div className="buttons">
        <Button isSubmit isBusy={isBusy}>{t("masks.propose")}</Button>
        <Button kind="secondary" onClick={onCancel}>{t("masks.cancel")}</Button>
      </div>
    </form>
  );
}
