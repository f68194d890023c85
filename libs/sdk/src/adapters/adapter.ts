/**
 * An adapter offers operations of another system as capabilities of a worker.
 *
 * 1. An operation declares the effect of a repeated call. Without an idempotency key, a sent call is not repeated.
 * 2. Input is validated before the other system is called.
 * 3. A call above the rate limit returns to the queue and uses no slot. The same holds if the other system limits calls.
 *    Only operations of this adapter are paused, because a limit of one connection does not apply to others.
 * 4. Secrets are references until a call needs them.
 */
import { validateAgainst } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { type Clock, isTuttiError, reasonOf, systemClock } from "@tutti/kernel";
import type { OptionNames } from "../options.ts";
import { Busy } from "../task/failure.ts";
import type { JsonSchema } from "../task/handlers.ts";
import type { Worker } from "../worker/worker.ts";
import { adapterErrors } from "./errors.ts";

/** `secret:NAME`, `env:NAME` or `file:/path`. Never a value. */
export type SecretReference = `secret:${string}` | `env:${string}` | `file:${string}`;

/** The part of a calling task that an operation receives. */
export interface AdapterCall {
  /** The same for every attempt of a task. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
  /** Remaining time of the task in milliseconds. Default: no limit. */
  readonly remainingMs?: number;
  /** The value of `secret:NAME`, `env:NAME` or `file:/path`. */
  secret(reference: string): Promise<string>;
}

/**
 * Effect of a second call with the same key. `safe`: none, because the call reads or sets the same value again. `key`:
 * none, because the other system recognizes the key. `never`: the effect would occur again.
 */
export type Repeat = "safe" | "key" | "never";

export interface AdapterOperation {
  readonly description?: string;
  /** Default: an object with any members. */
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
  readonly repeat: Repeat;
  call(input: Readonly<Record<string, unknown>>, call: AdapterCall): Promise<unknown>;
}

export interface RateLimit {
  readonly perSecond: number;
  /** Maximum number of calls in a burst. Default: `perSecond`, at least 1. */
  readonly burst?: number;
}

export const rateNames: OptionNames<RateLimit> = { perSecond: true, burst: true };

export interface Adapter {
  /** The first part of its capabilities: `NAME.OPERATION`. */
  readonly name: string;
  /** Kind of the other system: `http`, `openapi`, … */
  readonly kind: string;
  readonly version?: string;
  readonly operations: Readonly<Record<string, AdapterOperation>>;
  readonly rate?: RateLimit;
  /** Throws if the other system cannot be reached with the credentials. Changes nothing there. */
  check(call: AdapterCall): Promise<void>;
  close?(): void;
}

/** The capability that checks the connection of an adapter. */
const checkOperation = "adapter-check";

const partForm = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;

/** Adds the operations of an adapter to a worker. Returns their capabilities. A stopped worker closes the adapter. */
export function addAdapter(
  worker: Pick<Worker, "handle"> & Partial<Pick<Worker, "stopped">>,
  adapter: Adapter,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): readonly string[] {
  requireUsable(adapter);
  const limits = new CallLimits(adapter, clock);
  const names = Object.entries(adapter.operations).map(([name, operation]) => {
    const capability = `${adapter.name}.${name}`;
    const call = (input: unknown, task: AdapterCall) =>
      callOperation(capability, operation, input, callOf(task), limits);
    worker.handle(capability, call, {
      ...(adapter.version !== undefined && { version: adapter.version }),
      ...(operation.description !== undefined && { description: operation.description }),
      inputSchema: operation.input ?? { type: "object" },
      ...(operation.output !== undefined && { outputSchema: operation.output }),
    });
    return capability;
  });
  worker.handle(
    `${adapter.name}.${checkOperation}`,
    (_input, task) => checkAdapter(adapter, callOf(task), clock),
    {
      description: `Checks the connection of the adapter (${adapter.kind}).`,
      inputSchema: { type: "object" },
    },
  );
  // An open connection would keep the process from ending.
  const close = () => adapter.close?.();
  worker.stopped?.then(close, close);
  return names;
}

/** Returns the part of a task that an adapter sees. Its members may be destructured, unlike the methods of a task. */
function callOf(task: AdapterCall): AdapterCall {
  const { idempotencyKey, signal, remainingMs } = task;
  return {
    idempotencyKey,
    signal,
    secret: (reference) => task.secret(reference),
    ...(remainingMs !== undefined && { remainingMs }),
  };
}

/** Checks a connection. Throws its problem. */
export async function checkAdapter(
  adapter: Adapter,
  call: AdapterCall,
  clock: Clock = systemClock,
): Promise<{
  readonly adapter: string;
  readonly kind: string;
  readonly operations: number;
  readonly ms: number;
}> {
  const startedMs = clock.monotonic();
  await adapter.check(call);
  const ms = Math.round(clock.monotonic() - startedMs);
  const { name, kind, operations } = adapter;
  return { adapter: name, kind, operations: Object.keys(operations).length, ms };
}

/** Validates the input, applies the rate limit, and calls the operation. */
export async function callOperation(
  capability: string,
  operation: AdapterOperation,
  rawInput: unknown,
  call: AdapterCall,
  limits?: CallLimits,
): Promise<unknown> {
  const input = validInput(capability, operation.input ?? { type: "object" }, rawInput ?? {});
  limits?.acquire(capability);
  try {
    return await operation.call(input, call);
  } catch (error) {
    if (error instanceof Busy && limits !== undefined) throw limits.pause(error);
    if (call.signal.aborted || error instanceof Busy || isTuttiError(error)) throw error;
    const reason = reasonOf(error);
    throw adapterErrors.unreachable({ operation: capability, reason }, { cause: error });
  }
}

function validInput(
  operation: string,
  schema: JsonSchema,
  rawInput: unknown,
): Readonly<Record<string, unknown>> {
  const { value, violations } = validateAgainst(schema as Json, rawInput as Json);
  const [first] = violations;
  if (first !== undefined) {
    const place = first.path.length === 0 ? "" : `\`${first.path.join(".")}\` `;
    throw adapterErrors.inputInvalid({ operation, reason: `${place}${first.message}` });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw adapterErrors.inputInvalid({ operation, reason: "expected an object" });
  return value as Readonly<Record<string, unknown>>;
}

function requireUsable(adapter: Adapter): void {
  const fail = (problem: string) => {
    throw adapterErrors.invalid({ adapter: adapter.name, problem });
  };
  if (!partForm.test(adapter.name)) fail("expected a name of lower-case words such as `shop`");
  const names = Object.keys(adapter.operations);
  if (names.length === 0) fail("it has no operation");
  for (const name of names) {
    if (!partForm.test(name)) fail(`expected lower-case words as the name of an operation, got \`${name}\``);
    if (name === checkOperation) fail(`\`${name}\` is the name of the check`);
  }
  const { rate } = adapter;
  if (rate !== undefined && !(rate.perSecond > 0)) fail("`rate.perSecond` must be more than 0");
}

const secondMs = 1_000;

/** Limits the calls of an adapter: its own rate, and the pauses that the other system requested. */
export class CallLimits {
  readonly #clock: Clock;
  readonly #bucket: Bucket | undefined;
  readonly #capabilities: readonly string[];
  #until: { readonly ms: number; readonly message: string } | undefined;

  constructor({ name, rate }: Pick<Adapter, "name" | "rate">, clock: Clock) {
    this.#clock = clock;
    this.#bucket = rate && new Bucket(rate, clock);
    this.#capabilities = [`${name}.*`];
  }

  /** Throws `Busy` if a call has to wait. */
  acquire(capability: string): void {
    const { ms = 0, message = "" } = this.#until ?? {};
    const remainingMs = ms - this.#clock.monotonic();
    if (remainingMs > 0) throw this.#busy(remainingMs, message);
    const waitMs = this.#bucket?.acquire() ?? 0;
    if (waitMs > 0) throw this.#busy(waitMs, `the rate limit of ${capability} is reached`);
  }

  /** Pauses calls because the other system limits them. Calls that the worker already has wait too, and are not sent. */
  pause({ retryAfterMs, message }: Busy): Busy {
    const ms = this.#clock.monotonic() + retryAfterMs;
    if (ms > (this.#until?.ms ?? 0)) this.#until = { ms, message };
    return this.#busy(retryAfterMs, message);
  }

  #busy(retryAfterMs: number, message: string): Busy {
    return new Busy({ retryAfterMs, message, capabilities: this.#capabilities });
  }
}

/** A token bucket. */
class Bucket {
  readonly #perMs: number;
  readonly #size: number;
  readonly #clock: Clock;
  #tokens: number;
  #atMs: number;

  constructor({ perSecond, burst = Math.max(1, perSecond) }: RateLimit, clock: Clock) {
    this.#perMs = perSecond / secondMs;
    this.#size = Math.max(1, burst);
    this.#clock = clock;
    this.#tokens = this.#size;
    this.#atMs = clock.monotonic();
  }

  /** Takes a token. Returns 0, or how long to wait for the next one. */
  acquire(): number {
    const nowMs = this.#clock.monotonic();
    this.#tokens = Math.min(this.#size, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return Math.ceil((1 - this.#tokens) / this.#perMs);
    this.#tokens -= 1;
    return 0;
  }
}
