/** What is wrong with a scaler before it is kept. */
import type { Scaler } from "@tutti/contracts/swarm/v1";
import type { TuttiError } from "@tutti/kernel";
import { windowProblem } from "@tutti/matching";
import { driverProblem } from "./drivers/open-driver.ts";
import { scalingErrors } from "./errors.ts";
import type { ScalingSettings } from "./settings.ts";

export function scalerProblem(
  scaler: Scaler,
  settings: ScalingSettings,
  isLoopback: boolean,
): TuttiError | undefined {
  const { scalerId, minAgents, maxAgents, windows } = scaler;
  const invalid = (problem: string) => scalingErrors.scalerInvalid({ scaler: scalerId, problem });
  if (maxAgents > 0 && minAgents > maxAgents)
    return invalid(
      `expected at least as many agents at most as at least, found ${minAgents} to ${maxAgents}`,
    );
  for (const [index, window] of windows.entries()) {
    const problem = windowProblem(window);
    if (problem !== undefined) return invalid(`windows[${index}]: ${problem}`);
  }
  return driverProblem(scaler, settings, isLoopback);
}
