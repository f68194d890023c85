import type { Style } from "../terminal/style.ts";

/** Where a frame is drawn, and when. */
export interface Canvas {
  readonly style: Style;
  readonly width: number;
  /** Lines at most. */
  readonly height: number;
  readonly nowMs: number;
}
