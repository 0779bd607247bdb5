// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { Activation as Known } from "../../core/api/activation";
import { Card } from "../../ui/Card";
import { Alert } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { Status } from "../../ui/Status";
import { useResource } from "../../ui/useResource";
import { ActivationAsk } from "./ActivationAsk";
import { ActivationProposal } from "./ActivationProposal";
import { FileForm } from "./FileForm";
import { Opinion } from "./Opinion";
import { Todo } from "./Todo";

interface Props {
  readonly camera: string;
  readonly onChanged: () => void;
}

/** What a real camera needs before it records (LB-01): what is stated, what is missing, and the two who say so. */
export function Activation({ camera, onChanged }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const read = useCallback((signal: AbortSignal) => client.call("GET /cameras/{id}/file", undefined, { path: { id: camera }, signal }), [client, camera]);
  const { value, error, at, retry } = useResource(read);
  function changed(): void {
    retry();
    onChanged();
  }
  return (
    <Card title={t("activation.title")} aside={value === undefined ? null : <State known={value} />}>
      {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : <Shown key={at} known={value} onChanged={changed} />}
    </Card>
  );
}

function State({ known }: { readonly known: Known }) {
  const { t } = useTranslation();
  if (known.is_active && known.missing.length > 0) return <Status tone="alarm">{t("activation.active_lacks")}</Status>;
  if (known.is_active) return <Status tone="fine">{t("activation.active")}</Status>;
  return known.missing.length > 0 ? <Status tone="warning">{t("activation.lacks")}</Status> : <Status tone="off">{t("activation.ready")}</Status>;
}

function Shown({ known, onChanged }: { readonly known: Known; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const { permissions } = useMe();
  const mayPropose = permissions.includes("policy.propose");
  return (
    <div className="stack">
      <p>{t("activation.text")}</p>
      {known.todo.length === 0 ? null : (
        <Alert kind="warning" title={t("activation.missing")}>
          <Todo items={known.todo} />
        </Alert>
      )}
      {known.proposal === null ? null : <ActivationProposal proposal={known.proposal} onDone={onChanged} />}
      <Opinion known={known} onDone={onChanged} />
      <FileForm camera={known.camera} file={known.file} isFixed={!mayPropose} onSaved={onChanged} />
      {mayPropose && known.proposal === null && !known.is_active ? <ActivationAsk camera={known.camera} onDone={onChanged} /> : null}
    </div>
  );
}
