// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { detailOf, useSayAlarm, useSayCause } from "../../app/alarms";
import { useClient } from "../../app/session";
import type { Alarm } from "../../core/api/alarms";
import { msFromInstant } from "../../core/time/ticks";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { TextArea } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { Icon } from "../../ui/Icon";
import type { IconName } from "../../ui/icons";
import { Alert, useNotify } from "../../ui/Notices";
import { Status, type Tone } from "../../ui/Status";
import { useAction } from "../../ui/useAction";
import { Notes } from "./Notes";

const ICONS: Readonly<Record<number, IconName>> = { 1: "error", 2: "warning-circle", 3: "info-circle" };
const TONES: Record<Alarm["state"], Tone> = { new: "alarm", acknowledged: "warning", over: "off" };

interface Props {
  readonly alarm: Alarm;
  /** The server's, milliseconds since 1970. */
  readonly now: number;
  readonly mayTake: boolean;
  readonly onDone: () => void;
}

/** One alarm: where, what, since when, how often, who has taken notice, what was said of it. */
export function AlarmCard({ alarm, now, mayTake, onDone }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const say = useSayAlarm();
  const id = useId();
  const began = msFromInstant(alarm.began);
  const over = alarm.over === null ? null : msFromInstant(alarm.over);
  const age = format.age(Math.max(0, ((over ?? now) - began) / 1000));
  const place = alarm.name === "" ? t("alarms.town") : alarm.name;
  return (
    <article className={`alarm alarm--${alarm.state} alarm--priority-${alarm.priority}`} aria-labelledby={id}>
      <header className="alarm-head">
        <span className="alarm-priority">
          <Icon name={ICONS[alarm.priority] ?? "info-circle"} size="small" />
          {t(`alarms.priority_${alarm.priority === 1 || alarm.priority === 2 ? alarm.priority : 3}`)}
        </span>
        <h2 id={id}>{alarm.members.length > 0 ? say(alarm) : place}</h2>
        <Status tone={TONES[alarm.state]}>{t(`alarms.state_${alarm.state}`)}</Status>
      </header>
      {alarm.members.length > 0 ? <Members alarm={alarm} /> : <p className="alarm-what">{say(alarm)}</p>}
      {detailOf(alarm) === "" ? null : (
        <p className="quiet">
          {t("alarms.detail")} <span lang="en">{detailOf(alarm)}</span>
        </p>
      )}
      <p className="quiet">
        {over === null ? t("alarms.since", { time: format.dateTime(began), age }) : t("alarms.from_to", { span: spanOf(format, began, over), age })}
        {alarm.came > 1 ? ` ${t("alarms.came", { count: alarm.came })}` : null}
      </p>
      <Notes notes={alarm.notes} />
      {mayTake && alarm.id !== "0" ? <Act alarm={alarm} place={place} onDone={onDone} /> : null}
    </article>
  );
}

/** The day once where it is the same. */
function spanOf(format: ReturnType<typeof useFormat>, from: number, to: number): string {
  return `${format.dateTime(from)} – ${format.date(from) === format.date(to) ? format.time(to) : format.dateTime(to)}`;
}

function Members({ alarm }: { readonly alarm: Alarm }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cause = useSayCause();
  return (
    <ul className="alarm-members">
      {alarm.members.map((member) => (
        <li key={member.id}>
          <Status tone={member.over ? "fine" : "alarm"}>{member.over ? t("alarms.member_over", { name: member.name }) : member.name}</Status>
          {member.why === "" ? null : <span className="quiet"> {[cause(member.why), ...(member.seconds > 0 ? [format.age(member.seconds)] : [])].join(", ")}</span>}
        </li>
      ))}
    </ul>
  );
}

/** Taking notice, with a note or without; a further note. The form opens where its button was. */
function Act({ alarm, place, onDone }: { readonly alarm: Alarm; readonly place: string; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const action = useAction();
  const [isOpen, setOpen] = useState(false);
  const [note, setNote] = useState("");
  const isTaking = alarm.taken === null;
  const name = t(isTaking ? "alarms.take" : "alarms.add_note");

  function send(): void {
    action.run(async () => {
      const path = { number: alarm.id };
      if (isTaking) await client.call("POST /alarms/{number}/acknowledge", { note: note.trim() }, { path });
      else await client.call("POST /alarms/{number}/note", { note: note.trim() }, { path });
      notify("success", t(isTaking ? "alarms.taken_done" : "alarms.noted_done", { place }));
      setNote("");
      setOpen(false);
      onDone();
    });
  }
  if (!isOpen) {
    return (
      <Button kind={isTaking && alarm.state === "new" ? "primary" : "secondary"} size="small" icon={isTaking ? "check" : "note"} aria-label={`${name}: ${place}`} onClick={() => setOpen(true)}>
        {name}
      </Button>
    );
  }
  return (
    <NoteForm error={action.error} onSubmit={send} onClose={() => setOpen(false)}>
      <TextArea
        label={t(isTaking ? "alarms.note_optional" : "alarms.note")}
        value={note}
        maxLength={1000}
        onChange={setNote}
      />
      <div className="alarm-actions">
        <Button isSubmit size="small" isBusy={action.isBusy} icon="check">
          {name}
        </Button>
        <Button kind="quiet" size="small" onClick={() => setOpen(false)}>
          {t("alarms.cancel")}
        </Button>
      </div>
    </NoteForm>
  );
}

interface FormProps {
  readonly error: unknown;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

function NoteForm({ error, onSubmit, onClose, children }: FormProps) {
  const say = useSayError();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("textarea")?.focus(), []);
  return (
    <form
      ref={form}
      className="alarm-form"
      noValidate
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      {children}
    </form>
  );
}
