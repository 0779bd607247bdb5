// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { Doors } from "../../app/Doors";
import { useClient, useSession } from "../../app/session";
import { takeToken } from "../../app/token";
import type { Role, Town } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { Alert } from "../../ui/Notices";
import { Failed, Loading } from "../../ui/States";
import { Steps } from "../../ui/Steps";
import { useResource } from "../../ui/useResource";
import { Enrol } from "../sign-in/Enrol";
import { PersonForm } from "./PersonForm";

const STAGES = ["person", "totp", "codes"] as const;

interface Made {
  readonly name: string;
  readonly role: Role;
}

/** The one-time link makes two people, one after the other: who configures, and who commands. */
export function FirstRun({ town }: { readonly town: Town }) {
  const { t } = useTranslation();
  const client = useClient();
  const [token] = useState(takeToken);
  const [made, setMade] = useState<readonly Made[]>([]);
  const look = useCallback(
    async (signal: AbortSignal) => (token === "" ? null : client.call("POST /first-run", { token }, { signal })),
    [client, token],
  );
  const { value, error, retry } = useResource(look);
  const [next, setNext] = useState<Role | "both" | null>(null); // null: as the link says
  const role = next ?? value?.next ?? null;

  /** Each signs in by being made, and goes when their codes are kept. */
  async function done(person: Made): Promise<void> {
    await client.call("DELETE /session", undefined);
    setMade([...made, person]);
    setNext(person.role === "admin" ? "designato" : "both");
  }

  return (
    <Doors town={town} isWide>
      <h1>{t("first_run.title")}</h1>
      {token === "" ? <Alert kind="info">{t("first_run.no_link")}</Alert> : null}
      {token !== "" && value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : null}
      {made.map((person) => (
        <Alert key={person.role} kind="success">
          {t("first_run.made", { name: person.name, role: t(`roles.${person.role}`) })}
        </Alert>
      ))}
      {role === "both" ? <Both /> : role === null ? null : <OnePerson key={role} role={role} token={token} onDone={done} />}
    </Doors>
  );
}

function Both() {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <>
      <Alert kind="success" title={t("first_run.done_title")}>
        <p>{t("first_run.done_text")}</p>
      </Alert>
      <div className="buttons">
        <Button
          autoFocus
          onClick={() => {
            history.replaceState(null, "", "/");
            void session.begin();
          }}
        >
          {t("sign_in.title")}
        </Button>
      </div>
    </>
  );
}

interface OneProps {
  readonly role: Role;
  readonly token: string;
  readonly onDone: (made: Made) => Promise<void>;
}

function OnePerson({ role, token, onDone }: OneProps) {
  const { t } = useTranslation();
  const [at, setAt] = useState(0);
  const [name, setName] = useState("");
  const kind = role === "admin" ? "admin" : "designato";
  return (
    <>
      {kind === "admin" ? <p>{t("first_run.text")}</p> : null}
      <h2>{t(`first_run.who_${kind}`)}</h2>
      <p>{t(`first_run.what_${kind}`)}</p>
      <Steps label={t("first_run.steps")} steps={STAGES.map((stage) => t(`first_run.step_${stage}`))} at={at} />
      {at === 0 ? (
        <PersonForm
          role={role}
          token={token}
          onMade={(person) => {
            setName(person);
            setAt(1);
          }}
        />
      ) : (
        <Enrol name={name} onCodes={() => setAt(2)} onDone={async () => onDone({ name, role })} />
      )}
    </>
  );
}
