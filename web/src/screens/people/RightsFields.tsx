// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { Role } from "../../core/api/types";
import { Checkbox } from "../../ui/Field";
import type { Town } from "./town";

const ROLES = [
  "operator",
  "pg-officer",
  "extractor",
  "designato",
  "admin",
  "auditor",
  "dpo",
  "desk",
  "titolare",
  "police",
  "technician",
] as const satisfies readonly Role[];

export interface Rights {
  readonly roles: readonly Role[];
  readonly groups: readonly string[];
}

interface Props {
  readonly town: Town;
  readonly said: Rights;
  readonly onSay: (said: Rights) => void;
}

/** What somebody may do, and with which cameras. Which roles cannot go together, the server says. */
export function RightsFields({ town, said, onSay }: Props) {
  const { t } = useTranslation();
  const flip = <T,>(all: readonly T[], one: T, isIn: boolean): readonly T[] => (isIn ? [...all, one] : all.filter((each) => each !== one));
  return (
    <>
      <fieldset className="group">
        <legend>{t("people.roles")}</legend>
        <div className="check-grid">
          {ROLES.map((role) => (
            <Checkbox
              key={role}
              label={t(`roles.${role}`)}
              isChecked={said.roles.includes(role)}
              onChange={(isIn) => onSay({ ...said, roles: flip(said.roles, role, isIn) })}
            />
          ))}
        </div>
      </fieldset>
      <fieldset className="group">
        <legend>{t("people.groups")}</legend>
        <p className="field-hint">{t("people.groups_hint")}</p>
        <div className="check-grid">
          {town.groups.map(({ id, name }) => (
            <Checkbox
              key={id}
              label={name}
              isChecked={said.groups.includes(id)}
              onChange={(isIn) => onSay({ ...said, groups: flip(said.groups, id, isIn) })}
            />
          ))}
        </div>
        {town.groups.length === 0 ? <p className="quiet">{t("people.no_groups_yet")}</p> : null}
      </fieldset>
    </>
  );
}
