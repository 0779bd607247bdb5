// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { ListedCamera } from "../../core/api/cameras";
import type { Agreement, CameraGroup, PersonDetail, Proposal } from "../../core/api/people";
import { useFormat } from "../../ui/format";
import { useResource } from "../../ui/useResource";

/** All that the screen shows, read together: so that each part has names for what it tells of. */
export interface Town {
  readonly people: readonly PersonDetail[];
  readonly groups: readonly CameraGroup[];
  readonly agreements: readonly Agreement[];
  readonly proposals: readonly Proposal[];
  readonly cameras: readonly ListedCamera[];
}

export function useTown(everyMs: number) {
  const client = useClient();
  const read = useCallback(
    async (signal: AbortSignal): Promise<Town> => {
      const [people, groups, agreements, proposals, cameras] = await Promise.all([
        client.call("GET /people", undefined, { signal }),
        client.call("GET /camera-groups", undefined, { signal }),
        client.call("GET /agreements", undefined, { signal }),
        client.call("GET /proposals", undefined, { signal }),
        client.call("GET /cameras", undefined, { signal }),
      ]);
      return { people: people.items, groups: groups.items, agreements: agreements.items, proposals: proposals.items, cameras: cameras.items };
    },
    [client],
  );
  return useResource(read, everyMs);
}

/** Who has a group of cameras, by name. */
export function peopleOf(town: Town, group: string | undefined): string {
  return town.people
    .filter(({ groups }) => group !== undefined && groups.includes(group))
    .map(({ name }) => name)
    .join(", ");
}

/** A day of the town as people read it. */
export function useSayDay(): (day: string) => string {
  const format = useFormat();
  return (day) => format.date(Date.parse(`${day}T12:00:00Z`));
}

export function useSayRoles(): (roles: readonly string[]) => string {
  const { t } = useTranslation();
  return (roles) => (roles.length === 0 ? t("people.no_roles") : roles.map((role) => t(`roles.${role}` as "roles.admin")).join(", "));
}

export function useSayGroups(town: Town): (ids: readonly string[]) => string {
  const { t } = useTranslation();
  const names = new Map(town.groups.map(({ id, name }) => [id, name]));
  return (ids) => (ids.length === 0 ? t("people.no_groups") : ids.map((id) => names.get(id) ?? id).join(", "));
}

export function useSayAgreement(): (agreement: Agreement) => string {
  const { t } = useTranslation();
  return ({ kind, organisation, number }) => t(`people.agreement_${kind}`, { organisation, number });
}

/** Cameras by name; one that is gone by its id. */
export function useSayCameras(town: Town): (ids: readonly string[]) => string {
  const { t } = useTranslation();
  const names = new Map(town.cameras.map(({ id, name }) => [id, name]));
  return (ids) => (ids.length === 0 ? t("camera_groups.none") : ids.map((id) => names.get(id) ?? id).join(", "));
}
