/**
 * The attempts of a worker: assigned, started, cancelled, timed out, reported.
 *
 * 1. A token is executed once: an assignment whose token is running, or has a result that is not durable, is dropped.
 * 2. An attempt is reported at most once. A result of its handler after that is dropped.
 * 3. A slot is in use until its handler has ended, also if it is no longer awaited.
 * 4. Reports of an attempt from before its end leave before its result.
 */
import type { Assign, Cancel, Extend } from "@tutti/contracts/agent/v1";
import type { BlobReference } from "@tutti/contracts/types/v1";
import type { FlatWriter } from "@tutti/contracts/wire";
import {
  type Clock,
  isTuttiError,
  type Logger,
  lineLogger,
  reasonOf,
  type Timer,
  type Timers,
} from "@tutti/kernel";
import { sdkErrors } from "../errors.ts";
import { type BlobAccess, partsOf, storedAboveBytes, unreadable } from "../link/blobs.ts";
import { Attempt, type AttemptPort, type PendingProgress, type Piece } from "./attempt.ts";
import { AttemptContent, namesOf } from "./attempt-content.ts";
import { callAs, TaskContext } from "./context.ts";
import {
  type Figures,
  type Outcome,
  writeOutcome,
  writeOutput,
  writePiece,
  writeProgress,
  writeStarted,
} from "./encode.ts";
import { busyOf, failureDetail } from "./failure.ts";
import { FailureLog } from "./failure-log.ts";
import type { Handler, Registered } from "./handlers.ts";
import { findNotJson } from "./json.ts";
import { Masks } from "./masks.ts";
import { MeasureRegistry } from "./measures.ts";
import type { OwnUse } from "./own-use.ts";
import { StoredFile } from "./stored-file.ts";

/** Receives the outgoing messages. */
interface AttemptsOutbox {
  /** Messages are written here, each followed by `added`, or by `addedResult`, with where it starts. */
  readonly writer: FlatWriter;
  added(start: number): void;
  addedResult(token: string, start: number): void;
  readonly backlogBytes: number;
  /** Something is to be sent, or a slot has become free. */
  changed(): void;
}

export interface AttemptsParts {
  readonly namespace: string;
  readonly slots: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly outbox: AttemptsOutbox;
  /**
   * Store for content that is too large for a frame, and for files. Called for each access: the worker may be linked
   * to another host by then.
   */
  readonly blobs: () => BlobAccess;
  /** The mission that a task belongs to. */
  readonly openMission: AttemptPort["mission"];
  /** The value of a secret, by its reference. */
  readonly openSecret: AttemptPort["secret"];
  /** Default: measurements are dropped. */
  readonly measures?: MeasureRegistry;
  /** Measures CPU and memory of tasks. Default: nothing does. */
  readonly ownUse?: OwnUse | undefined;
  /** Whether readers of a run see what its tasks log. Default false. */
  readonly sendLogs?: boolean;
}

/** Time after which the attempt of a handler that ignores its abort is reported as ended. */
const abandonAfterMs = 5_000;
const encoder = new TextEncoder();
/** A handler streams more than that into the store by itself. */
const jsonLengthMax = 256 * 1024 * 1024;
/** Larger inputs are not read into memory. */
const inputBytesMax = 256 * 1024 * 1024;
/** Minimum time between two progress reports of one attempt, except for saved state. */
const progressEveryMs = 100;
/** Above this, a handler that streams has to wait. Above the second bound, its chunks are dropped. */
const backlogHighBytes = 4 * 1024 * 1024;
const backlogDropBytes = 32 * 1024 * 1024;
/** A handler does not wait for its log: above this its lines are left out for readers. */
const backlogLogBytes = 1024 * 1024;
const logLineBytesMax = 16_384;

export class Attempts implements AttemptPort {
  readonly namespace: string;
  readonly measures: MeasureRegistry;
  readonly #parts: AttemptsParts;
  /** Attempts by token. Answered ones stay until their results are durable. */
  readonly #attempts = new Map<string, Attempt | typeof answered>();
  #running = 0;
  #numbered: ReadonlyMap<number, Registered> = new Map();
  #handlersAtWork = 0;
  readonly #content: AttemptContent;
  /** When a failure of a capability was last logged. */
  readonly #failureLog = new FailureLog();
  #unsent = new Set<Attempt>();
  #sweep: Timer | undefined;
  #sweepMs = Number.POSITIVE_INFINITY;
  #room: PromiseWithResolvers<void> | undefined;
  /** From the welcome. */
  startedAfterMs = 0;
  outputBytesMax = 1024 * 1024;
  /** Larger outputs become references, even if the host accepts them inline. */
  storedAboveBytes = storedAboveBytes;
  /** Why nothing new is started. Empty while it is. */
  closedBecause = "";

  constructor(parts: AttemptsParts) {
    this.namespace = parts.namespace;
    this.#content = new AttemptContent(parts);
    this.measures = parts.measures ?? new MeasureRegistry();
    this.#parts = parts;
  }

  mission(attempt: Attempt): ReturnType<AttemptPort["mission"]> {
    return this.#parts.openMission(attempt);
  }

  async secret(attempt: Attempt, reference: string): Promise<string> {
    const value = await this.#parts.openSecret(attempt, reference);
    attempt.masks ??= new Masks();
    attempt.masks.add(reference, value);
    return value;
  }

  /** Handlers that have not ended. */
  get atWork(): number {
    return this.#handlersAtWork;
  }

  get freeSlots(): number {
    return Math.max(0, this.#parts.slots - this.#handlersAtWork);
  }

  /** How many attempts will be answered. */
  get running(): number {
    return this.#running;
  }

  /** Their tokens. */
  get tokens(): string[] {
    return this.#alive().map(({ token }) => token);
  }

  nowMs(): number {
    return this.#parts.clock.monotonic();
  }

  /** Sets the capabilities by the numbers of the host. */
  number(numbered: ReadonlyMap<number, Registered>): void {
    this.#numbered = numbered;
  }

  assigned(assign: Assign, nowMs: number): void {
    const token = tokenOf(assign.token);
    if (this.#attempts.has(token)) return;
    const registered = this.#numbered.get(assign.capability);
    if (registered === undefined) {
      const error = sdkErrors.unknownCapability({ number: assign.capability });
      this.#refuse(token, assign, { $case: "failed", value: failureDetail(error) });
      return;
    }
    if (this.closedBecause !== "" || this.#handlersAtWork >= this.#parts.slots) {
      const message = this.closedBecause || `all ${this.#parts.slots} slots are in use`;
      this.#refuse(token, assign, { $case: "busy", value: { retryAfterMs: 0, message, capabilities: [] } });
      return;
    }
    const attempt = new Attempt(token, assign, registered, this, nowMs);
    this.#attempts.set(token, attempt);
    this.#running++;
    this.#plan(attempt, nowMs);
    const reference = blobIn(assign);
    const { handler } = registered;
    if (reference === undefined) this.#startWith(attempt, handler, inlineIn(assign));
    else if (isJson(assign)) this.#fetch(attempt, handler, reference);
    else this.#start(attempt, handler, this.file(attempt, reference, mediaTypeIn(assign)));
  }

  cancelled({ token, reason, graceMs }: Cancel): void {
    const attempt = this.#attempt(tokenOf(token));
    if (attempt === undefined) return;
    const error = sdkErrors.cancelled({ reason });
    if (graceMs <= 0) {
      this.#drop(attempt, error);
      return;
    }
    const nowMs = this.nowMs();
    attempt.isCancelled = true;
    attempt.abort(error, nowMs + graceMs);
    this.#plan(attempt, nowMs);
  }

  extended({ token, runMs, totalMs }: Extend): void {
    const attempt = this.#attempt(tokenOf(token));
    if (attempt === undefined || attempt.reason !== undefined) return;
    const nowMs = this.nowMs();
    attempt.extend(runMs, totalMs, nowMs);
    this.#plan(attempt, nowMs);
  }

  /** Ends an attempt that the host does not need any more, without a report. */
  unwanted(token: string): void {
    const attempt = this.#attempt(token);
    if (attempt !== undefined) this.#drop(attempt, sdkErrors.cancelled({ reason: "given to another" }));
  }

  /** The result of this token is durable. */
  confirm(token: string): void {
    this.#attempts.delete(token);
  }

  /** A new link, which knows nothing of running work. */
  reportRunning(): void {
    const nowMs = this.nowMs();
    for (const attempt of this.#alive()) {
      this.#reportStarted(attempt, nowMs);
      if (attempt.saved === undefined) continue;
      attempt.pendingProgress ??= { saved: attempt.saved, fraction: 0, message: "" };
      attempt.pendingProgress.saved ??= attempt.saved;
      this.#unsent.add(attempt);
    }
  }

  /** Ends running work, for one reason. It is answered as far as its handlers end. */
  abortAll(reason: Error): void {
    const nowMs = this.nowMs();
    for (const attempt of this.#alive()) {
      attempt.abort(reason, nowMs + abandonAfterMs);
      this.#plan(attempt, nowMs);
    }
  }

  /** Moves the reports of this turn into the outbox. */
  collect(): void {
    if (this.#unsent.size === 0) return;
    const unsent = this.#unsent;
    this.#unsent = new Set();
    const nowMs = this.nowMs();
    for (const attempt of unsent) {
      if (attempt.pendingProgress === undefined || attempt.isOver) continue;
      const isDue =
        attempt.pendingProgress.saved !== undefined ||
        nowMs - (attempt.reportedMs ?? never) >= progressEveryMs;
      if (isDue) this.#reportProgress(attempt);
      else this.#plan(attempt, nowMs);
    }
  }

  /** The backlog may have become shorter. */
  checkBacklog(): void {
    if (this.#room === undefined || this.#parts.outbox.backlogBytes > backlogHighBytes / 2) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  stop(): void {
    this.#sweep?.cancel();
    this.#room?.resolve();
    this.#room = undefined;
  }

  progressed(attempt: Attempt): void {
    this.#unsent.add(attempt);
    this.#parts.outbox.changed();
  }

  output(attempt: Attempt, piece: Piece): Promise<void> | undefined {
    const { outbox } = this.#parts;
    if (outbox.backlogBytes < backlogDropBytes) {
      const start = outbox.writer.position;
      const { masks } = attempt;
      const masked = masks === undefined ? piece : { ...piece, chunk: masks.bytes(piece.chunk) };
      writePiece(outbox.writer, attempt.assign.token, masked);
      outbox.added(start);
    }
    outbox.changed();
    if (outbox.backlogBytes < backlogHighBytes) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  runLog(attempt: Attempt): Logger | undefined {
    const { clock, outbox, sendLogs = false } = this.#parts;
    if (!sendLogs) return undefined;
    const write = (line: string): void => {
      if (attempt.isOver || outbox.backlogBytes >= backlogLogBytes) return;
      const chunk = encoder.encode(`${line.slice(0, logLineBytesMax)}\n`);
      void this.output(attempt, { index: attempt.pieces++, chunk, channel: "log", mediaType: "" });
    };
    // The worker's own log decides which levels are written.
    return lineLogger({ clock, level: "trace", form: "text", write });
  }

  #fetch(attempt: Attempt, handler: Handler, reference: BlobReference): void {
    const capability = attempt.work.name;
    this.#handlersAtWork++;
    const failed = (error: unknown): void => {
      const reason = reasonOf(error);
      const known = attempt.reason ?? (sdkErrors.dataUnreadable.is(error) ? error : undefined);
      this.#failed(attempt, known ?? sdkErrors.inputUnreadable({ capability, reason }));
    };
    if (reference.size > inputBytesMax) {
      const blob = { ...reference, namespace: "", bytes: reference.size };
      failed(unreadable(blob, `a task reads at most ${inputBytesMax} bytes`));
      return;
    }
    this.file(attempt, reference, "")
      .bytes()
      .then((bytes) => {
        if (attempt.isOver || attempt.reason !== undefined) {
          failed(attempt.reason);
          return;
        }
        this.#handlersAtWork--;
        this.#startWith(attempt, handler, bytes);
      }, failed);
  }

  file(attempt: Attempt, reference: BlobReference, mediaType: string): StoredFile {
    return this.#content.file(attempt, reference, mediaType);
  }

  store(attempt: Attempt, content: () => AsyncIterable<Uint8Array>, mediaType: string): Promise<StoredFile> {
    return this.#content.store(attempt, content, mediaType);
  }

  /** With the bytes of its input. Absent means null. */
  #startWith(attempt: Attempt, handler: Handler, bytes: Uint8Array | undefined): void {
    const { assign, work } = attempt;
    let input: unknown = null;
    try {
      if (bytes !== undefined) input = isJson(assign) ? parsed(bytes, work.name) : Uint8Array.from(bytes);
    } catch (error) {
      this.#over(attempt, { $case: "failed", value: failureDetail(error) });
      return;
    }
    this.#start(attempt, handler, input);
  }

  #start(attempt: Attempt, handler: Handler, input: unknown): void {
    const context = new TaskContext(attempt, this.#parts.logger);
    this.#handlersAtWork++;
    this.#parts.ownUse?.started(attempt, this.#handlersAtWork);
    try {
      const output = callAs(context, handler, input);
      if (!isThenable(output)) {
        this.#succeeded(attempt, output);
        return;
      }
      output.then(
        (value) => this.#succeeded(attempt, value),
        (error: unknown) => this.#failed(attempt, error),
      );
    } catch (error) {
      this.#failed(attempt, error);
    }
  }

  #succeeded(attempt: Attempt, output: unknown): void {
    if (output instanceof StoredFile) {
      if (!this.#isLate(attempt)) this.#over(attempt, { $case: "outputPayload", value: output.payload });
      return;
    }
    const capability = attempt.work.name;
    let json: string;
    try {
      const wrong = findNotJson(output);
      if (wrong !== undefined) throw sdkErrors.outputInvalid({ capability, ...wrong });
      json = JSON.stringify(attempt.masks === undefined ? output : attempt.masks.json(output)) ?? "null";
      const bytesMax = isTurn(output)
        ? this.outputBytesMax
        : Math.min(this.outputBytesMax, this.storedAboveBytes);
      if (json.length > jsonLengthMax)
        throw sdkErrors.outputTooLarge({ capability, bytes: json.length, bytesMax: jsonLengthMax });
      if (json.length * 3 > bytesMax && Buffer.byteLength(json) > bytesMax) {
        this.#storeOutput(attempt, json);
        return;
      }
    } catch (error) {
      this.#failed(attempt, error);
      return;
    }
    if (this.#isLate(attempt)) return;
    const { writer } = this.#parts.outbox;
    this.#reportProgress(attempt);
    const start = writer.position;
    writeOutput(writer, attempt.assign.token, json, this.#figuresOf(attempt));
    this.#answered(attempt, start);
  }

  /** Stores an output that is too large for a frame first. The slot is in use until then. */
  #storeOutput(attempt: Attempt, json: string): void {
    const content = encoder.encode(json);
    this.store(attempt, () => partsOf(content), "").then(
      (file) => this.#succeeded(attempt, file),
      (error: unknown) => {
        const reason = reasonOf(error);
        const capability = attempt.work.name;
        const bytes = content.length;
        this.#failed(attempt, attempt.reason ?? sdkErrors.outputNotStored({ capability, bytes, reason }));
      },
    );
  }

  #failed(attempt: Attempt, error: unknown): void {
    if (this.#isLate(attempt)) return;
    const outcome = outcomeOf(attempt, error);
    // A `TaskFailure` is an answer of the handler. Any other error may be a mistake in it.
    const isMistake = !isTuttiError(error) || sdkErrors.functionChanged.is(error);
    if (outcome.$case === "failed" && isMistake) this.#log(attempt, error);
    this.#over(attempt, outcome);
  }

  #log(attempt: Attempt, error: unknown): void {
    const { name } = attempt.work;
    if (!this.#failureLog.isDue(name, this.nowMs())) return;
    const { logger } = this.#parts;
    const names = { ...namesOf(attempt), attempt: attempt.assign.attempt };
    (attempt.masks?.logger(logger) ?? logger).warn("attempt failed", { ...names, error });
  }

  /** The handler has ended. Whether it was answered for before. */
  #isLate(attempt: Attempt): boolean {
    this.#handlersAtWork--;
    this.#parts.ownUse?.recordUse(attempt);
    if (!attempt.isOver) return false;
    if (attempt.isAbandoned)
      this.#parts.logger.info("handler ended after its grace period. Its slot is free", namesOf(attempt));
    this.#parts.outbox.changed();
    return true;
  }

  #over(attempt: Attempt, outcome: Outcome): void {
    const { writer } = this.#parts.outbox;
    this.#reportProgress(attempt);
    const start = writer.position;
    const masked = maskedOutcome(outcome, attempt.masks);
    writeOutcome(writer, attempt.assign.token, masked, this.#figuresOf(attempt));
    this.#answered(attempt, start);
  }

  #figuresOf({ startedMs, used, models }: Attempt): Figures {
    const nowMs = this.nowMs();
    return { runMs: nowMs - startedMs, used, modelCalls: models?.report(nowMs) };
  }

  #answered(attempt: Attempt, start: number): void {
    const { outbox } = this.#parts;
    attempt.isOver = true;
    this.#running--;
    this.#attempts.set(attempt.token, answered);
    outbox.addedResult(attempt.token, start);
    outbox.changed();
  }

  /** An assignment that was not started. */
  #refuse(token: string, assign: Assign, outcome: Outcome): void {
    const { outbox } = this.#parts;
    const start = outbox.writer.position;
    writeOutcome(outbox.writer, assign.token, outcome, neverStarted);
    this.#attempts.set(token, answered);
    outbox.addedResult(token, start);
    outbox.changed();
  }

  #drop(attempt: Attempt, reason: Error): void {
    attempt.isOver = true;
    this.#running--;
    this.#attempts.delete(attempt.token);
    attempt.abort(reason, Number.POSITIVE_INFINITY);
  }

  #attempt(token: string): Attempt | undefined {
    const attempt = this.#attempts.get(token);
    return attempt === answered ? undefined : attempt;
  }

  #alive(): Attempt[] {
    return [...this.#attempts.values()].filter((attempt) => attempt !== answered);
  }

  #reportProgress(attempt: Attempt): void {
    if (attempt.pendingProgress === undefined) return;
    const { outbox } = this.#parts;
    const start = outbox.writer.position;
    writeProgress(
      outbox.writer,
      attempt.assign.token,
      maskedProgress(attempt.pendingProgress, attempt.masks),
      attempt.used,
    );
    outbox.added(start);
    attempt.pendingProgress = undefined;
    attempt.reportedMs = this.nowMs();
  }

  #reportStarted(attempt: Attempt, nowMs: number): void {
    const { outbox } = this.#parts;
    const start = outbox.writer.position;
    writeStarted(outbox.writer, attempt.assign.token, nowMs - attempt.startedMs);
    outbox.added(start);
    attempt.isKnown = true;
  }

  /** One timer for all attempts: most end before anything about them is due. */
  #plan(attempt: Attempt, nowMs: number): void {
    const dueMs = attempt.dueMs(this.startedAfterMs, progressEveryMs);
    if (this.#sweepMs <= dueMs || dueMs === Number.POSITIVE_INFINITY) return;
    this.#sweep?.cancel();
    this.#sweepMs = dueMs;
    this.#sweep = this.#parts.timers.after(Math.max(0, dueMs - nowMs), () => this.#checkAll());
  }

  #checkAll(): void {
    this.#sweepMs = Number.POSITIVE_INFINITY;
    const nowMs = this.nowMs();
    for (const attempt of this.#alive()) {
      if (attempt.dueMs(this.startedAfterMs, progressEveryMs) <= nowMs) this.#check(attempt, nowMs);
      if (!attempt.isOver) this.#plan(attempt, nowMs);
    }
    this.#parts.outbox.changed();
  }

  #check(attempt: Attempt, nowMs: number): void {
    if (!attempt.isKnown && attempt.startedMs + this.startedAfterMs <= nowMs)
      this.#reportStarted(attempt, nowMs);
    if (attempt.pendingProgress !== undefined && nowMs - (attempt.reportedMs ?? never) >= progressEveryMs)
      this.#reportProgress(attempt);
    const { runEndsMs, totalEndsMs, abandonMs } = attempt.limits;
    if (Math.min(runEndsMs, totalEndsMs) <= nowMs) {
      const what = runEndsMs <= nowMs ? "the attempt" : "the task";
      const afterMs = Math.min(runEndsMs, totalEndsMs) - attempt.startedMs;
      attempt.abort(sdkErrors.timedOut({ what, afterMs }), nowMs + abandonAfterMs);
    }
    if (abandonMs <= nowMs) this.#abandon(attempt);
  }

  #abandon(attempt: Attempt): void {
    attempt.isAbandoned = true;
    this.#parts.logger.warn(
      "handler did not end in its grace period. Its slot is in use until it ends",
      namesOf(attempt),
    );
    if (attempt.isCancelled) {
      const message = "the handler did not end in the time that it was given";
      this.#over(attempt, { $case: "stopped", value: { message } });
      return;
    }
    this.#over(attempt, refusalOf(attempt, attempt.reason));
  }
}

/** Returns the outcome of a handler that threw: busy, or failed. */
function refusalOf({ work }: Attempt, error: unknown): Outcome {
  const busy = busyOf(error, work.name);
  if (busy === undefined) return { $case: "failed", value: failureDetail(error) };
  const { retryAfterMs, message, capabilities } = busy;
  return { $case: "busy", value: { retryAfterMs, message, capabilities: [...capabilities] } };
}

function outcomeOf(attempt: Attempt, error: unknown): Outcome {
  const { reason } = attempt;
  const isEcho = error === reason || (error instanceof Error && error.name === "AbortError");
  if (attempt.isCancelled) {
    const message = isEcho || !(error instanceof Error) ? "" : error.message.slice(0, 4_096);
    return { $case: "stopped", value: { message } };
  }
  return refusalOf(attempt, reason !== undefined && isEcho ? reason : error);
}

function blobIn({ input }: Assign): BlobReference | undefined {
  if (input?.$case !== "inputPayload") return undefined;
  const { body } = input.value;
  return body?.$case === "blob" ? body.value : undefined;
}

function inlineIn({ input }: Assign): Uint8Array | undefined {
  if (input?.$case === "inlineInput") return input.value;
  const body = input?.value.body;
  return body?.$case === "inline" ? body.value : undefined;
}

function mediaTypeIn({ input }: Assign): string {
  return input?.$case === "inputPayload" ? input.value.mediaType : "";
}

function isJson({ input }: Assign): boolean {
  if (input?.$case !== "inputPayload") return true;
  const { mediaType } = input.value;
  return mediaType === "" || mediaType === "application/json";
}

function parsed(bytes: Uint8Array, capability: string): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    const reason = reasonOf(error);
    throw sdkErrors.inputMalformed({ capability, reason });
  }
}

/** Returns whether an output is a turn of a durable function: the run reads each of its steps. */
function isTurn(output: unknown): boolean {
  return typeof output === "object" && output !== null && "function" in output && "known" in output;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

export function tokenOf(token: Uint8Array): string {
  return String.fromCharCode.apply(String, token as unknown as number[]);
}

export function bytesOfToken(token: string): Uint8Array {
  return Uint8Array.from(token, (character) => character.charCodeAt(0));
}

const decoder = new TextDecoder("utf-8", { fatal: true });
const never = Number.NEGATIVE_INFINITY;
/** An attempt that has a result. */
const answered = Symbol("answered");
const neverStarted: Figures = { runMs: 0, used: undefined, modelCalls: undefined };

/** Masks the secrets in a report of an attempt. */
export function maskedProgress(progress: PendingProgress, masks: Masks | undefined): PendingProgress {
  if (masks === undefined) return progress;
  const { saved, message } = progress;
  return { ...progress, message: masks.text(message), saved: saved && masks.bytes(saved) };
}

export function maskedOutcome(outcome: Outcome, masks: Masks | undefined): Outcome {
  if (masks === undefined) return outcome;
  switch (outcome.$case) {
    case "failed":
      return { $case: "failed", value: masks.error(outcome.value) };
    case "busy":
      return { $case: "busy", value: { ...outcome.value, message: masks.text(outcome.value.message) } };
    case "stopped":
      return { $case: "stopped", value: { message: masks.text(outcome.value.message) } };
    default:
      return outcome;
  }
}
