/**
 * The worker of a test. It handles attempts with the code of a real worker, so contexts, timeouts, cancellation,
 * progress and refused outputs are the same. There is no pool between it and the runs: an offered task starts at
 * once.
 */
import { AgentFrame, Assign, type Result } from "@tutti/contracts/agent/v1";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import { CompleteTask, FailTask } from "@tutti/contracts/workflow/v1";
import { durationText, type Logger, stableHash, type Timer, TuttiError, toErrorDetail } from "@tutti/kernel";
import type { VirtualTime } from "@tutti/kernel/virtual";
import {
  completeTask,
  failTask,
  noteAttempt,
  noteProgress,
  type OfferTask,
  returnTask,
  type StartChild,
} from "@tutti/machine-run";
import { memoryBlobs } from "../link/blobs.ts";
import { Attempts, bytesOfToken, tokenOf } from "../task/attempts.ts";
import type { TaskContext } from "../task/context.ts";
import type { Registered } from "../task/handlers.ts";
import { jsonIn } from "./json.ts";
import type { Stage, StagedEffect } from "./stage.ts";
import { enroll, isAbsent, type Waiting } from "./waiting.ts";

/** A handler was called. */
export interface HandlerCall {
  readonly run: string;
  readonly task: string;
  readonly capability: string;
  readonly attempt: number;
  readonly input: unknown;
  /** True for a compensation. */
  readonly isUndo: boolean;
  readonly time: Date;
}

export interface CrewParts {
  readonly namespace: string;
  readonly time: VirtualTime;
  readonly logger: Logger;
  readonly handlers: ReadonlyMap<string, Registered>;
  /** A handler is missing: nothing in the definition could make up for it. */
  readonly onMissing: (message: string) => void;
}

interface Assignment {
  readonly effect: StagedEffect;
  readonly heartbeatMs: number;
  readonly capability: string;
  silence: Timer | undefined;
}

/** Long attempts report their start, as hosts require. */
const startedAfterMs = 1_000;
/** How long a handler has to end after a request to stop. */
const graceMs = 30_000;
const agent = "the test";
const cause: Cause = {
  actor: { kind: ActorKind.ACTOR_KIND_AGENT, id: agent },
  ...{ traceparent: "", decision: "", reason: "" },
};

export class Crew implements Waiting {
  readonly calls: HandlerCall[] = [];
  readonly #files = memoryBlobs();
  readonly #parts: CrewParts;
  readonly #stage: Stage;
  readonly #attempts: Attempts;
  readonly #numbers: ReadonlyMap<string, number>;
  /** By token. */
  readonly #assignments = new Map<string, Assignment>();
  /** Tokens by demand. */
  readonly #tokensOf = new Map<string, string>();
  /** Demands without a worker. */
  readonly #waiting = new Map<string, Timer>();
  readonly #idle = new Map<TaskContext, number>();
  #tokens = 0;
  #overlooked = 0;
  #changed = Promise.withResolvers<void>();

  constructor(parts: CrewParts, stage: Stage) {
    this.#parts = parts;
    this.#stage = stage;
    const { time, logger, namespace, handlers } = parts;
    this.#attempts = new Attempts({
      ...{ namespace, slots: Number.MAX_SAFE_INTEGER, clock: time, timers: time, logger },
      outbox: this.#outbox(),
      blobs: () => this.#files,
      openSecret: (_, reference) =>
        Promise.reject(new TypeError(`there is no ${reference} in a test of workflows`)),
      openMission: () => Promise.reject(new TypeError("there is no mission in a test of workflows")),
    });
    // Conditions and checks read the values of a test, so all are inline.
    this.#attempts.storedAboveBytes = Number.POSITIVE_INFINITY;
    this.#attempts.startedAfterMs = startedAfterMs;
    const registered = [...handlers.values()];
    this.#numbers = new Map(registered.map(({ name }, index) => [name, index + 1]));
    this.#attempts.number(new Map(registered.map((each, index) => [index + 1, this.#enrolled(each)])));
  }

  /** Handlers that are running and do not wait for time. */
  get atWork(): number {
    const busy = this.#attempts.running - this.#idle.size;
    this.#overlooked = Math.min(this.#overlooked, busy);
    return busy - this.#overlooked;
  }

  /** Whether no handler is under way, nor waits. */
  get isIdle(): boolean {
    return this.#attempts.running === 0;
  }

  /** Treats the handlers that are running now as waiting. */
  overlook(): void {
    this.#overlooked += this.atWork;
  }

  /** Running work, for messages: `pay.charge of charge`. */
  get namesAtWork(): readonly string[] {
    return [...this.#assignments.values()].map(
      ({ capability, effect }) => `${capability} of ${(effect.effect as OfferTask).taskId}`,
    );
  }

  /** Resolves when an attempt has ended, reported something, or started to wait. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  start(staged: StagedEffect, offer: OfferTask, traceId: string): void {
    const { profile, taskId, input, attempt, facts, details, saved } = offer;
    const { capability, timeouts } = profile;
    const number = this.#numbers.get(capability);
    const { key } = staged;
    if (number === undefined) {
      const { handlers, onMissing } = this.#parts;
      onMissing(
        `expected a handler for ${capability}, which task ${taskId} of run ${key.id} ${profile.isUndo ? "is undone by" : "uses"}, got ${listed([...handlers.keys()])}; add "${capability}": async (input, context) => … to \`handlers\``,
      );
      return;
    }
    if (isAbsent(this.#parts.handlers.get(capability)?.handler)) {
      this.#wait(staged, offer);
      return;
    }
    const token = this.#newToken();
    const name = tokenOf(token);
    const assignment: Assignment = {
      effect: staged,
      heartbeatMs: timeouts.heartbeatMs,
      capability,
      silence: undefined,
    };
    this.#assignments.set(name, assignment);
    this.#tokensOf.set(nameOf(staged), name);
    const bytes = input instanceof Uint8Array ? input : undefined;
    const { id: run, namespace } = key;
    const { isUndo } = profile;
    this.calls.push({
      ...{ run, task: taskId, capability, attempt, isUndo, time: new Date(this.#stage.nowMs) },
      input: bytes === undefined ? null : jsonIn(bytes),
    });
    const labels = Object.entries({ ...facts.labels, ...details?.labels });
    const assign = Assign.fromPartial({
      ...{ token, capability: number, attempt, namespace, workKind: "run", workId: run, taskId },
      ...(input !== undefined && {
        input:
          input instanceof Uint8Array
            ? { $case: "inlineInput", value: input }
            : { $case: "inputPayload", value: input },
      }),
      ...{ runMs: timeouts.runMs, heartbeatMs: timeouts.heartbeatMs },
      totalMs: offer.totalDueMs === 0 ? 0 : Math.max(1, offer.totalDueMs - this.#stage.nowMs),
      idempotencyKey: details?.idempotencyKey ?? "",
      contextKey: details?.contextKey ?? "",
      labels: labels.map(([label, value]) => ({ name: label, value })),
      traceparent: `00-${traceId}-${hex(8, run, taskId, String(attempt))}-01`,
      ...(saved !== undefined && { saved }),
      ...(offer.budget !== undefined && { budget: { ...offer.budget } }),
    });
    this.#listen(name, assignment);
    this.#attempts.assigned(assign, this.#parts.time.monotonic());
  }

  /** Lets the task wait for an agent that never comes. */
  #wait(staged: StagedEffect, { profile, readyMs }: OfferTask): void {
    const { queueMs } = profile.timeouts;
    if (queueMs <= 0) return;
    const { time } = this.#parts;
    const expire = () => {
      this.#waiting.delete(nameOf(staged));
      const error = new TuttiError({
        ...{ code: "offer.timed_out", status: "DEADLINE_EXCEEDED", retry: "never" },
        message: `expected an agent for ${profile.capability} within the ${durationText(queueMs)} that the task may wait, got none. Start more agents, or let it wait longer`,
      });
      const body = { ...FailTask.create(), error: toErrorDetail(error) };
      this.#stage.settle(staged, failTask, body, cause);
    };
    const remainingMs = Math.max(0, readyMs + queueMs - this.#stage.nowMs);
    this.#waiting.set(nameOf(staged), time.after(remainingMs, expire));
  }

  /** Returns the input of a child, also if it is in the blob store. Files are null. */
  jsonOf(input: StartChild["input"]): unknown {
    if (input === undefined || input instanceof Uint8Array) return jsonIn(input ?? new Uint8Array(0));
    const content = input.body?.$case === "blob" ? this.#files.contentOf(input.body.value.sha256) : undefined;
    return content === undefined || input.mediaType !== "" ? null : jsonIn(content);
  }

  withdraw(staged: StagedEffect): void {
    this.#waiting.get(nameOf(staged))?.cancel();
    this.#waiting.delete(nameOf(staged));
    const name = this.#tokensOf.get(nameOf(staged));
    if (name === undefined) return;
    this.#remove(name);
    this.#attempts.cancelled({ token: bytesOfToken(name), reason: "no longer wanted", graceMs });
  }

  waits(context: TaskContext): () => void {
    this.#idle.set(context, (this.#idle.get(context) ?? 0) + 1);
    this.#notify();
    return () => {
      const remaining = (this.#idle.get(context) ?? 1) - 1;
      if (remaining > 0) this.#idle.set(context, remaining);
      else this.#idle.delete(context);
    };
  }

  get time(): VirtualTime {
    return this.#parts.time;
  }

  #enrolled(registered: Registered): Registered {
    const { handler } = registered;
    return {
      ...registered,
      handler: (input, context) => {
        enroll(context, this);
        return handler(input, context);
      },
    };
  }

  #outbox() {
    const writer = new FlatWriter();
    const read = (start: number) => {
      const frame = AgentFrame.decode(writer.memory.slice(start, writer.position));
      writer.reset();
      return frame;
    };
    return {
      writer,
      backlogBytes: 0,
      added: (start: number) => {
        const { started, progress } = read(start);
        this.#stage.defer(() => {
          for (const { token, agoMs } of started) {
            const startMs = this.#stage.nowMs - agoMs;
            const found = this.#assignments.get(tokenOf(token));
            if (found !== undefined) this.#stage.settle(found.effect, noteAttempt, { agent, startMs }, cause);
          }
          for (const { token, saved, fraction, message } of progress) {
            const name = tokenOf(token);
            const found = this.#assignments.get(name);
            if (found === undefined) continue;
            this.#listen(name, found);
            if (saved.length > 0 || fraction > 0 || message !== "")
              this.#stage.settle(found.effect, noteProgress, { saved, fraction, message }, cause);
          }
        });
        this.#stage.work();
      },
      addedResult: (token: string, start: number) => {
        const [result] = read(start).results;
        this.#stage.defer(() => {
          this.#attempts.confirm(token);
          if (result !== undefined) this.#handleResult(token, result);
          this.#notify();
        });
        this.#stage.work();
      },
      changed: () => {
        this.#stage.defer(() => this.#attempts.collect());
        this.#stage.work();
        this.#notify();
      },
    };
  }

  #handleResult(token: string, { outcome, runMs, used }: Result): void {
    const assignment = this.#assignments.get(token);
    if (assignment === undefined) return;
    this.#remove(token);
    const { effect } = assignment;
    switch (outcome?.$case) {
      case "inlineOutput": {
        const body = CompleteTask.fromPartial({ output: outcome.value, agent, runMs });
        this.#stage.settle(effect, completeTask, { ...body, used }, cause);
        return;
      }
      case "outputPayload": {
        const body = CompleteTask.fromPartial({ outputPayload: outcome.value, agent, runMs });
        this.#stage.settle(effect, completeTask, { ...body, used }, cause);
        return;
      }
      case "busy": {
        const { retryAfterMs, message } = outcome.value;
        this.#stage.settle(effect, returnTask, { retryAfterMs, message, lost: false, agent: "" }, cause);
        return;
      }
      default: {
        const error = outcome?.$case === "failed" ? outcome.value : undefined;
        this.#stage.settle(
          effect,
          failTask,
          { ...FailTask.fromPartial({ agent, runMs }), error, used },
          cause,
        );
      }
    }
  }

  /** Restarts the heartbeat timeout of the attempt. */
  #listen(name: string, assignment: Assignment): void {
    const { heartbeatMs, capability, effect } = assignment;
    if (heartbeatMs <= 0) return;
    assignment.silence?.cancel();
    assignment.silence = this.#parts.time.after(heartbeatMs, () => {
      this.#remove(name);
      this.#attempts.cancelled({ token: bytesOfToken(name), reason: "no heartbeat", graceMs });
      const error = new TuttiError({
        ...{ code: "matching.heartbeat_missed", status: "DEADLINE_EXCEEDED", retry: "same-key" },
        message: `expected a heartbeat from ${capability} within ${durationText(heartbeatMs)}, got none. Call context.heartbeat() or progress()`,
      });
      const body = { ...FailTask.fromPartial({ agent }), error: toErrorDetail(error) };
      this.#stage.settle(effect, failTask, body, cause);
    });
  }

  #remove(name: string): void {
    const assignment = this.#assignments.get(name);
    if (assignment === undefined) return;
    assignment.silence?.cancel();
    this.#assignments.delete(name);
    this.#tokensOf.delete(nameOf(assignment.effect));
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  #newToken(): Uint8Array {
    const token = new Uint8Array(16);
    new DataView(token.buffer).setUint32(12, ++this.#tokens);
    return token;
  }
}

function nameOf({ key, number, attempt }: StagedEffect): string {
  return `${key.id} ${number} ${attempt}`;
}

/** Returns bytes in hexadecimal digits, derived from texts. */
export function hex(bytes: number, ...texts: readonly string[]): string {
  let digits = "";
  for (let part = 0; digits.length < bytes * 2; part++)
    digits += (stableHash(String(part), ...texts) || 1).toString(16).padStart(8, "0");
  return digits.slice(0, bytes * 2);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none at all" : `handlers for ${names.join(", ")}`;
}
