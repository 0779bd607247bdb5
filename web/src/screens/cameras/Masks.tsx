// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { CameraMasks } from "../../core/api/masks";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Card, Facts } from "../../ui/Card";
import { useFormat } from "../../ui/format";
import { useSayError } from "../../ui/errors";
import { Alert } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";
import { MaskEditor } from "./MaskEditor";
import { MaskProposal } from "./MaskProposal";
import { MasksSeen } from "./MasksSeen";
import { MaskState } from "./MaskState";

/** What a camera hides (MN-02): what was decided, and whether the camera has it. A picture only for who may see one. */
export function Masks({ camera }: { readonly camera: string }) {
  const { t } = useTranslation();
  const client = useClient();
  const read = useCallback((signal: AbortSignal) => client.call("GET /cameras/{id}/masks", undefined, { path: { id: camera }, signal }), [client, camera]);
  const { value, error, retry } = useResource(read);
  return (
    <Card title={t("masks.title")} aside={value === undefined ? null : <MaskState masks={value} />}>
      {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : <Known masks={value} onChanged={retry} />}
    </Card>
  );
}

function Known({ masks, onChanged }: { readonly masks: CameraMasks; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { permissions } = useMe();
  const [isEdited, setEdited] = useState(false);
  const when = (instant: string | null) => (instant === null ? "–" : format.dateTime(msFromInstant(instant)));
  if (isEdited) {
    return <MaskEditor masks={masks} onCancel={() => setEdited(false)} onDone={() => { setEdited(false); onChanged(); }} />;
  }
  return (
    <div className="stack">
      {masks.version === 0 ? (
        <p>{t("masks.none_decided")}</p>
      ) : (
        <Facts
          items={[
            [t("masks.count"), format.number(masks.count)],
            [t("masks.decided"), when(masks.decided)],
            [t("masks.checked"), when(masks.checked)],
          ]}
        />
      )}
      {masks.version > 0 && !masks.is_set ? (
        <Alert kind="danger" title={t("masks.not_set_title")}>
          <p>{t("masks.not_set_text")}</p>
          <p className="quiet" lang="en">{masks.why}</p>
        </Alert>
      ) : null}
      {masks.proposal === null ? <MasksSeen camera={masks.camera} areas={masks.areas} /> : <MaskProposal camera={masks.camera} proposal={masks.proposal} onDone={onChanged} />}
      <Ways masks={masks} onChanged={onChanged} />
      {permissions.includes("policy.propose") && masks.proposal === null ? (
        <div className="buttons">
          <Button kind="secondary" onClick={() => setEdited(true)}>{t("masks.edit")}</Button>
        </div>
      ) : null}
    </div>
  );
}

/** Set once more, or said to be right on the picture. */
function Ways({ masks, onChanged }: { readonly masks: CameraMasks; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const { permissions } = useMe();
  const { isBusy, error, run } = useAction();
  const path = { id: masks.camera };
  if (masks.version === 0) return null;
  function check(isRight: boolean): void {
    run(async () => {
      await client.call("POST /cameras/{id}/masks/check", { is_right: isRight }, { path });
      onChanged();
    });
  }
  function set(): void {
    run(async () => {
      await client.call("POST /cameras/{id}/masks/set", {}, { path });
      onChanged();
    });
  }
  return (
    <>
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      <div className="buttons">
        {permissions.includes("policy.apply") ? <Button kind="secondary" isBusy={isBusy} onClick={set}>{t("masks.set_again")}</Button> : null}
        {permissions.includes("policy.propose") ? (
          <>
            <Button kind="secondary" isBusy={isBusy} onClick={() => check(true)}>{t("masks.is_right")}</Button>
            <Button kind="secondary" isBusy={isBusy} onClick={() => check(false)}>{t("masks.is_wrong")}</Button>
          </>
        ) : null}
      </div>
    </>
  );
}
