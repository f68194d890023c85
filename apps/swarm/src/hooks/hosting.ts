/** Hooks in the service: the component, the rpcs, and the subscription to pools. */
import { hookService } from "@tutti/contracts/swarm/v1";
import type { HostContext } from "@tutti/host";
import type { Component } from "@tutti/kernel";
import type { PoolDependencies } from "../api/dependencies.ts";
import { hookHandlers } from "../api/hooks/handlers.ts";
import { refusedCallReporter } from "../webhooks/report-refused.ts";
import { Hooks } from "./hooks.ts";
import { Webhooks } from "./webhooks.ts";

export function wireHooks(
  { foundation, mesh, guard }: HostContext,
  dependencies: PoolDependencies,
): Component {
  const { pools, now, settings } = dependencies;
  const webhooks = new Webhooks({
    foundation,
    arePrivateAllowed: settings.scaling.privateWebhooks,
    refused: refusedCallReporter(guard, "swarm.hooks.call"),
  });
  const hooks = new Hooks({ turns: pools.turns, now, logger: foundation.logger, webhooks });
  pools.onTenant((tenant) => hooks.follow(tenant));
  pools.onReleased((pool) => hooks.remove(pool));
  mesh.serve(
    hookService,
    hookHandlers({ ...dependencies, hooks, guard, remoteHooks: mesh.client(hookService) }),
  );
  return { stop: () => webhooks.stop() };
}
