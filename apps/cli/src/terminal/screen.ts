import type { Sink } from "../effects/shell.ts";
import { widthOf } from "./text.ts";

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
// A terminal that knows these sequences shows the output between them as one update. Others ignore them.
const beginUpdate = "\u001b[?2026h";
const endUpdate = "\u001b[?2026l";
const clearLine = "\u001b[K";
const clearBelow = "\u001b[J";

/**
 * The lowest lines of a terminal, redrawn in place. Text printed above them stays in the scrollback.
 *
 * 1. At most the lines of the terminal minus one, because lines that have scrolled away cannot be redrawn.
 * 2. A narrowed terminal has wrapped the lines of the last frame, so their height is computed with the present width.
 */
export class Screen {
  readonly #sink: Sink;
  #drawn: readonly string[] = [];
  #isHidden = false;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  get width(): number {
    return this.#sink.columns;
  }

  /** Maximum of lines in a frame. */
  get height(): number {
    return Math.max(4, this.#sink.rows - 1);
  }

  draw(lines: readonly string[]): void {
    const frame = lines.slice(0, this.height);
    const text = frame.map((line) => `${line}${clearLine}\n`).join("");
    this.#write(`${this.#back()}${text}${clearBelow}`);
    this.#drawn = frame;
  }

  /** Leaves the frame in place, and restores the terminal. */
  close(): void {
    if (this.#isHidden) this.#sink.write(showCursor);
    this.#isHidden = false;
    this.#drawn = [];
  }

  #back(): string {
    const width = Math.max(1, this.width);
    const height = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / width)), 0);
    return height === 0 ? "" : `\u001b[${height}A\r`;
  }

  #write(text: string): void {
    const hide = this.#isHidden ? "" : hideCursor;
    this.#isHidden = true;
    this.#sink.write(`${hide}${beginUpdate}${text}${endUpdate}`);
  }
}
