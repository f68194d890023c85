import type { Standing } from "@tutti/rest/client";
import { drawRun } from "../drawing/run-frame.ts";
import type { Shell, Sink } from "../effects/shell.ts";
import { Screen } from "../terminal/screen.ts";
import type { Style } from "../terminal/style.ts";
import { printDurationMs } from "../terminal/time.ts";
import type { Told } from "./model.ts";
import type { Teller } from "./teller.ts";

/** Often enough for what moves by itself (durations), seldom enough for whoever pays for the line. */
const redrawMs = 250;
/** Changes that come close together are one frame. */
const gatherMs = 50;

/** Draws a run or a session in the lowest lines of a terminal, again and again. */
export class FrameTeller implements Teller {
  readonly showsEnd = true;
  readonly #screen: Screen;
  readonly #style: Style;
  readonly #shell: Shell;
  readonly #ended = new AbortController();
  readonly #stopResizing: () => void;
  #model: Told | undefined;
  #isDue = false;
  #awaySinceMs: number | undefined;

  constructor({ sink, style, shell }: { readonly sink: Sink; readonly style: Style; readonly shell: Shell }) {
    this.#screen = new Screen(sink);
    this.#style = style;
    this.#shell = shell;
    this.#stopResizing = sink.onResize(() => this.#draw());
    void this.#keepDrawing();
  }

  changed(model: Told): void {
    this.#model = model;
    if (this.#isDue) return;
    this.#isDue = true;
    void this.#shell.pause(gatherMs, this.#ended.signal).then(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  standing(standing: Standing): void {
    if (standing === "open") this.#awaySinceMs = undefined;
    else if (standing === "broken") this.#awaySinceMs ??= this.#shell.nowMs();
    this.#draw();
  }

  end(model: Told): void {
    this.#model = model;
    this.#draw();
    this.#ended.abort();
    this.#stopResizing();
    this.#screen.end();
  }

  async #keepDrawing(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await this.#shell.pause(redrawMs, this.#ended.signal);
      this.#draw();
    }
  }

  #draw(): void {
    if (this.#ended.signal.aborted) return;
    const nowMs = this.#shell.nowMs();
    const away = this.#away(nowMs);
    const view = this.#model?.view();
    if (view === undefined) {
      if (away !== undefined) this.#screen.draw([away]);
      return;
    }
    const { width, height } = this.#screen;
    const frame = drawRun(view, {
      style: this.#style,
      width,
      height: height - (away === undefined ? 0 : 1),
      nowMs,
    });
    this.#screen.draw(away === undefined ? frame : [...frame, away]);
  }

  #away(nowMs: number): string | undefined {
    const since = this.#awaySinceMs;
    if (since === undefined) return undefined;
    return this.#style.yellow(` The platform is away, trying again … (${printDurationMs(nowMs - since)})`);
  }
}
