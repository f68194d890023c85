import { Enforcement, type Policy } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { Decider, loadCedar, type Question } from "@tutti/policy";
import { quantile, rounded } from "../../measure/statistics.ts";
import type { Scenario } from "../../scenario.ts";

const counts = [10, 100, 1_000];
const perRound = 2_000;

/** What it takes to say who may do what: decisions that were made before, and such as nobody has asked for yet. */
export const policy: Scenario = {
  name: "policy",
  about: "who may do what by 10, 100 and 1,000 policies: decided before, and decided anew",
  async *run({ rounds }) {
    const cedar = await loadCedar();
    for (const policies of counts) {
      const beganMs = performance.now();
      const decider = new Decider(cedar, {
        ...{ policies: Array.from({ length: policies }, (_, index) => policyOf(index)) },
        ...{ roles: [], bindings: [], principals: [] },
      });
      const takenInMs = performance.now() - beganMs;
      const again = Array.from({ length: 400 }, (_, index) => questionOf(index, {}));
      for (const one of again) decider.decide(one, 0);
      const known = times(rounds, (index) => decider.decide(again[index % again.length] as Question, 0));
      const anew = times(rounds, (index) => decider.decide(questionOf(index, { asked: String(index) }), 0));
      for (const [variant, found] of [
        ["decided before", known],
        ["decided anew", anew],
      ] as const)
        yield {
          ...{ variant, policies, takenInMs: rounded(takenInMs) },
          decisionsPerSec: rounded(found.length / (found.reduce((sum, us) => sum + us, 0) / 1_000_000)),
          p50Us: rounded(quantile(found, 0.5)),
          p99Us: rounded(quantile(found, 0.99)),
        };
    }
  },
};

function times(rounds: number, decide: (index: number) => void): readonly number[] {
  const us: number[] = [];
  for (let index = 0; index < rounds * perRound; index++) {
    const began = performance.now();
    decide(index);
    us.push((performance.now() - began) * 1_000);
  }
  return us.sort((one, other) => one - other);
}

const verbs = ["start", "get", "list", "cancel", "retry"];

function questionOf(index: number, more: Readonly<Record<string, string>>): Question {
  return {
    actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: `user-${index % 50}` },
    ...{ groups: ["night"], namespace: "shop", resourceKind: "run", resourceId: `order-${index}` },
    action: `workflow.runs.${verbs[index % verbs.length]}`,
    labels: { team: `team-${index % 8}`, ...more },
  };
}

/** A third permits somebody something, a third a group, a third forbids: spread over actions and two namespaces. */
function policyOf(index: number): Policy {
  const verb = verbs[index % verbs.length];
  const texts = [
    `permit(principal == Person::"user-${index % 50}", action == Action::"workflow.runs.${verb}", resource) when { resource.hasTag("team") && resource.getTag("team") == "team-${index % 8}" };`,
    `permit(principal in Group::"group-${index % 20}", action in Action::"swarm.pools.*", resource);`,
    `forbid(principal, action == Action::"workflow.definitions.register", resource) when { context has hour && context.hour > 20 };`,
  ];
  return {
    ...{ namespace: index % 2 === 0 ? "system" : "shop", policyId: `policy-${index}`, description: "" },
    ...{ text: texts[index % texts.length] ?? "", enforcement: Enforcement.ENFORCEMENT_ENFORCED },
    ...{ cases: [], labels: {}, updateCause: undefined, updateTime: undefined, revision: "" },
  };
}
