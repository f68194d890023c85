/** The context of a handler: facts about its task, and its reports. */
import { AsyncLocalStorage } from "node:async_hooks";
import { createReadStream } from "node:fs";
import { inspect } from "node:util";
import type { BlobReference } from "@tutti/contracts/types/v1";
import {
  callHandler,
  durationText,
  type LogFields,
  type Logger,
  type LogLevel,
  type TraceContext,
} from "@tutti/kernel";
import type { MissionTaskContext } from "../client/missions/mission-task.ts";
import { sdkErrors } from "../errors.ts";
import { partsOf } from "../link/blobs.ts";
import type { Attempt } from "./attempt.ts";
import { messageLengthMax } from "./failure.ts";
import type { Counter, Gauge, Histogram, MeasureOptions } from "./measures.ts";
import { type ModelAnswer, ModelCallLog, type ModelRequest } from "./model-calls.ts";
import type { FileReference, StoredFile } from "./stored-file.ts";

export interface Progress {
  /** Progress, 0 to 1. */
  readonly fraction?: number;
  /** In words, for people. */
  readonly message?: string;
  /** State for later attempts, in `context.saved`: JSON, at most 64 KiB. */
  readonly saved?: unknown;
}

export interface StoreOptions {
  /** Default: `application/octet-stream`. */
  readonly mediaType?: string;
}

/** Returns content from its start. Called again if the store was unavailable. */
export type StoredContent = () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface OutputOptions {
  /** Which of several outputs the piece belongs to, such as `stdout`. */
  readonly channel?: string;
  /** Default: text in UTF-8. */
  readonly mediaType?: string;
}

const bytesType = "application/octet-stream";
const savedBytesMax = 65_536;
const chunkBytesMax = 65_536;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class TaskContext {
  readonly #attempt: Attempt;
  readonly #logger: Logger;
  #saved: { readonly value: unknown } | undefined;
  #ownLogger: Logger | undefined;

  constructor(attempt: Attempt, logger: Logger) {
    this.#attempt = attempt;
    this.#logger = logger;
  }

  get capability(): string {
    return this.#attempt.work.name;
  }

  get version(): string {
    return this.#attempt.work.version;
  }

  /** Kind of the work that the task belongs to: `run`, `mission`. */
  get workKind(): string {
    return this.#attempt.assign.workKind || "run";
  }

  /** Id of the run or mission. */
  get workId(): string {
    return this.#attempt.assign.workId;
  }

  /** Id of the task in it. With the index where it is done for each of a list: `ship[3]`. */
  get taskId(): string {
    return this.#attempt.assign.taskId;
  }

  /** The namespace of the work. Default: the worker's own. */
  get namespace(): string {
    return this.#attempt.assign.namespace || this.#attempt.port.namespace;
  }

  /** The work that the task belongs to: `run order-17, task reserve`. */
  get caller(): string {
    return `${this.workKind} ${this.workId}, task ${this.taskId}`;
  }

  /** From 1. */
  get attempt(): number {
    return this.#attempt.assign.attempt;
  }

  /** Key to pass to other systems, so that a repeated attempt takes effect there once. Equal for every attempt. */
  get idempotencyKey(): string {
    return this.#attempt.assign.idempotencyKey || `${this.workId}/${this.taskId}`;
  }

  get labels(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#attempt.assign.labels.map(({ name, value }) => [name, value]));
  }

  /** The sticky or context key by which this worker was chosen. Empty for none. */
  get contextKey(): string {
    return this.#attempt.assign.contextKey;
  }

  /** Credential for calls back to the platform, narrowed to what this task may do. */
  get accessToken(): string {
    return this.#attempt.assign.accessToken;
  }

  /** Budget of the attempt. Undefined without a limit. */
  get budget(): { readonly tokens: number; readonly money: number; readonly timeMs: number } | undefined {
    return this.#attempt.assign.budget;
  }

  /** The W3C header to hand on. Empty when the work is not traced. */
  get traceparent(): string {
    return this.#attempt.assign.traceparent;
  }

  /** The place in a distributed trace. Undefined when the work is not traced. */
  get trace(): TraceContext | undefined {
    const [, traceId, spanId, flags] = traceForm.exec(this.traceparent) ?? [];
    if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
    return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
  }

  /** Remaining time of the attempt in milliseconds. Infinity without a limit. */
  get remainingMs(): number {
    return this.#attempt.remainingMs;
  }

  /** Duration of the attempt so far, milliseconds. */
  get elapsedMs(): number {
    return this.#attempt.port.nowMs() - this.#attempt.startedMs;
  }

  /**
   * Aborted when the attempt is cancelled or timed out, or when the worker had no link for so long that the task
   * moved to another. Pass it to your calls, and return soon after.
   */
  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  /** State that an earlier attempt saved by `progress({saved})`. Undefined for none. */
  get saved(): unknown {
    const { saved } = this.#attempt.assign;
    this.#saved ??= { value: saved.length === 0 ? undefined : parsedOrText(saved) };
    return this.#saved.value;
  }

  /** Reports the progress of the work, which is a heartbeat too. Reports within a moment are joined. */
  progress({ fraction, message, saved }: Progress): void {
    const attempt = this.#attempt;
    if (attempt.isOver) return;
    const progress = attempt.pendingProgress ?? { saved: undefined, fraction: 0, message: "" };
    if (fraction !== undefined) progress.fraction = Math.min(1, Math.max(0, fraction || 0));
    if (message !== undefined) progress.message = message.slice(0, messageLengthMax);
    if (saved !== undefined) {
      const bytes = encoder.encode(JSON.stringify(saved) ?? "null");
      if (bytes.length > savedBytesMax)
        throw sdkErrors.savedTooLarge({ bytes: bytes.length, bytesMax: savedBytesMax });
      progress.saved = bytes;
      attempt.saved = bytes;
    }
    attempt.pendingProgress = progress;
    attempt.port.progressed(attempt);
  }

  /** Sends a heartbeat, for a task with a heartbeat timeout. */
  heartbeat(): void {
    this.progress({});
  }

  /**
   * Sends a chunk of output before the result, such as a token of a language model, to readers at best effort. Await
   * it if there is much output: it resolves when there is room.
   */
  async output(
    chunk: string | Uint8Array,
    { channel = "", mediaType = "" }: OutputOptions = {},
  ): Promise<void> {
    const attempt = this.#attempt;
    const bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk;
    for (let start = 0; start < bytes.length && !attempt.isOver; start += chunkBytesMax) {
      const piece = bytes.subarray(start, start + chunkBytesMax);
      const room = attempt.port.output(attempt, {
        index: attempt.pieces++,
        chunk: piece,
        channel,
        mediaType,
      });
      if (room !== undefined) await room;
    }
  }

  /**
   * Returns the mission that the task belongs to. With it, read and write the blackboard, send messages, vote, reserve
   * budget, delegate a part, or hand the task on. Rejects for a task of a run.
   */
  async mission(): Promise<MissionTaskContext> {
    if (this.workKind !== "mission") throw sdkErrors.noMission({ work: this.caller });
    return this.#attempt.port.mission(this.#attempt);
  }

  /**
   * Returns the value of a secret: `secret:NAME` or `secret:NAME@VERSION` of the installation, which only this worker
   * can open. `env:NAME` or `file:/path` of this machine, if the worker's option `secrets` contains it. Read it as
   * late as possible, pass it to its user, and store it nowhere. Reports of the attempt (output, error, progress, its
   * logger) contain its name in place of the value.
   */
  secret(reference: string): Promise<string> {
    return this.#attempt.port.secret(this.#attempt, reference);
  }

  /**
   * Stores content that is too large for JSON, or is none. Return the file, and the next task gets it as its input. A
   * path is read as a file. Content is removed a day after nothing refers to it any more.
   */
  store(
    content: string | URL | Uint8Array | StoredContent,
    { mediaType = bytesType }: StoreOptions = {},
  ): Promise<StoredFile> {
    const { port } = this.#attempt;
    return port.store(this.#attempt, () => contentOf(content), mediaType);
  }

  /** Stores JSON, without the secrets of the task. Returns the reference that `content` reads. */
  async storeJson<Value>(value: Value): Promise<Pick<FileReference, "$blob">> {
    const { masks } = this.#attempt;
    const json = JSON.stringify(masks === undefined ? value : masks.json(value));
    const { $blob } = (await this.store(encoder.encode(json), { mediaType: "" })).toJSON();
    return { $blob };
  }

  /**
   * Returns the content of a value: JSON in the blob store as a value, other content as a file, any other value
   * unchanged. Lists and objects from REST or another task may refer to content with `{"$blob": {"sha256", "size"}}`.
   */
  async content(value: unknown): Promise<unknown> {
    const reference = blobNamed(value);
    if (reference === undefined) return value;
    const file = this.#attempt.port.file(this.#attempt, reference.blob, reference.mediaType);
    const isJson = reference.mediaType === "" || reference.mediaType === "application/json";
    return isJson ? (JSON.parse(await file.text()) as unknown) : file;
  }

  /** Tokens and money that the attempt has used so far. */
  get used(): { readonly tokens: number; readonly money: number } {
    const { tokens = 0, money = 0 } = this.#attempt.used ?? {};
    return { tokens, money };
  }

  /** Adds to the tokens and money that the attempt has used. Reported with its result. */
  use({ tokens = 0, money = 0 }: { readonly tokens?: number; readonly money?: number }): void {
    const used = this.#attempt.used ?? { tokens: 0, money: 0 };
    used.tokens += tokens;
    used.money += money;
    this.#attempt.used = used;
  }

  /** A metric of yours that grows. It is recorded in the namespace of the work, with the label `worker`. */
  counter(name: string, options?: MeasureOptions): Counter {
    return this.#attempt.port.measures.counter(this.namespace, name, options);
  }

  /** A metric of yours that goes up and down. */
  gauge(name: string, options?: MeasureOptions): Gauge {
    return this.#attempt.port.measures.gauge(this.namespace, name, options);
  }

  /** A metric of yours that has a distribution: durations, sizes. */
  histogram(name: string, options?: MeasureOptions): Histogram {
    return this.#attempt.port.measures.histogram(this.namespace, name, options);
  }

  /**
   * Calls a language model, and notes it: the trace of the work has the call within this attempt, with its model, its
   * time and the values passed to `answered`. Tokens count as used up. Do not report them to `use` again.
   */
  async askModel<Answer>(
    request: ModelRequest,
    call: (answered: (answer: ModelAnswer) => void) => Promise<Answer>,
  ): Promise<Answer> {
    const attempt = this.#attempt;
    attempt.models ??= new ModelCallLog();
    const modelCall = attempt.models.start(request, attempt.port.nowMs());
    const end = (error?: unknown) => this.use({ tokens: modelCall.finish(attempt.port.nowMs(), error) });
    try {
      const answer = await call((response) => modelCall.answered(response));
      end();
      return answer;
    } catch (error) {
      end(error);
      throw error;
    }
  }

  /**
   * Writes work, task, attempt and trace in each line of the worker's log. Readers of the run see the lines too, on the
   * page of the run and by `tutti logs`, as output in the channel `log`.
   */
  get logger(): Logger {
    this.#ownLogger ??= bothOf(
      this.#logger.child({
        capability: this.capability,
        workId: this.workId,
        taskId: this.taskId,
        attempt: this.attempt,
        ...(this.trace !== undefined && { traceId: this.trace.traceId, spanId: this.trace.spanId }),
      }),
      this.#attempt.port.runLog(this.#attempt),
    );
    const { masks } = this.#attempt;
    return masks === undefined ? this.#ownLogger : masks.logger(this.#ownLogger);
  }

  toString(): string {
    const rows = [
      ["caller", `${this.caller} in namespace ${this.namespace}, attempt ${this.attempt}`],
      [
        "remaining",
        this.remainingMs === Number.POSITIVE_INFINITY ? "no limit" : durationText(this.remainingMs),
      ],
      ["trace", this.traceparent || "none"],
      ["key", this.idempotencyKey],
    ];
    const lines = rows.map(([name = "", value]) => `  ${name.padEnd(10)}${value}`);
    return [`task ${this.capability}@${this.version}`, ...lines].join("\n");
  }

  /** For logs. Without the credential. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { capability, version, caller, namespace, attempt, remainingMs, traceparent, idempotencyKey } =
      this;
    return {
      capability,
      version,
      caller,
      namespace,
      attempt,
      remainingMs: Number.isFinite(remainingMs) ? Math.round(remainingMs) : null,
      traceparent,
      idempotencyKey,
    };
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** Lines that the first logger writes go to the second one too. */
function bothOf(own: Logger, copy: Logger | undefined): Logger {
  if (copy === undefined) return own;
  const line = (level: LogLevel) => (message: string, fields?: LogFields) => {
    own[level](message, fields);
    if (own.enabled(level)) copy[level](message, fields);
  };
  return {
    trace: line("trace"),
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    fatal: line("fatal"),
    enabled: (level) => own.enabled(level),
    child: (fields) => bothOf(own.child(fields), copy.child(fields)),
  };
}

const traceForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

const tasks = new AsyncLocalStorage<TaskContext>();

/** Returns the task that the calling code works for, however deep inside its handler. Undefined outside of one. */
export function currentTask(): TaskContext | undefined {
  return tasks.getStore();
}

/** Calls a handler so that everything below it finds its task. */
export function callAs<Input, Output>(
  context: TaskContext,
  handler: (input: Input, context: TaskContext) => Output,
  input: Input,
): Output {
  return tasks.run(context, callHandler<Input, TaskContext, Output>, handler, input, context);
}

/** As REST shows it. */
function blobNamed(value: unknown): { readonly blob: BlobReference; readonly mediaType: string } | undefined {
  if (typeof value !== "object" || value === null || !("$blob" in value)) return undefined;
  const { $blob, mediaType = "" } = value as { readonly $blob: unknown; readonly mediaType?: unknown };
  const { sha256, size } = ($blob ?? {}) as { readonly sha256?: unknown; readonly size?: unknown };
  if (typeof sha256 !== "string" || typeof size !== "number" || typeof mediaType !== "string")
    return undefined;
  return { blob: { sha256: Buffer.from(sha256, "hex"), size }, mediaType };
}

function contentOf(content: string | URL | Uint8Array | StoredContent): AsyncIterable<Uint8Array> {
  if (typeof content === "function") return partsOf(content());
  return content instanceof Uint8Array ? partsOf(content) : createReadStream(content);
}

function parsedOrText(bytes: Uint8Array): unknown {
  const text = decoder.decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
