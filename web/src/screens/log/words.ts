// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { LogRow } from "../../core/api/log";
import { msFromInstant } from "../../core/time/ticks";
import { useFormat } from "../../ui/format";

interface Says {
  readonly who: (row: LogRow) => string;
  readonly what: (row: LogRow) => string;
  readonly reason: (row: LogRow) => string;
  readonly purpose: (purpose: string) => string;
}

/** Of these the program writes the reason where nobody is asked for one. */
const BY_PROGRAM: ReadonlySet<string> = new Set(["auth", "cfg", "room", "alarm", "deny", "propose", "second", "shift", "turn"]);
const ABOUT: ReadonlySet<string> = new Set(["propose", "second", "deny"]);
const COMMAND = ", by command";

/** Words for an entry; a kind or word that has none is shown as it stands in the fact. */
export function useSayRow(): Says {
  const { t, i18n } = useTranslation();
  const written = useSayWritten();
  const word = (key: string, other: string) => (i18n.exists(`log.${key}`) ? t(`log.${key}` as "log.kind_view") : other);
  return {
    who({ names, person, full_name }) {
      if (names === null) return t("log.nobody");
      if (person === null) return t(`log.names_${names}`);
      if (full_name !== null) return full_name;
      if (person === "-") return t("log.unknown_person");
      return person === "torrazzo" ? t("log.program") : person;
    },
    what({ kind, what, why, renews }) {
      const said = [word(`kind_${kind}`, kind)];
      if (renews !== null) said.push(t("log.renewed"));
      if (what !== null) said.push(word(ABOUT.has(kind) ? `about_${what.replaceAll(".", "-")}` : `what_${kind}_${what}`, what));
      if (why !== null) said.push(i18n.exists(`errors.${why.toUpperCase()}`) ? t(`errors.${why.toUpperCase()}` as "errors.FORBIDDEN") : word(`why_${why}`, why));
      return said.join(": ");
    },
    reason: ({ kind, reason }) => (reason === null ? "" : kind === "log" ? written.question(reason) : BY_PROGRAM.has(kind) ? written.reason(reason) : reason),
    purpose(purpose) {
      const shift = /^shift\/(\d+)$/.exec(purpose)?.[1];
      return shift === undefined ? word(`for_${purpose}`, purpose) : t("log.of_shift", { number: shift });
    },
  };
}

/** A kind of entries, as a heading for how many there are. */
export function useSayKind(): (kind: string) => string {
  const { t, i18n } = useTranslation();
  return (kind) => (i18n.exists(`log.total_${kind}`) ? t(`log.total_${kind}` as "log.total_view") : kind);
}

/** What a program wrote into a fact, in the reader's language; what people wrote stays as it is. */
function useSayWritten() {
  const { t, i18n } = useTranslation();
  const format = useFormat();

  /** Null: no words of a program. */
  function known(text: string): string | null {
    const method = /^by ([a-z-]+)$/.exec(text)?.[1];
    if (method !== undefined) return i18n.exists(`ways.method_${method}`) ? t(`ways.method_${method}` as "ways.method_code") : null;
    const number = /\d+/.exec(text)?.[0] ?? "";
    const name = text.replaceAll(/[^A-Za-z]+/g, "-").replaceAll(/^-|-$/g, "").toLowerCase();
    return i18n.exists(`log.said_${name}`) ? t(`log.said_${name}` as "log.said_proposal", { number }) : null;
  }

  function reason(text: string): string {
    if (text.endsWith(COMMAND)) return `${reason(text.slice(0, -COMMAND.length))}, ${t("log.by_command")}`;
    const whole = known(text);
    if (whole !== null) return whole;
    const at = text.indexOf(": ");
    if (at < 0) return text;
    const [head, rest] = [text.slice(0, at), text.slice(at + 2)];
    return `${known(head) ?? head}: ${reason(rest)}`;
  }

  /** `group: looks; time: … to …`: what somebody asked the log for. */
  function question(text: string): string {
    return text.split("; ").map(asked).join("; ");
  }

  function asked(part: string): string {
    const [name = "", value = ""] = part.split(/: (.*)/s);
    const key = `log.asked_${name.replaceAll(" ", "-")}`;
    if (!i18n.exists(key)) return part;
    return `${t(key as "log.asked_time")}: ${name === "group" ? group(value) : name === "time" ? span(value) : value}`;
  }

  const group = (name: string) => (i18n.exists(`log.group_${name}`) ? t(`log.group_${name}` as "log.group_all") : name);

  function span(text: string): string {
    const [from = "", to = ""] = text.split(" to ");
    return [from, to].map((each) => (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(each) ? format.dateTime(msFromInstant(each)) : each)).join(" – ");
  }
  return { reason, question };
}
