import type { ConnectionState } from "@tutti/rest/client";
import { drawRun } from "../drawing/run-frame.ts";
import type { Shell } from "../effects/shell.ts";
import type { FramePage, Frames } from "../terminal/frames.ts";
import { cut } from "../terminal/text.ts";
import { printDurationMs } from "../terminal/time.ts";
import { DisconnectionReporter } from "./disconnection.ts";
import type { Reported } from "./model.ts";
import type { Reporter } from "./reporter.ts";

/** Interval of redraws for changing durations. A frame takes bytes of a metered connection. */
const redrawMs = 250;
/** Changes within this time are drawn as one frame. */
const gatherMs = 50;

/** Redraws a run or a session in the lowest lines of a terminal. */
export class FrameReporter implements Reporter {
  readonly showsEnd = true;
  readonly #frames: Frames;
  readonly #shell: Pick<Shell, "nowMs" | "pause">;
  readonly #ended = new AbortController();
  readonly #absence: DisconnectionReporter;
  #model: Reported | undefined;
  #isDue = false;
  #stuck: readonly string[] = [];

  constructor({
    frames,
    shell,
  }: { readonly frames: Frames; readonly shell: Pick<Shell, "nowMs" | "pause"> }) {
    this.#frames = frames;
    this.#shell = shell;
    const draw = () => this.#draw();
    this.#absence = new DisconnectionReporter({ shell, onDisconnect: draw, onReconnect: draw });
    this.#draw();
    void this.#redrawPeriodically();
  }

  changed(model: Reported): void {
    this.#model = model;
    if (this.#isDue) return;
    this.#isDue = true;
    void this.#shell.pause(gatherMs, this.#ended.signal).then(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  connectionChanged(state: ConnectionState, error?: unknown): void {
    this.#absence.update(state, error);
  }

  stuck(lines: readonly string[]): void {
    this.#stuck = lines;
    this.#draw();
  }

  close(model: Reported): void {
    this.#stuck = [];
    this.#model = model;
    this.#draw();
    this.#ended.abort();
    this.#absence.close();
    this.#frames.close();
  }

  async #redrawPeriodically(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await this.#shell.pause(redrawMs, this.#ended.signal);
      this.#draw();
    }
  }

  #draw(): void {
    if (!this.#ended.signal.aborted) this.#frames.draw((page) => this.#linesOf(page));
  }

  #linesOf(page: FramePage): readonly string[] {
    const nowMs = this.#shell.nowMs();
    const view = this.#model?.view();
    const below = [
      ...(view === undefined ? [] : this.#stuck.map((line) => ` ${line}`)),
      ...this.#disconnectedLines(nowMs),
    ].map((line) => page.style.yellow(cut(line, page.width)));
    if (view === undefined) return below;
    // The lines below name the open approvals.
    const visible = this.#stuck.length > 0 ? { ...view, openApprovals: 0 } : view;
    return [...drawRun(visible, { ...page, height: page.height - below.length, nowMs }), ...below];
  }

  #disconnectedLines(nowMs: number): readonly string[] {
    const { reported } = this.#absence;
    if (reported === undefined) return [];
    return [` ${reported.words} (${printDurationMs(nowMs - reported.sinceMs)})`];
  }
}
