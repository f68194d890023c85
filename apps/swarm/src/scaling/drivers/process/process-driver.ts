/** Agents as programs on this machine. Their output is in the log of this process, and they end with it. */
import type { ProcessDriver as ProcessSettings } from "@tutti/contracts/swarm/v1";
import type { Foundation } from "@tutti/kernel";
import { BerthDriver, type BerthDriverParts } from "../berths/berth-driver.ts";
import type { LaunchedAs, Programs } from "../berths/programs.ts";
import { type AgentPool, environmentOf } from "./environment.ts";
import { launch, type RunningProcess } from "./launcher.ts";
import type { LaunchRecords } from "./leftovers.ts";

export interface ProcessDriverParts extends Omit<BerthDriverParts, "kind" | "programs" | "stopMs"> {
  readonly settings: ProcessSettings;
  readonly agentPool: AgentPool;
  readonly records: LaunchRecords;
}

export const stopDefaultMs = 10_000;

export function processDriver(parts: ProcessDriverParts): BerthDriver {
  const stopMs = parts.settings.stopMs || stopDefaultMs;
  return new BerthDriver({ ...parts, kind: "process", programs: processes(parts, stopMs), stopMs });
}

function processes(
  { settings, agentPool, records, foundation: { logger } }: ProcessDriverParts & { foundation: Foundation },
  stopMs: number,
): Programs {
  /** Ends the child processes that the program left running. */
  async function endOf(running: RunningProcess) {
    const ending = await running.ended;
    running.signal("SIGKILL");
    if (running.pid !== undefined) await records.remove(running.pid).catch(() => {});
    return ending;
  }
  return {
    async launch(as: LaunchedAs, isNeeded) {
      const environment = await environmentOf(settings, agentPool, as);
      if (!isNeeded()) return undefined;
      const { command, directory } = settings;
      const agent = logger.child({ agent: as.agentId });
      const running = launch({ command, directory, environment, onLine: (line) => agent.info(line) });
      if (running.pid !== undefined)
        await records.add(running.pid, as.agentId, stopMs).catch((error: unknown) => {
          logger.warn("failed to record a launched program", { agent: as.agentId, error });
        });
      return { ended: endOf(running), signal: running.signal };
    },
  };
}
