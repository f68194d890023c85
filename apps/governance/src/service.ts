import {
  admissionService,
  auditService,
  identityService,
  namespaceService,
  policyService,
  secretService,
} from "@tutti/contracts/governance/v1";
import { registryService } from "@tutti/contracts/registry/v1";
import { agentService } from "@tutti/contracts/swarm/v1";
import { definitionService, runService } from "@tutti/contracts/workflow/v1";
import { type HostContext, keysDirectoryIn, SealingKeys, type ServiceModule } from "@tutti/host";
import { combinedListeners } from "@tutti/host/serving";
import { Orchestrator } from "@tutti/kernel";
import { decisions } from "@tutti/machine-entities/decisions";
import { findings } from "@tutti/machine-entities/findings";
import { secrets } from "@tutti/machine-entities/secrets";
import { tenant } from "@tutti/machine-entities/tenant";
import { admissionHandlers } from "./admission/handlers.ts";
import { inspectBook } from "./audit/book/inspection.ts";
import { auditSection } from "./audit/configuration.ts";
import { auditMachines, bookIn, hostAudit } from "./audit/hosting.ts";
import { BundleBuilder } from "./bundles/bundle-builder.ts";
import { Keys } from "./bundles/keys.ts";
import { governanceSection } from "./configuration.ts";
import { governanceEventPublisher } from "./events/governance-event-publisher.ts";
import { identityHandlers } from "./identity/handlers.ts";
import { namespaceHandlers } from "./namespaces/handlers.ts";
import { Deciding } from "./policies/deciding.ts";
import { policyHandlers } from "./policies/handlers.ts";
import { secretHandlers } from "./secrets/handlers.ts";
import type { TenantDependencies } from "./tenants/dependencies.ts";

/** The identities of an installation, their access rights, and the bundles by which services decide. */
export class GovernanceService extends Orchestrator {
  constructor(host: HostContext) {
    super("governance", host.foundation, { scope: "management", version: host.version });
    const { mesh, foundation, partitionOwner, ids, dataDirectory = "" } = host;
    const settings = this.settings(governanceSection);
    const policies = mesh.client(policyService);
    const keysDirectory = settings.keysDirectory || keysDirectoryIn(dataDirectory);
    const keys = new Keys(keysDirectory, dataDirectory, settings.installation, foundation);
    const bundles = this.register(
      "bundles",
      new BundleBuilder({
        foundation,
        settings,
        keys,
        archive: { search: (request) => archive.search(request) },
        policies,
      }),
      { critical: false },
    );
    const published = this.register("events", governanceEventPublisher(host), { critical: false });
    const eventListener = combinedListeners([bundles, published]);
    // Tenants have no effects.
    const { runtime, archive } = host.storage({ dispatch() {}, withdraw() {}, eventListener });
    const deciding = new Deciding(bundles, foundation.clock);
    const serving = { bundles, deciding, keys, settings };
    const dependencies: TenantDependencies = {
      runtime,
      archive,
      partitionOwner,
      foundation,
      ids,
      ...serving,
    };
    mesh.serve(namespaceService, namespaceHandlers(dependencies, mesh));
    mesh.serve(identityService, identityHandlers(dependencies));
    mesh.serve(policyService, policyHandlers({ ...dependencies, policies }));
    const sealing = new SealingKeys(keysDirectory, foundation);
    const keepMs = settings.secretKeepMs;
    mesh.serve(secretService, secretHandlers({ ...dependencies, sealing, keepMs, guard: host.guard }));
    const admission = mesh.client(admissionService);
    const installation = {
      definitions: mesh.client(definitionService),
      runs: mesh.client(runService),
      registry: mesh.client(registryService),
      agents: mesh.client(agentService),
    };
    const audit = mesh.client(auditService);
    mesh.serve(admissionService, admissionHandlers({ ...dependencies, ...installation, admission, audit }));
    hostAudit(this, host, { runtime, archive }, keys);
  }
}

/** The service as a module of a host. */
export const governance: ServiceModule = {
  name: "governance",
  sections: [governanceSection, auditSection],
  machines: [tenant, decisions, findings, secrets, ...auditMachines],
  inspect: (data) => inspectBook(bookIn(data.directory), data),
  create: (host) => new GovernanceService(host),
};
