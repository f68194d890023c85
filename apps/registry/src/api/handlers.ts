import type { registryService } from "@tutti/contracts/registry/v1";
import type { Handlers } from "@tutti/mesh";
import { findCapabilities, getCapabilityMap } from "./capabilities.ts";
import type { RegistryDependencies } from "./dependencies.ts";
import { findInstances, getInstance, listServices } from "./instances.ts";
import { watch } from "./watch.ts";

export function registryHandlers(dependencies: RegistryDependencies): Handlers<typeof registryService> {
  const { registrar } = dependencies;
  return {
    register: async ({ instance, leaseMs }) => {
      // The contract requires an instance. This check is for the compiler.
      if (instance === undefined) throw new TypeError("no instance");
      return registrar.register(instance, leaseMs);
    },
    renew: ({ renewals }) => registrar.renew(renewals),
    deregister: async ({ instanceId, reason }) => {
      const removed = await registrar.deregister(instanceId, reason);
      return { removed, position: registrar.position };
    },
    setBreaker: async ({ instanceId, open, reason }) => ({
      instance: await registrar.setBreaker(instanceId, open ? reason || "not stated" : ""),
    }),
    watch: (request, { signal }) => watch(dependencies, request, signal),
    getInstance: (request) => getInstance(registrar.directory, request),
    findInstances: (request) => findInstances(registrar, request),
    listServices: (request) => listServices(registrar.directory, request),
    findCapabilities: (request) => findCapabilities(registrar, request),
    getCapabilityMap: (request) => getCapabilityMap(registrar.directory, request),
  };
}
