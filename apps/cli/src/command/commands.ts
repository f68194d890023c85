import type { Command } from "./declaration.ts";
import { accessCommands } from "./table/access.ts";
import { admissionCommands } from "./table/admission.ts";
import { agentCommands } from "./table/agents.ts";
import { auditCommands } from "./table/audit.ts";
import { clusterCommands } from "./table/cluster.ts";
import { installationCommands } from "./table/installation.ts";
import { lockCommands } from "./table/locks.ts";
import { missionCommands } from "./table/missions.ts";
import { modelCommands } from "./table/models.ts";
import { poolCommands } from "./table/pools.ts";
import { resourceCommands } from "./table/resources.ts";
import { runCommands } from "./table/runs.ts";
import { sessionCommands } from "./table/sessions.ts";
import { workflowCommands } from "./table/workflows.ts";

/** Every command there is. */
export const commands: readonly Command[] = [
  ...runCommands,
  ...sessionCommands,
  ...missionCommands,
  ...workflowCommands,
  ...installationCommands,
  ...clusterCommands,
  ...agentCommands,
  ...poolCommands,
  ...lockCommands,
  ...resourceCommands,
  ...modelCommands,
  ...accessCommands,
  ...admissionCommands,
  ...auditCommands,
];
