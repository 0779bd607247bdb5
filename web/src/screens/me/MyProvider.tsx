// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";

import { goTo } from "../../app/provider";
import { useClient } from "../../app/session";
import type { MyWays } from "../../core/api/people";
import type { CameBack } from "../../core/api/provider";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Dialog } from "../../ui/Dialog";
import { useNotify } from "../../ui/Notices";
import { Screen } from "../../ui/Screen";
import { Status } from "../../ui/Status";
import { useAction } from "../../ui/useAction";
import { Brought } from "../sign-in/Brought";
import { Fresh } from "../sign-in/Fresh";
import { StepForm } from "../sign-in/StepForm";

interface Props {
  readonly provider: NonNullable<MyWays["provider"]>;
  readonly onChanged: () => void;
}

/** The town's provider: whoever is bound comes in by it, too. */
export function MyProvider({ provider: { name, bound }, onChanged }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const action = useAction();
  const [isAsked, setAsked] = useState(false);

  function change(): void {
    action.run(async () => {
      if (!bound) return goTo((await client.call("POST /me/provider", {})).url);
      await client.call("DELETE /me/provider", undefined);
      setAsked(false);
      notify("success", t("provider.unbound", { name }));
      onChanged();
    });
  }

  return (
    <Card title={name} aside={<Status tone={bound ? "fine" : "off"}>{t(bound ? "ways.held" : "ways.not_held")}</Status>}>
      <p>{t(bound ? "provider.is_bound" : "provider.not_bound", { name })}</p>
      <Button kind="secondary" onClick={() => setAsked(true)}>
        {t(bound ? "provider.unbind" : "provider.bind")}
      </Button>
      {isAsked ? (
        <Dialog title={t(bound ? "provider.unbind" : "provider.bind")} onClose={() => setAsked(false)}>
          <Fresh>
            <StepForm title="" text={t(bound ? "provider.unbind_text" : "provider.bind_text", { name })} error={action.error} onSubmit={change} isBare>
              <Button isSubmit kind={bound ? "danger" : "primary"} autoFocus isBusy={action.isBusy}>
                {t(bound ? "provider.unbind" : "provider.bind_go", { name })}
              </Button>
            </StepForm>
          </Fresh>
        </Dialog>
      ) : null}
    </Card>
  );
}

/** Signed in, and back from there. */
export function Bound() {
  const { t } = useTranslation();
  const client = useClient();
  const notify = useNotify();
  const navigate = useNavigate();
  const leave = useCallback(() => navigate("/ways", { replace: true }), [navigate]);
  const bind = useCallback(
    async (brought: CameBack) => {
      await client.call("POST /me/provider/answer", brought);
      notify("success", t("provider.bound"));
      await leave();
    },
    [client, notify, leave, t],
  );
  return (
    <Screen title={t("ways.title")}>
      <Brought onBrought={bind}>
        <Button kind="secondary" icon="arrow-left" onClick={() => void leave()}>
          {t("ways.title")}
        </Button>
      </Brought>
    </Screen>
  );
}
