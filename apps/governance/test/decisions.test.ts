import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  ApplyPoliciesRequest,
  Decision,
  identityService,
  ListDecisionsRequest,
  PolicyChange,
  PreviewImpactRequest,
  policyService,
  RecordDecisionsRequest,
  RoleBinding,
} from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { unscoped } from "@tutti/policy";
import { as, codeOf, person, Serving } from "./serving.ts";

const ada = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
const bob = { kind: ActorKind.ACTOR_KIND_PERSON, id: "bob" };
const start = "workflow.runs.start";
const text = `@reason("quiet nights")\nforbid(principal == Person::"ada", action == Action::"${start}", resource);`;

type Fields = Parameters<typeof Decision.fromPartial>[0];

describe("recorded decisions", () => {
  let serving: Serving;
  const client = () => serving.host.mesh.client(policyService, { service: "governance" });
  const decision = (decisionId: string, fields: Fields, question: Fields["question"] = {}) =>
    Decision.fromPartial({
      ...{ decisionId, count: 1, decideTime: toTimestamp(Date.now()), ...fields },
      question: { actor: ada, action: start, resourceKind: "run", inNamespace: "shop", ...question },
    });
  const record = async (...decisions: Decision[]) => {
    const request = async function* () {
      yield RecordDecisionsRequest.fromPartial({ batch: 1, decisions });
    };
    for await (const { batch } of client().recordDecisions(request())) assert.equal(batch, 1);
  };
  const list = async (fields: Parameters<typeof ListDecisionsRequest.fromPartial>[0]) => {
    const { decisions } = await client().listDecisions(ListDecisionsRequest.fromPartial(fields));
    return decisions;
  };
  const bind = (namespace: string, actor: typeof ada) => {
    const subject = { $case: "actor" as const, value: actor };
    const binding = RoleBinding.fromPartial({ bindingId: actor.id, role: "developer", subject });
    return client().createRoleBinding({ namespace, binding });
  };

  before(async () => {
    serving = await Serving.open();
    await bind("shop", ada);
    await bind("shop", bob);
  });
  after(() => serving[Symbol.asyncDispose]());

  it("are stored in their namespaces, found by actor, action and outcome, and exist after a restart", async () => {
    const about = { resourceId: "run_7" };
    await record(
      decision("one", { allowed: true, count: 3 }, about),
      decision("two", { allowed: false, shadowAllowed: true }, { actor: bob }),
      decision("elsewhere", { allowed: true }, { inNamespace: "other" }),
    );
    await serving.restart();
    const ids = async (fields: object) =>
      (await list({ namespace: "shop", ...fields })).map(({ decisionId }) => decisionId).sort();
    assert.deepEqual(await ids({}), ["one", "two"]);
    assert.deepEqual(await ids({ actor: bob }), ["two"]);
    assert.deepEqual(await ids({ action: "workflow.*", allowed: true }), ["one"]);
    assert.deepEqual(await ids({ shadowDiffers: true }), ["two"]);
    assert.deepEqual(await ids({ decided: { to: toTimestamp(1) } }), []);
    assert.deepEqual(await ids({ namespace: "other" }), ["elsewhere"]);
    const [one] = await list({ namespace: "shop", actor: ada });
    assert.deepEqual([one?.count, one?.work?.kind, one?.work?.id], [3, "run", "run_7"]);
  });

  it("preview the flips of a policy change with their work, and change nothing", async () => {
    const change = PolicyChange.fromPartial({ set: [{ policyId: "night", text }] });
    const preview = async (fields: Parameters<typeof PreviewImpactRequest.fromPartial>[0]) => {
      const request = PreviewImpactRequest.fromPartial({ namespace: "shop", change, ...fields });
      const flips: string[] = [];
      let [examined, total, wrong, cursor] = [0, 0, 0, ""];
      for await (const reply of client().previewImpact(request)) {
        flips.push(
          ...reply.flips.map(({ before: { decisionId, work } = decision("", {}), allowed, policies }) =>
            [decisionId, work?.id, allowed, policies[0]?.reason].join(" "),
          ),
        );
        ({ examined, total, cursor } = reply);
        wrong += reply.problems.length;
      }
      return { flips, examined, total, wrong, cursor };
    };
    const found = await preview({});
    assert.deepEqual([found.flips, found.examined, found.total], [["one run_7 false quiet nights"], 2, 2]);
    assert.deepEqual(
      (await preview({ cursor: found.cursor })).flips,
      [],
      "a stream continues at its position",
    );
    const broken = PolicyChange.fromPartial({ set: [{ policyId: "night", text: "permit(" }] });
    assert.equal((await preview({ change: broken })).wrong, 1);
    assert.deepEqual((await preview({ span: { to: toTimestamp(1) } })).total, 0);
    const { decisions } = await client().askAccess({
      namespace: "shop",
      questions: [decision("", {}).question ?? assert.fail("it asks")],
    });
    assert.equal(decisions[0]?.allowed, true, "nothing was changed");
  });

  it("are explained by the statement that decided, as it was then", async () => {
    const apply = (policyText: string) =>
      client().applyPolicies(
        ApplyPoliciesRequest.fromPartial({
          ...{ namespace: "then", reason: "tried" },
          change: { set: [{ policyId: "night", text: policyText }] },
        }),
      );
    await apply(text);
    const policies = [{ namespace: "then", policyId: "night", statement: 1, reason: "quiet nights" }];
    await record(decision("why", { policies }, { inNamespace: "then" }));
    await apply(text.replace("quiet", "loud"));
    const found = await client().explainDecision({ namespace: "then", decisionId: "why" });
    assert.deepEqual(
      found.statements.map((statement) => /reason\("(.*)"\)/.exec(statement)?.[1]),
      ["quiet nights"],
    );
    assert.match(
      found.summary,
      /^ada was denied workflow\.runs\.start on any run: forbidden by then\/night \(quiet nights\)$/,
    );
    await assert.rejects(
      client().explainDecision({ namespace: "then", decisionId: "never" }),
      codeOf("tenant.missing"),
    );
  });

  it("come from every process of the installation: a rejected call is found and explained", async () => {
    const identity = serving.host.mesh.client(identityService, { service: "governance" });
    const credential = { id: "", namespace: "shop", groups: [], scope: unscoped };
    const options = as(serving, person("eve", credential));
    await assert.rejects(
      identity.listKeys({ namespace: "shop", actor: undefined, ended: false, page: undefined }, options),
      codeOf("mesh.denied"),
    );
    const eve = { kind: ActorKind.ACTOR_KIND_PERSON, id: "eve" };
    const eves = () => list({ namespace: "shop", actor: eve });
    const [found] = await until("the decision", eves, ({ length }) => length > 0);
    assert.deepEqual([found?.allowed, found?.question?.action], [false, "governance.keys.list"]);
  });
});
