/** Scalers in the service: the component, the rpcs, and the subscription to pools. */
import { isIP } from "node:net";
import { contractEvent, type EventOutlet } from "@tutti/bus";
import { swarmEvents } from "@tutti/contracts/events/v1/swarm";
import { scalerService } from "@tutti/contracts/swarm/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import type { HostContext } from "@tutti/host";
import { errorFromUnknown, type Logger, toTimestamp } from "@tutti/kernel";
import { noteScalings } from "@tutti/machine-entities/pool";
import type { DueEffect, Effects } from "@tutti/runtime";
import type { PoolDependencies } from "../api/dependencies.ts";
import { scalerHandlers } from "../api/scalers/handlers.ts";
import { executeAsOwner } from "../pools/pool-store.ts";
import { refusedCallReporter } from "../webhooks/report-refused.ts";
import { Scalers } from "./scalers.ts";
import { ScalingRecorder } from "./scaling-recorder.ts";

/** Stops before links: programs that are asked to stop finish their tasks and report over their links. */
export const scalersOptions = { dependsOn: ["links"], drainTimeoutMs: 30_000 } as const;

export function wireScalers(host: HostContext, dependencies: PoolDependencies, outlet: EventOutlet): Scalers {
  const { foundation, ids, mesh, dataDirectory, guard } = host;
  const { pools, now, settings } = dependencies;
  let numbered = 0;
  const recorder = new ScalingRecorder({
    logger: foundation.logger,
    store: (pool, body) =>
      executeAsOwner(dependencies.poolStore.machines.runtime, pool, { command: noteScalings, body }),
  });
  const scalers = new Scalers({
    foundation,
    ids,
    now,
    dataDirectory,
    settings: settings.scaling,
    scheduleTurn: (pool) => pools.turns.schedule(pool),
    address: () => settings.scaling.address || reachable(mesh.address),
    recorder,
    refused: refusedCallReporter(guard, "swarm.scalers.call"),
    onScaled({ namespace, name }, { scalerId }, driver, { before, wanted, reason }) {
      numbered = Math.max(numbered + 1, Math.floor(now() * 1_000));
      const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: scalerId };
      const cause = { actor, traceparent: "", decision: "", reason };
      const header = { namespace, resource: name, sequence: numbered, time: toTimestamp(now()), cause };
      const payload = { header, before, wanted, driver, reason };
      outlet.publish(
        contractEvent(swarmEvents["tutti.swarm.pool.scaled"], payload, { source: "/tutti/swarm" }),
      );
    },
  });
  pools.onTenant((tenant) =>
    scalers.follow({
      pool: tenant.pool,
      scalers: () => tenant.contents.scalers.values(),
      pastOf: (scalerId) => tenant.contents.pasts.get(scalerId),
      quarantineAfter: () => tenant.settings.quarantineAfterCrashes,
    }),
  );
  pools.onReleased((pool) => void scalers.release(pool));
  const remoteScalers = mesh.client(scalerService);
  const served = {
    ...dependencies,
    scalers,
    remoteScalers,
    guard,
    isLoopback: isLoopback(mesh.settings.listen),
  };
  mesh.serve(scalerService, scalerHandlers(served));
  return scalers;
}

/** Returns the machine's own address in place of a wildcard, for programs on this machine. */
function reachable(address: string): string {
  return address.replace(/^(0\.0\.0\.0|\[?::\]?)(?=:\d+$)/, "127.0.0.1");
}

function isLoopback(listen: string): boolean {
  const host = listen.slice(0, listen.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/**
 * Opens pools with scalers, and passes everything else to the effects of missions.
 *
 * @param others the other effects of the machines of the service. Methods of a class are not copied with an
 * object: each is passed on by name
 */
export function tendPools(
  others: Required<Effects>,
  open: (namespace: string, name: string) => Promise<unknown>,
  logger: Logger,
): Required<Effects> {
  const tend = async ({ key }: DueEffect): Promise<void> => {
    const { namespace, id: pool } = key;
    try {
      await open(namespace, pool);
    } catch (thrown) {
      logger.warn("failed to open a pool with scalers", { namespace, pool, error: errorFromUnknown(thrown) });
    }
  };
  return {
    eventListener: others.eventListener,
    dispatch(effects) {
      const remaining = effects.filter(({ key }) => key.kind !== "pool");
      if (remaining.length > 0) others.dispatch(remaining);
      for (const effect of effects) if (effect.key.kind === "pool") void tend(effect);
    },
    // The scalers themselves follow pools that lost their scalers or moved to another process.
    withdraw: (tokens) => others.withdraw(tokens),
    release: (tokens) => others.release(tokens),
  };
}
