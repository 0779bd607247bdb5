// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { useMe } from "../../app/session";
import type { ListedCamera } from "../../core/api/cameras";
import { useFormat } from "../../ui/format";
import { SelectField, TextField } from "../../ui/Field";
import { Empty } from "../../ui/States";
import { Status } from "../../ui/Status";
import { type Column, Table } from "../../ui/Table";
import { State } from "../system/Cameras";
import { FILTERS, type Filter, matches } from "./filter";

export function List({ cameras }: { readonly cameras: readonly ListedCamera[] }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [filter, setFilter] = useState<Filter>("all");
  const shown = cameras.filter((camera) => matches(camera, text, filter));
  if (cameras.length === 0) return <Empty title={t("cameras.none")}>{t("cameras.none_text")}</Empty>;
  return (
    <>
      <div className="camera-filter" role="search">
        <TextField label={t("cameras.search")} type="search" value={text} onChange={setText} autoComplete="off" />
        <SelectField
          label={t("cameras.filter")}
          value={filter}
          options={FILTERS.map((value) => ({ value, label: t(`cameras.filter_${value}`) }))}
          onChange={setFilter}
        />
        <p className="quiet" role="status">
          {t("cameras.shown", { n: shown.length, all: cameras.length })}
        </p>
      </div>
      <Rows cameras={shown} />
    </>
  );
}

function Rows({ cameras }: { readonly cameras: readonly ListedCamera[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const mayLook = useMe().permissions.includes("live");
  const columns: readonly Column<ListedCamera>[] = [
    {
      key: "camera",
      head: t("cameras.camera"),
      cell: ({ id, name, synthetic }) => (
        <>
          <Link to={`/cameras?camera=${encodeURIComponent(id)}`}>{name}</Link>
          {synthetic ? <small>{t("system.synthetic")}</small> : null}
        </>
      ),
      sort: ({ name }) => name,
    },
    { key: "place", head: t("cameras.place"), cell: ({ place }) => place, sort: ({ place }) => place },
    { key: "state", head: t("cameras.state"), cell: (camera) => <CameraStatus camera={camera} />, sort: stateWord },
    {
      key: "age",
      head: t("system.last_picture"),
      isNumber: true,
      cell: ({ streams }) => {
        const ages = streams.map(({ age_s }) => age_s).filter((age) => age !== null);
        return ages.length === 0 ? t("system.never") : t("system.ago", { age: format.age(Math.min(...ages)) });
      },
    },
    ...(mayLook ? [look(t("cameras.look"))] : []),
  ];
  return <Table caption={t("cameras.title")} columns={columns} rows={cameras} rowKey={({ id }) => id} empty={<Empty title={t("cameras.no_match")} />} />;
}

function look(word: string): Column<ListedCamera> {
  return {
    key: "look",
    head: word,
    cell: ({ id, name }) => (
      <Link to={`/wall?camera=${encodeURIComponent(id)}`} aria-label={`${word}: ${name}`}>
        {word}
      </Link>
    ),
  };
}

/** What it does; one that waits for its activation says so. */
export function CameraStatus({ camera }: { readonly camera: ListedCamera }) {
  const { t } = useTranslation();
  return camera.waits ? <Status tone="warning">{t("cameras.waits")}</Status> : <State camera={camera} />;
}

function stateWord({ waits, streams }: ListedCamera): string {
  return waits ? "waits" : streams.map(({ state }) => state).join(" ");
}
