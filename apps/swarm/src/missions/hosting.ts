/** The parts of missions in this service: events, effects, and handlers. */
import { sessionService } from "@tutti/contracts/session/v1";
import {
  agentService,
  boardService,
  dispatchService,
  missionService,
  poolService,
} from "@tutti/contracts/swarm/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { definitionService, runService } from "@tutti/contracts/workflow/v1";
import type { HostContext, ServiceStorage } from "@tutti/host";
import { EffectJobs, registerLabels, WatchMemory, WorkTraces } from "@tutti/host/serving";
import type { ConfiguredRetryOf, InstanceKey, Orchestrator } from "@tutti/kernel";
import {
  completeTask,
  failTask,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  returnTask,
  showMission,
} from "@tutti/machine-mission";
import type { Client } from "@tutti/mesh";
import {
  type AttemptCommands,
  Dispatcher,
  judgedResults,
  OutputBuffer,
  observeOutcomes,
  RuntimeSettlement,
} from "@tutti/offers";
import { boardHandlers, boardRefusals } from "../api/board/handlers.ts";
import { missionHandlers } from "../api/missions/handlers.ts";
import { MissionEventPublisher } from "../events/mission-event-publisher.ts";
import { Definitions } from "./definitions.ts";
import { MissionEffects } from "./mission-effects.ts";
import { MissionStarts } from "./mission-starts.ts";
import { RefusedJoins } from "./refused-joins.ts";

export interface MissionHosting {
  /** The effects of missions. They are called only after `begin`. */
  readonly effects: MissionEffects;
  /** Registers all other parts, with the storage of the machines. */
  register(storage: Pick<ServiceStorage, "runtime" | "archive">): void;
}

export interface MissionHostingOptions {
  /** Pools that the missions of all namespaces share. */
  readonly sharedPools: readonly string[];
  /** Retry defaults of the configuration. */
  readonly retryIn: ConfiguredRetryOf;
}

/** @param service registers the parts, in start order */
export function hostMissions(
  service: Pick<Orchestrator, "name" | "register">,
  host: HostContext,
  { sharedPools, retryIn }: MissionHostingOptions,
): MissionHosting {
  const { mesh, foundation } = host;
  const traces = service.register("mission-traces", new WorkTraces(foundation), { critical: false });
  const ended = (key: InstanceKey) => traces.enqueue(key);
  const publisher = service.register("mission-events", new MissionEventPublisher(host, ended), {
    critical: false,
  });
  const effects = new MissionEffects(publisher);
  return {
    effects,
    register({ runtime, archive }) {
      publisher.setRuntime(runtime);
      const outputs = new OutputBuffer();
      const parts = {
        settlement: missionSettlement(service, host, runtime, outputs),
        foundation,
        sharedPools,
        instanceId: host.processId,
        tokens: host.tokens(),
      };
      const origin = { service: service.name, workKind: "mission" };
      const dispatch = mesh.client(dispatchService);
      const dispatcher = service.register("mission-offers", new Dispatcher({ ...parts, origin, dispatch }));
      const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: service.name };
      const cause = { actor, traceparent: "", decision: "", reason: "" };
      const effectJobs = service.register("mission-errands", new EffectJobs({ runtime, foundation, cause }));
      const missions = mesh.client(missionService);
      const runs = mesh.client(runService);
      const starts = new MissionStarts({ effectJobs, missions, runs });
      effects.setDoers({ dispatcher, effectJobs, starts });

      const dependencies = {
        runtime,
        archive,
        partitionOwner: host.partitionOwner,
        foundation,
        ids: host.ids,
        missions,
        runs,
        sessions: mesh.client(sessionService),
        outputs,
        retryIn,
        admission: host.guard?.admission,
        refusedJoins: new RefusedJoins(() => foundation.clock.now()),
        watches: new WatchMemory(foundation.clock, host.ids),
        pools: mesh.client(poolService),
        agents: mesh.client(agentService),
        definitions: new Definitions(mesh.client(definitionService)),
        namespaceOfPool: (pool: string, namespace: string) => dispatcher.namespaceOf(pool, namespace),
        outagesAt: (namespace: string, pool: string, sinceMs: number) =>
          dispatcher.outagesAt(namespace, pool, sinceMs),
      };
      traceMissions(traces, runtime, missions);
      registerLabels(host.guard, dependencies, "mission", { query: showMission, body: { whole: false } });
      mesh.serve(missionService, missionHandlers(dependencies));
      mesh.serve(boardService, boardHandlers(dependencies), { refused: boardRefusals(dependencies) });
    },
  };
}

/** Returns the settlement that reports ends of attempts, after the rules for results have admitted them. */
function missionSettlement(
  service: Pick<Orchestrator, "name" | "register">,
  host: HostContext,
  runtime: ServiceStorage["runtime"],
  outputs: OutputBuffer,
) {
  const { hasBlob, readBlob, foundation } = host;
  const { timers, logger } = foundation;
  const settlement = new RuntimeSettlement({
    runtime,
    timers,
    logger,
    commands: missionAttemptCommands,
    service: service.name,
    outputs,
    tokens: host.tokens(),
    hasBlob,
    readBlob,
  });
  const judged = judgedResults(host.guard?.admission, "mission", settlement, { readBlob, timers });
  return observeOutcomes(service, host, "mission", judged);
}

function traceMissions(
  traces: WorkTraces,
  runtime: ServiceStorage["runtime"],
  missions: Pick<Client<typeof missionService>, "getMissionTimeline">,
): void {
  traces.connect({
    runtime,
    endOf: (key) => runtime.query({ key, query: showMission, body: { whole: false } }),
    timelineOf: ({ namespace, id: missionId }, token, trace) =>
      missions.getMissionTimeline(
        { namespace, missionId, childDepth: 1, page: { token, size: 0 } },
        { trace },
      ),
  });
}

/** The commands that report attempts at tasks of missions. Runs use the same words. */
const missionAttemptCommands: AttemptCommands = {
  completed: (fields, { agent, runMs, used }) => ({
    command: completeTask,
    body: { ...fields, agent, runMs, used },
  }),
  failed: (error, { agent, runMs, used }) => ({ command: failTask, body: { error, agent, runMs, used } }),
  lost: (loss) => ({ command: returnTask, body: { ...loss, retryAfterMs: 0, lost: true } }),
  started: (agent, startMs) => ({ command: noteAttempt, body: { agent, startMs } }),
  progress: (saved, fraction, message) => ({ command: noteProgress, body: { saved, fraction, message } }),
  calledModels: (agent, calls) => ({ command: noteModelCalls, body: { agent, calls } }),
  // Callers that wait for the end of a mission read it themselves.
  answered() {},
};
