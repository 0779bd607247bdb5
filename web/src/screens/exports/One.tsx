// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { type Export, exportAddress, type ExportState, type Step } from "../../core/api/exports";
import { msFromInstant } from "../../core/time/ticks";
import { Card, Facts } from "../../ui/Card";
import { useFormat } from "../../ui/format";
import { Icon } from "../../ui/Icon";
import { Alert } from "../../ui/Notices";
import { Status, type Tone } from "../../ui/Status";

/** What a job is at, as it is told; of others it is said that it waits for its turn. */
const STEPS: Readonly<Record<string, "exports.step_begin" | "exports.step_package">> = {
  begin: "exports.step_begin",
  package: "exports.step_package",
  place: "exports.step_package",
};

const TONES: Record<ExportState, Tone> = {
  asked: "warning",
  refused: "off",
  withdrawn: "off",
  approved: "warning",
  waiting: "warning",
  running: "warning",
  done: "fine",
  failed: "alarm",
  cancelled: "off",
};

interface Props {
  readonly one: Export;
  /** Whether the package may be taken from here. */
  readonly isMaker?: boolean;
  readonly children?: ReactNode;
}

/** One export: what was asked for, who said what, how far it is, and, for who made it, where it is taken. */
export function One({ one, isMaker = false, children }: Props) {
  const { t } = useTranslation();
  const say = useSayWords();
  const span = useSpan();
  const step = useSayStep();
  const { recipient_class: to, recipient } = one;
  const items: (readonly [string, ReactNode])[] = [
    [t("exports.cameras"), one.cameras.map(({ name }) => name).join(", ")],
    [t("exports.stretch"), span(one.from, one.to)],
    [t("exports.case"), one.case ?? "–"],
    [t("exports.purpose"), say("purpose", one.purpose)],
    [t("exports.for"), recipient === null ? say("to", to) : `${say("to", to)}: ${recipient}`],
    [t("exports.asked_by"), step(one.asked)],
  ];
  if (one.approval !== null) items.push([t("exports.approved_by"), step(one.approval)]);
  if (one.maker !== null) items.push([t("exports.maker"), one.maker.name]);
  if (one.rejection !== null) items.push([t("exports.rejected_by"), step(one.rejection)]);
  one.takings.forEach((taking, at) => items.push([t("exports.taken", { n: at + 1 }), step({ ...taking, reason: null })]));
  return (
    <Card
      title={t("exports.number", { number: one.number })}
      aside={<Status tone={TONES[one.state]}>{t(`exports.state_${one.state}`)}</Status>}
    >
      <Facts items={items} />
      <Progress one={one} />
      {one.state === "done" && isMaker ? <Finished one={one} /> : null}
      {children === undefined ? null : <div className="buttons">{children}</div>}
    </Card>
  );
}

/** Its folder in the package is called by the camera's name, in small letters. */
function cameraOf(folder: string, cameras: Export["cameras"]): string {
  const plain = (text: string) => text.normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "").toLowerCase();
  return cameras.find(({ name }) => plain(folder).startsWith(plain(name)))?.name ?? folder;
}

function Progress({ one: { number, state, job, cameras } }: { readonly one: Export }) {
  const { t } = useTranslation();
  if (job === null) return null;
  if (state === "failed") return <Alert kind="danger" title={t("exports.failed")}>{job.error ?? ""}</Alert>;
  if (state !== "waiting" && state !== "running") return null;
  const [step = "", ...rest] = job.step.split(" ");
  const text = job.waits
    ? t("exports.step_held_up")
    : step === "clip"
      ? t("exports.step_clip", { name: cameraOf(rest.join(" "), cameras) })
      : t(STEPS[step] ?? "exports.step_waiting");
  const percent = Math.round(job.done * 100);
  return (
    <div className="export-progress">
      <progress max={100} value={percent} aria-label={t("exports.progress", { number })} />
      <p aria-hidden="true">{t("exports.percent", { percent, text })}</p>
      <p role="status" className="visually-hidden">{text}</p>
    </div>
  );
}

function Finished({ one: { number, result, is_for_key } }: { readonly one: Export }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (result === null) return null;
  return (
    <>
      <p>
        {t("exports.made", { size: format.bytes(result.bytes) })} <code className="export-digest">{result.sha256}</code>
      </p>
      {result.losses.map((loss) => (
        <Alert key={loss} kind="warning">{loss}</Alert>
      ))}
      <div className="buttons">
        <a className="btn btn-sm btn-primary" href={exportAddress(number, "package")} download>
          <Icon name="download" size="small" />
          <span>{t("exports.take_package")}</span>
        </a>
        {result.has_report ? (
          <a className="btn btn-sm btn-outline-primary" href={exportAddress(number, "report")} download>
            <Icon name="print" size="small" />
            <span>{t("exports.take_report")}</span>
          </a>
        ) : null}
      </div>
      <details className="export-verify">
        <summary>{t("exports.verify_title")}</summary>
        {is_for_key ? <p>{t("exports.verify_key")}</p> : null}
        <p>{t("exports.verify_page")}</p>
        <p>{t("exports.verify_command")}</p>
        <pre tabIndex={0}>
          <code>{`python3 -m zipfile -e torrazzo-${number}.asice plico && python3 plico/verify.py torrazzo-${number}.asice`}</code>
        </pre>
        <p>{t("exports.verify_keys")}</p>
      </details>
    </>
  );
}

/** A word of ours for a word of a fact; one that we do not know is shown as it stands. */
export function useSayWords(): (what: "purpose" | "to" | "cause", word: string) => string {
  const { t, i18n } = useTranslation();
  return (what, word) => {
    const key = `${what === "purpose" ? "playback" : "exports"}.${what}_${word}`;
    return i18n.exists(key) ? t(key as "playback.purpose_crime") : word;
  };
}

export function useSpan(): (from: string, to: string) => string {
  const format = useFormat();
  return (from, to) => {
    const [first, last] = [msFromInstant(from), msFromInstant(to)];
    const end = format.date(first) === format.date(last) ? "" : `${format.date(last)}, `;
    return `${format.date(first)}, ${format.seconds(first)} – ${end}${format.seconds(last)}`;
  };
}

function useSayStep(): (step: Step) => string {
  const { t } = useTranslation();
  const format = useFormat();
  return ({ at, by, reason }) => {
    const who = `${by ?? t("exports.nobody_knows")}, ${format.dateTime(msFromInstant(at))}`;
    return reason === null || reason === "" ? who : `${who}: ${reason}`;
  };
}
