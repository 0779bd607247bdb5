// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { PersonDetail, Wanted } from "../../core/api/people";
import { Checkbox } from "../../ui/Field";
import { ApplyDialog } from "./ApplyDialog";
import { ActFields, actOf, EMPTY_ACT, isWhole } from "./ActFields";
import { type Rights, RightsFields } from "./RightsFields";
import type { Town } from "./town";

export type Asked = "certify" | "roles" | "designate" | "link" | "reinstate";

interface Props {
  readonly what: Asked;
  readonly town: Town;
  readonly person: PersonDetail;
  readonly onClose: () => void;
  readonly onProposed: () => void;
}

/** A change to somebody who is there. */
export function ChangePerson({ what, town, person, onClose, onProposed }: Props) {
  const { t } = useTranslation();
  const [rights, setRights] = useState<Rights>({ roles: person.roles, groups: person.groups });
  const [act, setAct] = useState(EMPTY_ACT);
  const [isAll, setAll] = useState(false);

  function wanted(): Wanted | null {
    switch (what) {
      case "certify":
        return { kind: "person.certify", person: person.id };
      case "reinstate":
        return { kind: "person.reinstate", person: person.id };
      case "roles":
        return { kind: "person.roles", person: person.id, ...rights };
      case "designate":
        return isWhole(act) ? { kind: "person.designate", person: person.id, designation: actOf(act) } : null;
      case "link":
        return { kind: "person.link", person: person.id, is_all: isAll };
    }
  }

  return (
    <ApplyDialog
      title={t(`people.title_${what}`, { name: person.name })}
      text={t(`people.text_${what}`)}
      wanted={wanted}
      onClose={onClose}
      onProposed={onProposed}
    >
      {({ isAsked, error }) =>
        what === "roles" ? (
          <RightsFields town={town} said={rights} onSay={setRights} />
        ) : what === "designate" ? (
          <ActFields said={act} isAsked={isAsked} error={error} onSay={setAct} />
        ) : what === "link" ? (
          <Checkbox label={t("people.link_all")} isChecked={isAll} onChange={setAll} />
        ) : null
      }
    </ApplyDialog>
  );
}
