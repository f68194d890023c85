/** Plans for tests: from the text of definitions. */
import { checkText, type Plan } from "@tutti/definitions";
import { assert } from "@tutti/kernel";
import { RunPlan, type RunPlans } from "../core/plan/run-plan.ts";

export class KnownDefinitions implements RunPlans {
  readonly #plans = new Map<string, RunPlan>();
  readonly #change: (plan: Plan) => Plan;

  /** @param change changes each plan */
  constructor(change: (plan: Plan) => Plan = (plan) => plan) {
    this.#change = change;
  }

  /**
   * Checks a definition in YAML and keeps its plan. Returns its hash. Tasks without `retry` have one attempt,
   * so that a test about something else fails them once.
   */
  add(text: string): string {
    const source = { format: "yaml", text, fileName: "test.yaml" } as const;
    const { definition, problems } = checkText(source, {
      retry: { namespace: { maxAttempts: 1 }, pools: {} },
    });
    const errors = problems.map(({ message, line }) => `${line}: ${message}`).join("; ");
    assert(definition?.plan !== undefined, "a definition of a test has no mistakes", { errors });
    const { hash, plan } = definition;
    if (!this.#plans.has(hash)) this.#plans.set(hash, new RunPlan(this.#change(plan), hash));
    return hash;
  }

  plan(hash: string): RunPlan {
    const plan = this.#plans.get(hash);
    assert(plan !== undefined, "a plan is known before its run", { hash });
    return plan;
  }
}
