import { type Foundation, Orchestrator } from "@tutti/kernel";

/** A coordinator as a user writes one. */
export default class Billing extends Orchestrator {
  constructor(foundation: Foundation) {
    super("billing", foundation, { version: "1.4.0" });
    this.register("ledger", { start: () => this.logger.info("ledger opened") });
    this.register(
      "printer",
      { health: () => ({ level: "degraded", reason: "little paper left" }) },
      { critical: false },
    );
    this.register("mailer", { stop: () => this.logger.info("mail is out") }, { dependsOn: ["ledger"] });
  }
}
