// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";

import { Button } from "../ui/Button";
import { LanguageSwitch, ThemeSwitch } from "../ui/Choices";
import { Dialog } from "../ui/Dialog";
import { Menu } from "../ui/Menu";
import { useMe, useSession } from "./session";
import { useChoices } from "./wishes";

/** What belongs to the person who is signed in: shift, look of the page, lock, way out. */
export function Personal() {
  const { t } = useTranslation();
  const me = useMe();
  const session = useSession();
  const navigate = useNavigate();
  const [isChoosing, setChoosing] = useState(false);
  const shift = me.permissions.includes("shift")
    ? [{ label: t(me.shift === null ? "shift.open" : "shift.mine"), icon: "sign" as const, onChoose: () => void navigate("/shift") }]
    : [];
  return (
    <>
      <Menu
        label={me.person.name}
        icon="user"
        items={[
          ...shift,
          { label: t("ways.title"), icon: "key", onChoose: () => void navigate("/ways") },
          { label: t("ui.look"), icon: "settings", onChoose: () => setChoosing(true) },
          { label: t("lock.now"), icon: "lock", onChoose: () => void session.lock().catch(() => undefined) },
          { label: t("ui.sign_out"), icon: "logout", onChoose: () => void session.signOut().catch(() => undefined) },
        ]}
      />
      {isChoosing ? <Look onClose={() => setChoosing(false)} /> : null}
    </>
  );
}

function Look({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const choices = useChoices();
  return (
    <Dialog title={t("ui.look")} onClose={onClose} actions={<Button onClick={onClose}>{t("ui.done")}</Button>}>
      <p className="label">{t("ui.language")}</p>
      <LanguageSwitch chosen={choices.language} onChoose={choices.chooseLanguage} />
      <p className="label">{t("ui.theme")}</p>
      <ThemeSwitch chosen={choices.theme} onChoose={choices.chooseTheme} />
    </Dialog>
  );
}
