/**
 * Repairs of incidents. Each is a preview, and a run of one task that insight executes as an agent.
 *
 * 1. The caller needs the right for the change itself. The run acts with the rights of insight.
 * 2. A repair of several runs changes exactly the runs of its preview. A second attempt continues after completed runs.
 * 3. Cancelling the run stops the repair. An undo is a repair of its own.
 */
import { type IncidentRepair, type RepairIncidentReply, RepairKind } from "@tutti/contracts/insight/v1";
import { registryService } from "@tutti/contracts/registry/v1";
import * as swarm from "@tutti/contracts/swarm/v1";
import { type Payload, WorkReference, WorkStatus } from "@tutti/contracts/types/v1";
import * as workflow from "@tutti/contracts/workflow/v1";
import { type Guard, requireRight } from "@tutti/host";
import type { ServiceAgent, Work } from "@tutti/host/service-agent";
import { type CallContext, counted, type Foundation, type IdSource, toTimestamp } from "@tutti/kernel";
import { installationNamespace, type Mesh } from "@tutti/mesh";
import { insightErrors } from "../errors.ts";
import { planBreaker, setBreakers, type Unwell, unwellInstances } from "./breakers.ts";
import { applyScaling, planScaling, type QueuedPool, scalersIn } from "./scaling.ts";

export interface RepairsParts {
  readonly foundation: Foundation;
  readonly mesh: Pick<Mesh, "client">;
  readonly guard: Pick<Guard, "authorize"> | undefined;
  readonly ids: IdSource;
  readonly agent: ServiceAgent;
  /** Adds a line to the timeline of an incident. */
  readonly addNote: (of: IncidentKey, text: string, context: CallContext) => Promise<void>;
}

interface IncidentKey {
  /** The namespace of the incident. */
  readonly namespace: string;
  readonly incidentId: string;
}

export interface RepairTarget extends IncidentKey {
  /** The namespace of the work. */
  readonly workNamespace: string;
  /** Start of the time in which work of the incident failed. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly kind: RepairKind;
  readonly subject: string;
  readonly version: string;
  readonly undo: boolean;
  readonly reason: string;
  /** Only for a scaling. */
  readonly agents: number;
  /** Only for a fix. */
  readonly taskId: string;
  readonly patch: Payload | undefined;
}

/** The input of the task. */
interface RepairInput extends IncidentKey {
  readonly kind: Kind;
  readonly undo: boolean;
  readonly pool: string;
  readonly subject: string;
  /** Only for a scaling. */
  readonly scaling?: { readonly scalerId: string; readonly agents: number };
  /** Only for a breaker. */
  readonly instances?: readonly string[];
  readonly previewToken: string;
  readonly total: number;
  readonly reason: string;
  readonly summary: string;
}

type RunsKind = "retry" | "move" | "fix";
type Kind = RunsKind | "pause" | "quarantine" | "pausePool" | "scale" | "openBreaker";
type Preview = Pick<RepairIncidentReply, "summary" | "count" | "leftAlone" | "sample"> &
  Pick<RepairInput, "pool" | "previewToken" | "scaling" | "instances">;

const kinds: Readonly<Partial<Record<RepairKind, Kind>>> = {
  [RepairKind.REPAIR_KIND_RETRY]: "retry",
  [RepairKind.REPAIR_KIND_MOVE]: "move",
  [RepairKind.REPAIR_KIND_PAUSE_AGENT]: "pause",
  [RepairKind.REPAIR_KIND_QUARANTINE_AGENT]: "quarantine",
  [RepairKind.REPAIR_KIND_PAUSE_POOL]: "pausePool",
  [RepairKind.REPAIR_KIND_SCALE]: "scale",
  [RepairKind.REPAIR_KIND_FIX]: "fix",
  [RepairKind.REPAIR_KIND_OPEN_BREAKER]: "openBreaker",
};

/** The resource, the action and the undo action of each kind. */
const rights: Readonly<Record<Kind, readonly [resource: string, action: string, undo: string]>> = {
  retry: ["run", "workflow.runs.retry", ""],
  move: ["run", "workflow.runs.move", "workflow.runs.move"],
  pause: ["agent", "swarm.agents.pause", "swarm.agents.resume"],
  quarantine: ["agent", "swarm.agents.quarantine", "swarm.agents.release"],
  pausePool: ["pool", "swarm.pools.pause", "swarm.pools.resume"],
  scale: ["scaler", "swarm.scalers.update", "swarm.scalers.update"],
  fix: ["task", "workflow.tasks.repair", ""],
  openBreaker: ["instance", "registry.breakers.set", "registry.breakers.set"],
};

const capability = "tutti.repair";
/** Labels of the run. */
const labels = { incident: "incident", repair: "repair" } as const;
const { WORK_STATUS_PENDING, WORK_STATUS_RUNNING, WORK_STATUS_PAUSED, WORK_STATUS_FAILED } = WorkStatus;
const movable = [WORK_STATUS_PENDING, WORK_STATUS_RUNNING, WORK_STATUS_PAUSED];

export class Repairs {
  readonly #parts: RepairsParts;
  readonly #clients: ReturnType<typeof clientsOf>;
  readonly #agent: ServiceAgent;

  constructor(parts: RepairsParts) {
    this.#parts = parts;
    this.#clients = clientsOf(parts.mesh);
    this.#agent = parts.agent;
    this.#agent.register(capability, { work: (work) => this.#repair(work) });
  }

  async preview(request: RepairTarget, context: CallContext): Promise<Preview> {
    const kind = kindOf(request);
    this.#requireRight(kind, request, context);
    switch (kind) {
      case "retry":
      case "move":
      case "fix":
        return this.#runsOf(kind, request, context);
      case "pause":
      case "quarantine":
        return this.#agentOf(kind, request, context);
      case "pausePool":
        return this.#poolOf(request, context);
      case "scale":
        return this.#scalerOf(request, context);
      case "openBreaker": {
        const plan = await planBreaker(this.#clients.registry, request, context);
        return { ...plan, leftAlone: 0, sample: [], pool: "", previewToken: "" };
      }
    }
  }

  /** Returns unhealthy instances whose calls other instances can serve. */
  unwell(context: CallContext): Promise<readonly Unwell[]> {
    return unwellInstances(this.#clients.registry, context);
  }

  /** Returns pools that have a queue and a scaler that could start more agents. */
  async queued(namespace: string, context: CallContext): Promise<readonly QueuedPool[]> {
    const request = swarm.ListPoolsRequest.fromPartial({ namespace, page: { size: 1_000 } });
    const { pools } = await this.#clients.pools.listPools(request, { context });
    const waiting = new Set(pools.filter(({ status }) => (status?.queued ?? 0) > 0).map(({ pool }) => pool));
    if (waiting.size === 0) return [];
    const scalers = await scalersIn(this.#clients.scalers, namespace, context);
    return scalers.filter(({ pool, paused }) => !paused && waiting.has(pool)).slice(0, 10);
  }

  /** Starts a repair and returns its run. A repeated key returns the run of the first call. */
  async start(
    request: RepairTarget,
    preview: Preview,
    key: string,
    context: CallContext,
  ): Promise<WorkReference> {
    const {
      workNamespace: namespace,
      namespace: incidentNamespace,
      incidentId,
      undo,
      subject,
      reason,
    } = request;
    const kind = kindOf(request);
    const { pool, previewToken, summary, scaling, instances, count: total } = preview;
    const input: RepairInput = {
      ...(scaling !== undefined && { scaling }),
      ...(instances !== undefined && { instances }),
      namespace: incidentNamespace,
      incidentId,
      kind,
      undo,
      pool,
      subject,
      previewToken,
      total,
      summary,
      reason: reason === "" ? `incident ${incidentId}` : `incident ${incidentId}: ${reason}`,
    };
    const runId = key === "" ? this.#parts.ids.newId("repair") : `repair-${incidentId}-${key}`;
    const existed = await this.#agent.startTask(
      { namespace, runId },
      {
        capability,
        title: summary,
        input,
        labels: { [labels.incident]: incidentId, [labels.repair]: undo ? `undo-${kind}` : kind },
      },
      context,
    );
    if (!existed) await this.#parts.addNote(request, `Repair started: ${summary} Run ${runId}`, context);
    return WorkReference.fromPartial({ namespace, kind: "run", id: runId });
  }

  #requireRight(kind: Kind, { undo, workNamespace }: RepairTarget, { principal }: CallContext): void {
    const [resource, doAction, undoAction] = rights[kind];
    const action = undo ? undoAction : doAction;
    if (action === "") throw insightErrors.repairFinal();
    const namespace = kind === "openBreaker" ? installationNamespace : workNamespace;
    requireRight(this.#parts.guard, principal, { action, resource }, namespace);
  }

  async #runsOf(kind: RunsKind, requested: RepairTarget, context: CallContext): Promise<Preview> {
    const { workNamespace: namespace, subject, version, undo, fromMs, toMs, taskId, patch } = requested;
    if (kind !== "retry" && subject === "")
      throw insightErrors.repairUnfit({ what: "a workflow as its subject" });
    if (kind === "fix" && (taskId === "" || patch === undefined))
      throw insightErrors.repairUnfit({ what: "a task, and a change of its input" });
    const definitions = subject === "" ? [] : [subject];
    const ended = { from: toTimestamp(fromMs), to: toTimestamp(toMs) };
    const actions = {
      retry: { $case: "retry", value: {} },
      move: { $case: "move", value: { version, back: undo } },
      fix: { $case: "fix", value: { taskId, ...(patch !== undefined && { patch }) } },
    } as const;
    const request = workflow.PreviewBulkRequest.fromPartial({
      namespace,
      filter:
        kind === "move"
          ? { statuses: movable, definitions }
          : { statuses: [WORK_STATUS_FAILED], definitions, ended },
      action: { action: actions[kind] },
    });
    const preview = await this.#clients.bulk.previewBulk(request, { context });
    const { previewToken, count, leftAlone, sample, reviews } = preview;
    const problem = count > 0 ? undefined : reviews[0]?.review?.problems[0]?.message;
    const runs = counted(count, "run");
    const destination = undo
      ? "to the version before"
      : version === ""
        ? "to the latest version"
        : `to version ${version}`;
    const failed = counted(count, "failed run");
    const summaries = {
      retry: `Retries ${failed}.`,
      move: `Moves ${runs} of ${subject} ${destination}.`,
      fix: `Corrects the input of ${taskId} in ${failed} of ${subject}, and resumes them.`,
    };
    return {
      summary: problem === undefined ? summaries[kind] : `${summaries[kind]} ${problem}`,
      count,
      leftAlone,
      previewToken,
      pool: "",
      sample: sample.map(({ runId }) => WorkReference.fromPartial({ namespace, kind: "run", id: runId })),
    };
  }

  async #agentOf(
    kind: "pause" | "quarantine",
    requested: RepairTarget,
    context: CallContext,
  ): Promise<Preview> {
    const { workNamespace: namespace, subject, undo } = requested;
    const request = swarm.ListAgentsRequest.fromPartial({ namespace, page: { size: 1_000 } });
    const { agents } = await this.#clients.agents.listAgents(request, { context });
    const agent = agents.find(({ agentId }) => agentId === subject);
    if (agent === undefined) throw insightErrors.repairSubjectMissing({ what: "Worker", name: subject });
    const has = counted(agent.attempts, "task");
    const summaries = {
      pause: `Pauses worker ${subject}. It finishes the ${has} that it has, and gets no more.`,
      quarantine: `Quarantines worker ${subject}. Other workers get the ${has} that it has.`,
    };
    const summary = undo ? `Worker ${subject} gets tasks again.` : summaries[kind];
    return { summary, count: 1, leftAlone: 0, sample: [], pool: agent.pool, previewToken: "" };
  }

  async #poolOf(
    { workNamespace: namespace, subject, undo }: RepairTarget,
    context: CallContext,
  ): Promise<Preview> {
    const request = swarm.ListPoolsRequest.fromPartial({ namespace, page: { size: 1_000 } });
    const { pools } = await this.#clients.pools.listPools(request, { context });
    const found = pools.find(({ pool }) => pool === subject);
    if (found === undefined) throw insightErrors.repairSubjectMissing({ what: "Pool", name: subject });
    const { running = 0, queued = 0 } = found.status ?? {};
    const waiting = `${counted(queued, "task")} in the queue`;
    const summary = undo
      ? `Resumes pool ${subject} with ${waiting}.`
      : `Pauses pool ${subject} with ${waiting}. ${counted(running, "running task")} will finish.`;
    return { summary, count: 1, leftAlone: 0, sample: [], pool: subject, previewToken: "" };
  }

  async #scalerOf(request: RepairTarget, context: CallContext): Promise<Preview> {
    const { workNamespace: namespace, subject, agents, undo } = request;
    if (subject === "") throw insightErrors.repairUnfit({ what: "a pool as its subject, or `pool/scaler`" });
    const target = { namespace, subject, agents, undo };
    const plan = await planScaling(this.#clients.scalers, target, context);
    const { pool, scalerId } = plan.scaler;
    const scaling = { scalerId, agents: plan.agents };
    const count = Number(plan.isChange);
    return {
      summary: plan.summary,
      count,
      leftAlone: 1 - count,
      sample: [],
      pool,
      scaling,
      previewToken: "",
    };
  }

  async #repair(work: Work): Promise<unknown> {
    const { namespace, context, runId } = work;
    // The cast: insight started this run.
    const input = work.input as RepairInput;
    const { kind, undo, pool, subject: agentId, reason, scaling, instances } = input;
    const options = { context };
    const { agents, pools, scalers } = this.#clients;
    const agent = { namespace, pool, agentId, reason };
    let output: unknown = { summary: input.summary };
    switch (kind) {
      case "retry":
      case "move":
      case "fix":
        output = await this.#apply(work, input);
        break;
      case "pause":
        if (undo) await agents.resumeAgent(agent, options);
        else await agents.pauseAgent(agent, options);
        break;
      case "quarantine":
        if (undo) await agents.releaseAgent(agent, options);
        else await agents.quarantineAgent(agent, options);
        break;
      case "pausePool":
        if (undo)
          await pools.resumePool(swarm.ResumePoolRequest.fromPartial({ namespace, pool, reason }), options);
        else await pools.pausePool({ namespace, pool, reason }, options);
        break;
      case "scale":
        if (scaling !== undefined)
          await applyScaling(scalers, { ...scaling, namespace, pool, undo, reason }, context);
        break;
      case "openBreaker":
        await setBreakers(
          this.#clients.registry,
          { instances: instances ?? [], open: !undo, reason },
          context,
        );
    }
    await this.#parts.addNote(input, `Repair done: ${input.summary}${refusalsIn(output)} Run ${runId}`, {
      ...context,
      idempotencyKey: `${runId}-done`,
    });
    return output;
  }

  async #apply({ namespace, saved, save, context }: Work, { previewToken, reason, total }: RepairInput) {
    const request = workflow.ApplyBulkRequest.fromPartial({ namespace, previewToken, reason, cursor: saved });
    let done = 0;
    const refused: { readonly run: string; readonly message: string }[] = [];
    for await (const reply of this.#clients.bulk.applyBulk(request, { context })) {
      done = reply.done;
      for (const { runId, error } of reply.refusals)
        if (refused.length < 100) refused.push({ run: runId, message: error?.message ?? "" });
      save(reply.cursor, total === 0 ? 1 : 1 - reply.remaining / total);
    }
    return { done, refused };
  }
}

/** Counts changed and refused runs in a sentence. A run refuses if another caller has changed it in the meantime. */
export function refusalsIn(output: unknown): string {
  const { done, refused } = output as { done?: number; refused?: readonly { message: string }[] };
  if (refused === undefined || refused.length === 0) return "";
  const [{ message } = { message: "" }] = refused;
  return ` Changed ${counted(done ?? 0, "run")}, ${refused.length} refused: ${message}`;
}

function kindOf({ kind }: Pick<IncidentRepair, "kind">): Kind {
  const known = kinds[kind];
  if (known === undefined) throw insightErrors.repairUnfit({ what: "a kind" });
  return known;
}

function clientsOf(mesh: Pick<Mesh, "client">) {
  return {
    bulk: mesh.client(workflow.bulkService),
    agents: mesh.client(swarm.agentService),
    pools: mesh.client(swarm.poolService),
    scalers: mesh.client(swarm.scalerService),
    registry: mesh.client(registryService),
  };
}
