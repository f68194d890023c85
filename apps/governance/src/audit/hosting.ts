/** The parts of the audit in this service: the rounds over the journals, and the handlers. */
import { join } from "node:path";
import { EventOutlet } from "@tutti/bus";
import { auditService } from "@tutti/contracts/governance/v1";
import { type HostContext, registerFile, type ServiceStorage } from "@tutti/host";
import type { Orchestrator } from "@tutti/kernel";
import { anchor } from "@tutti/machine-entities/anchor";
import { refusal } from "@tutti/machine-entities/refusal";
import { AuditEvents } from "../events/audit-events.ts";
import { JournalAnchor } from "./anchoring/journal-anchor.ts";
import { outsideAnchor } from "./anchoring/outside-anchor.ts";
import { auditSection } from "./configuration.ts";
import { auditHandlers } from "./handlers.ts";
import { AuditRounds, type BookPlace, type RoundsParts } from "./rounds.ts";

export const auditMachines = [anchor, refusal];

/** @param service registers the parts, in start order */
export function hostAudit(
  service: Pick<Orchestrator, "register" | "settings">,
  host: HostContext,
  storage: Pick<ServiceStorage, "runtime" | "archive">,
  keys: RoundsParts["keys"],
): void {
  const { mesh, foundation, holds, partitionOwner } = host;
  const settings = service.settings(auditSection);
  const place = placeOf(host, settings);
  if (place === undefined) return;
  const anchors = {
    journal: new JournalAnchor({ runtime: storage.runtime, partitionOwner }),
    outside: outsideAnchor(settings.anchor, foundation.timers),
  };
  const outlet = service.register("audit-events", new EventOutlet(host.bus, foundation), { critical: false });
  const rounds = new AuditRounds({
    mesh,
    foundation,
    holds,
    partitionOwner,
    keys,
    place,
    anchors,
    settings,
    events: new AuditEvents(outlet, foundation.clock),
  });
  service.register("audit", rounds, { critical: false });
  mesh.serve(auditService, auditHandlers({ ...storage, partitionOwner, foundation, rounds }));
}

/** Returns undefined if nothing is stored: then there is nothing to audit. */
function placeOf(host: HostContext, { importFrom }: { readonly importFrom: string }): BookPlace | undefined {
  const { sharedStorage, dataDirectory } = host;
  if (sharedStorage !== undefined) {
    const connecting = host.nats();
    return {
      async open(signal, key) {
        // The code for NATS is loaded only if it is used.
        const { openSharedPlace } = await import("./shared/shared-place.ts");
        const parts = { ...sharedStorage, connection: await connecting, importFrom, key };
        return openSharedPlace(parts, signal);
      },
    };
  }
  if (dataDirectory === undefined) return;
  const file = bookIn(dataDirectory);
  return {
    open: async () => ({ file, shared: undefined, close() {} }),
    onCreated: () => registerFile(dataDirectory, bookName),
  };
}

const bookName = "audit/book.sqlite";

export function bookIn(dataDirectory: string): string {
  return join(dataDirectory, bookName);
}
