// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { FoundDevice, SearchJob } from "../../core/api/cameras";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { Alert } from "../../ui/Notices";
import { Progress } from "../../ui/Progress";
import { Failed } from "../../ui/States";
import { useJob } from "../../ui/useJob";
import type { Found } from "./AccessStep";
import { WhatToDo } from "./Probe";

interface Props {
  readonly onFound: (found: Pick<Found, "device" | "url" | "name" | "place">) => void;
}

/** Who answers in the network, or an address that is known. The search begins by itself. */
export function FindStep({ onFound }: Props) {
  const { t } = useTranslation();
  const [at, setAt] = useState("");
  const search = useSearch(at);
  const { job, begin } = search;
  const hasBegun = useRef(false);
  useEffect(() => {
    if (hasBegun.current) return;
    hasBegun.current = true;
    begin();
  }, [begin]);
  return (
    <>
      <section className="stack" aria-label={t("cameras.search_network")}>
        <p>{t("cameras.find_text")}</p>
        <Running search={search} />
        {job === undefined ? null : <Devices job={job} onChoose={(device) => onFound(fromDevice(device))} />}
        <form
          className="camera-row"
          onSubmit={(event) => {
            event.preventDefault();
            begin();
          }}
        >
          <TextField label={t("cameras.search_at")} hint={t("cameras.search_at_hint")} value={at} onChange={setAt} autoComplete="off" />
          <Button isSubmit kind="secondary" icon="refresh" isBusy={job?.state === "running"}>{t("cameras.search_again")}</Button>
        </form>
      </section>
      <ByAddress onFound={onFound} />
    </>
  );
}

function useSearch(at: string) {
  const client = useClient();
  const ways = useMemo(
    () => ({
      begin: () => client.call("POST /camera-searches", at.trim() === "" ? {} : { at: at.trim() }),
      see: (id: string) => client.call("GET /camera-searches/{id}", undefined, { path: { id } }),
      end: (id: string) => client.call("DELETE /camera-searches/{id}", undefined, { path: { id } }),
    }),
    [client, at],
  );
  return useJob<SearchJob>(ways);
}

function Running({ search }: { readonly search: ReturnType<typeof useSearch> }) {
  const { t } = useTranslation();
  const { job, error, begin, cancel } = search;
  if (job === undefined) return error === undefined ? null : <Failed error={error} onRetry={begin} />;
  if (job.state === "failed") return <WhatToDo job={job} />;
  if (job.state === "cancelled") return <Alert kind="info">{t("cameras.search_stopped")}</Alert>;
  if (job.state === "done") return job.found.length === 0 ? <Alert kind="info" title={t("cameras.nobody")}><p>{t("cameras.nobody_text")}</p></Alert> : null;
  return (
    <div className="camera-job">
      <Progress label={t("cameras.searching")} value={job.progress} />
      <Button kind="secondary" size="small" onClick={cancel}>{t("cameras.stop")}</Button>
    </div>
  );
}

function Devices({ job, onChoose }: { readonly job: SearchJob; readonly onChoose: (device: FoundDevice) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <p className="quiet" role="status">{t("cameras.found", { count: job.found.length })}</p>
      <ul className="plain camera-found">
        {job.found.map((device) => (
          <li key={device.address}>
            <div>
              <strong>{device.name || device.hardware || t("cameras.device")}</strong>
              <small>{[device.location, host(device.address)].filter(Boolean).join(" · ")}</small>
              {device.known === null ? null : <small>{t("cameras.known", { name: device.known })}</small>}
            </div>
            <Button kind="secondary" size="small" onClick={() => onChoose(device)} aria-label={t("cameras.choose_device", { name: device.name || host(device.address) })}>
              {t("cameras.choose")}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

function ByAddress({ onFound }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [isEmpty, setEmpty] = useState(false);
  function go(event: SyntheticEvent): void {
    event.preventDefault();
    const address = text.trim();
    setEmpty(address === "");
    if (address === "") return;
    const isStream = /^[a-z]+:\/\//i.test(address) && !/^https?:\/\/.*onvif/i.test(address);
    onFound({ device: isStream ? null : address, url: isStream ? address : "", name: "", place: "" });
  }
  return (
    <form className="camera-row" onSubmit={go} noValidate>
      <TextField
        label={t("cameras.by_address")}
        hint={t("cameras.by_address_hint")}
        value={text}
        onChange={setText}
        autoComplete="off"
        spellCheck={false}
        error={isEmpty ? t("cameras.needed") : undefined}
      />
      <Button isSubmit kind="secondary">{t("cameras.go_on")}</Button>
    </form>
  );
}

function fromDevice({ address, name, location }: FoundDevice): Pick<Found, "device" | "url" | "name" | "place"> {
  return { device: address, url: "", name: location || name, place: location };
}

function host(address: string): string {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}
