/**
 * The life of push notifications in a gateway. A namespace without configurations has neither the pool nor the agent.
 *
 * 1. A start wakes the agent of a namespace. It polls while there are configurations whose tasks have not ended.
 * 2. Rounds find the configurations of other namespaces: those of a stopped gateway, or of the last start.
 */
import { agentPollService } from "@tutti/contracts/agent/v1";
import { ListNamespacesRequest, namespaceService } from "@tutti/contracts/governance/v1";
import { ListPoolsRequest, poolService } from "@tutti/contracts/swarm/v1";
import { runService } from "@tutti/contracts/workflow/v1";
import type { HostContext } from "@tutti/host";
import { ServiceAgent } from "@tutti/host/service-agent";
import { type Component, errorFromUnknown, type Foundation, type Timer } from "@tutti/kernel";
import type { GatewaySettings } from "../../configuration.ts";
import { gatewayErrors } from "../../errors.ts";
import type { PushNotifications } from "./push-notifications.ts";
import { pushService } from "./push-runs.ts";

export interface PushAgentParts {
  readonly host: Pick<HostContext, "mesh" | "processId">;
  readonly foundation: Foundation;
  readonly settings: Pick<GatewaySettings, "privatePushUrls">;
}

const scanIntervalMs = 60_000;
const slots = 1_000;
const claimMax = 100;
const namespacesMax = 1_000;
const callMs = 10_000;

export class PushAgent implements Component {
  readonly #parts: PushAgentParts;
  readonly #agent: ServiceAgent;
  readonly #stopping = new AbortController();
  #notifications: Promise<PushNotifications> | undefined;
  #timer: Timer | undefined;
  #scanning: Promise<void> = Promise.resolve();

  constructor(parts: PushAgentParts) {
    this.#parts = parts;
    const { host, foundation } = parts;
    const { mesh, processId } = host;
    this.#agent = new ServiceAgent({
      foundation,
      agentId: `a2a-${processId}`,
      runs: mesh.client(runService),
      polls: mesh.client(agentPollService, { service: "swarm" }),
      pools: mesh.client(poolService),
      role: {
        service: pushService,
        poolDescription: "Push notifications of A2A tasks. The gateway does its tasks",
        description: "Push notifications of A2A tasks",
        slots,
        claimMax,
        runForeign: (runId) => gatewayErrors.pushRunForeign({ runId }),
        hasMore: async (namespace, context) => (await this.notifications()).isNeeded(namespace, context),
      },
    });
  }

  /** Loaded with the first configuration. */
  notifications(): Promise<PushNotifications> {
    this.#notifications ??= this.#load();
    return this.#notifications;
  }

  start(): void {
    this.#next(0);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#timer?.cancel();
    await Promise.all([this.#agent.stop(), this.#scanning]);
  }

  async #load(): Promise<PushNotifications> {
    const { host, foundation, settings } = this.#parts;
    const { PushNotifications } = await import("./push-notifications.ts");
    return new PushNotifications({
      foundation,
      mesh: host.mesh,
      agent: this.#agent,
      arePrivateAllowed: settings.privatePushUrls,
    });
  }

  #next(afterMs: number): void {
    if (this.#stopping.signal.aborted) return;
    const { timers, logger } = this.#parts.foundation;
    this.#timer = timers.after(afterMs, () => {
      this.#scanning = this.#scan()
        .catch((thrown: unknown) =>
          logger.debug("the search for push notifications failed", { error: errorFromUnknown(thrown) }),
        )
        .finally(() => this.#next(scanIntervalMs));
    });
  }

  async #scan(): Promise<void> {
    const { mesh } = this.#parts.host;
    const { signal } = this.#stopping;
    const options = { timeoutMs: callMs, signal };
    const all = ListNamespacesRequest.fromPartial({ page: { size: namespacesMax } });
    const { resources } = await mesh.client(namespaceService).listNamespaces(all, options);
    const pools = mesh.client(poolService);
    for (const namespace of new Set(["default", ...resources.map(({ name }) => name)])) {
      if (signal.aborted) return;
      if (this.#agent.isPolling(namespace)) continue;
      const request = ListPoolsRequest.fromPartial({ namespace, page: { size: 1_000 } });
      const found = (await pools.listPools(request, options)).pools;
      if (!found.some(({ pool }) => pool === pushService)) continue;
      const notifications = await this.notifications();
      if (await notifications.isNeeded(namespace, this.#agent.context(namespace, signal)))
        this.#agent.wake(namespace);
    }
  }
}
