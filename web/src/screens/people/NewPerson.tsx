// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Wanted } from "../../core/api/people";
import type { Role } from "../../core/api/types";
import { fieldErrors } from "../../ui/errors";
import { SelectField, TextField } from "../../ui/Field";
import { ActFields, actOf, EMPTY_ACT, isWhole } from "./ActFields";
import { ApplyDialog } from "./ApplyDialog";
import { type Rights, RightsFields } from "./RightsFields";
import { type Town, useSayAgreement } from "./town";

/** They come by an agreement of their force or firm. */
const OUTSIDE: readonly Role[] = ["police", "technician"];

interface Props {
  readonly town: Town;
  readonly onClose: () => void;
  readonly onProposed: () => void;
}

export function NewPerson({ town, onClose, onProposed }: Props) {
  const { t } = useTranslation();
  const say = useSayAgreement();
  const [name, setName] = useState("");
  const [account, setAccount] = useState("");
  const [act, setAct] = useState(EMPTY_ACT);
  const [rights, setRights] = useState<Rights>({ roles: [], groups: [] });
  const [agreement, setAgreement] = useState("");
  const isOutside = rights.roles.some((role) => OUTSIDE.includes(role));

  function wanted(): Wanted | null {
    if (name.trim() === "" || account.trim() === "" || !isWhole(act)) return null;
    const person = { name: name.trim(), account: account.trim(), designation: actOf(act) };
    return { kind: "person.create", person, ...rights, agreement: isOutside && agreement !== "" ? agreement : null };
  }

  return (
    <ApplyDialog title={t("people.new")} text={t("people.text_new")} wanted={wanted} onClose={onClose} onProposed={onProposed}>
      {({ isAsked, error }) => {
        const missing = (value: string) => (isAsked && value.trim() === "" ? t("errors.field_missing") : undefined);
        const theirs = fieldErrors(error);
        return (
          <>
            <TextField
              label={t("first_run.name")}
              autoComplete="off"
              autoFocus
              value={name}
              error={theirs["name"] ?? missing(name)}
              onChange={(value) => {
                if (account === accountOf(name)) setAccount(accountOf(value));
                setName(value);
              }}
            />
            <TextField
              label={t("first_run.account")}
              hint={t("first_run.account_hint")}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              value={account}
              error={theirs["account"] ?? missing(account)}
              onChange={setAccount}
            />
            <ActFields said={act} isAsked={isAsked} error={error} onSay={setAct} />
            <RightsFields town={town} said={rights} onSay={setRights} />
            {isOutside ? (
              <SelectField
                label={t("people.agreement")}
                hint={t("people.agreement_hint")}
                value={agreement}
                options={[{ value: "", label: t("people.agreement_none") }, ...town.agreements.map((each) => ({ value: each.id, label: say(each) }))]}
                onChange={setAgreement}
              />
            ) : null}
          </>
        );
      }}
    </ApplyDialog>
  );
}

/** `Anna D’Errico` → `anna.d.errico`, as long as nobody has written another one. */
function accountOf(name: string): string {
  const plain = name.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
  return plain.replaceAll(/[^a-z0-9]+/g, ".").replaceAll(/^\.+|\.+$/g, "").slice(0, 32);
}
