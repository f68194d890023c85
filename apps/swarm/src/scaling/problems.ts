/** What is wrong with a scaler before it is kept. */
import type { Scaler } from "@tutti/contracts/swarm/v1";
import type { TuttiError } from "@tutti/kernel";
import { scalingRulesOf, windowProblem } from "@tutti/matching";
import { driverProblem } from "./drivers/open-driver.ts";
import { scalingErrors } from "./errors.ts";
import type { ScalingSettings } from "./settings.ts";

/** More than any machine runs well. A larger number is a typing error. */
const processesMax = 1_000;

export function scalerProblem(
  scaler: Scaler,
  settings: ScalingSettings,
  isLoopback: boolean,
): TuttiError | undefined {
  const { scalerId, minAgents, windows } = scaler;
  const { maxAgents } = scalingRulesOf(scaler);
  const invalid = (problem: string) => scalingErrors.scalerInvalid({ scaler: scalerId, problem });
  if (minAgents > maxAgents)
    return invalid(
      `expected at least as many agents at most as at least, found ${minAgents} to ${maxAgents}`,
    );
  for (const [index, window] of windows.entries()) {
    const problem = windowProblem(window);
    if (problem !== undefined) return invalid(`windows[${index}]: ${problem}`);
  }
  const most = Math.max(maxAgents, ...windows.map((window) => window.maxAgents));
  if (scaler.driver?.$case === "process" && most > processesMax)
    return invalid(`expected at most ${processesMax} processes on one machine, found ${most}`);
  return driverProblem(scaler, settings, isLoopback);
}
