// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { Activation } from "../../core/api/activation";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { TextArea } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert, useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";

interface Props {
  readonly known: Activation;
  readonly onDone: () => void;
}

/** What the data protection officer thinks of the file: it is read before somebody confirms, and confirms nothing. */
export function Opinion({ known: { camera, opinion }, onDone }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const { permissions } = useMe();
  return (
    <section aria-label={t("activation.opinion")}>
      <h3>{t("activation.opinion")}</h3>
      {opinion === null ? (
        <p className="quiet">{t("activation.opinion_none")}</p>
      ) : (
        <>
          <p>«{opinion.text}»</p>
          <p className="quiet">{t("activation.opinion_by", { name: opinion.person.name, when: format.dateTime(msFromInstant(opinion.at)) })}</p>
          {opinion.is_current ? null : <Alert kind="warning">{t("activation.opinion_before")}</Alert>}
        </>
      )}
      {permissions.includes("policy.opinion") ? <Form camera={camera} onDone={onDone} /> : null}
    </section>
  );
}

function Form({ camera, onDone }: { readonly camera: string; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const notify = useNotify();
  const { isBusy, error, run } = useAction();
  const [text, setText] = useState("");
  const [isChecked, setChecked] = useState(false);
  function go(event: SyntheticEvent): void {
    event.preventDefault();
    setChecked(true);
    if (text.trim() === "") return;
    run(async () => {
      await client.call("POST /cameras/{id}/file/opinion", { text: text.trim() }, { path: { id: camera } });
      notify("success", t("activation.opinion_given"));
      onDone();
    });
  }
  return (
    <form className="step-form" onSubmit={go} noValidate>
      <TextArea label={t("activation.opinion_yours")} value={text} error={isChecked && text.trim() === "" ? t("cameras.needed") : undefined} onChange={setText} />
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      <Button isSubmit kind="secondary" isBusy={isBusy}>{t("activation.opinion_give")}</Button>
    </form>
  );
}
