// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { ClockState, KeyringState, LedgerState, RetentionState, SystemState } from "../../core/api/types";
import { msFromInstant } from "../../core/time/ticks";
import { Card, Facts } from "../../ui/Card";
import { useFormat } from "../../ui/format";
import { Status, type Tone } from "../../ui/Status";
import { ledgerTone, recorderTone, witnessesAway } from "./judge";

/** A card for each part that recording and looking stand on. */
export function Parts({ state }: { readonly state: SystemState }) {
  return (
    <div className="cards">
      <Recorder state={state} />
      <Clock clock={state.clock} />
      <Ledger ledger={state.ledger} />
      <Witnesses ledger={state.ledger} />
      <Keyring keyring={state.keyring} />
      <Retention retention={state.retention} />
    </div>
  );
}

function Recorder({ state }: { readonly state: SystemState }) {
  const { t } = useTranslation();
  const { recorder } = state;
  const unknown = t("system.unknown");
  return (
    <Card title={t("system.recorder")} aside={<Status tone={recorderTone(state)}>{t(`system.run_${recorder.state}`)}</Status>}>
      <Facts
        items={[
          [t("system.keys_left"), recorder.keys_hours_left === null ? unknown : t("system.hours", { count: recorder.keys_hours_left })],
          [t("system.queue"), recorder.queue_s === null ? unknown : t("system.seconds", { n: recorder.queue_s })],
        ]}
      />
    </Card>
  );
}

const CLOCK_TONES: Record<ClockState["state"], Tone> = { trusted: "fine", untrusted: "alarm", unknown: "warning" };

function Clock({ clock }: { readonly clock: ClockState }) {
  const { t, i18n } = useTranslation();
  const by = `system.clock_by_${clock.source}`;
  const format = useFormat();
  const unknown = t("system.unknown");
  return (
    <Card title={t("system.clock")} aside={<Status tone={CLOCK_TONES[clock.state]}>{t(`system.clock_${clock.state}`)}</Status>}>
      <Facts
        items={[
          [t("system.clock_source"), clock.source === null ? unknown : i18n.exists(by) ? t(by as "system.clock_by_wall") : clock.source],
          [t("system.clock_offset"), clock.offset_ms === null ? unknown : `${format.number(clock.offset_ms)} ms`],
        ]}
      />
    </Card>
  );
}

function Ledger({ ledger }: { readonly ledger: LedgerState }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Card title={t("system.ledger")} aside={<Status tone={ledgerTone(ledger)}>{t(`system.run_${ledger.state}`)}</Status>}>
      <Facts
        items={[
          [t("system.waiting"), ledger.waiting === null ? t("system.unknown") : format.number(ledger.waiting)],
          ...(ledger.since === null ? [] : [[t("system.since"), format.seconds(msFromInstant(ledger.since))] as const]),
        ]}
      />
      {ledger.why === null ? null : <p className="quiet" lang="en">{ledger.why}</p>}
      {ledger.state === "down" || ledger.state === "refused" ? <p>{t("system.ledger_away")}</p> : null}
    </Card>
  );
}

function Witnesses({ ledger }: { readonly ledger: LedgerState }) {
  const { t } = useTranslation();
  const format = useFormat();
  const away = witnessesAway(ledger);
  const isNone = ledger.witnesses.length === 0;
  const isUnknown = isNone && ledger.state !== "running"; // the ledger tells of them
  const tone: Tone = isUnknown ? "warning" : isNone ? "off" : away.length > 0 ? "warning" : "fine";
  const word = isNone ? "none" : away.length > 0 ? "away" : "sign";
  return (
    <Card title={t("system.witnesses")} aside={<Status tone={tone}>{isUnknown ? t("system.unknown") : t(`system.witness_${word}`)}</Status>}>
      <Facts
        items={ledger.witnesses.map(({ name, away_s }) => [
          name,
          away_s === null ? t("system.never") : t("system.ago", { age: format.age(away_s) }),
        ])}
      />
      {ledger.witnesses.some(({ own }) => own) ? <p>{t("system.own_witness")}</p> : null}
    </Card>
  );
}

function Keyring({ keyring }: { readonly keyring: KeyringState }) {
  const { t } = useTranslation();
  const tone: Tone = keyring.state === "down" ? "alarm" : keyring.level === "tpm" ? "fine" : "warning";
  return (
    <Card title={t("system.keyring")} aside={<Status tone={tone}>{t(`system.run_${keyring.state}`)}</Status>}>
      {keyring.level === null ? null : (
        <>
          <Facts items={[[t("system.level"), keyring.level]]} />
          <p>{t(`system.level_${keyring.level}`)}</p>
        </>
      )}
      {keyring.state === "down" ? <p>{t("system.keyring_down")}</p> : null}
    </Card>
  );
}

const RETENTION_TONES: Record<RetentionState["state"], Tone> = { "on-time": "fine", late: "alarm", unknown: "warning" };

function Retention({ retention }: { readonly retention: RetentionState }) {
  const { t } = useTranslation();
  const format = useFormat();
  const when = (instant: string | null) => (instant === null ? t("system.never") : format.dateTime(msFromInstant(instant)));
  return (
    <Card
      title={t("system.retention")}
      aside={<Status tone={RETENTION_TONES[retention.state]}>{t(`system.retention_${retention.state}`)}</Status>}
    >
      <Facts
        items={[
          [t("system.kept_for"), t("system.hours", { count: retention.hours })],
          [t("system.oldest"), when(retention.oldest)],
          [t("system.last_erased"), when(retention.last_erased)],
        ]}
      />
    </Card>
  );
}
