import type { Style } from "../terminal/style.ts";

/** The style, size and time of a frame. */
export interface Canvas {
  readonly style: Style;
  readonly width: number;
  /** Maximum of lines. */
  readonly height: number;
  readonly nowMs: number;
}
