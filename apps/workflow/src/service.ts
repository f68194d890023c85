import { registryService } from "@tutti/contracts/registry/v1";
import { sessionService } from "@tutti/contracts/session/v1";
import { agentService, dispatchService, missionService, poolService } from "@tutti/contracts/swarm/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import {
  bulkService,
  cacheService,
  definitionService,
  limitService,
  objectService,
  runService,
  scheduleService,
  taskService,
  triggerService,
} from "@tutti/contracts/workflow/v1";
import type { HostContext, ServiceModule, ServiceStorage } from "@tutti/host";
import { EffectJobs, registerLabels, WatchMemory, WorkTraces } from "@tutti/host/serving";
import {
  configuredRetryIn,
  type InstanceKey,
  Orchestrator,
  type ReadOnly,
  retrySection,
} from "@tutti/kernel";
import { type CacheEntry, cache, freshOutput } from "@tutti/machine-entities/cache";
import { definition } from "@tutti/machine-entities/definition";
import { limit } from "@tutti/machine-limit";
import { object } from "@tutti/machine-object";
import { type CachedOutputs, runMachine, showEnding, showRun } from "@tutti/machine-run";
import { schedule } from "@tutti/machine-schedule";
import { trigger } from "@tutti/machine-trigger";
import { Dispatcher, judgedResults, OutputBuffer, observeOutcomes, RuntimeSettlement } from "@tutti/offers";
import type { BulkDependencies } from "./api/bulk/dependencies.ts";
import { bulkHandlers } from "./api/bulk/handlers.ts";
import { cacheHandlers } from "./api/cache/handlers.ts";
import type { DefinitionDependencies } from "./api/definitions/dependencies.ts";
import { definitionHandlers } from "./api/definitions/handlers.ts";
import { limitHandlers } from "./api/limits/handlers.ts";
import { objectHandlers } from "./api/objects/handlers.ts";
import { runHandlers } from "./api/runs/handlers.ts";
import { ReaderCache } from "./api/runs/reading.ts";
import { scheduleHandlers } from "./api/schedules/handlers.ts";
import { taskHandlers } from "./api/tasks/handlers.ts";
import type { TriggerDependencies, TriggerFoundations } from "./api/triggers/dependencies.ts";
import { triggerHandlers } from "./api/triggers/handlers.ts";
import { CacheLimiter, type CacheLimiterParts } from "./cache/cache-limiter.ts";
import { workflowSection } from "./configuration.ts";
import { installedFor } from "./definitions/installation.ts";
import { LiveRuns } from "./definitions/live-runs.ts";
import { Versions } from "./definitions/versions.ts";
import { WorkflowEffects } from "./effects/effects.ts";
import { Emits } from "./effects/emits.ts";
import { Leases } from "./effects/leases.ts";
import { Starts } from "./effects/starts.ts";
import { TriggeredStarts } from "./effects/triggered-starts.ts";
import { definitionNotes, limitNotes, scheduleNotes, triggerNotes } from "./events/other-notes.ts";
import { runNotes } from "./events/run-notes.ts";
import { WorkflowEventPublisher } from "./events/workflow-event-publisher.ts";
import { PlanCache } from "./plans/plan-cache.ts";
import { Orders } from "./runs/orders.ts";
import { runAttemptCommands } from "./runs/run-attempt-commands.ts";
import { RunEnds } from "./runs/run-ends.ts";
import { traceRuns } from "./runs/run-traces.ts";
import { EventWaits } from "./triggers/event-waits.ts";
import { Triggers } from "./triggers/hosting.ts";

const otherSources = [
  { machine: definition, notes: definitionNotes },
  { machine: schedule, notes: scheduleNotes },
  { machine: limit, notes: limitNotes },
  { machine: trigger, notes: triggerNotes },
];

const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: "workflow" };
const cause = { actor, traceparent: "", decision: "", reason: "" };

type DefinitionFoundations = Omit<DefinitionDependencies, "liveRuns" | "admission" | "triggers" | "offered">;

/** Definitions of workflows, their runs, and the schedules, triggers and limits of these. */
export class WorkflowService extends Orchestrator {
  constructor(host: HostContext) {
    super("workflow", host.foundation, { scope: "engines", version: host.version });
    const { mesh, partitionOwner, foundation, readBlob, guard, ids } = host;
    const { sharedPools } = this.settings(workflowSection);
    const retryIn = configuredRetryIn(this.settings(retrySection));
    const planCache = new PlanCache({ blobs: () => blobs(), readNow: (sha256) => blobs().readNow(sha256) });
    const machine = runMachine({ plans: planCache, outputs: cachedOutputs((key) => runtime.peek(key)) });
    const sources = [{ machine, notes: runNotes }, ...otherSources];
    const traces = this.register("traces", new WorkTraces(foundation), { critical: false });
    const ends = new RunEnds((key) => runtime.query({ key, query: showEnding, body: undefined }));
    const ended = (key: InstanceKey) => {
      traces.enqueue(key);
      void ends.find(key);
    };
    const publisher = this.register("events", new WorkflowEventPublisher(host, sources, { ended }), {
      critical: false,
    });
    const effects = new WorkflowEffects(publisher);
    const { runtime, archive, blobs } = host.storage(effects, [machine]);
    publisher.setRuntime(runtime);

    const outputs = new OutputBuffer();
    const settlement = runSettlement(host, this.name, runtime, outputs, ends);
    const dispatch = mesh.client(dispatchService);
    const origin = { service: this.name, workKind: "run" };
    const judged = judgedResults(guard?.admission, "run", settlement, {
      readBlob,
      timers: foundation.timers,
    });
    const outcomes = observeOutcomes(this, host, "run", judged);
    const identity = { dispatch, origin, instanceId: host.processId, tokens: host.tokens() };
    const parts = { ...identity, settlement: outcomes, foundation, sharedPools };
    const dispatcher = this.register("dispatcher", new Dispatcher(parts));
    const jobs = this.register("errands", new EffectJobs({ runtime, foundation, cause }));
    const leases = this.register("leases", new Leases({ runtime, foundation, cause }));
    const runs = mesh.client(runService);
    const starts = new Starts({ jobs, runs, missions: mesh.client(missionService) });
    const waiting = new EventWaits({ runtime, bus: host.bus, foundation, cause });
    const waits = this.register("event-waits", waiting, { critical: false });
    const triggered = new TriggeredStarts({ jobs, runs });
    const emits = new Emits({ jobs, triggers: mesh.client(triggerService) });
    effects.setDoers({ dispatcher, emits, jobs, leases, starts, triggered, waits });

    const definitions = mesh.client(definitionService);
    const versions = new Versions({ runtime, partitionOwner, blobs, retryIn, definitions });
    const watches = new WatchMemory(foundation.clock, host.ids);
    const dependencies = { runtime, archive, partitionOwner, foundation, watches, versions };
    registerLabels(guard, dependencies, "run", { query: showRun, body: { withPayloads: false } });
    this.#serveDefinitions(host, { ...dependencies, blobs, retryIn });
    mesh.serve(scheduleService, scheduleHandlers(dependencies));
    mesh.serve(limitService, limitHandlers(dependencies));
    mesh.serve(objectService, objectHandlers({ ...dependencies, runs, objects: mesh.client(objectService) }));
    this.#serveCache(mesh, dependencies);
    this.#serveTriggers(host, { ...dependencies, waits, runs });
    const orders = new Orders({ versions, planCache, retryIn, readBlob });
    const pools = {
      pools: mesh.client(poolService),
      namespaceOfPool: (pool: string, namespace: string) => dispatcher.namespaceOf(pool, namespace),
      outagesAt: (namespace: string, pool: string, sinceMs: number) =>
        dispatcher.outagesAt(namespace, pool, sinceMs),
    };
    const reading = { machine, planCache, readers: new ReaderCache(), orders, ends };
    mesh.serve(runService, runHandlers({ ...dependencies, ...pools, ...reading, ids, guard, runs }));
    const tasks = mesh.client(taskService);
    const related = { tasks, missions: mesh.client(missionService), sessions: mesh.client(sessionService) };
    mesh.serve(taskService, taskHandlers({ ...dependencies, outputs, ...related }));
    traceRuns(traces, runtime, tasks);
    serveBulk(mesh, { archive, blobs, runs, tasks, foundation }, planCache);
  }

  #serveCache(mesh: HostContext["mesh"], dependencies: Omit<CacheLimiterParts, "bytesMaxIn">): void {
    const { cacheBytes, cacheBytesOf } = this.settings(workflowSection);
    const bytesMaxIn = (namespace: string) => cacheBytesOf[namespace] ?? cacheBytes;
    this.register("cache-bound", new CacheLimiter({ ...dependencies, bytesMaxIn }), { critical: false });
    mesh.serve(
      cacheService,
      cacheHandlers({ ...dependencies, bytesMaxIn, entries: mesh.client(cacheService) }),
    );
  }

  #serveDefinitions({ mesh, guard }: HostContext, dependencies: DefinitionFoundations): void {
    const installation = {
      versions: dependencies.versions,
      registry: mesh.client(registryService),
      agents: mesh.client(agentService),
    };
    mesh.serve(
      definitionService,
      definitionHandlers({
        ...dependencies,
        liveRuns: new LiveRuns(dependencies.archive),
        admission: guard?.admission,
        triggers: mesh.client(triggerService),
        offered: (source, context) => installedFor(installation, source, context),
      }),
    );
  }

  #serveTriggers(
    { mesh, bus, foundation }: HostContext,
    dependencies: TriggerFoundations & Pick<TriggerDependencies, "runs">,
  ): void {
    const triggers = mesh.client(triggerService);
    const { archive, runtime, partitionOwner } = dependencies;
    const listening = new Triggers({ bus, archive, runtime, partitionOwner, triggers, foundation });
    this.register("triggers", listening, { critical: false });
    mesh.serve(triggerService, triggerHandlers({ ...dependencies, ...listening.parts, bus, triggers }));
  }
}

/** The service as a module of a host. */
export const workflow: ServiceModule = {
  name: "workflow",
  sections: [workflowSection, retrySection],
  machines: [definition, schedule, limit, object, cache, trigger],
  create: (host) => new WorkflowService(host),
};

/** Outputs that runs need not ask for. */
function cachedOutputs(peek: (key: InstanceKey) => unknown): CachedOutputs {
  return {
    find(key, nowMs) {
      const entry = peek(key) as ReadOnly<CacheEntry> | undefined;
      return entry && freshOutput(entry, nowMs);
    },
  };
}

function runSettlement(
  { foundation, tokens, hasBlob, readBlob }: HostContext,
  service: string,
  runtime: ServiceStorage["runtime"],
  outputs: OutputBuffer,
  ends: RunEnds,
): RuntimeSettlement {
  const { timers, logger } = foundation;
  return new RuntimeSettlement({
    runtime,
    timers,
    logger,
    outputs,
    tokens: tokens(),
    hasBlob,
    readBlob,
    commands: runAttemptCommands(ends),
    service,
  });
}

function serveBulk(
  mesh: HostContext["mesh"],
  parts: Omit<BulkDependencies, "childVersions">,
  planCache: PlanCache,
): void {
  const childVersions: BulkDependencies["childVersions"] = (hash, namespace) =>
    planCache.childVersions(namespace, hash);
  mesh.serve(bulkService, bulkHandlers({ ...parts, childVersions }));
}
