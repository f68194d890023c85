/** Insight as an agent: it executes repairs and reports as tasks of runs that it starts. */
import type { ServiceAgentRole } from "@tutti/host/service-agent";
import { insightErrors } from "./errors.ts";

export const insightPool = "insight";
/** Start of the agent id of each process. */
export const agentPrefix = "insight-";

export const insightRole: ServiceAgentRole = {
  service: insightPool,
  formerIds: ["insight-repairs"],
  poolDescription: "Tasks that insight does itself: repairs and reports",
  description: "Repairs of incidents, and reports",
  slots: 4,
  claimMax: 1,
  runForeign: (runId) => insightErrors.runForeign({ runId }),
};
