// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { CameraDetail, ListedCamera } from "../../core/api/cameras";
import { Button } from "../../ui/Button";
import { Screen } from "../../ui/Screen";
import { Steps } from "../../ui/Steps";
import { AccessStep, type Found } from "./AccessStep";
import { CheckStep, type Checked } from "./CheckStep";
import { DoneStep } from "./DoneStep";
import { FindStep } from "./FindStep";
import { PlaceStep } from "./PlaceStep";

interface Props {
  readonly cameras: readonly ListedCamera[];
  readonly onChanged: () => void;
  readonly onBack: () => void;
}

const STEPS = ["find", "access", "check", "place", "done"] as const;
type Step = (typeof STEPS)[number];

/** In a minute: found, signed in to, looked at without a picture, placed, recorded. */
export function AddCamera({ cameras, onChanged, onBack }: Props) {
  const { t } = useTranslation();
  const [step, setStep] = useState<Step>("find");
  const [found, setFound] = useState<Found>({ device: null, url: "", sub: "", user: "", password: "", name: "", place: "" });
  const [checked, setChecked] = useState<Checked | null>(null);
  const [made, setMade] = useState<CameraDetail | null>(null);

  function again(): void {
    setFound((before) => ({ ...before, device: null, url: "", sub: "", name: "", place: "" }));
    setChecked(null);
    setMade(null);
    setStep("find");
  }
  return (
    <Screen title={t("cameras.add")} aside={<Button kind="quiet" icon="arrow-left" onClick={onBack}>{t("cameras.to_list")}</Button>}>
      <div className="camera-add">
        <Steps label={t("cameras.steps")} steps={STEPS.map((name) => t(`cameras.step_${name}`))} at={STEPS.indexOf(step)} />
        {step === "find" ? (
          <FindStep
            onFound={(device) => {
              setFound({ ...found, ...device });
              setStep("access");
            }}
          />
        ) : null}
        {step === "access" ? (
          <AccessStep
            found={found}
            onBack={() => setStep("find")}
            onGo={(said) => {
              setFound(said);
              setStep("check");
            }}
          />
        ) : null}
        {step === "check" ? (
          <CheckStep
            found={found}
            onBack={() => setStep("access")}
            onGo={(seen) => {
              setChecked(seen);
              setStep("place");
            }}
          />
        ) : null}
        {step === "place" && checked !== null ? (
          <PlaceStep
            found={found}
            checked={checked}
            cameras={cameras}
            onBack={() => setStep("check")}
            onMade={(camera) => {
              setMade(camera);
              setStep("done");
              onChanged();
            }}
          />
        ) : null}
        {step === "done" && made !== null ? <DoneStep camera={made} onAgain={again} onBack={onBack} /> : null}
      </div>
    </Screen>
  );
}
