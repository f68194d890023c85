import { type Foundation, Orchestrator } from "@tutti/kernel";

/** Logs the stack of its construction, and the program. */
export default class Traced extends Orchestrator {
  constructor(foundation: Foundation) {
    super("traced", foundation);
    this.register("trace", {
      start: () => this.logger.info("traced", { stack, program: process.argv[1] }),
    });
    const { stack } = new Error("here");
  }
}
