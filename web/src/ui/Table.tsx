// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useId, useState } from "react";

import { Icon } from "./Icon";

export interface Column<Row> {
  readonly key: string;
  readonly head: string;
  readonly cell: (row: Row) => ReactNode;
  readonly isNumber?: boolean;
  /** By what its head sorts; without it the column does not. */
  readonly sort?: (row: Row) => string | number;
}

interface Props<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** In place of rows where there are none. */
  readonly empty?: ReactNode;
}

interface Order {
  readonly key: string;
  readonly isDown: boolean;
}

/** The first column names its row. What does not fit scrolls, by keyboard too. */
export function Table<Row>({ caption, columns, rows, rowKey, empty }: Props<Row>) {
  const id = useId();
  const [order, setOrder] = useState<Order | null>(null);
  if (rows.length === 0 && empty !== undefined) return empty;
  return (
    <div className="table-scroll" role="region" aria-labelledby={id} tabIndex={0}>
      <table className="table">
        <caption id={id}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.key} column={column} order={order} onOrder={setOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted(rows, columns, order).map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column, at) =>
                at === 0 ? (
                  <th key={column.key} scope="row">
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.key} className={column.isNumber === true ? "number" : undefined}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps<Row> {
  readonly column: Column<Row>;
  readonly order: Order | null;
  readonly onOrder: (order: Order) => void;
}

function Head<Row>({ column, order, onOrder }: HeadProps<Row>) {
  const isOurs = order?.key === column.key;
  const isDown = isOurs && order.isDown;
  const className = column.isNumber === true ? "number" : undefined;
  if (column.sort === undefined) {
    return (
      <th scope="col" className={className}>
        {column.head}
      </th>
    );
  }
  return (
    <th scope="col" className={className} aria-sort={isOurs ? (isDown ? "descending" : "ascending") : "none"}>
      <button type="button" className="sort" onClick={() => onOrder({ key: column.key, isDown: isOurs && !isDown })}>
        {column.head}
        <span className={`sort-mark ${isOurs ? (isDown ? "sort-mark--down" : "sort-mark--up") : ""}`}>
          <Icon name="chevron-right" size="small" />
        </span>
      </button>
    </th>
  );
}

function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: Order | null): readonly Row[] {
  const by = columns.find((column) => column.key === order?.key)?.sort;
  if (by === undefined || order === null) return rows;
  return rows.toSorted((a, b) => (order.isDown ? -1 : 1) * compare(by(a), by(b)));
}

function compare(a: string | number, b: string | number): number {
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
}
