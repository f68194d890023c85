import type { Command } from "../command/declaration.ts";
import { accessCommands } from "./access/table.ts";
import { adapterCommands } from "./adapters/table.ts";
import { admissionCommands } from "./admission/table.ts";
import { adoptionCommands } from "./adoption/table.ts";
import { adviceCommands } from "./advice/table.ts";
import { agentCommands } from "./agents/table.ts";
import { alertCommands } from "./alerts/table.ts";
import { analysisCommands } from "./analysis/table.ts";
import { auditCommands } from "./audit/table.ts";
import { cacheCommands } from "./cache/table.ts";
import { limitCommands } from "./limits/table.ts";
import { lockCommands } from "./locks/table.ts";
import { missionCommands } from "./missions/table.ts";
import { objectCommands } from "./objects/table.ts";
import { clusterCommands } from "./platform/cluster-table.ts";
import { installationCommands } from "./platform/table.ts";
import { poolCommands } from "./pools/table.ts";
import { reportCommands } from "./reports/table.ts";
import { modelCommands, resourceCommands } from "./resources/table.ts";
import { runCommands } from "./runs/table.ts";
import { sessionCommands } from "./sessions/table.ts";
import { templateCommands } from "./templates/table.ts";
import { triggerCommands } from "./triggers/table.ts";
import { variantCommands } from "./variants/table.ts";
import { workflowCommands } from "./workflows/table.ts";

/** All commands. */
export const commands: readonly Command[] = [
  ...runCommands,
  ...cacheCommands,
  ...sessionCommands,
  ...missionCommands,
  ...workflowCommands,
  ...variantCommands,
  ...triggerCommands,
  ...objectCommands,
  ...installationCommands,
  ...analysisCommands,
  ...reportCommands,
  ...adviceCommands,
  ...clusterCommands,
  ...templateCommands,
  ...adapterCommands,
  ...adoptionCommands,
  ...agentCommands,
  ...alertCommands,
  ...poolCommands,
  ...limitCommands,
  ...lockCommands,
  ...resourceCommands,
  ...modelCommands,
  ...accessCommands,
  ...admissionCommands,
  ...auditCommands,
];
