import { AdmissionRule, AdmissionSubject } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { AdmissionRules, type Subject } from "@tutti/policy";
import { quantile, rounded } from "../../measure/statistics.ts";
import type { Scenario } from "../../scenario.ts";

const counts = [0, 1, 10, 100];
const perRound = 2_000;
const kind = AdmissionSubject.ADMISSION_SUBJECT_RESULT;
const namespace = "shop";
/** Some 100 bytes, as an agent sends them. */
const output = Buffer.from(
  JSON.stringify({ order: "order-4711", amount: 120, currency: "EUR", lines: [1, 2, 3], note: "as agreed" }),
);

/** What it takes to hold a result against rules: from its bytes to the verdict. Without rules nothing of it is read. */
export const admission: Scenario = {
  name: "admission",
  about: "results of tasks held against no, 1, 10 and 100 admission rules, all of which hold",
  async *run({ rounds }) {
    for (const count of counts) {
      const rules = new AdmissionRules(Array.from({ length: count }, (_, index) => ruleOf(index)));
      const us: number[] = [];
      for (let index = 0; index < rounds * perRound; index++) {
        const began = performance.now();
        if (rules.hasAny(kind) && !rules.admit(subjectOf(index)).admitted)
          throw new Error("expected a result that is admitted, found one that is refused");
        us.push((performance.now() - began) * 1_000);
      }
      us.sort((one, other) => one - other);
      yield {
        ...{ variant: "results", rules: count },
        judgedPerSec: rounded(us.length / (us.reduce((sum, one) => sum + one, 0) / 1_000_000)),
        p50Us: rounded(quantile(us, 0.5)),
        p99Us: rounded(quantile(us, 0.99)),
      };
    }
  },
};

function subjectOf(index: number): Subject {
  const about = { agent: `agent-${index % 20}`, capability: "price.ask", task: "ask", attempt: 1 };
  return {
    ...{ kind, namespace, action: "agent.tasks.complete", labels: {}, groups: [] },
    actor: { kind: ActorKind.ACTOR_KIND_AGENT, id: about.agent },
    body: { ...about, output: JSON.parse(output.toString()) },
  };
}

/** Half of them are about other capabilities. */
function ruleOf(index: number): AdmissionRule {
  return AdmissionRule.fromPartial({
    ...{ namespace, ruleId: `rule-${index}`, subject: kind },
    when: `subject.capability == "${index % 2 === 0 ? "price.ask" : "price.tell"}"`,
    condition: `subject.output.amount <= ${1_000 + index} && subject.output.currency in ["EUR", "USD"]`,
    verdict: { $case: "deny", value: { message: "too much: ${{ subject.output.amount }}" } },
  });
}
