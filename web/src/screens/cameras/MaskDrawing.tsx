// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type PointerEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import type { MaskArea } from "../../core/api/masks";
import { points } from "./mask";

type Point = readonly [number, number];
const LEAST = 1; // per cent: less is a click

interface Props {
  readonly areas: readonly MaskArea[];
  /** A still; without it they are drawn on an empty picture. */
  readonly picture?: string | undefined;
  /** A rectangle was drawn between two points, in per cent. */
  readonly onDrawn?: (from: Point, to: Point) => void;
}

/** Areas over a still, or over nothing: numbers stand beside it for who does not point. */
export function MaskDrawing({ areas, picture, onDrawn }: Props) {
  const { t } = useTranslation();
  const [drag, setDrag] = useState<readonly [Point, Point] | null>(null);
  function at(event: PointerEvent<SVGSVGElement>): Point {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const share = (value: number, size: number) => Math.min(100, Math.max(0, (value / size) * 100));
    return [share(event.clientX - left, width), share(event.clientY - top, height)];
  }
  function begin(event: PointerEvent<SVGSVGElement>): void {
    if (onDrawn === undefined) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag([at(event), at(event)]);
  }
  function go(event: PointerEvent<SVGSVGElement>): void {
    if (drag !== null) setDrag([drag[0], at(event)]);
  }
  function end(): void {
    if (drag === null) return;
    const [from, to] = drag;
    setDrag(null);
    if (Math.abs(from[0] - to[0]) > LEAST && Math.abs(from[1] - to[1]) > LEAST) onDrawn?.(from, to);
  }
  return (
    <div className="mask-drawing">
      {picture === undefined ? null : <img src={picture} alt={t("masks.still")} />}
      <svg
        viewBox="0 0 100 100"
        preserveAspectRatio="none"
        role="img"
        aria-label={t("masks.drawing", { count: areas.length })}
        className={onDrawn === undefined ? undefined : "mask-drawable"}
        onPointerDown={begin}
        onPointerMove={go}
        onPointerUp={end}
        onPointerCancel={() => setDrag(null)}
      >
        {areas.map((area, index) => (
          <polygon key={index} points={points(area)} />
        ))}
        {drag === null ? null : (
          <rect
            x={Math.min(drag[0][0], drag[1][0])}
            y={Math.min(drag[0][1], drag[1][1])}
            width={Math.abs(drag[0][0] - drag[1][0])}
            height={Math.abs(drag[0][1] - drag[1][1])}
          />
        )}
      </svg>
    </div>
  );
}
