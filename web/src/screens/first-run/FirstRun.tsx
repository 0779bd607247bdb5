// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { Doors } from "../../app/Doors";
import { useClient, useSession, useStanding } from "../../app/session";
import type { Enrolment, FirstRun as Run, RecoveryCodes } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { Alert } from "../../ui/Notices";
import { Loading } from "../../ui/States";
import { Steps } from "../../ui/Steps";
import { useAction } from "../../ui/useAction";
import { PersonForm } from "./PersonForm";
import { RecoverySheet } from "./RecoverySheet";
import { TotpForm } from "./TotpForm";

/** Where one of the two people stands. */
type Stage =
  | { readonly at: "person" }
  | { readonly at: "totp"; readonly name: string; readonly enrolment: Enrolment }
  | { readonly at: "codes"; readonly name: string; readonly codes: RecoveryCodes };

const STAGES = ["person", "totp", "codes"] as const;

/** The one-time link makes two people: who configures, and who commands. */
export function FirstRun() {
  const { t } = useTranslation();
  const standing = useStanding();
  const client = useClient();
  const action = useAction();
  const say = useSayError();
  const [run, setRun] = useState<Run | null>(null);
  const [token] = useState(takeToken);

  useEffect(() => {
    if (token !== "") action.run(async () => setRun(await client.call("POST /first-run", { token })));
  }, [token, client]); // eslint-disable-line react-hooks/exhaustive-deps -- once: the link works once

  if (standing.phase !== "first-run") return null;
  return (
    <Doors town={standing.town} isWide>
      <h1>{t("first_run.title")}</h1>
      {token === "" ? <Alert kind="info">{t("first_run.no_link")}</Alert> : null}
      {action.error === undefined ? null : <Alert kind="danger">{say(action.error)}</Alert>}
      {token !== "" && run === null && action.error === undefined ? <Loading /> : null}
      {run === null ? null : <People run={run} onRun={setRun} />}
    </Doors>
  );
}

/** What follows # in the address; it leaves the address, so that no history keeps it. */
function takeToken(): string {
  const token = location.hash.slice(1);
  if (token !== "") history.replaceState(null, "", location.pathname);
  return token;
}

function People({ run, onRun }: { readonly run: Run; readonly onRun: (run: Run) => void }) {
  const { t } = useTranslation();
  const session = useSession();
  if (run.next === null) {
    return (
      <>
        <Alert kind="success" title={t("first_run.done_title")}>
          <p>{t("first_run.done_text")}</p>
        </Alert>
        <Button autoFocus onClick={() => void session.begin()}>
          {t("sign_in.title")}
        </Button>
      </>
    );
  }
  return <OnePerson key={run.next} role={run.next} made={run.made} onRun={onRun} />;
}

interface OneProps {
  readonly role: NonNullable<Run["next"]>;
  readonly made: Run["made"];
  readonly onRun: (run: Run) => void;
}

function OnePerson({ role, made, onRun }: OneProps) {
  const { t } = useTranslation();
  const client = useClient();
  const [stage, setStage] = useState<Stage>({ at: "person" });
  const kind = role === "admin" ? "admin" : "designato";
  return (
    <>
      {made.length === 0 ? <p>{t("first_run.text")}</p> : null}
      {made.map((person) => (
        <Alert key={person.name} kind="success">
          {t("first_run.made", { name: person.name, role: t(`roles.${person.role}`) })}
        </Alert>
      ))}
      <h2>{t(`first_run.who_${kind}`)}</h2>
      <p>{t(`first_run.what_${kind}`)}</p>
      <Steps label={t("first_run.steps")} steps={STAGES.map((name) => t(`first_run.step_${name}`))} at={STAGES.indexOf(stage.at)} />
      {stage.at === "person" ? (
        <PersonForm onMade={(name, enrolment) => setStage({ at: "totp", name, enrolment })} />
      ) : stage.at === "totp" ? (
        <TotpForm enrolment={stage.enrolment} onCodes={(codes) => setStage({ at: "codes", name: stage.name, codes })} />
      ) : (
        <RecoverySheet
          name={stage.name}
          codes={stage.codes.codes}
          onKept={async () => onRun(await client.call("POST /first-run/kept", {}))}
        />
      )}
    </>
  );
}
