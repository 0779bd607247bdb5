// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";

import { useAlarms } from "../../app/alarms";
import { useClient, useMe, useSession } from "../../app/session";
import type { Alarm } from "../../core/api/alarms";
import type { Shift, ShiftState } from "../../core/api/types";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Card, Facts } from "../../ui/Card";
import { TextArea } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { useNotify } from "../../ui/Notices";
import { Screen } from "../../ui/Screen";
import { Failed, Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";
import { NotFound } from "../NotFound";
import { OpenAlarms } from "./OpenAlarms";
import { StepForm } from "../sign-in/StepForm";

/** One's own shift: opened with its standing reason (LG-02), closed with a note for the next one. */
export function OpenShift() {
  const { t } = useTranslation();
  const me = useMe();
  const session = useSession();
  const client = useClient();
  const read = useCallback((signal: AbortSignal) => client.call("GET /shift", undefined, { signal }), [client]);
  const { value, error, retry } = useResource(read);
  if (!me.permissions.includes("shift")) return <NotFound />;

  function take(state: ShiftState): void {
    session.takeShift(state.current);
    retry();
  }
  return (
    <Screen title={t(me.shift === null ? "shift.open" : "shift.mine")}>
      {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : (
        <div className="columns">
          {me.shift === null ? <Open onState={take} /> : <Close shift={me.shift} onState={take} />}
          <Before previous={value.previous} />
        </div>
      )}
    </Screen>
  );
}

function Open({ onState }: { readonly onState: (state: ShiftState) => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const navigate = useNavigate();
  const { items = [] } = useAlarms();
  const [reason, setReason] = useState("");
  return (
    <Card title={t("shift.reason_title")}>
      <StepForm
        title={t("shift.open")}
        text={t("shift.reason_text")}
        error={action.error}
        onSubmit={() =>
          action.run(async () => {
            onState(await client.call("POST /shift", { reason: reason.trim(), alarms: numbers(items) }));
            await navigate("/");
          })
        }
        isBare
      >
        <TextArea label={t("shift.reason")} hint={t("shift.reason_hint")} value={reason} onChange={setReason} />
        <OpenAlarms alarms={items} text={t("shift.takes_alarms")} />
        <Button isSubmit isBusy={action.isBusy} icon="sign">
          {t("shift.open")}
        </Button>
      </StepForm>
    </Card>
  );
}

function Close({ shift, onState }: { readonly shift: Shift; readonly onState: (state: ShiftState) => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const format = useFormat();
  const notify = useNotify();
  const { items = [], look } = useAlarms();
  const [note, setNote] = useState("");
  return (
    <Card title={t("shift.current")}>
      <Facts
        items={[
          [t("shift.opened"), format.dateTime(msFromInstant(shift.opened))],
          [t("shift.reason"), shift.reason],
        ]}
      />
      <StepForm
        title={t("shift.close")}
        error={action.error}
        onSubmit={() =>
          action.run(async () => {
            await look(); // what has come meanwhile is shown before it is left to somebody
            onState(await client.call("POST /shift/close", { note: note.trim(), alarms: numbers(items) }));
            notify("success", t("shift.closed"));
          })
        }
        isBare
      >
        <TextArea label={t("shift.note")} hint={t("shift.note_hint")} value={note} onChange={setNote} />
        <OpenAlarms alarms={items} text={t("shift.leaves_alarms")} />
        <Button isSubmit kind="secondary" isBusy={action.isBusy} icon="logout">
          {t("shift.close")}
        </Button>
      </StepForm>
    </Card>
  );
}

function Before({ previous }: { readonly previous: ShiftState["previous"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Card title={t("shift.before")}>
      {previous === null ? (
        <p>{t("shift.nothing_before")}</p>
      ) : (
        <Facts
          items={[
            [t("shift.who"), previous.person.name],
            [t("shift.closed_at"), format.dateTime(msFromInstant(previous.closed))],
            [t("shift.left_note"), previous.note === "" ? t("shift.no_note") : previous.note],
          ]}
        />
      )}
    </Card>
  );
}

/** Of those that are written down. */
function numbers(alarms: readonly Alarm[]): readonly number[] {
  return alarms.map(({ id }) => Number(id)).filter((number) => number > 0);
}
