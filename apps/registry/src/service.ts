import { EventOutlet } from "@tutti/bus";
import { registryService } from "@tutti/contracts/registry/v1";
import type { HostContext, ServiceModule } from "@tutti/host";
import { Orchestrator } from "@tutti/kernel";
import { registryHandlers } from "./api/handlers.ts";
import { registrySection } from "./configuration.ts";
import { instanceEvent } from "./effects/instance-events.ts";
import { registrarInstruments } from "./effects/instruments.ts";
import { MemoryStore } from "./effects/memory-store.ts";
import { Registrar } from "./effects/registrar.ts";
import type { Store } from "./effects/store.ts";

/** Services, instances, their capabilities and health: each entry is valid as long as its lease. */
export class RegistryService extends Orchestrator {
  constructor(host: HostContext, store: Store) {
    super("registry", host.foundation, { scope: "integration", version: host.version });
    const { foundation } = host;
    const settings = this.settings(registrySection);
    const instruments = registrarInstruments(foundation.metrics);
    const outlet = this.register("news", new EventOutlet(host.bus, foundation), { critical: false });
    const registrar = this.register(
      "registrar",
      new Registrar({
        store,
        settings,
        foundation,
        instruments,
        announce: (change) => outlet.publish(instanceEvent(change)),
      }),
      // The start waits for the store without a timeout. Meanwhile the registry is not ready.
      { startTimeoutMs: Number.POSITIVE_INFINITY },
    );
    host.mesh.serve(registryService, registryHandlers({ registrar, settings, foundation, instruments }));
  }
}

/** The registry as a module of a host. */
export const registry: ServiceModule = {
  name: "registry",
  sections: [registrySection],
  create: async (host) => new RegistryService(host, await openStore(host)),
};

async function openStore(host: HostContext): Promise<Store> {
  const { store, replicas } = host.configuration.read(registrySection);
  if (store === "memory") return new MemoryStore(host.ids.newId("hist"), host.foundation.clock);
  // Loaded on demand: its dependencies are large.
  const { NatsStore } = await import("./effects/nats-store.ts");
  const connection = await host.nats();
  return new NatsStore({ connection, foundation: host.foundation, registry: host.processId, replicas });
}
