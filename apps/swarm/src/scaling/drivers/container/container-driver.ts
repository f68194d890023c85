/**
 * Agents as containers of a machine. Those that run when this process restarts are taken over with what they do. Those
 * that are not what the scaler starts now are asked to end, and others take their place.
 */
import { BerthDriver, type BerthDriverParts } from "../berths/berth-driver.ts";
import { stopDefaultMs } from "../process/process-driver.ts";
import { Containers, type ContainersParts } from "./containers.ts";

export type ContainerDriverParts = ContainersParts &
  Omit<BerthDriverParts, "kind" | "programs" | "stopMs" | "earlier">;

export function containerDriver(parts: ContainerDriverParts): BerthDriver {
  const programs = new Containers(parts);
  return new BerthDriver({
    ...{ ...parts, kind: "container", programs },
    stopMs: parts.settings.stopMs || stopDefaultMs,
    earlier: (isWanted) => programs.earlier(isWanted),
  });
}
