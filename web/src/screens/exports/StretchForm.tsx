// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useState } from "react";

import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { fieldErrors } from "../../ui/errors";
import type { IconName } from "../../ui/icons";
import { useAction } from "../../ui/useAction";
import { StepForm } from "../sign-in/StepForm";
import type { Wish } from "./stretch";
import { type Said, StretchFields, useFirstSaid, useWhole } from "./StretchFields";

/** What a form for a stretch of footage is opened with. */
export interface StretchFormProps {
  readonly wish: Wish | null;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

interface Props extends StretchFormProps {
  readonly title: string;
  readonly text: string;
  readonly go: string;
  readonly icon: IconName;
  /** Once nothing is missing. */
  readonly send: (said: Said) => Promise<void>;
  /** What this form asks besides. */
  readonly children: ReactNode;
}

/** A dialog that asks which cameras, from when to when, for which case and why; and what it is given besides. */
export function StretchForm({ wish, onDone, onClose, title, text, go, icon, send, children }: Props) {
  const action = useAction();
  const whole = useWhole();
  const [said, setSaid] = useState(useFirstSaid(wish));
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    const body = whole(said);
    if (body === null) return;
    action.run(async () => {
      await send(body);
      onDone();
    });
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <StepForm title={title} text={text} error={action.error} onSubmit={submit} isBare>
        <StretchFields said={said} isAsked={isAsked} errors={fieldErrors(action.error)} onSay={setSaid} />
        {children}
        <div className="dialog-actions dialog-actions--form">
          <Button isSubmit isBusy={action.isBusy} icon={icon}>
            {go}
          </Button>
        </div>
      </StepForm>
    </Dialog>
  );
}
