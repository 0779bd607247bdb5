// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useState } from "react";

import { useClient } from "../../app/session";
import type { RecoveryCodes } from "../../core/api/types";
import { Failed, Loading } from "../../ui/States";
import { useResource } from "../../ui/useResource";
import { Fresh } from "./Fresh";
import { RecoverySheet } from "./RecoverySheet";
import { TotpForm } from "./TotpForm";

interface Props {
  /** On the sheet of codes. */
  readonly name: string;
  readonly onCodes?: () => void;
  readonly onDone: () => Promise<void>;
}

/** A device for codes, and the recovery codes for the day it is lost. */
export function Enrol(props: Props) {
  return (
    <Fresh>
      <NewDevice {...props} />
    </Fresh>
  );
}

function NewDevice({ name, onCodes, onDone }: Props) {
  const client = useClient();
  const [codes, setCodes] = useState<RecoveryCodes | null>(null);
  const ask = useCallback((signal: AbortSignal) => client.call("POST /enrol/totp", {}, { signal }), [client]);
  const { value, error, retry } = useResource(ask);
  if (codes !== null) return <RecoverySheet name={name} codes={codes.codes} onKept={onDone} />;
  if (value === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} />;
  return (
    <TotpForm
      enrolment={value}
      onCodes={async (given) => {
        if (given.codes.length === 0) return onDone();
        setCodes(given);
        onCodes?.();
      }}
    />
  );
}
