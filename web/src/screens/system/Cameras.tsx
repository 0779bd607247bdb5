// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { CameraState, StreamState } from "../../core/api/types";
import { msFromInstant } from "../../core/time/ticks";
import { useFormat } from "../../ui/format";
import { Status } from "../../ui/Status";
import { type Column, Table } from "../../ui/Table";
import { cameraTone } from "./judge";

const MOST_GAPS = 4;

interface Props {
  readonly cameras: readonly CameraState[];
  /** Whether the recorder answers, so that gaps are known. */
  readonly isKnown: boolean;
}

export function Cameras({ cameras, isKnown }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns: readonly Column<CameraState>[] = [
    {
      key: "camera",
      head: t("system.camera"),
      cell: ({ name, place, synthetic }) => (
        <>
          {name}
          <small>{[place, ...(synthetic ? [t("system.synthetic")] : [])].filter((each) => each !== "").join(" · ")}</small>
        </>
      ),
      sort: ({ name }) => name,
    },
    {
      key: "state",
      head: t("system.state"),
      cell: (camera) => <State camera={camera} />,
      sort: (camera) => cameraTone(camera),
    },
    {
      key: "age",
      head: t("system.last_picture"),
      isNumber: true,
      cell: ({ streams }) => {
        const age = youngest(streams);
        return age === null ? t("system.never") : t("system.ago", { age: format.age(age) });
      },
      sort: ({ streams }) => youngest(streams) ?? Infinity,
    },
    {
      key: "gaps",
      head: t("system.gaps_today"),
      cell: ({ streams }) => (isKnown ? <Gaps streams={streams} /> : t("system.unknown")),
      sort: ({ streams }) => streams.reduce((sum, { gaps }) => sum + gaps.length, 0),
    },
  ];
  return <Table caption={t("system.cameras")} columns={columns} rows={cameras} rowKey={({ id }) => id} empty={<></>} />;
}

/** What a camera's streams do, in words. */
export function State({ camera }: { readonly camera: CameraState }) {
  const say = useSayStream();
  const name = useSayName();
  const states = [...new Set(camera.streams.map(say))];
  return (
    <Status tone={cameraTone(camera)}>
      {states.length === 1 ? states[0] : camera.streams.map((stream) => `${name(stream.name)}: ${say(stream)}`).join("; ")}
    </Status>
  );
}

/** Of a stream, in the middle of a line. */
function useSayName(): (name: string) => string {
  const { t } = useTranslation();
  return (name) => (name === "main" || name === "sub" ? t(`cameras.${name}`) : name);
}

/** A stream's state in words, with the cause where it is a gap. */
function useSayStream(): (stream: StreamState) => string {
  const { t } = useTranslation();
  const cause = useSayCause();
  return ({ state, why }) => (state === "gap" && why !== null ? t("system.gap_why", { why: cause(why) }) : t(`system.stream_${state}`));
}

/** Causes that we have no word for are shown as they stand in the fact. */
export function useSayCause(): (why: string) => string {
  const { t, i18n } = useTranslation();
  return (why) => (i18n.exists(`causes.${why}`) ? t(`causes.${why}` as "causes.net") : why);
}

function Gaps({ streams }: { readonly streams: readonly StreamState[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cause = useSayCause();
  const nameOf = useSayName();
  const all = together(streams);
  if (all.length === 0) return t("system.no_gaps");
  const shown = all.slice(-MOST_GAPS);
  return (
    <ul className="plain">
      {shown.map(({ of, from, to, why }) => (
        <li key={`${of.join()} ${from}`}>
          {of.length < streams.length ? `${of.map(nameOf).join(", ")}: ` : ""}
          <time dateTime={from}>{format.span(msFromInstant(from), to === null ? null : msFromInstant(to))}</time> {cause(why)}
        </li>
      ))}
      {all.length > shown.length ? <li>{t("system.more_gaps", { count: all.length - shown.length })}</li> : null}
    </ul>
  );
}

/** What was missing in several streams for the same minutes is one gap to a reader. */
function together(streams: readonly StreamState[]): readonly (StreamState["gaps"][number] & { readonly of: readonly string[] })[] {
  const found = new Map<string, StreamState["gaps"][number] & { readonly of: string[] }>();
  for (const { name, gaps } of streams) {
    for (const gap of gaps) {
      const key = [gap.from.slice(0, 16), gap.to?.slice(0, 16), gap.why].join();
      const same = found.get(key);
      if (same === undefined || same.of.includes(name)) found.set(`${key}${same === undefined ? "" : gap.from}`, { ...gap, of: [name] });
      else same.of.push(name);
    }
  }
  return [...found.values()].sort((a, b) => a.from.localeCompare(b.from));
}

function youngest(streams: readonly StreamState[]): number | null {
  const ages = streams.map(({ age_s }) => age_s).filter((age) => age !== null);
  return ages.length === 0 ? null : Math.min(...ages);
}
