/**
 * Tasks of inboxes as runs: each task is a run with one approval. So it is durable, listed, decided, audited
 * and expires as any approval.
 *
 * 1. A task has one open run at a time, whose id follows from the task. A new attempt after a loss continues
 *    with it.
 * 2. An ended run counts for the attempt that started it, which is in its label. After a loss it counts for the
 *    next attempt, which has the run id saved. A task that is done again, because a check sent it back or a user retried it, gets
 *    a new run.
 * 3. A task that moves to other people gets a new run too. The earlier run is cancelled first, so no two are
 *    open.
 */
import { createHash } from "node:crypto";
import type { ClaimedTask } from "@tutti/contracts/agent/v1";
import { GetSessionRequest, type Session, type sessionService } from "@tutti/contracts/session/v1";
import { GetMissionRequest, type Inbox, type Mission, type missionService } from "@tutti/contracts/swarm/v1";
import {
  ActorKind,
  ApprovalFilter,
  type Capability,
  type Payload,
  type WorkReference,
} from "@tutti/contracts/types/v1";
import {
  AwaitRunRequest,
  CancelRunRequest,
  type definitionService,
  GetRunRequest,
  ListApprovalsRequest,
  RegisterDefinitionRequest,
  type Run,
  type runService,
  SourceFormat,
  StartRunRequest,
  type taskService,
} from "@tutti/contracts/workflow/v1";
import { inboxLabels, inboxLabelsOf, inboxService } from "@tutti/host/serving";
import {
  type CallContext,
  fromTimestamp,
  internalLabel,
  isTuttiError,
  jsonPayload,
  type Logger,
  localAdministrator,
  type Principal,
  type ReadOnly,
  type Tracer,
} from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { inboxErrors } from "./errors.ts";

export interface InboxRunsParts {
  readonly definitions: Pick<Client<typeof definitionService>, "registerDefinition">;
  readonly runs: Pick<Client<typeof runService>, "startRun" | "getRun" | "awaitRun" | "cancelRun">;
  readonly tasks: Pick<Client<typeof taskService>, "listApprovals">;
  readonly missions: Pick<Client<typeof missionService>, "getMission">;
  readonly sessions: Pick<Client<typeof sessionService>, "getSession">;
  readonly tracer: Tracer;
  readonly logger: Logger;
}

/** The principal that claims tasks and starts runs. */
export const inboxPrincipal: Principal = { kind: "service", id: inboxService, roles: ["admin"] };

/** Labels of the run of a task, in addition to those that its approval shows. */
const attemptLabel = "inbox-attempt";
const stepLabel = "inbox-step";

/** The task of the run with the approval. */
export const inboxTask = "answer";

const roundsMax = 1_000;
/** Maximum number of ancestors of a run that are read. */
const levelsMax = 100;
/** A larger input is not shown in the approval. */
const displayedBytesMax = 65_536;
const waitMs = 60_000;
/** Includes the time of the call itself. */
const waitTimeoutMs = 90_000;

export class InboxRuns {
  readonly #parts: InboxRunsParts;

  constructor(parts: InboxRunsParts) {
    this.#parts = parts;
  }

  /** Registers the workflows of an inbox. Throws the problems of its schemas. */
  async register(namespace: string, inbox: ReadOnly<Inbox>, signal: AbortSignal): Promise<void> {
    for (const capability of inbox.capabilities)
      await this.#definition(namespace, inbox, capability as Capability, signal);
  }

  /** Returns the run of a task, started now or before. */
  async open(
    namespace: string,
    inbox: ReadOnly<Inbox>,
    task: ClaimedTask,
    signal: AbortSignal,
    step = 0,
  ): Promise<InboxRun> {
    const saved = textOf(task.saved);
    const before = saved === "" ? undefined : await this.#find(namespace, saved, signal);
    if (before !== undefined && isOf(before, inbox) && isUsable(before)) return inboxRun(before);
    const offered = inbox.capabilities.find(({ name }) => name === task.capability);
    const capability = (offered ?? { ...emptyCapability, name: task.capability }) as Capability;
    const { name, hash } = await this.#definition(namespace, inbox, capability, signal);
    const { kind = "run", id = "", task: taskId = "" } = task.work ?? {};
    // The token itself is secret: only the agent has it.
    const attempt = digest(task.token);
    const spec = {
      what: { $case: "definition", value: { name, version: { $case: "hash", value: hash } } },
      input: jsonPayload({
        title: capability.description || capability.name,
        message: `Task \`${taskId}\` of ${kind} \`${id}\`, capability \`${capability.name}\`.`,
        task: displayed(task.input),
        starter: inbox.starterMayAnswer ? "" : await this.#starterOf(task, signal),
      }),
      labels: {
        [inboxLabels.inbox]: inbox.inboxId,
        [inboxLabels.capability]: capability.name,
        ...inboxLabelsOf({ kind, id, task: taskId }),
        [attemptLabel]: attempt,
        ...(step > 0 && { [stepLabel]: String(step) }),
      },
    } as const;
    const first = nameOf(inbox.inboxId, task);
    for (let round = 1; round <= roundsMax; round++) {
      const runId = `${first}-${round}`;
      const request = StartRunRequest.fromPartial({ namespace, runId, spec });
      const { run, existed } = await this.#started(request, signal);
      if (run === undefined || (existed && !isOf(run, inbox))) continue;
      if (!existed) return inboxRun(run);
      const isOwn = run.spec?.labels[attemptLabel] === attempt;
      if (run.endTime === undefined || (isOwn && isUsable(run))) return inboxRun(run);
    }
    throw inboxErrors.roundsTooMany({ task: taskId, work: id, max: roundsMax });
  }

  /** Waits for the end of a run. */
  async waitForEnd(namespace: string, runId: string, signal: AbortSignal): Promise<Run> {
    for (;;) {
      const request = AwaitRunRequest.fromPartial({ namespace, runId, waitMs });
      const context = this.#context(namespace, signal);
      const { run } = await this.#parts.runs.awaitRun(request, { context, timeoutMs: waitTimeoutMs });
      if (run?.endTime !== undefined) return run;
    }
  }

  /** Cancels the run of a task. Returns whether it was open. */
  async withdraw(namespace: string, runId: string, reason: string, signal: AbortSignal): Promise<boolean> {
    try {
      const request = CancelRunRequest.fromPartial({ namespace, runId, reason });
      await this.#parts.runs.cancelRun(request, { context: this.#context(namespace, signal) });
    } catch (error) {
      // It has ended, or is no longer stored.
      if (isTuttiError(error) && (error.status === "FAILED_PRECONDITION" || error.status === "NOT_FOUND"))
        return false;
      throw error;
    }
    return true;
  }

  /** Returns the person that has claimed a task. Empty if it is free, or its run does not exist. */
  async claimant(namespace: string, runId: string, signal: AbortSignal): Promise<string> {
    const filter = ApprovalFilter.fromPartial({ workId: runId });
    const request = ListApprovalsRequest.fromPartial({ namespace, filter });
    const context = this.#context(namespace, signal);
    try {
      const { approvals } = await this.#parts.tasks.listApprovals(request, { context });
      return approvals.find(({ claim }) => claim !== undefined)?.claim?.person ?? "";
    } catch (error) {
      if (isTuttiError(error) && error.status === "NOT_FOUND") return "";
      throw error;
    }
  }

  async #definition(
    namespace: string,
    inbox: ReadOnly<Inbox>,
    { name, outputSchema }: Capability,
    signal: AbortSignal,
  ): Promise<{ readonly name: string; readonly hash: string }> {
    const workflow = `inbox-${slugOf(inbox.inboxId)}-${slugOf(name)}`;
    const { people, answersNeeded, withinMs, claimMs } = inbox;
    const approve = {
      title: "${{ input.title }}",
      message: "${{ input.message }}",
      context: "${{ input.task }}",
      ...(outputSchema === "" ? {} : { form: JSON.parse(outputSchema) }),
      ...(people.length === 0 ? {} : { by: people }),
      exclude: "${{ input.starter }}",
      ...(answersNeeded > 1 ? { needed: answersNeeded } : {}),
      ...(withinMs > 0 ? { within: `${Math.ceil(withinMs / 1_000)}s` } : {}),
      ...(claimMs > 0 ? { claimFor: `${Math.ceil(claimMs / 1_000)}s` } : {}),
    };
    const text = JSON.stringify({
      workflow,
      description: `Assigns tasks of the capability ${name} to people.`,
      labels: { [internalLabel]: "true" },
      tasks: { [inboxTask]: { approve } },
      output: `\${{ tasks.${inboxTask}.output${outputSchema === "" ? "" : ".data"} }}`,
    });
    const source = { format: SourceFormat.SOURCE_FORMAT_JSON, text, fileName: `${workflow}.json` };
    const request = RegisterDefinitionRequest.fromPartial({ namespace, source });
    const { definition } = await this.#parts.definitions.registerDefinition(request, {
      context: this.#context(namespace, signal),
    });
    return { name: workflow, hash: definition?.hash ?? "" };
  }

  /** Starts a run. `run` is undefined if the id belongs to a run that is no longer stored. */
  async #started(
    request: StartRunRequest,
    signal: AbortSignal,
  ): Promise<{ readonly run: Run | undefined; readonly existed: boolean }> {
    const { namespace, runId } = request;
    try {
      return await this.#parts.runs.startRun(request, { context: this.#context(namespace, signal) });
    } catch (error) {
      // The people or the form of the inbox have changed, or the run belongs to another caller.
      if (!isTuttiError(error) || error.status !== "ALREADY_EXISTS") throw error;
      return { run: await this.#find(namespace, runId, signal), existed: true };
    }
  }

  /**
   * Returns the person who started the work of a task. Empty for a service, or if callers have no names. Of removed work,
   * the outermost ancestor counts.
   */
  async #starterOf({ work }: ClaimedTask, signal: AbortSignal): Promise<string> {
    const { namespace = "", id = "", kind } = work ?? {};
    let about: Pick<WorkReference, "kind" | "id"> | undefined;
    about = { kind: kind === "mission" || kind === "session" ? kind : "run", id };
    let root: WorkReference | undefined;
    for (let level = 0; about !== undefined && level < levelsMax; level++) {
      const found = await this.#work(namespace, about, signal);
      const actor = found?.createCause?.actor;
      const isPerson = actor?.kind === ActorKind.ACTOR_KIND_PERSON && actor.id !== localAdministrator.id;
      if (isPerson) return actor.id;
      // A service starts a child. If callers have no names, it is the local administrator too.
      about = found === undefined ? root : found.parent;
      root = found !== undefined && "root" in found ? found.root : undefined;
    }
    return "";
  }

  /** Returns undefined for removed work. */
  async #work(
    namespace: string,
    { kind, id }: Pick<WorkReference, "kind" | "id">,
    signal: AbortSignal,
  ): Promise<Run | Mission | Session | undefined> {
    const { missions, sessions } = this.#parts;
    const options = { context: this.#context(namespace, signal) };
    if (kind === "mission") {
      const request = GetMissionRequest.fromPartial({ namespace, missionId: id });
      return (await unlessMissing(missions.getMission(request, options)))?.mission;
    }
    if (kind === "session") {
      const request = GetSessionRequest.fromPartial({ namespace, sessionId: id });
      return (await unlessMissing(sessions.getSession(request, options)))?.session;
    }
    return kind === "run" ? this.#find(namespace, id, signal) : undefined;
  }

  async #find(namespace: string, runId: string, signal: AbortSignal): Promise<Run | undefined> {
    const request = GetRunRequest.fromPartial({ namespace, runId });
    const options = { context: this.#context(namespace, signal) };
    return (await unlessMissing(this.#parts.runs.getRun(request, options)))?.run;
  }

  #context(namespace: string, signal: AbortSignal): CallContext {
    const { tracer, logger } = this.#parts;
    const trace = tracer.start({ name: "inbox", kind: "internal" }).context;
    const deadlineMs = Number.POSITIVE_INFINITY;
    return { principal: inboxPrincipal, namespace, deadlineMs, signal, trace, idempotencyKey: "", logger };
  }
}

/** Resolves with undefined if the work does not exist. */
function unlessMissing<T>(reply: Promise<T>): Promise<T | undefined> {
  return reply.catch((error: unknown) => {
    if (isTuttiError(error) && error.status === "NOT_FOUND") return undefined;
    throw error;
  });
}

/** The run of a task. */
export interface InboxRun {
  readonly runId: string;
  readonly sinceMs: number;
  /** Number of completed escalation steps. */
  readonly step: number;
}

function inboxRun({ runId, createTime, spec }: Run): InboxRun {
  const sinceMs = createTime === undefined ? 0 : fromTimestamp(createTime);
  return { runId, sinceMs, step: Number(spec?.labels[stepLabel] ?? 0) };
}

/** Returns whether the run was started by this service for the inbox. */
function isOf({ spec, createCause }: Run, { inboxId }: ReadOnly<Inbox>): boolean {
  const { kind, id } = createCause?.actor ?? {};
  const isOurs = kind === ActorKind.ACTOR_KIND_SERVICE && id === inboxPrincipal.id;
  return isOurs && spec?.labels[inboxLabels.inbox] === inboxId;
}

/** Returns whether the run is open or decided. A cancelled run has no answer. */
function isUsable({ endTime, outcome }: Run): boolean {
  const end = outcome?.result?.$case;
  return endTime === undefined || end === "completed" || end === "failed";
}

const emptyCapability: Omit<Capability, "name"> = {
  version: "1.0.0",
  inputSchema: "",
  outputSchema: "",
  cost: undefined,
  description: "",
};

function nameOf(inboxId: string, { work }: ClaimedTask): string {
  const { namespace = "", kind = "", id = "", task = "" } = work ?? {};
  const hash = digest(JSON.stringify([inboxId, namespace, kind, id, task]));
  return `${slugOf(id)}-${slugOf(task)}-${hash}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function displayed(input: Payload | undefined): unknown {
  if (input?.body === undefined) return null;
  if (input.body.$case !== "inline" || input.mediaType !== "") return "The input is not JSON. See the task.";
  const { value } = input.body;
  if (value.length > displayedBytesMax) return `The input has ${value.length} bytes. See the task.`;
  return value.length === 0 ? null : JSON.parse(Buffer.from(value).toString());
}

function textOf(payload: Payload | undefined): string {
  return payload?.body?.$case === "inline" ? Buffer.from(payload.body.value).toString() : "";
}

const slugMax = 40;

function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, slugMax)
    .replace(/^-+|-+$/g, "");
}
