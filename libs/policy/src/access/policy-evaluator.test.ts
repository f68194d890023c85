import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { Enforcement, type Policy, type Principal, type RoleBinding } from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import fc from "fast-check";
import { type Cedar, loadCedar } from "./cedar.ts";
import { policyProblems } from "./checking.ts";
import { PolicyEvaluator, type Question } from "./policy-evaluator.ts";
import { systemNamespace } from "./roles.ts";
import { Vocabulary } from "./vocabulary.ts";

const nowMs = 1_767_225_600_000;
const ann: Actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ann" };
const bob: Actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: "bob" };

function question(parts: Partial<Question>): Question {
  return {
    ...{ actor: ann, groups: [], action: "workflow.runs.start", namespace: "shop" },
    ...{ resourceKind: "run", resourceId: "order-1", labels: {} },
    ...parts,
  };
}

function policy(policyId: string, text: string, parts: Partial<Policy> = {}): Policy {
  return {
    ...{ namespace: "shop", policyId, description: "", text, enforcement: Enforcement.ENFORCEMENT_ENFORCED },
    ...{ cases: [], labels: {}, updateCause: undefined, updateTime: undefined, revision: "" },
    ...parts,
  };
}

function binding(bindingId: string, role: string, parts: Partial<RoleBinding> = {}): RoleBinding {
  return {
    ...{ namespace: "shop", bindingId, role, subject: { $case: "actor", value: ann } },
    ...{ resources: undefined, expireTime: undefined, createCause: undefined, labels: {}, revision: "" },
    ...parts,
  };
}

function principal(actor: Actor, parts: Partial<Principal>): Principal {
  return {
    namespace: "shop",
    actor,
    displayName: "",
    groups: [],
    labels: {},
    disabled: false,
    agent: undefined,
    ...{ seenTime: undefined, createTime: undefined, createCause: undefined, revision: "" },
    ...parts,
  };
}

describe("decisions about callers and actions", () => {
  let cedar: Cedar;
  before(async () => {
    cedar = await loadCedar();
  });
  const evaluatorOf = (
    policies: readonly Policy[],
    bindings: readonly RoleBinding[] = [],
    principals: readonly Principal[] = [],
  ) =>
    new PolicyEvaluator(cedar, {
      policies: [...policies],
      roles: [],
      bindings: [...bindings],
      principals: [...principals],
    });

  it("deny every action that no policy or role permits", () => {
    assert.deepEqual(evaluatorOf([]).decide(question({}), nowMs), {
      ...{ allowed: false, policies: [], shadow: undefined, errors: [] },
    });
  });

  it("follow from a role until its binding expires, and name the binding", () => {
    const until = { expireTime: toTimestamp(nowMs + 1_000) };
    const evaluator = evaluatorOf([], [binding("b1", "operator", until), binding("b2", "viewer")]);
    const verdict = evaluator.decide(question({}), nowMs);
    assert.equal(verdict.allowed, true);
    assert.deepEqual(verdict.policies, [
      { namespace: "shop", policyId: "role:operator", statement: 0, reason: "bound by b1" },
    ]);
    assert.equal(evaluator.decide(question({}), nowMs + 999).allowed, true);
    assert.equal(evaluator.decide(question({}), nowMs + 1_000).allowed, false);
    assert.equal(evaluator.decide(question({ action: "workflow.runs.get" }), nowMs + 1_000).allowed, true);
    assert.equal(evaluator.decide(question({ actor: bob }), nowMs).allowed, false);
    assert.equal(evaluator.decide(question({ namespace: "bank" }), nowMs).allowed, false);
  });

  it("follows from a role for a group and for things with certain labels", () => {
    const evaluator = evaluatorOf(
      [],
      [
        binding("b1", "operator", {
          subject: { $case: "group", value: "night" },
          resources: { equals: { team: "blue" }, exists: [], absent: [] },
        }),
      ],
      [principal(bob, { groups: ["night"] })],
    );
    const labels = { team: "blue" };
    assert.equal(evaluator.decide(question({ groups: ["night"], labels }), nowMs).allowed, true);
    assert.equal(evaluator.decide(question({ groups: ["night"] }), nowMs).allowed, false);
    assert.equal(evaluator.decide(question({ actor: bob, labels }), nowMs).allowed, true);
  });

  it("follow from policies: a forbidding policy takes precedence, and the decision has its reason", () => {
    const evaluator = evaluatorOf([
      policy("start", 'permit(principal, action == Action::"workflow.runs.start", resource);'),
      policy(
        "freeze",
        `@reason("frozen until Monday")
         forbid(principal, action in Action::"workflow.*", resource) when { resource.hasTag("frozen") };`,
      ),
    ]);
    assert.deepEqual(evaluator.decide(question({}), nowMs).policies, [
      { namespace: "shop", policyId: "start", statement: 1, reason: "" },
    ]);
    const frozen = evaluator.decide(question({ labels: { frozen: "yes" } }), nowMs);
    assert.equal(frozen.allowed, false);
    assert.deepEqual(frozen.policies, [
      { namespace: "shop", policyId: "freeze", statement: 1, reason: "frozen until Monday" },
    ]);
  });

  it("deny a forbidden action to callers with a role too, and every action to a caller that may not act", () => {
    const forbids = policy("no", 'forbid(principal in Role::"operator", action, resource);');
    assert.equal(
      evaluatorOf([forbids], [binding("b1", "operator")]).decide(question({}), nowMs).allowed,
      false,
    );
    const off = principal(ann, { disabled: true });
    const verdict = evaluatorOf([], [binding("b1", "admin")], [off]).decide(question({}), nowMs);
    assert.equal(verdict.policies[0]?.policyId, "principal:disabled");
  });

  it("in a namespace use its own policies and those of the system, and no other tenant's", () => {
    const all = "permit(principal, action, resource);";
    const own = evaluatorOf([policy("all", all)]);
    assert.equal(own.decide(question({}), nowMs).allowed, true);
    assert.equal(own.decide(question({ namespace: "bank" }), nowMs).allowed, false);
    assert.equal(own.decide(question({ namespace: systemNamespace }), nowMs).allowed, false);
    const shared = evaluatorOf([policy("all", all, { namespace: systemNamespace })]);
    assert.equal(shared.decide(question({ namespace: "bank" }), nowMs).allowed, true);
  });

  it("are not cached across values that a policy reads", () => {
    const evaluator = evaluatorOf([
      policy("one", 'permit(principal, action, resource == Run::"order-1");'),
      policy(
        "day",
        'permit(principal, action == Action::"workflow.runs.cancel", resource) when { context has hour && context.hour < 12 };',
      ),
      policy(
        "home",
        'permit(principal, action == Action::"workflow.runs.retry", resource) when { context has address && context.address.isLoopback() };',
      ),
    ]);
    assert.equal(evaluator.decide(question({}), nowMs).allowed, true);
    assert.equal(evaluator.decide(question({ resourceId: "order-2" }), nowMs).allowed, false);
    for (const [hour, allowed] of [
      [9, true],
      [15, false],
      [9, true],
    ] as const) {
      const asked = question({ action: "workflow.runs.cancel", resourceId: "order-2", context: { hour } });
      assert.equal(evaluator.decide(asked, nowMs).allowed, allowed, `at ${hour}`);
    }
    for (const [address, allowed] of [
      ["127.0.0.1", true],
      ["10.0.0.1", false],
    ] as const) {
      const asked = question({ action: "workflow.runs.retry", resourceId: "order-2", context: { address } });
      assert.equal(evaluator.decide(asked, nowMs).allowed, allowed, address);
    }
  });

  it("skip a statement that cannot be evaluated, and report it", () => {
    const evaluator = evaluatorOf(
      [policy("odd", "forbid(principal, action, resource) when { context.hour > 3 };")],
      [binding("b1", "admin")],
    );
    const verdict = evaluator.decide(question({}), nowMs);
    assert.equal(verdict.allowed, true);
    assert.match(verdict.errors[0] ?? "", /^shop\/odd#1: .*hour/);
    const garbled = evaluator.decide(question({ context: { hour: 1.5 } }), nowMs);
    assert.equal(garbled.allowed, false, "what cannot be read permits nothing");
  });

  it("are compared with a policy in shadow mode, which reports a difference and changes no decision", () => {
    const evaluator = evaluatorOf(
      [
        policy("strict", 'forbid(principal, action == Action::"workflow.runs.start", resource);', {
          enforcement: Enforcement.ENFORCEMENT_SHADOW,
        }),
        policy("gone", "forbid(principal, action, resource);", { enforcement: Enforcement.ENFORCEMENT_OFF }),
      ],
      [binding("b1", "admin")],
    );
    const verdict = evaluator.decide(question({}), nowMs);
    assert.equal(verdict.allowed, true);
    assert.deepEqual(verdict.shadow, {
      allowed: false,
      policies: [{ namespace: "shop", policyId: "strict", statement: 1, reason: "" }],
    });
    assert.equal(evaluator.decide(question({ action: "workflow.runs.get" }), nowMs).shadow, undefined);
  });

  it("is the same when it is remembered as when it is decided for the first time", () => {
    const policies = [
      policy("a", 'permit(principal == Person::"ann", action in Action::"read", resource);'),
      policy("b", 'forbid(principal, action, resource == Run::"x") unless { principal in Group::"ops" };'),
      policy("c", 'permit(principal in Group::"ops", action, resource) when { resource.hasTag("open") };'),
      policy(
        "d",
        "forbid(principal, action, resource is Mission) when { context has hour && context.hour > 20 };",
      ),
    ];
    const bindings = [binding("b1", "viewer", { subject: { $case: "actor", value: bob } })];
    const remembering = evaluatorOf(policies, bindings);
    const anyQuestion = fc.record({
      actor: fc.constantFrom(ann, bob),
      groups: fc.constantFrom<string[]>([], ["ops"]),
      action: fc.constantFrom("workflow.runs.get", "workflow.runs.start"),
      namespace: fc.constantFrom("shop", "bank"),
      resourceKind: fc.constantFrom("run", "mission"),
      resourceId: fc.constantFrom("", "x", "y"),
      labels: fc.constantFrom<Record<string, string>>({}, { open: "" }),
      context: fc.constantFrom({}, { hour: 22 }),
    });
    fc.assert(
      fc.property(anyQuestion, (item) => {
        assert.deepEqual(
          remembering.decide(item, nowMs),
          evaluatorOf(policies, bindings).decide(item, nowMs),
        );
      }),
      { numRuns: 200 },
    );
  });

  it("remain correct with more slices than Cedar has names for", () => {
    const evaluator = evaluatorOf([
      policy("get", 'permit(principal, action in Action::"read", resource);', { namespace: "n1" }),
    ]);
    for (let round = 0; round < 2; round++)
      for (let tenant = 0; tenant < 600; tenant++) {
        const asked = question({
          namespace: `n${tenant}`,
          action: "workflow.runs.get",
          resourceId: `${round}`,
        });
        assert.equal(evaluator.decide(asked, nowMs).allowed, tenant === 1, `n${tenant}`);
      }
  });

  it("counts the policies that it could not read", () => {
    assert.deepEqual(
      evaluatorOf([
        policy("broken", "permit(principal"),
        policy("fine", "permit(principal, action, resource);"),
      ]).unreadable,
      ["shop/broken"],
    );
  });
});

describe("agents, which act and are acted on", () => {
  const vocabulary = new Vocabulary([
    { action: "swarm.agents.get", resource: "agent" },
    { action: "governance.roles.list", resource: "role" },
    { action: "governance.namespaces.get", resource: "namespace" },
  ]);
  const text = "permit(principal is Agent, action, resource is Agent) when { principal == resource };";

  it("have one type in the schema, like roles and namespaces", async () => {
    const about = { namespace: "shop", policyId: "own", text };
    assert.deepEqual(policyProblems(await loadCedar(), vocabulary, [about]), []);
  });

  it("are decided on when they act on themselves", async () => {
    const policies = [policy("own", text)];
    const evaluator = new PolicyEvaluator(await loadCedar(), {
      policies,
      roles: [],
      bindings: [],
      principals: [],
    });
    const questionAbout = (resourceId: string) => ({
      ...{ actor: { kind: ActorKind.ACTOR_KIND_AGENT, id: "press" }, groups: [], action: "swarm.agents.get" },
      ...{ namespace: "shop", resourceKind: "agent", resourceId, labels: {} },
    });
    assert.deepEqual(evaluator.decide(questionAbout("press"), 0).errors, []);
    assert.equal(evaluator.decide(questionAbout("press"), 0).allowed, true);
    assert.equal(evaluator.decide(questionAbout("other"), 0).allowed, false);
  });
});

describe("a policy", () => {
  const vocabulary = new Vocabulary([
    { action: "workflow.runs.start", resource: "run" },
    { action: "workflow.runs.get", resource: "run" },
    { action: "swarm.missions.start", resource: "mission" },
  ]);
  const problemsOf = async (text: string) =>
    policyProblems(await loadCedar(), vocabulary, [{ namespace: "shop", policyId: "p", text }]);

  it("is valid when it names existing actions and kinds", async () => {
    assert.deepEqual(
      await problemsOf(`permit(principal is Person, action in Action::"workflow.*", resource)
        when { resource.hasTag("team") && context has hour && context.hour > 8 };
        forbid(principal, action == Action::"swarm.missions.start", resource) unless { principal in Group::"ops" };`),
      [],
    );
  });

  it("is checked among others as it is alone, each problem with its policy, also if two policies share an id", async () => {
    const cedar = await loadCedar();
    const texts = [
      "permit(principal, action, resource);",
      'permit(principal, action, resource) when { context has hour && context.hour == "nine" };',
      "permit(principal, action",
      'permit(principal, action == Action::"workflow.runs.strat", resource);',
      'permit(principal, action, resource);\n permit(principal, action, resource) when { context has hour && context.hour == "ten" };',
    ];
    for (const idOf of [(index: number) => `p${index}`, (index: number) => `p${index % 2}`]) {
      const policies = texts.map((text, index) => ({ namespace: "shop", policyId: idOf(index), text }));
      const alone = policies.flatMap((policy) => policyProblems(cedar, vocabulary, [policy]));
      assert.equal(new Set(alone.map(({ message }) => message)).size, 4);
      assert.deepEqual(
        [...new Set(alone.map(({ policyId }) => policyId))],
        [...new Set([1, 2, 3, 4].map(idOf))],
      );
      assert.deepEqual(policyProblems(cedar, vocabulary, policies), alone);
    }
  });

  it("is wrong with its place: a syntax error, an unknown action, another type", async () => {
    for (const [text, line, column, message] of [
      ["permit(principal, action", 1, 25, /unexpected end of input/],
      [
        'permit(principal, action, resource);\n  permit(principal, action == Action::"workflow.runs.strat", resource);',
        2,
        3,
        /did you mean "workflow.runs.start"/,
      ],
      [
        'permit(principal, action, resource) when { context has hour && context.hour == "nine" };',
        1,
        1,
        /type|Long/i,
      ],
      ["permit(principal == ?principal, action, resource);", 1, 1, /got a template/],
    ] as const) {
      const [problem] = await problemsOf(text);
      assert.ok(problem !== undefined, text);
      assert.deepEqual([problem.line, problem.column], [line, column], text);
      assert.match(problem.message, message);
    }
  });
});
