import { type Foundation, Orchestrator, renderExplanation } from "@tutti/kernel";

/** Logs the sources of settings. */
export default class Clerk extends Orchestrator {
  constructor(foundation: Foundation) {
    super("clerk", foundation);
    for (const key of [
      "registry.leaseMs",
      "log.level",
      "registry.historyMax",
      "mesh.tls.key",
      "nats.token",
    ]) {
      for (const explanation of foundation.configuration?.explain(key) ?? []) {
        const { name, value, source, place } = explanation;
        this.logger.info("explained", { name, value, source, place, text: renderExplanation(explanation) });
      }
    }
  }
}
