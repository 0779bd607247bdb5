// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** When each frame of a part is shown, on the player's clock, as its fragments tell: so it is known how long a picture holds. Pure. */

const TIMESCALE = 90_000; // of all that the control room serves
const SAME_S = 0.003; // a player counts in microseconds, a playlist in its own way
const MOST = 64; // parts

interface Part {
  readonly times: readonly number[];
  /** Of the last one. */
  readonly end: number;
}

export class ShownTimes {
  readonly #parts = new Map<string, Part>();

  /** What came of a part, once more or for the first time. */
  take(name: string, bytes: ArrayBuffer): void {
    const part = partOf(new DataView(bytes));
    if (part === null) return;
    this.#parts.delete(name);
    this.#parts.set(name, part);
    const oldest = this.#parts.size > MOST ? this.#parts.keys().next().value : undefined;
    if (oldest !== undefined) this.#parts.delete(oldest);
  }

  /** When the frame that begins there gives way to the next; undefined where it is not known. */
  end(media: number): number | undefined {
    for (const { times, end } of this.#parts.values()) {
      const [first] = times;
      if (first === undefined || media < first - SAME_S || media >= end - SAME_S) continue;
      return times.find((each) => each > media + SAME_S) ?? end;
    }
    return undefined;
  }

  clear(): void {
    this.#parts.clear();
  }
}

/** Of fragments as the control room makes them: one `traf`, entries of 16 bytes (duration, size, flags, shift). */
function partOf(data: DataView): Part | null {
  const times: number[] = [];
  let end = 0;
  for (const moof of boxes(data, "moof", 0, data.byteLength)) {
    for (const traf of boxes(data, "traf", ...moof)) {
      const [tfdt, trun] = [boxes(data, "tfdt", ...traf)[0], boxes(data, "trun", ...traf)[0]];
      if (tfdt === undefined || trun === undefined) continue;
      let decoded = Number(data.getBigUint64(tfdt[0] + 4));
      for (let at = trun[0] + 12; at + 16 <= trun[1]; at += 16) {
        const shown = decoded + data.getInt32(at + 12);
        const duration = data.getUint32(at);
        decoded += duration;
        end = Math.max(end, shown + duration);
        times.push(shown / TIMESCALE);
      }
    }
  }
  return times.length === 0 ? null : { times: times.sort((one, other) => one - other), end: end / TIMESCALE };
}

/** From where to where the contents of each box of that name are. */
function boxes(data: DataView, name: string, from: number, to: number): readonly (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  for (let at = from; at + 8 <= to; ) {
    const size = data.getUint32(at);
    if (size < 8 || at + size > to) break;
    const kind = String.fromCharCode(...[4, 5, 6, 7].map((each) => data.getUint8(at + each)));
    if (kind === name) found.push([at + 8, at + size]);
    at += size;
  }
  return found;
}
