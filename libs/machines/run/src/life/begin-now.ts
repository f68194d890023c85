import { RunPhase } from "@tutti/contracts/workflow/v1";
import type { RunStep, RunView } from "../state.ts";
import { advance } from "./advance.ts";
import { runBegun } from "./events.ts";

/** The run starts: its start is due, or its limits are held. */
export function beginNow(run: RunView, step: RunStep): void {
  if (run.phase !== RunPhase.RUN_PHASE_WAITING) return;
  step.emit(runBegun, { beginMs: step.nowMs });
  advance(run, step);
}
