// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** What this browser can play, asked once. */

const PROBES = { avc1: 'video/mp4; codecs="avc1.640028"', hvc1: 'video/mp4; codecs="hvc1.1.6.L93.B0"' } as const;

interface SourceType {
  new (): MediaSource;
  isTypeSupported(mime: string): boolean;
}

/** ManagedMediaSource where there is one: iPhones have nothing else. */
export function sourceType(): SourceType | null {
  const found = globalThis as { ManagedMediaSource?: SourceType; MediaSource?: SourceType };
  return found.ManagedMediaSource ?? found.MediaSource ?? null;
}

export function playableCodecs(): readonly string[] {
  const source = sourceType();
  return source === null ? [] : Object.entries(PROBES).filter(([, mime]) => source.isTypeSupported(mime)).map(([name]) => name);
}

/** As people call it: `H.265`. */
export function codecName(mime: string): string {
  const codec = /codecs="?([a-z0-9]+)/i.exec(mime)?.[1] ?? mime;
  if (/^(hvc1|hev1|h265|hevc)/i.test(codec)) return "H.265";
  if (/^(avc1|avc3|h264)/i.test(codec)) return "H.264";
  return codec;
}
