/**
 * A log line for each change of state of a service's objects, at the default level and with its trace id.
 *
 * 1. Usual changes are limited, each kind separately. Further ones are counted, and the count has a line.
 * 2. An unusual change, such as a failure, always has its line.
 */
import type { Foundation, InstanceKey, LogFields } from "@tutti/kernel";

const linesBurst = 100;
const linesPerSec = 10;

export interface StateLogOptions {
  /** The changing object: it names the line, and the field with the id. */
  readonly noun: string;
  /** Prefix of the event types that are changes of state. The rest of the type is the state. May be empty. */
  readonly prefix: string;
  /** States that every object has. */
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
  readonly #budgets = new Map<string, { lines: number; filledMs: number }>();
  #omitted = 0;

  constructor({ logger, clock }: Pick<Foundation, "logger" | "clock">, options: StateLogOptions) {
    this.#logger = logger;
    this.#clock = clock;
    this.#options = options;
  }

  changed(change: StateChange, fields: LogFields = {}): void {
    if (this.accepts(change.type)) this.write(change, fields);
  }

  /**
   * Whether the next change of this type gets a line. Call it before making the fields. Changes without a line are
   * counted.
   */
  accepts(type: string): boolean {
    const { prefix, usual } = this.#options;
    if (!type.startsWith(prefix) || !this.#logger.enabled("info")) return false;
    const to = type.slice(prefix.length);
    if (!usual.has(to) || this.#mayLog(to)) return true;
    this.#omitted++;
    return false;
  }

  /** Writes the line of an accepted change. */
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
    let budget = this.#budgets.get(to);
    if (budget === undefined) {
      budget = { lines: linesBurst, filledMs: nowMs };
      this.#budgets.set(to, budget);
    }
    budget.lines = Math.min(linesBurst, budget.lines + ((nowMs - budget.filledMs) / 1_000) * linesPerSec);
    budget.filledMs = nowMs;
    if (budget.lines < 1) return false;
    budget.lines -= 1;
    return true;
  }
}

/**
 * Returns further fields for the line of a failure: messages of errors may have data of users, so they are left out.
 */
export function failureIn(body: object): LogFields {
  // The cast: all fields are optional.
  const { error, task = "" } = body as { error?: { readonly code: string }; task?: string };
  if (error === undefined) return {};
  return { code: error.code, ...(task !== "" && { task }) };
}

/** Returns the log for tasks of runs and missions: each is assigned, and some are retried. */
export function taskLog(foundation: Pick<Foundation, "logger" | "clock">): StateLog {
  return new StateLog(foundation, { noun: "task", prefix: "", usual: new Set(["assigned", "retried"]) });
}
