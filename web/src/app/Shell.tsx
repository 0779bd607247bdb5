// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, NavLink, Outlet, useLocation } from "react-router";

import { visibleScreens } from "../screens/list";
import { IconButton } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Loading } from "../ui/States";
import { AlarmBell, AlarmCount } from "./Alarms";
import { Behind, CurtainButton } from "./Curtains";
import { Personal } from "./Personal";
import { Silence } from "./Silence";
import { TownClock } from "./TownClock";
import { useMe } from "./session";

/** Header, navigation by what a person's roles may do, and the screen. */
export function Shell() {
  const { t } = useTranslation();
  const me = useMe();
  const [isOpen, setOpen] = useState(false); // the navigation, on narrow screens
  const main = useRef<HTMLElement>(null);
  useFocusOnScreen(main, () => setOpen(false));
  useFocusKept(main);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        {t("ui.skip")}
      </a>
      <header className="shell-head">
        <IconButton
          icon="burger"
          label={t("ui.navigation")}
          className="shell-burger"
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        />
        <Link to="/" className="brand">
          Torrazzo <span className="brand-town">{me.town.name}</span>
        </Link>
        {me.town.demo ? <span className="shell-demo">{t("ui.demo")}</span> : null}
        <AlarmBell />
        <TownClock zone={me.town.zone} />
        <CurtainButton />
        <Personal />
      </header>
      <nav id="navigation" aria-label={t("ui.navigation")} className={isOpen ? "shell-nav shell-nav--open" : "shell-nav"}>
        <ul>
          {visibleScreens(me.permissions).map((screen) => (
            <li key={screen.key}>
              <NavLink to={screen.path}>
                <Icon name={screen.icon} />
                <span>{t(`nav.${screen.key}`)}</span>
                {screen.key === "alarms" ? <AlarmCount /> : null}
              </NavLink>
            </li>
          ))}
        </ul>
      </nav>
      <main id="main" ref={main} tabIndex={-1} className="shell-main">
        <Silence />
        <Behind>
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </Behind>
      </main>
    </div>
  );
}

/** Where what has the focus goes away, as a button whose work is done, the focus goes to the part in which it was. */
function useFocusKept(main: React.RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const all = main.current;
    if (all === null) return undefined;
    let last: HTMLElement | null = null;
    let around: HTMLElement = all;
    const come = ({ target }: FocusEvent): void => {
      last = target instanceof HTMLElement && target !== all ? target : null;
      around = last?.parentElement?.closest<HTMLElement>("[role=tabpanel]") ?? all;
    };
    const watch = new MutationObserver(() => {
      if (last === null || last.isConnected) return;
      last = null;
      if (document.activeElement === document.body) (around.isConnected ? around : all).focus({ preventScroll: true });
    });
    all.addEventListener("focusin", come);
    watch.observe(all, { childList: true, subtree: true });
    return () => {
      all.removeEventListener("focusin", come);
      watch.disconnect();
    };
  }, [main]);
}

/** On another screen the focus goes to its beginning, so that it is read from there. */
function useFocusOnScreen(main: React.RefObject<HTMLElement | null>, onMove: () => void): void {
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    onMove();
    main.current?.focus();
  }, [pathname, main, onMove]);
}
