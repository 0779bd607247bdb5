// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useMe } from "../../app/session";
import type { LogAnswer, LogAsked } from "../../core/api/log";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { Alert } from "../../ui/Notices";
import { Screen } from "../../ui/Screen";
import { Failed, Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";
import { Answers } from "./Answers";
import { type Known, Question } from "./Question";
import { LogReviews } from "./LogReviews";
import { LogTotals } from "./LogTotals";

/** Who did what, for who checks it; for who commands, how often. */
export function Log() {
  const { t } = useTranslation();
  const { permissions } = useMe();
  return <Screen title={t("log.title")}>{permissions.includes("logs.read") ? <Reader /> : <LogTotals />}</Screen>;
}

/** Nothing is read before one of the four reasons is given, and each question stands in the log itself. */
function Reader() {
  const client = useClient();
  const read = useCallback(
    async (signal: AbortSignal): Promise<Known> => {
      const [people, cameras] = await Promise.all([
        client.call("GET /people", undefined, { signal }),
        client.call("GET /cameras", undefined, { signal }),
      ]);
      return { people: people.items, cameras: cameras.items };
    },
    [client],
  );
  const { value, error, retry } = useResource(read);
  if (value === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} />;
  return <Reading known={value} />;
}

interface Got {
  readonly asked: LogAsked;
  readonly answer: LogAnswer;
}

function Reading({ known }: { readonly known: Known }) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const say = useSayError();
  const [got, setGot] = useState<Got | null>(null);

  function ask(asked: LogAsked): void {
    action.run(async () => setGot({ asked, answer: await client.call("POST /log", asked) }));
  }
  function more({ asked, answer }: Got): void {
    if (answer.next === null) return;
    const before = answer.next;
    action.run(async () => {
      const page = await client.call("POST /log", { ...asked, before });
      setGot({ asked, answer: { ...page, items: [...answer.items, ...page.items] } });
    });
  }

  return (
    <div className="stack">
      <Question known={known} isBusy={action.isBusy} error={action.error} onAsk={ask} />
      {got === null ? null : <Answers asked={got.asked} answer={got.answer} />}
      {got !== null && action.error !== undefined ? <Alert kind="danger">{say(action.error)}</Alert> : null}
      {got !== null && got.answer.next !== null ? (
        <div className="buttons">
          <Button kind="secondary" isBusy={action.isBusy} onClick={() => more(got)}>
            {t("log.more")}
          </Button>
        </div>
      ) : null}
      <LogReviews asked={got?.asked ?? null} seen={got?.answer.items.length ?? 0} />
    </div>
  );
}
