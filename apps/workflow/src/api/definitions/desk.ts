import type { DefinitionSource } from "@tutti/contracts/workflow/v1";
import type { Catalogue } from "@tutti/definitions";
import type { MachineDesk } from "@tutti/host/serving";
import type { CallContext, Foundation } from "@tutti/kernel";
import type { LiveRuns } from "../../definitions/live-runs.ts";
import type { Versions, VersionsNeeds } from "../../definitions/versions.ts";

/** What the handlers about definitions work with. */
export interface DefinitionDesk extends VersionsNeeds, Pick<MachineDesk, "archive"> {
  readonly versions: Versions;
  readonly liveRuns: LiveRuns;
  readonly foundation: Pick<Foundation, "clock" | "timers">;
  /** What the installation offers of what a source uses. */
  catalogue(source: DefinitionSource, context: CallContext): Promise<Catalogue>;
}
