import type { DefinitionSource } from "@tutti/contracts/workflow/v1";
import type { Guard } from "@tutti/host";
import type { LineDependencies } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import type { Offered } from "@tutti/validation";
import type { LiveRuns } from "../../definitions/live-runs.ts";
import type { OnTriggersClient } from "../../definitions/on-triggers.ts";
import type { Versions, VersionsNeeds } from "../../definitions/versions.ts";

/** The dependencies of the handlers of definitions. */
export interface DefinitionDependencies
  extends Omit<VersionsNeeds, "definitions">,
    Pick<LineDependencies, "archive" | "foundation" | "watches"> {
  readonly versions: Versions;
  readonly liveRuns: LiveRuns;
  /** Rules about the document of a definition. Undefined if nothing is enforced. */
  readonly admission: Pick<Guard["admission"], "definition"> | undefined;
  /** Triggers, which the key `on` of a definition makes. */
  readonly triggers: OnTriggersClient;
  /** Returns the parts that a source uses and the installation offers. */
  offered(source: DefinitionSource, context: CallContext): Promise<Offered>;
}
