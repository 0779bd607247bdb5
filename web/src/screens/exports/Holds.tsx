// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import { type Hold, numberOf } from "../../core/api/exports";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { Card, Facts } from "../../ui/Card";
import { useFormat } from "../../ui/format";
import { Empty, Failed, Loading, Stale } from "../../ui/States";
import { Status } from "../../ui/Status";
import { useResource } from "../../ui/useResource";
import { Answer } from "./Answer";
import { HoldForm } from "./HoldForm";
import { useSayWords, useSpan } from "./One";
import type { Wish } from "./stretch";

const EVERY_MS = 5000;

/** What is kept past its life: placed by one, lasting once another confirmed it. */
export function Holds({ wish }: { readonly wish: Wish | null }) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const read = useCallback((signal: AbortSignal) => client.call("GET /holds", undefined, { signal }), [client]);
  const { value, error, at, retry } = useResource(read, EVERY_MS);
  const [isOpen, setOpen] = useState(wish !== null);
  if (value === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} />;
  return (
    <>
      {error !== undefined && at !== undefined ? <Stale since={format.seconds(at)} /> : null}
      <div className="buttons">
        <Button icon="lock" onClick={() => setOpen(true)}>
          {t("exports.hold")}
        </Button>
      </div>
      {isOpen ? (
        <HoldForm
          wish={wish}
          onClose={() => setOpen(false)}
          onDone={() => {
            setOpen(false);
            retry();
          }}
        />
      ) : null}
      {value.items.length === 0 ? <Empty title={t("exports.none_held")} /> : null}
      <ul className="plain export-list">
        {value.items.map((hold) => (
          <li key={hold.hold}>
            <OneHold hold={hold} onDone={retry} />
          </li>
        ))}
      </ul>
    </>
  );
}

function OneHold({ hold, onDone }: { readonly hold: Hold; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const { permissions } = useMe();
  const client = useClient();
  const format = useFormat();
  const say = useSayWords();
  const span = useSpan();
  const [asks, setAsks] = useState<"confirm" | "release" | null>(null);
  const path = { name: hold.hold };
  const mayDecide = permissions.includes("hold.confirm");
  const isProvisional = hold.state === "provisional";
  const copied = hold.volumes === null ? t("exports.copied_all") : t("exports.copied", { n: hold.copied ?? 0, all: hold.volumes });
  return (
    <Card
      title={t("exports.hold_name", { hold: numberOf(hold) })}
      aside={<Status tone={isProvisional || hold.ends_soon ? "warning" : "fine"}>{t(`exports.hold_${hold.state}`)}</Status>}
    >
      <Facts
        items={[
          [t("exports.cameras"), hold.cameras.map(({ name }) => name).join(", ")],
          [t("exports.stretch"), span(hold.from, hold.to)],
          [t("exports.case"), hold.case ?? "–"],
          [t("exports.cause"), say("cause", hold.cause)],
          [t("exports.placed_by"), `${hold.by ?? t("exports.nobody_knows")}, ${format.dateTime(msFromInstant(hold.placed))}: ${hold.reason ?? ""}`],
          [t("exports.ends"), format.dateTime(msFromInstant(hold.ends))],
          [t("exports.copies"), copied],
        ]}
      />
      {mayDecide ? (
        <div className="buttons">
          {isProvisional && !hold.is_own ? (
            <Button icon="check" onClick={() => setAsks("confirm")}>
              {t("exports.confirm", { hold: numberOf(hold) })}
            </Button>
          ) : null}
          <Button kind="secondary" onClick={() => setAsks("release")}>
            {t("exports.release", { hold: numberOf(hold) })}
          </Button>
        </div>
      ) : null}
      {asks === null ? null : (
        <Answer
          title={t(`exports.${asks}`, { hold: numberOf(hold) })}
          text={t(`exports.${asks}_text`)}
          go={t(`exports.${asks}_go`)}
          isDanger={asks === "release"}
          onClose={() => setAsks(null)}
          onSay={async (reason) => {
            await client.call(`POST /holds/{name}/${asks}`, { reason }, { path });
            setAsks(null);
            onDone();
          }}
        />
      )}
    </Card>
  );
}
