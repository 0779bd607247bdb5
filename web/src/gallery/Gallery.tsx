// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";

import { Away, Refused } from "../core/api/client";
import type { Theme } from "../core/api/types";
import { speak } from "../core/i18n";
import { keepLanguage } from "../core/i18n/language";
import { keptTheme, setTheme } from "../core/theme";
import { Button, IconButton } from "../ui/Button";
import { Card, Facts } from "../ui/Card";
import { LanguageSwitch, ThemeSwitch } from "../ui/Choices";
import { Dialog } from "../ui/Dialog";
import { Checkbox, CodeField, PasswordField, RadioGroup, SelectField, TextArea, TextField } from "../ui/Field";
import { useFormat } from "../ui/format";
import { Icon } from "../ui/Icon";
import { ICONS } from "../ui/icons";
import { Menu } from "../ui/Menu";
import { Alert, useNotify } from "../ui/Notices";
import { QrCode } from "../ui/QrCode";
import { Screen } from "../ui/Screen";
import { Empty, Failed, Loading, Stale } from "../ui/States";
import { Status } from "../ui/Status";
import { Steps } from "../ui/Steps";
import { Table } from "../ui/Table";
import { Tabs } from "../ui/Tabs";
import { useTranslation } from "react-i18next";

const AWAY = new Away(undefined);
const REFUSED = new Refused({ status: 403, code: "FORBIDDEN", title: "no" });
const TWICE = [Date.parse("2026-10-25T00:30:00Z"), Date.parse("2026-10-25T01:30:00Z")] as const;
const KINDS = ["success", "info", "warning", "danger"] as const;
const TONES = ["fine", "warning", "alarm", "off"] as const;

/** Every part of ui/ on one page, for tests and for who builds screens. Its own words are English in both languages. */
export function Gallery() {
  return (
    <main className="shell-main">
      <Screen title="ui" aside={<Choices />}>
        <div className="columns">
          <Buttons />
          <Fields />
          <Saying />
          <Moving />
        </div>
        <Rows />
        <States />
      </Screen>
    </main>
  );
}

function Choices() {
  const { i18n } = useTranslation();
  const [theme, setChosen] = useState<Theme>(() => keptTheme(localStorage));
  return (
    <div className="buttons">
      <LanguageSwitch
        chosen={i18n.language}
        onChoose={(language) => {
          keepLanguage(localStorage, language);
          void speak(language);
        }}
      />
      <ThemeSwitch
        chosen={theme}
        onChoose={(wanted) => {
          setTheme(wanted, localStorage, document);
          setChosen(wanted);
        }}
      />
    </div>
  );
}

function Buttons() {
  return (
    <Card title="Buttons">
      <div className="stack">
        <div className="buttons">
          <Button>Primary</Button>
          <Button kind="secondary" icon="download">
            Secondary
          </Button>
          <Button kind="danger">Danger</Button>
          <Button kind="quiet">Quiet</Button>
        </div>
        <div className="buttons">
          <Button isBusy>Busy</Button>
          <Button disabled>Disabled</Button>
          <Button size="small">Small</Button>
          <Button size="small" kind="secondary">
            Small
          </Button>
          <IconButton icon="refresh" label="Refresh" />
          <IconButton icon="fullscreen" label="Full screen" />
        </div>
        <div className="buttons">
          {ICONS.map((name) => (
            <Icon key={name} name={name} label={name} />
          ))}
        </div>
      </div>
    </Card>
  );
}

function Fields() {
  const [text, setText] = useState("");
  const [choice, setChoice] = useState<"main" | "sub">("main");
  const [isChecked, setChecked] = useState(true);
  const options = [
    { value: "main" as const, label: "Main stream" },
    { value: "sub" as const, label: "Sub stream" },
  ];
  return (
    <Card title="Fields">
      <div className="stack">
        <TextField label="Name" hint="As it stands on the door." value={text} onChange={setText} />
        <TextField label="Wrong" error="This is wrong." value={text} onChange={setText} />
        <PasswordField label="Password" autoComplete="off" value={text} onChange={setText} />
        <CodeField label="Code" value={text} onChange={setText} />
        <TextArea label="Reason" value={text} onChange={setText} />
        <SelectField label="Stream" value={choice} options={options} onChange={setChoice} />
        <RadioGroup legend="Stream again" value={choice} options={options} onChange={setChoice} />
        <Checkbox label="I have read it" isChecked={isChecked} onChange={setChecked} />
      </div>
    </Card>
  );
}

function Saying() {
  const notify = useNotify();
  const format = useFormat();
  return (
    <Card title="Saying" aside={<Status tone="fine">running</Status>}>
      <div className="stack">
        {KINDS.map((kind) => (
          <Alert key={kind} kind={kind} title={kind}>
            <p>What happened, and what to do next.</p>
          </Alert>
        ))}
        <div className="buttons">
          {TONES.map((tone) => (
            <Status key={tone} tone={tone}>
              {tone}
            </Status>
          ))}
        </div>
        <div className="buttons">
          {KINDS.map((kind) => (
            <Button key={kind} size="small" kind="secondary" onClick={() => notify(kind, `toast ${kind}`)}>
              {`Tell ${kind}`}
            </Button>
          ))}
        </div>
        <Facts
          items={[
            ["Bytes", format.bytes(3_400_000_000)],
            ["The same hour", `${format.time(TWICE[0])} · ${format.time(TWICE[1])}`],
            ["Age", format.age(200_000)],
          ]}
        />
      </div>
    </Card>
  );
}

function Moving() {
  const [isOpen, setOpen] = useState(false);
  const [tab, setTab] = useState<"day" | "week" | "month">("day");
  const [chosen, setChosen] = useState("nothing");
  const items = ["Wall", "Map", "Playback"].map((label) => ({ label, onChoose: () => setChosen(label) }));
  return (
    <Card title="Moving">
      <div className="stack">
        <Steps label="Steps" steps={["Person", "Second factor", "Codes"]} at={1} />
        <Menu label="Menu" icon="list" items={items} />
        <p>
          Chosen: <span id="chosen">{chosen}</span>
        </p>
        <Button kind="secondary" onClick={() => setOpen(true)}>
          Open the dialog
        </Button>
        {isOpen ? (
          <Dialog
            title="Dialog"
            onClose={() => setOpen(false)}
            actions={
              <>
                <Button kind="secondary" onClick={() => setOpen(false)}>
                  Leave it
                </Button>
                <Button onClick={() => setOpen(false)}>Do it</Button>
              </>
            }
          >
            <TextField label="In the dialog" value="" onChange={() => undefined} />
          </Dialog>
        ) : null}
        <Tabs
          label="Spans"
          chosen={tab}
          onChoose={setTab}
          tabs={(["day", "week", "month"] as const).map((key) => ({ key, label: key, content: <p>{`A ${key}.`}</p> }))}
        />
        <QrCode text="otpauth://totp/Torrazzo:anna?secret=JBSWY3DPEHPK3PXP&issuer=Torrazzo" label="QR code" />
      </div>
    </Card>
  );
}

const CAMERAS = [
  { name: "Piazza Stradivari", age: 1 },
  { name: "Corso Garibaldi", age: 40 },
  { name: "Via Dante 10", age: 3 },
  { name: "Via Dante 9", age: 2 },
];

function Rows() {
  const { t } = useTranslation();
  return (
    <Table
      caption="Cameras"
      rows={CAMERAS}
      rowKey={({ name }) => name}
      columns={[
        { key: "name", head: "Camera", cell: ({ name }) => name, sort: ({ name }) => name },
        { key: "state", head: "State", cell: ({ age }) => <Status tone={age < 10 ? "fine" : "alarm"}>{t("system.stream_recording")}</Status> },
        { key: "age", head: "Age", isNumber: true, cell: ({ age }) => `${age} s`, sort: ({ age }) => age },
      ]}
    />
  );
}

function States() {
  return (
    <div className="cards">
      <Card title="Empty">
        <Empty title="There is no camera yet." action={<Button icon="plus">Add one</Button>} />
      </Card>
      <Card title="Loading">
        <Loading />
      </Card>
      <Card title="Away">
        <Failed error={AWAY} onRetry={() => undefined} />
      </Card>
      <Card title="Refused">
        <Failed error={REFUSED} />
      </Card>
      <Card title="Stale">
        <Stale since="22:04:41" />
      </Card>
    </div>
  );
}
