// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { Supervision } from "../../core/api/supervisions";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { useSayError } from "../../ui/errors";
import { TextArea } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert, useNotify } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { Status } from "../../ui/Status";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";
import { NewSupervision } from "./NewSupervision";

const EVERY_MS = 15_000;

/** Technicians of a firm who work now (AC-07): an operator opens, is there, closes. */
export function Supervisions({ onChange }: { readonly onChange: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const { permissions } = useMe();
  const read = useCallback((signal: AbortSignal) => client.call("GET /supervisions", undefined, { signal }), [client]);
  const { value, error, retry } = useResource(read, EVERY_MS);
  const [isNew, setNew] = useState(false);
  const may = permissions.includes("supervise");
  function changed(): void {
    setNew(false);
    retry();
    onChange();
  }
  const button = (
    <Button kind="secondary" size="small" icon="plus" onClick={() => setNew(true)}>
      {t("supervision.new")}
    </Button>
  );
  return (
    <Card title={t("supervision.title")} aside={may && !isNew ? button : undefined}>
      {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : null}
      {isNew && value !== undefined ? <NewSupervision technicians={value.technicians} onDone={changed} onCancel={() => setNew(false)} /> : null}
      {value?.items.length === 0 ? <p>{t("supervision.none")}</p> : null}
      <ul className="visitors">
        {value?.items.map((each) => (
          <li key={each.id}>
            <One found={each} may={may} onChange={changed} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function One({ found, may, onChange }: { readonly found: Supervision; readonly may: boolean; readonly onChange: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const notify = useNotify();
  const say = useSayError();
  const { isBusy, error, run } = useAction();
  const [isClosing, setClosing] = useState(false);
  const [outcome, setOutcome] = useState("");
  const path = { number: found.id };
  const { name } = found.technician;
  function take(): void {
    run(async () => {
      await client.call("POST /supervisions/{number}/take", {}, { path });
      notify("success", t("supervision.taken", { name }));
      onChange();
    });
  }
  function close(): void {
    run(async () => {
      await client.call("POST /supervisions/{number}/close", { outcome: outcome.trim() }, { path });
      notify("success", t("supervision.closed", { name }));
      onChange();
    });
  }
  return (
    <div className="stack">
      <p>
        <strong>{name}</strong>, {found.firm} <Status tone={found.state === "open" ? "fine" : "alarm"}>{t(`supervision.state_${found.state}`)}</Status>
      </p>
      <p className="quiet">
        {t("supervision.told", { operator: found.operator.name, time: format.time(msFromInstant(found.until)), cameras: found.cameras.map((each) => each.name).join(", ") })} {found.reason}
      </p>
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      {isClosing ? <TextArea label={t("supervision.outcome")} hint={t("supervision.outcome_hint")} value={outcome} onChange={setOutcome} /> : null}
      {may ? (
        <div className="buttons">
          {found.state === "alone" ? (
            <Button size="small" isBusy={isBusy} aria-label={t("supervision.take_whom", { name })} onClick={take}>{t("supervision.take")}</Button>
          ) : null}
          <Button kind="secondary" size="small" icon="check" isBusy={isBusy} aria-label={t("supervision.close_whom", { name })} onClick={isClosing ? close : () => setClosing(true)}>
            {t("supervision.close")}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
