// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { useAlarms } from "../../app/alarms";
import { useClient, useMe } from "../../app/session";
import type { OneShift } from "../../core/api/register";
import { msFromInstant } from "../../core/time/ticks";
import { Card, Facts } from "../../ui/Card";
import { useFormat } from "../../ui/format";
import { Screen } from "../../ui/Screen";
import { Failed, Loading } from "../../ui/States";
import { useResource } from "../../ui/useResource";
import { OpenAlarms } from "../shift/OpenAlarms";
import { Register } from "./Register";
import { Supervisions } from "./Supervisions";
import { Visitors } from "./Visitors";

const EVERY_MS = 15_000;

/** Who is in the control room, what goes from shift to shift, and the register (AC-08). Nothing is counted by person. */
export function Shifts() {
  const { t } = useTranslation();
  const me = useMe();
  const client = useClient();
  const [round, setRound] = useState(0);
  const read = useCallback((signal: AbortSignal) => client.call("GET /shifts", undefined, { signal }), [client]);
  const { value, error, retry } = useResource(read, EVERY_MS);
  const hasRoom = me.permissions.includes("room");
  return (
    <Screen
      title={t("shifts.title")}
      aside={me.permissions.includes("shift") ? <Link to="/shift">{t(me.shift === null ? "shift.open" : "shift.mine")}</Link> : undefined}
    >
      {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : (
        <div className="columns">
          <OnDuty shifts={value.items.filter(({ closed }) => closed === null)} />
          <HandOver last={value.items.find(({ why }) => why === "hand-over")} next={value.items} />
        </div>
      )}
      {hasRoom ? (
        <div className="stack">
          <Supervisions onChange={() => setRound((before) => before + 1)} />
          <Visitors onChange={() => setRound((before) => before + 1)} />
        </div>
      ) : null}
      {hasRoom ? <Register key={round} /> : null}
    </Screen>
  );
}

function OnDuty({ shifts }: { readonly shifts: readonly OneShift[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Card title={t("shifts.on_duty")}>
      {shifts.length === 0 ? <p>{t("shifts.nobody")}</p> : null}
      {shifts.map((shift) => (
        <Facts
          key={shift.id}
          items={[
            [t("shift.who"), shift.person.name],
            [t("shift.opened"), format.dateTime(msFromInstant(shift.opened))],
            [t("shift.reason"), shift.reason],
          ]}
        />
      ))}
    </Card>
  );
}

/** What the shift before left, whether somebody has taken it, and what is open now. */
function HandOver({ last, next }: { readonly last: OneShift | undefined; readonly next: readonly OneShift[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const me = useMe();
  const { items = [] } = useAlarms();
  const taker = next.find(({ takes }) => last !== undefined && takes === last.id);
  return (
    <Card title={t("shifts.hand_over")}>
      {last === undefined ? (
        <p>{t("shifts.nothing_handed")}</p>
      ) : (
        <Facts
          items={[
            [t("shift.who"), last.person.name],
            [t("shift.closed_at"), last.closed === null ? "" : format.dateTime(msFromInstant(last.closed))],
            [t("shift.left_note"), last.note ?? ""],
            [t("shifts.taken_by"), taker === undefined ? t("shifts.not_taken") : taker.person.name],
          ]}
        />
      )}
      {me.permissions.includes("alarms.see") ? <OpenAlarms alarms={items} text={t("shifts.open_alarms")} /> : null}
    </Card>
  );
}
