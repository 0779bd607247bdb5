// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { useAction } from "../../ui/useAction";
import { Enrol } from "../sign-in/Enrol";
import { Fresh } from "../sign-in/Fresh";
import { StepForm } from "../sign-in/StepForm";

interface Props {
  readonly name: string;
  /** One that counts: it goes first. */
  readonly hasDevice: boolean;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Once the old device is gone, the dialog stays until the new one is there: a second factor is owed. */
export function NewDevice({ name, hasDevice, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const [isGone, setGone] = useState(!hasDevice);

  function remove(): void {
    action.run(async () => {
      await client.call("POST /me/totp/remove", {});
      setGone(true);
    });
  }

  if (isGone) {
    return (
      <Dialog title={t("ways.device_new")} {...(hasDevice ? {} : { onClose })}>
        <Enrol name={name} onDone={() => Promise.resolve().then(onDone)} />
      </Dialog>
    );
  }
  return (
    <Dialog title={t("ways.device_new")} onClose={onClose}>
      <Fresh>
        <StepForm title="" text={t("ways.device_remove")} error={action.error} onSubmit={remove} isBare>
          <Button isSubmit kind="danger" autoFocus isBusy={action.isBusy}>
            {t("ways.device_remove_go")}
          </Button>
        </StepForm>
      </Fresh>
    </Dialog>
  );
}
