// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** The picture that a video has at this instant, held until it is dropped. */
export interface Taken {
  /** Seconds of the player's clock. */
  readonly media: number;
  readonly image: CanvasImageSource;
  readonly drop: () => void;
}

const HAVE_ONE = 2; // HAVE_CURRENT_DATA
const EIGHTHS = 8; // the size changes in steps: each change wipes what was drawn

/** Null where it has none. `last`: of the frame that was shown last, for browsers in which a picture does not tell its time. */
export function takePicture(video: HTMLVideoElement, last: number | null): Taken | null {
  if (video.readyState < HAVE_ONE || video.videoWidth === 0) return null;
  if (typeof VideoFrame === "undefined") return last === null ? null : { media: last, image: video, drop: () => undefined };
  try {
    const frame = new VideoFrame(video);
    return { media: frame.timestamp / 1e6, image: frame, drop: () => frame.close() };
  } catch {
    return null; // between two streams it has none
  }
}

/** What is seen of a camera. Videos run beneath, each by itself; here pictures change together, in one task of the page. */
export class PictureCanvas {
  /** Of what is drawn; null: nothing is. */
  media: number | null = null;

  constructor(
    readonly element: HTMLCanvasElement,
    private readonly video: HTMLVideoElement,
  ) {}

  draw({ image, media }: Taken): void {
    const [width, height] = this.#size();
    const { element } = this;
    if (media === this.media && element.width === width && element.height === height) return;
    if (element.width !== width) element.width = width;
    if (element.height !== height) element.height = height;
    element.getContext("2d", { alpha: false })?.drawImage(image, 0, 0, width, height);
    this.media = media;
  }

  /** An old picture would be taken for one of now. */
  clear(): void {
    if (this.media === null) return;
    this.media = null;
    this.element.getContext("2d", { alpha: false })?.clearRect(0, 0, this.element.width, this.element.height);
  }

  /** As large as it is seen, at most as it was recorded; zoomed in, that is all of it. */
  #size(): readonly [number, number] {
    const { videoWidth, videoHeight } = this.video;
    const box = this.element.getBoundingClientRect();
    const seen = Math.min(box.width / videoWidth, box.height / videoHeight) * devicePixelRatio;
    const scale = Math.min(1, Math.max(1, Math.ceil(seen * EIGHTHS)) / EIGHTHS);
    return [Math.max(1, Math.round(videoWidth * scale)), Math.max(1, Math.round(videoHeight * scale))];
  }
}
