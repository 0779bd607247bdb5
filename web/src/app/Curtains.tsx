// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useCallback, useContext, useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";

import { Curtain } from "../core/station/curtain";
import { Button } from "../ui/Button";
import { HiddenContext } from "../ui/Dialog";
import { useSayError } from "../ui/errors";
import { Icon } from "../ui/Icon";
import { useAction } from "../ui/useAction";
import { CurtainContext, station, useCurtain, useKey } from "./station";
import { useClient, useMe } from "./session";

export const CURTAIN_KEY = "F9";

/** The privacy curtain of this station (AC-08), around whatever may show a picture. */
export function Curtains({ children }: { readonly children: ReactNode }) {
  const client = useClient();
  const may = useMe().permissions.includes("room");
  const curtain = useMemo(
    () =>
      may
        ? new Curtain(station, document, localStorage, async (isDrawn) => {
            await client.call("POST /room/curtain", { drawn: isDrawn });
          })
        : null,
    [client, may],
  );
  useEffect(() => {
    if (curtain === null) return undefined;
    client.call("GET /room", undefined).then((room) => curtain.agree(room.curtain !== null), () => undefined); // else by the first look that is refused
    return () => curtain.leave();
  }, [client, curtain]);
  return <CurtainContext value={curtain}>{children}</CurtainContext>;
}

/** In the header: a button, and the key that does the same. */
export function CurtainButton() {
  const { t } = useTranslation();
  const { curtain, isDrawn } = useCurtain();
  const draw = useCallback(() => curtain?.draw(), [curtain]);
  useKey(CURTAIN_KEY, draw);
  if (curtain === null || isDrawn) return null;
  return (
    <button type="button" className="menu-button curtain-button" aria-keyshortcuts={CURTAIN_KEY} onClick={draw}>
      <Icon name="password-invisible" size="small" />
      <span>{t("curtain.draw")}</span> <kbd aria-hidden="true">{CURTAIN_KEY}</kbd>
    </button>
  );
}

/** What is shown instead of a screen while it is drawn; the screen stays as it was, below. */
export function Behind({ children }: { readonly children: ReactNode }) {
  const { isDrawn } = useCurtain();
  const isBelow = useContext(HiddenContext);
  return (
    <>
      {isDrawn ? <Drawn /> : null}
      <div hidden={isDrawn} className="behind">
        <HiddenContext value={isDrawn || isBelow}>{children}</HiddenContext>
      </div>
    </>
  );
}

function Drawn() {
  const { t } = useTranslation();
  const { curtain, isTold } = useCurtain();
  const { isBusy, error, run } = useAction();
  const say = useSayError();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    button.current?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <section className="curtain" aria-labelledby="curtain-title">
      <Icon name="password-invisible" size="large" />
      <h1 id="curtain-title">{t("curtain.title")}</h1>
      <p>{t("curtain.text")}</p>
      {isTold ? null : <p role="status">{t("curtain.not_told")}</p>}
      {error === undefined ? null : <p role="alert">{say(error)}</p>}
      <Button ref={button} icon="password-visible" isBusy={isBusy} onClick={() => run(async () => curtain?.open())}>
        {t("curtain.open")}
      </Button>
    </section>
  );
}
