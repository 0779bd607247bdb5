// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { takeAnswer } from "../../app/provider";
import type { CameBack } from "../../core/api/provider";
import { useSayError } from "../../ui/errors";
import { Alert } from "../../ui/Notices";
import { Loading } from "../../ui/States";
import { useAction } from "../../ui/useAction";

interface Props {
  /** Must stay the same from one drawing to the next. */
  readonly onBrought: (brought: CameBack) => Promise<void>;
  /** Where to go on, when nothing came of it. */
  readonly children?: ReactNode;
}

/** Somebody comes back from the town's provider: what they bring counts once. */
export function Brought({ onBrought, children }: Props) {
  const { t } = useTranslation();
  const say = useSayError();
  const { error, run } = useAction();
  const [brought] = useState(takeAnswer);
  const isAsked = useRef(false);
  useEffect(() => {
    if (isAsked.current || brought === null) return;
    isAsked.current = true;
    run(() => onBrought(brought));
  }, [run, onBrought, brought]);
  if (brought !== null && error === undefined) return <Loading />;
  return (
    <>
      {brought === null ? <Alert kind="info">{t("provider.refused")}</Alert> : <Alert kind="danger">{say(error)}</Alert>}
      {children}
    </>
  );
}
