import type { Standing } from "@tutti/rest/client";
import { drawRun } from "../drawing/run-frame.ts";
import type { Shell, Sink } from "../effects/shell.ts";
import { Screen } from "../terminal/screen.ts";
import type { Style } from "../terminal/style.ts";
import { cut } from "../terminal/text.ts";
import { printDurationMs } from "../terminal/time.ts";
import { Absence } from "./absence.ts";
import type { Told } from "./model.ts";
import type { Teller } from "./teller.ts";

/** Often enough for what moves by itself (durations), seldom enough for a metered connection. */
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
  #stuck: readonly string[] = [];
  readonly #absence: Absence;

  constructor({ sink, style, shell }: { readonly sink: Sink; readonly style: Style; readonly shell: Shell }) {
    this.#screen = new Screen(sink);
    this.#style = style;
    this.#shell = shell;
    const draw = () => this.#draw();
    this.#absence = new Absence({ shell, onAway: draw, onBack: draw });
    this.#stopResizing = sink.onResize(draw);
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

  standing(standing: Standing, error?: unknown): void {
    this.#absence.stand(standing, error);
  }

  stuck(lines: readonly string[]): void {
    this.#stuck = lines;
    this.#draw();
  }

  end(model: Told): void {
    this.#stuck = [];
    this.#model = model;
    this.#draw();
    this.#ended.abort();
    this.#absence.end();
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
    const below = [
      ...this.#stuck.map((line) => this.#style.yellow(cut(` ${line}`, width))),
      ...(away === undefined ? [] : [away]),
    ];
    const frame = drawRun(view, { style: this.#style, width, height: height - below.length, nowMs });
    this.#screen.draw([...frame, ...below]);
  }

  #away(nowMs: number): string | undefined {
    const { told } = this.#absence;
    if (told === undefined) return undefined;
    const words = ` ${told.words} (${printDurationMs(nowMs - told.sinceMs)})`;
    return this.#style.yellow(cut(words, this.#screen.width));
  }
}
