import type { Sink } from "../effects/shell.ts";
import { Screen } from "./screen.ts";
import type { Style } from "./style.ts";

/** `drawn`: in place on a terminal. `lines`: the caller prints lines instead. `none`: nothing is shown. */
export type FramesKind = "drawn" | "lines" | "none";

export interface FramePage {
  readonly style: Style;
  readonly width: number;
  readonly height: number;
}

type Draw = (page: FramePage) => readonly string[];

/** Frames of one command. Each replaces the last one, which is redrawn when the terminal changes its size. */
export class Frames {
  readonly kind: FramesKind;
  readonly #screen: Screen;
  readonly #style: Style;
  readonly #stopResizing: () => void;
  #draw: Draw | undefined;
  #hasDrawn = false;

  constructor(sink: Sink, { kind, style }: { readonly kind: FramesKind; readonly style: Style }) {
    this.kind = kind;
    this.#screen = new Screen(sink);
    this.#style = style;
    this.#stopResizing = kind === "drawn" ? sink.onResize(() => this.#redraw()) : () => undefined;
  }

  /** Draws a frame. Does nothing for other kinds than `drawn`. */
  draw(draw: Draw): void {
    this.#draw = draw;
    this.#redraw();
  }

  /** Leaves the last frame on the terminal. */
  close(): void {
    this.#draw = undefined;
    this.#stopResizing();
    this.#screen.close();
  }

  #redraw(): void {
    if (this.kind !== "drawn" || this.#draw === undefined) return;
    const { width, height } = this.#screen;
    const lines = this.#draw({ style: this.#style, width, height });
    // There is nothing to draw yet.
    if (lines.length === 0 && !this.#hasDrawn) return;
    this.#hasDrawn = true;
    this.#screen.draw(lines);
  }
}
