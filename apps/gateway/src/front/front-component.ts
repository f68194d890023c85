/** The life of the gateway's parts: they start when the rest of the process has started, and stop first. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { registryService } from "@tutti/contracts/registry/v1";
import { AllProcesses, type HostContext, servedMetricService } from "@tutti/host";
import { allInstances } from "@tutti/host/serving";
import { type Component, type ComponentContext, type Foundation, type Health, healthy } from "@tutti/kernel";
import type { PushAgent } from "../a2a/push/push-agent.ts";
import type { Access, Caller } from "../access/access.ts";
import { admitSocket, requireAllowed } from "../access/edge.ts";
import type { GatewaySettings } from "../configuration.ts";
import { gatewayErrors } from "../errors.ts";
import type { LinkEndpoint } from "../link/link-endpoint.ts";
import type { RealtimeSettings } from "../realtime/configuration.ts";
import type { Realtime } from "../realtime/realtime.ts";
import { callerIn, contextOf } from "./context.ts";
import type { GatewayEndpoint } from "./gateway-endpoint.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";

export type LoadedFront = typeof import("./loaded.ts");

export interface FrontOptions {
  readonly host: HostContext;
  readonly foundation: Foundation;
  readonly settings: GatewaySettings;
  readonly realtime: RealtimeSettings;
  readonly access: Access;
  readonly endpoint: GatewayEndpoint;
  readonly loaded: LoadedFront;
}

export class Front implements Component {
  readonly #options: FrontOptions;
  #realtime: Realtime | undefined;
  #links: LinkEndpoint | undefined;
  #push: PushAgent | undefined;
  readonly #stopping = new AbortController();
  #close: () => Promise<void> = async () => {};

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  async start({ signal }: ComponentContext): Promise<void> {
    const { host, foundation, settings, access, endpoint, loaded } = this.#options;
    const shared = { host, foundation, settings, stopping: this.#stopping.signal };
    await access.start(signal);
    const realtime = new loaded.Realtime({
      bus: host.bus,
      foundation,
      settings: this.#options.realtime,
      requireAllowed: ({ principal }, namespace) =>
        requireAllowed(host.guard, principal, "events", namespace),
      requireOngoing: ({ principal }) => host.guard?.requireOngoing(principal),
      changes: host.guard,
    });
    this.#realtime = realtime;
    this.#links = new loaded.LinkEndpoint({ mesh: host.mesh, foundation, guard: host.guard });
    const registry = host.mesh.client(registryService);
    const metrics = loaded.metricsPlugin({
      processes: new AllProcesses({
        clientOf: (service) => host.mesh.client(servedMetricService, { service }),
        instances: () => allInstances(registry),
        atFirst: [{ id: "", service: "gateway", address: "" }],
      }),
      insight: () =>
        host.mesh.knows("insight")
          ? host.mesh.client(servedMetricService, { service: "insight" })
          : undefined,
      optionsOf: (request) => ({
        context: contextOf(request, foundation, callerIn(request).principal),
        timeoutMs: settings.callMs,
      }),
      now: () => foundation.clock.now(),
    });
    const webhooks = await loaded.webhooksPlugin({
      host,
      foundation,
      settings,
      contextOf: (request, principal) => contextOf(request, foundation, principal),
    });
    const calls = loaded.callsPlugin(shared);
    const rooms = [realtime.plugin, metrics, webhooks, calls];
    const mcp = loaded.mcpPlugin(shared);
    const push = new loaded.PushAgent({ host, foundation, settings });
    this.#push = push;
    const a2a = loaded.a2aPlugin({ ...shared, access, push });
    const protocols = [mcp, a2a, loaded.alertmanagerPlugin(shared), loaded.otlpPlugin(shared)];
    const app = await loaded.openFront({
      ...shared,
      access,
      realtime,
      rooms,
      protocols,
      answeredByRooms: ["events", "metrics.list", "metrics.series", "webhooks.tell", "webhooks.trigger"],
    });
    this.#close = async () => app.close();
    push.start();
    endpoint.open({
      handle: (request, response) => app.routing(request, response),
      upgrade: (request, socket, head) => void this.#upgrade(request, socket, head),
    });
  }

  /** Ends streams: their readers reconnect. Requests in progress are completed. */
  drain(): void {
    this.#options.endpoint.shut();
    this.#stopping.abort();
    this.#realtime?.drain();
  }

  async stop(): Promise<void> {
    this.#options.endpoint.shut();
    this.#realtime?.stop();
    this.#links?.stop();
    await this.#push?.stop();
    await this.#close();
    await this.#options.access.stop();
  }

  health(): Health {
    return this.#realtime?.health() ?? healthy;
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { access, host } = this.#options;
    let caller: Caller;
    try {
      access.refuseStrangers(request.headers, { isPage: false });
      caller = await access.callerOf(request);
      access.track(caller, socket);
      admitSocket(host.guard, caller.principal, socket);
    } catch (thrown) {
      refuseUpgrade(socket, thrown);
      return;
    }
    switch (request.url?.split("?", 1)[0]) {
      case "/v1/link":
        this.#links?.upgrade(request, socket, head, caller.principal);
        break;
      case "/v1/events":
        this.#realtime?.upgrade(request, socket, head, caller);
        break;
      default:
        refuseUpgrade(socket, gatewayErrors.upgradeUnknown({ path: (request.url ?? "").slice(0, 200) }));
    }
  }
}
