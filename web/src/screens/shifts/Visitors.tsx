// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Visit, Visitor } from "../../core/api/register";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { fieldErrors, useSayError } from "../../ui/errors";
import { TextField } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Alert, useNotify } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";

const EVERY_MS = 15_000;
const FIELDS = ["name", "office", "reason", "authorised", "company"] as const;
const NOBODY: Visit = { name: "", office: "", reason: "", authorised: "", company: "" };

/** Who is in the room without working there: written in, written out. */
export function Visitors({ onChange }: { readonly onChange: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const read = useCallback((signal: AbortSignal) => client.call("GET /room", undefined, { signal }), [client]);
  const { value, error, retry } = useResource(read, EVERY_MS);
  const [isWriting, setWriting] = useState(false);
  function changed(): void {
    setWriting(false);
    retry();
    onChange();
  }
  return (
    <Card
      title={t("shifts.visitors")}
      aside={
        isWriting ? undefined : (
          <Button kind="secondary" size="small" icon="plus" onClick={() => setWriting(true)}>
            {t("shifts.new_visitor")}
          </Button>
        )
      }
    >
      {isWriting ? <NewVisitor onDone={changed} onCancel={() => setWriting(false)} /> : null}
      {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : <Inside visitors={value.visitors} onChange={changed} />}
    </Card>
  );
}

function Inside({ visitors, onChange }: { readonly visitors: readonly Visitor[]; readonly onChange: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const notify = useNotify();
  const action = useAction();
  const say = useSayError();
  function leave(visitor: Visitor): void {
    action.run(async () => {
      await client.call("POST /room/visitors/{number}/out", {}, { path: { number: visitor.id } });
      notify("success", t("shifts.left_done", { name: visitor.name }));
      onChange();
    });
  }
  if (visitors.length === 0) return <p>{t("shifts.no_visitors")}</p>;
  return (
    <>
      {action.error === undefined ? null : <Alert kind="danger">{say(action.error)}</Alert>}
      <ul className="visitors">
        {visitors.map((visitor) => (
          <li key={visitor.id}>
            <div>
              <strong>{visitor.name}</strong>, {visitor.office}
              <p className="quiet">
                {t("shifts.came", { time: format.time(msFromInstant(visitor.came)), reason: visitor.reason })}{" "}
                {t("shifts.with", { authorised: visitor.authorised, company: visitor.company })}
              </p>
            </div>
            <Button kind="secondary" size="small" icon="logout" isBusy={action.isBusy} aria-label={t("shifts.out_whom", { name: visitor.name })} onClick={() => leave(visitor)}>
              {t("shifts.out")}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

function NewVisitor({ onDone, onCancel }: { readonly onDone: () => void; readonly onCancel: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const action = useAction();
  const say = useSayError();
  const [visit, setVisit] = useState(NOBODY);
  const wrong = fieldErrors(action.error);
  return (
    <form
      className="visitor-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        action.run(async () => {
          await client.call("POST /room/visitors", visit);
          notify("success", t("shifts.came_done", { name: visit.name }));
          onDone();
        });
      }}
    >
      {action.error === undefined ? null : <Alert kind="danger">{say(action.error)}</Alert>}
      {FIELDS.map((field) => (
        <TextField
          key={field}
          label={t(`shifts.visitor_${field}`)}
          value={visit[field]}
          maxLength={200}
          autoFocus={field === "name"}
          error={wrong[field] === undefined ? undefined : t("errors.field_missing")}
          onChange={(value) => setVisit({ ...visit, [field]: value })}
        />
      ))}
      <div className="alarm-actions">
        <Button isSubmit size="small" isBusy={action.isBusy} icon="check">
          {t("shifts.write_down")}
        </Button>
        <Button kind="quiet" size="small" onClick={onCancel}>
          {t("alarms.cancel")}
        </Button>
      </div>
    </form>
  );
}
