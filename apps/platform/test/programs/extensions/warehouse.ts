import { existsSync } from "node:fs";
import { type Foundation, healthy, Orchestrator, unhealthy } from "@tutti/kernel";

/** The roof is healthy until a test creates the file `hole` in the working directory. */
export default class Warehouse extends Orchestrator {
  constructor(foundation: Foundation) {
    super("warehouse", foundation, { healthCacheMs: 0 });
    this.register("floor", {});
    this.register("roof", { health: () => (existsSync("hole") ? unhealthy("it rains in") : healthy) });
  }
}
