/** The parts of sessions in this service: effects and handlers. */
import { estimateService } from "@tutti/contracts/intelligence/v1";
import { registryService } from "@tutti/contracts/registry/v1";
import { lockService, resourceService, sessionService } from "@tutti/contracts/session/v1";
import { agentService, boardService, missionService } from "@tutti/contracts/swarm/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { definitionService, runService, taskService } from "@tutti/contracts/workflow/v1";
import type { HostContext, ServiceStorage } from "@tutti/host";
import { registerLabels, WatchMemory, WorkTraces } from "@tutti/host/serving";
import type { InstanceKey, Orchestrator } from "@tutti/kernel";
import { session, showSession } from "@tutti/machine-session";
import type { MachineEventListener } from "@tutti/runtime";
import { HeldPlans, SessionEffects, steerSessions } from "@tutti/sessions";
import type { SessionDependencies } from "../api/sessions/dependencies.ts";
import { tasksReader } from "../api/sessions/goal-tasks.ts";
import { sessionHandlers } from "../api/sessions/handlers.ts";
import { RecentOfferings } from "../api/sessions/recent-offerings.ts";
import { SessionEventPublisher } from "../events/session-event-publisher.ts";

export interface SessionHosting {
  /** The effects of sessions. They are called only after `begin`. */
  readonly effects: SessionEffects;
  /** Receives the events of sessions. */
  readonly eventListener: MachineEventListener;
  /** Registers all other parts, with the storage of the machines. */
  registerParts(storage: Pick<ServiceStorage, "runtime" | "archive">): SessionDependencies;
}

export const sessionMachines = [session];

/** @param service registers the parts, in start order */
export function hostSessions(
  service: Pick<Orchestrator, "name" | "register">,
  host: HostContext,
  { planner }: { readonly planner: string },
): SessionHosting {
  const { mesh, foundation, partitionOwner, ids } = host;
  const traces = service.register("session-traces", new WorkTraces(foundation), { critical: false });
  const ended = (key: InstanceKey) => traces.enqueue(key);
  const publisher = service.register("session-events", new SessionEventPublisher(host, ended), {
    critical: false,
  });
  const effects = new SessionEffects();
  return {
    effects,
    eventListener: publisher,
    registerParts({ runtime, archive }) {
      publisher.attachRuntime(runtime);
      const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: service.name };
      const cause = { actor, traceparent: "", decision: "", reason: "" };
      const clients = sessionClients(mesh, service.name);
      const { runs, tasks, missions, agents, sessions } = clients;
      const registry = mesh.client(registryService);
      const resources = mesh.client(resourceService, { service: service.name });
      const recentOfferings = new RecentOfferings(foundation.clock);
      const heldPlans = new HeldPlans();
      effects.attach(
        steerSessions({
          clients,
          runtime,
          foundation,
          cause,
          rules: host.guard?.admission,
          heldPlans,
          readTasks: tasksReader({ registry, agents, resources, recentOfferings, foundation }),
          register: (name, part, options) => service.register(name, part, options),
        }),
      );
      const dependencies = {
        runtime,
        archive,
        partitionOwner,
        foundation,
        ids,
        agents,
        runs,
        tasks,
        missions,
        sessions,
        planner,
        registry,
        resources,
        definitions: mesh.client(definitionService),
        watches: new WatchMemory(foundation.clock, ids),
        recentOfferings,
        heldPlans,
      };
      traceSessions(traces, runtime, sessions);
      registerLabels(host.guard, dependencies, "session", { query: showSession, body: { whole: false } });
      mesh.serve(sessionService, sessionHandlers(dependencies), { service: service.name });
      return dependencies;
    },
  };
}

/** @param service the service that hosts the sessions, with their locks and estimates */
function sessionClients(mesh: HostContext["mesh"], service: string) {
  return {
    runs: mesh.client(runService),
    tasks: mesh.client(taskService),
    missions: mesh.client(missionService),
    board: mesh.client(boardService),
    agents: mesh.client(agentService),
    sessions: mesh.client(sessionService, { service }),
    locks: mesh.client(lockService, { service }),
    estimates: mesh.client(estimateService, { service }),
  };
}

function traceSessions(
  traces: WorkTraces,
  runtime: SessionDependencies["runtime"],
  sessions: ReturnType<typeof sessionClients>["sessions"],
): void {
  traces.connect({
    runtime,
    endOf: async (key) => {
      const { outcome } = await runtime.query({ key, query: showSession, body: { whole: false } });
      return { definition: "", outcome };
    },
    timelineOf: ({ namespace, id: sessionId }, token, trace) =>
      sessions.getSessionTimeline(
        { namespace, sessionId, childDepth: 1, page: { token, size: 0 } },
        { trace },
      ),
  });
}
