export { type Estimate, Estimates, type EstimatesLimits, type Subject } from "./estimates/estimates.ts";
export { type Timing, timingOf } from "./graph/critical-path.ts";
export { type Graph, topologicalOrder } from "./graph/graph.ts";
export { exactWidthMax, levelsOf, widthOf } from "./graph/width.ts";
