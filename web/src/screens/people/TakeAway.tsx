// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { PersonDetail } from "../../core/api/people";
import { ReasonDialog } from "./ReasonDialog";

interface Props {
  readonly what: "suspend" | "end";
  readonly person: PersonDetail;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** At once, by one person: the other one is signed out. */
export function TakeAway({ what, person, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  return (
    <ReasonDialog
      title={t(`people.title_${what}`, { name: person.name })}
      text={t(`people.text_${what}`)}
      button={t(`people.do_${what}`)}
      done={t(`people.done_${what}`, { name: person.name })}
      onGo={(reason) => client.call(`POST /people/{id}/${what}`, { reason }, { path: { id: person.id } })}
      onClose={onClose}
      onDone={onDone}
    />
  );
}
