// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";

import { useMe } from "../../app/session";
import { Button } from "../../ui/Button";
import { useFormat } from "../../ui/format";
import { Alert } from "../../ui/Notices";
import { Screen } from "../../ui/Screen";
import { Failed, Loading, Stale } from "../../ui/States";
import { Tabs } from "../../ui/Tabs";
import { Agreements } from "./Agreements";
import { Groups } from "./Groups";
import { NewPerson } from "./NewPerson";
import { OnePerson } from "./OnePerson";
import { Persons } from "./Persons";
import { isMine, Proposals } from "./Proposals";
import { type Town, useTown } from "./town";

const EVERY_MS = 15_000;
type Part = "persons" | "proposals" | "agreements" | "groups";

/** People: an administrator applies, who commands approves; the DPO and the auditor see, and change nothing. */
export function People() {
  const { t } = useTranslation();
  const format = useFormat();
  const { value, error, at, retry } = useTown(EVERY_MS);
  return (
    <Screen title={t("people.title")}>
      {value === undefined && error === undefined ? <Loading /> : null}
      {error === undefined ? null : value === undefined ? (
        <Failed error={error} onRetry={retry} />
      ) : (
        <Stale since={format.seconds(at ?? 0)} />
      )}
      {value === undefined ? null : <Everything town={value} onChanged={retry} />}
    </Screen>
  );
}

interface Props {
  readonly town: Town;
  readonly onChanged: () => void;
}

function Everything({ town, onChanged }: Props) {
  const { t } = useTranslation();
  const me = useMe();
  const [query, setQuery] = useSearchParams();
  const [part, setPart] = useState<Part>("persons");
  const [isNew, setNew] = useState(false);
  const open = town.proposals.filter(({ state }) => state === "open");
  const chosen = town.people.find(({ id }) => id === query.get("id"));
  if (chosen !== undefined) return <OnePerson town={town} person={chosen} onBack={() => setQuery({})} onChanged={onChanged} />;
  const mayApply = me.permissions.includes("people.apply");
  const mayApprove = me.permissions.includes("people.approve");
  const waiting = mayApprove ? open.filter((proposal) => !isMine(proposal, me)).length : 0;
  return (
    <>
      {waiting === 0 ? null : (
        <Alert kind="info" title={t("people.waiting", { count: waiting })}>
          <Button kind="quiet" onClick={() => setPart("proposals")}>
            {t("people.waiting_go")}
          </Button>
        </Alert>
      )}
      {mayApply ? (
        <div className="buttons people-actions">
          <Button icon="plus" onClick={() => setNew(true)}>
            {t("people.new")}
          </Button>
        </div>
      ) : null}
      <Tabs<Part>
        label={t("people.title")}
        chosen={part}
        onChoose={setPart}
        tabs={[
          { key: "persons", label: t("people.persons"), content: <Persons town={town} onOpen={(id) => setQuery({ id })} /> },
          {
            key: "proposals",
            label: open.length === 0 ? t("people.proposals") : t("people.proposals_open", { count: open.length }),
            content: <Proposals town={town} proposals={town.proposals} onChanged={onChanged} />,
          },
          { key: "agreements", label: t("people.agreements"), content: <Agreements town={town} onChanged={onChanged} /> },
          { key: "groups", label: t("camera_groups.title"), content: <Groups town={town} onChanged={onChanged} /> },
        ]}
      />
      {isNew ? (
        <NewPerson
          town={town}
          onClose={() => setNew(false)}
          onProposed={() => {
            setNew(false);
            setPart("proposals");
            onChanged();
          }}
        />
      ) : null}
    </>
  );
}
