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

interface Parts {
  readonly print: Printer;
  readonly shell: Shell;
  /** Reports only that the platform is not reachable. */
  readonly isSilent: boolean;
}

/** Durations as messages have them: `57 ms`, `1 min 3 s`, and `1m3s` as documents have them. */
const duration = /\b\d+(?:\.\d+)? ?(?:ms|s|min|m|h|d)(?: ?\d+ ?(?:ms|s|min|m|h|d))*\b/g;

interface Change {
  readonly state: string;
  readonly name: string;
  readonly about: string;
  readonly attemptText: string;
  /** Time of the change. Undefined if only the time of the reply is known. */
  readonly atMs?: number | undefined;
}

/** Reports a run or session without a terminal: a line for each change of a task or of the whole. */
export class LineReporter implements Reporter {
  readonly showsEnd = false;
  readonly #parts: Parts;
  readonly #reported = new Map<string, string>();
  readonly #absence: DisconnectionReporter;
  /** Printed causes, without durations, since the last end of a task. */
  readonly #causes = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#absence = disconnectionReporter(parts);
  }

  changed(reported: Reported): void {
    const { tasks, summary } = reported.changes;
    // The command that prints the result also prints the end.
    if (summary !== undefined && !displayOf(summary.status).isEnded) {
      const { status, statusReason, id } = summary;
      const isFirst = status === "running" && !this.#reported.has("whole");
      const atMs = isFirst ? reported.view()?.startMs : undefined;
      this.#report("whole", { state: status, name: id, about: statusReason, attemptText: "", atMs });
    }
    const nowMs = this.#parts.shell.nowMs();
    const changes: [key: string, Change][] = [];
    for (const view of this.#parts.isSilent ? [] : tasks) {
      if (view.state === "pending") continue;
      if (view.endMs !== undefined) this.#causes.clear();
      const attemptText = view.attempts > 1 ? `attempt ${view.attempts}` : "";
      const error = ["failed", "retrying", "paused"].includes(view.state) ? view.error : "";
      const duration =
        view.startMs !== undefined && view.endMs !== undefined
          ? printDurationMs(view.endMs - view.startMs)
          : "";
      const used = view.used === undefined || view.endMs === undefined ? "" : usageText(view.used);
      const about = [duration, used, attemptText, error === "" ? view.reason : error]
        .filter((part) => part !== "")
        .join(" · ");
      // Queued again, a task keeps its first start.
      const isStart = view.state === "running" || (view.state === "queued" && attemptText === "");
      const atMs = view.endMs ?? (isStart ? view.startMs : undefined);
      changes.push([`task ${view.id}`, { state: view.state, name: view.id, about, attemptText, atMs }]);
    }
    // Changes that arrive together are printed in the order of their times.
    changes.sort(([, one], [, other]) => (one.atMs ?? nowMs) - (other.atMs ?? nowMs));
    for (const [key, change] of changes) this.#report(key, change);
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

  #report(key: string, { state, name, about, attemptText, atMs }: Change): void {
    const { print, shell, isSilent } = this.#parts;
    const known = `${state} ${attemptText}`;
    if (isSilent || this.#reported.get(key) === known) return;
    this.#reported.set(key, known);
    const { symbol, tone, words } = displayOf(state);
    const { errorStyle: style } = print;
    const line = [
      style.dim(printClock(atMs ?? shell.nowMs())),
      `${toned(style, tone, symbol)} ${padEnd(safe(name), 20)}`,
      toned(style, tone, padEnd(words, 10)),
      style.dim(safe(about)),
    ].join("  ");
    print.errorLines([line.trimEnd()]);
  }
}
