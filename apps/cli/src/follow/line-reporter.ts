import type { ConnectionState } from "@tutti/rest/client";
import { usageText } from "@tutti/rest/history";
import type { Printer } from "../command/printer.ts";
import type { Shell } from "../effects/shell.ts";
import { displayOf } from "../terminal/states.ts";
import { toned } from "../terminal/style.ts";
import { padEnd, safe } from "../terminal/text.ts";
import { printClock, printDurationMs } from "../terminal/time.ts";
import { type DisconnectionReporter, disconnectionReporter } from "./disconnection.ts";
import type { Reported } from "./model.ts";
import type { Reporter } from "./reporter.ts";
import type { TaskView } from "./run-view.ts";

interface Parts {
  readonly print: Printer;
  readonly shell: Shell;
  /** Reports only that the platform is not reachable. */
  readonly isSilent: boolean;
}

/** Durations as messages have them: `57 ms`, `1 min 3 s`, and `1m3s` as documents have them. */
const duration = /\b\d+(?:\.\d+)? ?(?:ms|s|min|m|h|d)(?: ?\d+ ?(?:ms|s|min|m|h|d))*\b/g;

interface Change {
  readonly key: string;
  readonly state: string;
  readonly name: string;
  readonly about: string;
  readonly attemptText: string;
  /** Time of the change. Undefined if only the time of the reply is known. */
  readonly atMs: number | undefined;
}

/** Returns the part of a change that has a line once. */
const known = ({ state, attemptText }: Pick<Change, "state" | "attemptText">) => `${state} ${attemptText}`;

/** Key of the run, mission or session itself. */
const whole = "whole";

/** Reports a run or session without a terminal: a line for each change of a task or of the whole. */
export class LineReporter implements Reporter {
  readonly showsEnd = false;
  readonly #parts: Parts;
  readonly #reported = new Map<string, string>();
  readonly #absence: DisconnectionReporter;
  /** Printed causes, without durations, since the last end of a task. */
  readonly #causes = new Set<string>();
  /** Time of the last line. */
  #lastMs = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#absence = disconnectionReporter(parts);
  }

  changed(reported: Reported): void {
    const { isSilent, shell } = this.#parts;
    if (isSilent) return;
    const { tasks, summary } = reported.changes;
    const all = tasks.flatMap((view) => this.#changesOf(view));
    // The command that prints the result also prints the end.
    if (summary !== undefined && !displayOf(summary.status).isEnded) {
      const { status: state, statusReason: about, id: name } = summary;
      const isFirst = state === "running" && !this.#reported.has(whole);
      const atMs = isFirst ? reported.view()?.startMs : undefined;
      all.unshift({ key: whole, state, name, about, attemptText: "", atMs });
    }
    const changes = all.filter((change) => this.#reported.get(change.key) !== known(change));
    // A change without a recorded time has the latest time of its reply.
    const knownMs = changes.map(({ atMs }) => atMs);
    if (knownMs.includes(undefined)) knownMs.push(reported.view()?.endMs);
    const recentMs = knownMs.filter((atMs) => atMs !== undefined && atMs > this.#lastMs) as number[];
    const latestMs = recentMs.length === 0 ? shell.nowMs() : Math.max(...recentMs);
    const timed = changes.map((change) => ({ ...change, atMs: change.atMs ?? latestMs }));
    timed.sort((one, other) => one.atMs - other.atMs || orderOf(one) - orderOf(other));
    for (const change of timed) this.#report(change);
  }

  /** Returns the changes of a task since its last line. The end of a compensated task may have no line yet. */
  #changesOf(view: TaskView): Change[] {
    if (view.state === "pending") return [];
    if (view.endMs !== undefined) this.#causes.clear();
    const isUndone = view.state === "compensating" || view.state === "compensated";
    const change = changeOf(view, isUndone);
    const isKnown = /^(completed|compensat)/.test(this.#reported.get(change.key) ?? "");
    if (!isUndone || isKnown || view.endMs === undefined) return [change];
    return [{ ...change, state: "completed", atMs: view.endMs }, change];
  }

  connectionChanged(state: ConnectionState, error?: unknown): void {
    this.#absence.update(state, error);
  }

  stuck(lines: readonly string[]): void {
    // The same cause is printed once, even if its duration changes or it alternates with others.
    const cause = lines.join("\n").replaceAll(duration, "");
    if (this.#parts.isSilent || lines.length === 0 || this.#causes.has(cause)) return;
    this.#causes.add(cause);
    this.#parts.print.errorLines(lines);
  }

  close(): void {
    this.#absence.close();
  }

  #report({ key, state, name, about, attemptText, atMs }: Change & { readonly atMs: number }): void {
    const { print } = this.#parts;
    this.#reported.set(key, known({ state, attemptText }));
    this.#lastMs = Math.max(this.#lastMs, atMs);
    const { symbol, tone, words } = displayOf(state);
    const { errorStyle: style } = print;
    const line = [
      style.dim(printClock(this.#lastMs)),
      `${toned(style, tone, symbol)} ${padEnd(safe(name), 20)}`,
      toned(style, tone, padEnd(words, 10)),
      style.dim(safe(about)),
    ].join("  ");
    print.errorLines([line.trimEnd()]);
  }
}

function changeOf(view: TaskView, isUndone: boolean): Change {
  const { id, state, startMs, endMs, changeMs: atMs } = view;
  const attemptText = view.attempts > 1 ? `attempt ${view.attempts}` : "";
  const error = ["failed", "retrying", "paused"].includes(state) ? view.error : "";
  // The compensation has times of its own.
  const hasDuration = startMs !== undefined && endMs !== undefined && !isUndone;
  const duration = hasDuration ? printDurationMs(endMs - startMs) : "";
  const used = view.used === undefined || endMs === undefined || isUndone ? "" : usageText(view.used);
  const about = [duration, used, attemptText, error === "" ? view.reason : error]
    .filter((part) => part !== "")
    .join(" · ");
  return { key: `task ${id}`, state, name: id, about, attemptText, atMs };
}

/** Orders changes of the same time: the run itself, then ends, then the starts that follow from them. */
const orderOf = ({ key, state }: Change): number => (key === whole ? 0 : displayOf(state).isEnded ? 1 : 2);
