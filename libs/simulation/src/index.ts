export { drawPlan } from "./plan/draw.ts";
export type { Plan } from "./plan/plan.ts";
export { drawRunsPlan } from "./runs/draw-runs.ts";
export { type RunOutcome, simulate } from "./simulation.ts";
export { noWeakening, type Weakening } from "./weakenings/weakening.ts";
export { linesTo, noTrace, type Trace } from "./world/trace.ts";
export type { Finding } from "./world/world.ts";
