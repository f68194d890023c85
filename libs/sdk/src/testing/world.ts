/**
 * The environment of a test: machines, a worker, time. It runs until a condition is true, and skips time while
 * nothing is running.
 *
 * 1. Time stops while a handler is running, except for one that waits for time, or exceeds the patience of the test.
 * 2. A bound ends every endless loop, and reports it.
 */
import {
  type Amounts,
  type Cause,
  ErrorDetail,
  type Payload,
  type WorkReference,
} from "@tutti/contracts/types/v1";
import {
  DefinitionKind,
  LoseLease,
  ParentClosePolicy,
  RenewLeases,
  RunOrder,
} from "@tutti/contracts/workflow/v1";
import { emitCapability, validateInputAgainst } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import {
  type InstanceKey,
  isRefusal,
  type Logger,
  systemProcess,
  systemTimers,
  type Timer,
  TuttiError,
  textOf,
  toErrorDetail,
} from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/virtual";
import { cache } from "@tutti/machine-entities/cache";
import { limit, renew } from "@tutti/machine-limit";
import { object } from "@tutti/machine-object";
import {
  beginRun,
  confirmChild,
  loseLease,
  type RenewLease,
  type RunEffect,
  refuseChild,
  runMachine,
  type StartChild,
} from "@tutti/machine-run";
import { type ScheduleEffect, schedule } from "@tutti/machine-schedule";
import type { Registered } from "../task/handlers.ts";
import { Crew, hex } from "./crew.ts";
import type { TestDefinitions } from "./definitions.ts";
import { WorkflowTestError } from "./fault.ts";
import { bytesOf, jsonIn } from "./json.ts";
import { PostedEvents } from "./posted-events.ts";
import { Schedules } from "./schedules.ts";
import { Stage, type StagedEffect } from "./stage.ts";

export interface WorldParts {
  readonly definitions: TestDefinitions;
  readonly handlers: ReadonlyMap<string, Registered>;
  readonly namespace: string;
  /** Milliseconds since the Unix epoch. */
  readonly startMs: number;
  readonly seed: number;
  /** How long a handler may be running in real time before virtual time continues, milliseconds. */
  readonly patienceMs: number;
  readonly logger: Logger;
}

/** Options of a start, without the definition. */
export interface StartOptions {
  readonly id: string;
  readonly definition: string;
  readonly input: unknown;
  /** The input, if it is in the blob store: a run does not read larger values than its records may have. */
  readonly stored?: Payload | undefined;
  readonly parameters?: Json | undefined;
  readonly labels?: Readonly<Record<string, string>>;
  readonly priority?: number;
  readonly timeoutMs?: number;
  readonly startMs?: number;
  /** Budget, including its children. */
  readonly budget?: Amounts;
  readonly parent?: WorkReference;
  readonly parentClose?: ParentClosePolicy;
}

export interface Until {
  /** On the monotonic clock of the test. Infinity for no bound. */
  readonly untilMs: number;
  readonly isDone: () => boolean;
}

const service = "workflow";
/** Larger inputs are in the blob store. */
const valueBytesMax = 1_048_576;
/** Moments that time skips to within one call. */
const momentsMax = 1_000_000;
/** Moments without an event of a run, when only leases are renewed. */
const idleMomentsMax = 5_000;
const leaseMs = 86_400_000;

export class World {
  readonly time: VirtualTime;
  readonly stage: Stage;
  readonly crew: Crew;
  readonly machine;
  readonly schedules = new Schedules(this);
  readonly posted: PostedEvents;
  readonly #parts: WorldParts;
  readonly #leases = new Map<string, Timer>();
  readonly #traces = new Map<string, string>();
  #fault: string | undefined;

  constructor(parts: WorldParts) {
    const { definitions, handlers, namespace, startMs, seed, logger } = parts;
    this.#parts = parts;
    this.time = new VirtualTime(startMs);
    this.machine = runMachine({ plans: definitions });
    this.stage = new Stage({
      machines: [this.machine, schedule, limit, object, cache],
      service,
      time: this.time,
      chance: seededChance(seed),
      doers: { start: (effect) => this.#start(effect), withdraw: (effect) => this.#cancel(effect) },
    });
    this.posted = new PostedEvents(this.stage);
    const onMissing = (message: string) => {
      this.#fault ??= message;
    };
    this.crew = new Crew({ namespace, time: this.time, logger, handlers, onMissing }, this.stage);
  }

  keyOf(id: string): InstanceKey {
    return { namespace: this.#parts.namespace, kind: "run", id };
  }

  causeOf(id: string, actor?: Cause["actor"]): Cause {
    const traceparent = `00-${this.#traceOf(id)}-${hex(8, id)}-01`;
    return { actor, traceparent, decision: "", reason: "" };
  }

  /** Starts a run. Throws the obstacle if it cannot start. */
  startRun(options: StartOptions): void {
    const order = this.#orderOf(options);
    const answer = this.stage.execute(
      this.keyOf(options.id),
      beginRun,
      { order },
      { cause: this.causeOf(options.id) },
    );
    if (isRefusal(answer)) throw new TuttiError(answer);
  }

  /** Continues until something is so, time is up, or nothing is left that would happen by itself. */
  async proceed({ untilMs, isDone }: Until): Promise<"done" | "time" | "stuck"> {
    let events = -1;
    let idleMoments = 0;
    for (let moments = 0; moments < momentsMax; ) {
      await this.time.flush();
      if (this.#fault !== undefined) throw new WorkflowTestError(this.#fault);
      if (isDone()) return "done";
      if (this.crew.atWork > 0) {
        await this.#awaitCrew();
        continue;
      }
      const nextMs = this.time.nextDueMs;
      if (nextMs === undefined || nextMs > untilMs) {
        if (untilMs === Number.POSITIVE_INFINITY) return "stuck";
        this.time.advance(untilMs - this.time.monotonic());
        return nextMs === undefined ? "stuck" : "time";
      }
      const now = this.stage.eventCount;
      idleMoments = now === events ? idleMoments + 1 : 0;
      events = now;
      if (idleMoments > idleMomentsMax && !this.stage.hasTimers("run") && this.crew.isIdle) {
        if (untilMs === Number.POSITIVE_INFINITY) return "stuck";
      }
      this.time.advance(nextMs - this.time.monotonic());
      moments++;
    }
    throw new WorkflowTestError(
      `expected an end within ${momentsMax} moments of virtual time, got the test going on at ${new Date(this.time.now()).toISOString()}; look for a wait or a retry without end`,
    );
  }

  /** Handlers continue in real time. Those that do not end in time are waited for no longer. */
  async #awaitCrew(): Promise<void> {
    const patience = Promise.withResolvers<void>();
    const timer = systemTimers.after(this.#parts.patienceMs, () => {
      this.crew.overlook();
      patience.resolve();
    });
    // A process that waits for nothing but promises would end here.
    const release = systemProcess.keepAlive();
    await Promise.race([this.crew.changed, patience.promise]);
    release();
    timer.cancel();
  }

  #orderOf(options: StartOptions): RunOrder {
    const { definition, input, parameters, labels, priority, timeoutMs, startMs } = options;
    const { budget, parent, parentClose } = options;
    const found = this.#parts.definitions.find(definition, parameters);
    if (found === undefined) throw new WorkflowTestError(`expected the definition ${definition}, got none`);
    const { plan, hash } = found.plan;
    const isStates = plan.kind === "states";
    const inputBytes = bytesOf(validatedInput(definition, plan.inputSchema, input) ?? null);
    const isStored = options.stored !== undefined && inputBytes.length > valueBytesMax;
    return RunOrder.fromPartial({
      ...(isStored ? { inputPayload: options.stored } : { input: inputBytes }),
      ...{ definition, hash, versionLabel: "latest", idChosen: true, incarnation: 1 },
      kind: isStates ? DefinitionKind.DEFINITION_KIND_STATES : DefinitionKind.DEFINITION_KIND_TASKS,
      parameters: bytesOf(parameters),
      labels: { ...labels },
      ...{ priority: priority ?? 0, timeoutMs: timeoutMs ?? 0, startMs: startMs ?? 0 },
      ...(budget !== undefined && { budget }),
      ...(parent !== undefined && { parent, root: parent }),
      parentClose: parentClose ?? ParentClosePolicy.PARENT_CLOSE_POLICY_UNSPECIFIED,
    });
  }

  #start(staged: StagedEffect): void {
    // Only runs and schedules make effects, and these are all that they make.
    const effect = staged.effect as RunEffect | ScheduleEffect;
    if (effect.kind === "offer_task" && effect.profile.capability === emitCapability)
      this.posted.emit(staged, effect);
    else if (effect.kind === "offer_task") this.crew.start(staged, effect, this.#traceOf(staged.key.id));
    else if (effect.kind === "start_run") this.schedules.start(staged, effect);
    else if (effect.kind === "stop_run") this.schedules.stop(staged, effect);
    else if (effect.kind === "start_child") this.#startChild(staged, effect);
    else if (effect.kind === "await_event") this.posted.await(staged, effect);
    else this.#renewLeases(staged, effect);
  }

  #cancel(staged: StagedEffect): void {
    const effect = staged.effect as RunEffect;
    if (effect.kind === "offer_task") this.crew.withdraw(staged);
    if (effect.kind === "await_event") this.posted.withdraw(staged);
    if (effect.kind !== "renew_lease") return;
    this.#leases.get(nameOf(staged))?.cancel();
    this.#leases.delete(nameOf(staged));
  }

  #startChild(staged: StagedEffect, effect: StartChild): void {
    const { childId, childKind, definition, taskId, input, parameters, facts, details, parentClose } = effect;
    const { key } = staged;
    const { definitions } = this.#parts;
    const known = definitions.names.filter((name) => name !== definitions.name);
    if (childKind !== "run" || !definitions.names.includes(definition)) {
      const found = known.length === 0 ? "none" : `those of ${known.join(", ")}`;
      this.#fault ??= `expected the definition of ${definition}, which task ${taskId} of run ${key.id} starts, got ${found}. Add it to \`children\``;
      return;
    }
    this.#traces.set(childId, this.#traceOf(key.id));
    try {
      this.startRun({
        ...{ id: childId, definition, parentClose, priority: facts.priority },
        input: this.crew.jsonOf(input),
        stored: input instanceof Uint8Array ? undefined : input,
        ...(parameters !== undefined && { parameters: jsonIn(parameters) as Json }),
        labels: { ...facts.labels, ...details?.labels },
        ...(effect.budget !== undefined && { budget: { ...effect.budget } }),
        parent: { namespace: key.namespace, kind: "run", id: key.id, task: taskId },
      });
      const { hash } = definitions.find(definition, parameters && (jsonIn(parameters) as Json))?.plan ?? {};
      const body = { id: childId, hash: hash ?? "", existed: false, ending: undefined };
      this.stage.settle(staged, confirmChild, body, this.causeOf(key.id));
    } catch (thrown) {
      if (!(thrown instanceof TuttiError || thrown instanceof WorkflowTestError)) throw thrown;
      const error =
        thrown instanceof TuttiError
          ? toErrorDetail(thrown)
          : ErrorDetail.fromPartial({ code: "workflow.request_invalid", message: thrown.message, retry: 1 });
      this.stage.settle(staged, refuseChild, { error }, this.causeOf(key.id));
    }
  }

  /** Renews leases of limits as long as they are needed. */
  #renewLeases(staged: StagedEffect, { leases }: RenewLease): void {
    const name = nameOf(staged);
    this.#leases.get(name)?.cancel();
    const renewAll = () => {
      for (const { limit: id, ticket } of leases) {
        const key = { namespace: staged.key.namespace, kind: "limit", id };
        const body = RenewLeases.fromPartial({ tickets: [ticket], leaseMs });
        const answer = this.stage.execute(key, renew, body);
        if (!isRefusal(answer) && answer.lost.length > 0)
          this.stage.settle(staged, loseLease, LoseLease.fromPartial({ limit: id, ticket }));
      }
    };
    this.#leases.set(name, this.time.every(leaseMs / 3, renewAll));
    renewAll();
  }

  #traceOf(id: string): string {
    // A run that continued as another one is in the trace of the first.
    const [first = id] = id.split("...");
    const known = this.#traces.get(first);
    if (known !== undefined) return known;
    const traceId = hex(16, "trace", first);
    this.#traces.set(first, traceId);
    return traceId;
  }
}

function nameOf({ key, number }: StagedEffect): string {
  return `${textOf(key)} ${number}`;
}

function validatedInput(definition: string, schema: Json, input: unknown): unknown {
  if (schema === null) return input;
  const { value, violations } = validateInputAgainst(schema, input as Json | undefined);
  if (violations.length === 0) return value;
  const texts = violations.map(({ path, message }) => `${["input", ...path].join(".")}: ${message}`);
  throw new WorkflowTestError(
    `expected an input that satisfies the schema of ${definition}, got ${JSON.stringify(input)}:\n${texts.join("\n")}`,
  );
}
