// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Export } from "../../core/api/exports";
import { useFormat } from "../../ui/format";
import { Empty, Failed, Loading, Stale } from "../../ui/States";
import { useResource } from "../../ui/useResource";

const MOVING_MS = 1500;
const RESTING_MS = 8000;

interface Props {
  readonly route: "GET /exports/asked" | "GET /exports/to-approve" | "GET /exports/to-prepare";
  readonly empty: string;
  readonly children: (one: Export, again: () => void) => ReactNode;
  /** Above the list. */
  readonly head?: (again: () => void) => ReactNode;
}

/** One of the three lists, read again and again; faster while something is being made. */
export function List({ route, empty, children, head }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const [isMoving, setMoving] = useState(false);
  const read = useCallback(
    async (signal: AbortSignal) => {
      const found = await client.call(route, undefined, { signal });
      setMoving(found.items.some(({ state }) => state === "waiting" || state === "running"));
      return found;
    },
    [client, route],
  );
  const { value, error, at, retry } = useResource(read, isMoving ? MOVING_MS : RESTING_MS);
  if (value === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} />;
  return (
    <>
      {error !== undefined && at !== undefined ? <Stale since={format.seconds(at)} /> : null}
      {head?.(retry)}
      {value.items.length === 0 ? <Empty title={t(empty as "exports.none_asked")} /> : null}
      <ul className="plain export-list">
        {value.items.map((one) => (
          <li key={one.number}>{children(one, retry)}</li>
        ))}
      </ul>
    </>
  );
}
