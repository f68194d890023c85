/**
 * A line of the log for each change of state of what a service keeps, at the default level and with its trace id.
 *
 * 1. Changes that all of them have are limited, each kind by itself. What is beyond is counted, and the count has a
 *    line.
 * 2. A change that only some have, such as a failure, always has its line.
 */
import type { Foundation, InstanceKey, LogFields } from "@tutti/kernel";

const linesAtOnce = 100;
const linesPerSec = 10;

export interface StateLogOptions {
  /** What changes: it names the line, and the field with the id. */
  readonly noun: string;
  /** Of the types of events that are changes of state. The rest of the type is the state. May be empty. */
  readonly prefix: string;
  /** States that all of them have. */
  readonly usual: ReadonlySet<string>;
}

export interface StateChange {
  readonly key: InstanceKey;
  readonly type: string;
  readonly cause: { readonly traceparent: string };
}

export class StateLog {
  readonly #logger: Foundation["logger"];
  readonly #clock: Foundation["clock"];
  readonly #options: StateLogOptions;
  readonly #left = new Map<string, { lines: number; filledMs: number }>();
  #omitted = 0;

  constructor({ logger, clock }: Pick<Foundation, "logger" | "clock">, options: StateLogOptions) {
    this.#logger = logger;
    this.#clock = clock;
    this.#options = options;
  }

  changed(change: StateChange, fields: LogFields = {}): void {
    if (this.takes(change.type)) this.write(change, fields);
  }

  /** Whether the next change of this type gets a line, to ask before its fields are made. It counts if it gets none. */
  takes(type: string): boolean {
    const { prefix, usual } = this.#options;
    if (!type.startsWith(prefix) || !this.#logger.enabled("info")) return false;
    const to = type.slice(prefix.length);
    if (!usual.has(to) || this.#mayLog(to)) return true;
    this.#omitted++;
    return false;
  }

  /** The line of a change that was taken. */
  write({ key, type, cause }: StateChange, fields: LogFields): void {
    const { noun, prefix } = this.#options;
    const to = type.slice(prefix.length);
    if (this.#omitted > 0) this.#logger.info(`${noun} state changes not logged`, { count: this.#omitted });
    this.#omitted = 0;
    const [, traceId = ""] = cause.traceparent.split("-");
    this.#logger.info(`${noun} state changed: ${to}`, {
      namespace: key.namespace,
      [noun]: key.id,
      to,
      ...fields,
      ...(traceId !== "" && { traceId }),
    });
  }

  #mayLog(to: string): boolean {
    const nowMs = this.#clock.monotonic();
    let left = this.#left.get(to);
    if (left === undefined) {
      left = { lines: linesAtOnce, filledMs: nowMs };
      this.#left.set(to, left);
    }
    left.lines = Math.min(linesAtOnce, left.lines + ((nowMs - left.filledMs) / 1_000) * linesPerSec);
    left.filledMs = nowMs;
    if (left.lines < 1) return false;
    left.lines -= 1;
    return true;
  }
}

/** What the line of a failure says beside the change: messages of errors may have data of users. */
export function failureIn(body: object): LogFields {
  // The cast: it is asked of what it may have.
  const { error, task = "" } = body as { error?: { readonly code: string }; task?: string };
  if (error === undefined) return {};
  return { code: error.code, ...(task !== "" && { task }) };
}

/** Tasks of runs and missions: each is assigned, and some are retried. */
export function taskLog(foundation: Pick<Foundation, "logger" | "clock">): StateLog {
  return new StateLog(foundation, { noun: "task", prefix: "", usual: new Set(["assigned", "retried"]) });
}
