import { join } from "node:path";
import type { HostContext, ServiceModule } from "@tutti/host";
import { type Component, Orchestrator } from "@tutti/kernel";
import { Access } from "./access/access.ts";
import { SharedSignIns } from "./access/shared-sign-ins.ts";
import { SignInFile, type SignInStore, SignInsInMemory } from "./access/sign-in-store.ts";
import { gatewaySection } from "./configuration.ts";
import { Front, type LoadedFront } from "./front/front-component.ts";
import { GatewayEndpoint } from "./front/gateway-endpoint.ts";
import { realtimeSection } from "./realtime/configuration.ts";

/** The gateway: REST, streams and the dashboard, on the port of the operations endpoints. */
export class GatewayService extends Orchestrator {
  readonly #link: () => string;

  constructor(host: HostContext, loaded: LoadedFront, store: SignInStore) {
    super("gateway", host.foundation, { scope: "integration", version: host.version });
    const settings = this.settings(gatewaySection);
    const { foundation, operations, guard } = host;
    const { clock } = foundation;
    const { key, linkMs, signInMs, secureCookie } = settings;
    const access = new Access({
      clock,
      host: operations.host,
      key,
      linkMs,
      signInMs,
      secureCookie,
      guard,
      issuers: settings.signIn,
      pageUrl: settings.url,
      store,
    });
    this.#link = () => access.link(operations.url()).url;
    const endpoint = new GatewayEndpoint();
    operations.mount(endpoint);
    this.register(
      "front",
      new Front({
        host,
        foundation,
        settings,
        realtime: this.settings(realtimeSection),
        access,
        endpoint,
        loaded,
      }),
    );
  }

  /** Returns a link that signs a browser in, once, for the user at the terminal. */
  signInLink(): string {
    return this.#link();
  }
}

/** The service, as a host takes it in. */
export const gateway: ServiceModule = {
  name: "gateway",
  sections: [gatewaySection, realtimeSection],
  isOutermost: true,
  create: async (host): Promise<Component> =>
    host.configuration.read(gatewaySection).enabled
      ? new GatewayService(host, await import("./front/loaded.ts"), storeOf(host))
      : {},
};

/** Time for which an expired sign-in stays in the bucket. */
const dayMs = 86_400_000;

/** Sign-ins are stored in the data directory. With shared storage all gateways share them. */
function storeOf({
  sharedStorage,
  dataDirectory,
  nats,
  foundation,
  configuration,
}: HostContext): SignInStore {
  const { signInMs } = configuration.read(gatewaySection);
  if (sharedStorage !== undefined) {
    const { replicas } = sharedStorage;
    return new SharedSignIns({ connection: nats(), foundation, replicas, forMs: signInMs + dayMs });
  }
  return dataDirectory === undefined
    ? new SignInsInMemory()
    : new SignInFile(join(dataDirectory, "gateway", "sign-ins.json"));
}
