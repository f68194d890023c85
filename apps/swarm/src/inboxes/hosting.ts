/** Inboxes in the service: the component, the rpcs, and the subscription to pools. */
import { sessionService } from "@tutti/contracts/session/v1";
import { inboxService, missionService } from "@tutti/contracts/swarm/v1";
import { definitionService, runService, taskService } from "@tutti/contracts/workflow/v1";
import type { HostContext } from "@tutti/host";
import type { PoolDependencies } from "../api/dependencies.ts";
import { inboxHandlers } from "../api/inboxes/handlers.ts";
import type { AgentPolls } from "../polls/agent-polls.ts";
import { InboxRuns } from "./inbox-runs.ts";
import { Inboxes } from "./inboxes.ts";

export function wireInboxes(
  { foundation, mesh }: HostContext,
  dependencies: PoolDependencies,
  polls: AgentPolls,
): Inboxes {
  const { pools } = dependencies;
  const { timers, chance, logger, tracer, clock } = foundation;
  const runs = new InboxRuns({
    definitions: mesh.client(definitionService),
    runs: mesh.client(runService),
    tasks: mesh.client(taskService),
    missions: mesh.client(missionService),
    sessions: mesh.client(sessionService),
    tracer,
    logger,
  });
  const inboxes = new Inboxes({ polls, runs, timers, chance, logger, clock });
  pools.onTenant((tenant) => inboxes.follow(tenant));
  pools.onReleased((pool) => inboxes.remove(pool));
  mesh.serve(
    inboxService,
    inboxHandlers({
      ...dependencies,
      inboxes,
      runs,
      tasks: mesh.client(taskService),
      remoteInboxes: mesh.client(inboxService),
    }),
  );
  return inboxes;
}
