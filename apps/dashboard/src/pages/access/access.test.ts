import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { GovernanceRole } from "@tutti/rest/types";
import { emptyKey, keyBadge, keyBody, keyCommand, keyProblems, scopeTexts } from "./keys.ts";
import { areasOf, mayInArea, Rights } from "./matrix.ts";
import {
  actorOf,
  checkProblems,
  emptyCheck,
  explainCommand,
  nameOf,
  questionOf,
  rolesFor,
  sentenceOf,
} from "./question.ts";
import { accessSearch } from "./search.ts";
import { statementOf, statementsOf } from "./statements.ts";
import { actionsOf } from "./vocabulary.ts";

const schema = `entity Run in [Namespace] tags String;
action "workflow.runs.*";
action "workflow.runs.get" in ["workflow.runs.*", "read"] appliesTo { principal: [Person], resource: [Run], context: { hour?: Long } };
action "workflow.runs.start" in ["workflow.runs.*"] appliesTo { principal: [Person], resource: [Run], context: { hour?: Long } };
action "insight.health_histories.get" in ["read"] appliesTo { principal: [Person], resource: [HealthHistory, Metric], context: { hour?: Long } };
`;
const actions = actionsOf(schema);

describe("the actions of the policy schema", () => {
  it("are listed with the resource kinds of each action, without groups", () => {
    assert.deepEqual(actions, [
      { name: "workflow.runs.get", kinds: ["run"] },
      { name: "workflow.runs.start", kinds: ["run"] },
      { name: "insight.health_histories.get", kinds: ["health_history", "metric"] },
    ]);
  });
});

describe("the matrix", () => {
  const rights = new Rights({ allowed: ["workflow.runs.get"], conditional: ["workflow.runs.start"] });

  it("distinguishes always, sometimes and never, for an action and for an area", () => {
    assert.deepEqual(
      actions.map(({ name }) => rights.mayDo(name)),
      ["always", "sometimes", "never"],
    );
    const [histories, runs] = areasOf(actions, "");
    assert.ok(histories !== undefined && runs !== undefined);
    assert.deepEqual([histories.name, runs.name], ["insight.health_histories", "workflow.runs"]);
    assert.deepEqual(rights.inArea(runs), { always: 1, sometimes: 1, all: 2 });
    assert.equal(mayInArea(rights.inArea(runs)), "sometimes");
    assert.equal(mayInArea(rights.inArea(histories)), "never");
    assert.equal(mayInArea({ always: 2, sometimes: 0, all: 2 }), "always");
  });

  it("contains only actions that match the search", () => {
    assert.deepEqual(
      areasOf(actions, " Start ").map(({ name, actions: own }) => [name, own.length]),
      [["workflow.runs", 1]],
    );
  });
});

describe("a question", () => {
  const request = { ...emptyCheck, who: "person:ada", action: "workflow.runs.start", id: "order-1" };

  it("uses a resource kind of its action", () => {
    assert.deepEqual(questionOf(request, actions), {
      actor: { kind: "person", id: "ada" },
      action: "workflow.runs.start",
      resourceKind: "run",
      resourceId: "order-1",
    });
    const other = { ...request, action: "insight.health_histories.get", kind: "metric", id: "" };
    assert.equal(questionOf(other, actions)?.resourceKind, "metric");
  });

  it("is not asked without a principal or an action", () => {
    assert.equal(actorOf("ada"), undefined);
    assert.equal(actorOf("person:"), undefined);
    assert.deepEqual(actorOf("service:a:b"), { kind: "service", id: "a:b" });
    assert.equal(questionOf({ ...request, who: "ada" }, actions), undefined);
    assert.deepEqual(Object.keys(checkProblems({ ...request, who: "", action: "eat" }, actions)), [
      "who",
      "action",
    ]);
    assert.deepEqual(checkProblems(request, actions), {});
  });

  it("is the same as a command", () => {
    assert.equal(
      explainCommand({ ...request, kind: "run" }),
      "tutti policy explain person:ada workflow.runs.start --about run/order-1",
    );
  });

  it("is answered by roles and policies, by their names", () => {
    assert.deepEqual(nameOf({ namespace: "default", policyId: "role:viewer" }), {
      role: "viewer",
      namespace: "default",
    });
    assert.deepEqual(nameOf({ namespace: "system", policyId: "night", statement: 2 }), {
      ...{ policyId: "night", namespace: "system", statement: 2 },
    });
    assert.match(sentenceOf({ allowed: false, policies: [] }), /No role or policy permits it/);
    assert.match(sentenceOf({ allowed: false, policies: [{}] }), /Denied by/);
  });

  it("names roles that would permit it, the least first", () => {
    const role = (name: string, ...patterns: string[]): GovernanceRole => ({
      role: name,
      actions: patterns,
      labels: {},
    });
    const roles = [role("admin", "*"), role("starter", "workflow.runs.start"), role("viewer", "*.get")];
    assert.deepEqual(
      rolesFor("workflow.runs.start", roles, actions).map((each) => each.role),
      ["starter", "admin"],
    );
  });
});

describe("statements of a policy", () => {
  const text = `// permit; not here
@reason("never; at \\"night\\"")
forbid(principal, action, resource);
permit(principal, action, resource) when { context.pool == ";" };
`;

  it("end with semicolons that are in no string and no comment", () => {
    assert.equal(statementsOf(text).length, 2);
    assert.match(statementOf(text, 1), /^\/\/ permit[\s\S]*forbid\(principal, action, resource\);$/);
    assert.match(statementOf(text, 2), /^permit.*";" };$/);
    assert.equal(statementOf(text, 3), "");
    assert.deepEqual(statementsOf('permit(principal == Person::"open'), []);
  });
});

describe("keys", () => {
  const nowMs = 1_000_000;

  it("belong to their creator, with all of the creator's rights, by default", () => {
    assert.deepEqual(keyBody({ ...emptyKey, title: " mine " }), {
      title: "mine",
      lifetimeMs: 90 * 86_400_000,
    });
    const draft = {
      ...emptyKey,
      title: "press",
      who: "agent:press",
      actions: "agent.* swarm.*",
      offers: "print.*, cut",
      slots: "4",
    };
    assert.deepEqual(keyBody({ ...draft, lasts: "8h" }), {
      title: "press",
      actor: { kind: "agent", id: "press" },
      scope: {
        actions: ["agent.*", "swarm.*"],
        agent: { offers: ["print.*", "cut"], pools: ["default"], maxSlots: 4 },
      },
      lifetimeMs: 28_800_000,
    });
    assert.equal(
      keyCommand(draft),
      "tutti key create --title press --principal agent:press --expires-in 90d --action 'agent.*' --action 'swarm.*' --offer 'print.*' --offer cut --join default --slots 4",
    );
    assert.equal(
      "scope" in keyBody({ ...draft, who: "person:ada", actions: "" }),
      false,
      "only agents offer",
    );
  });

  it("are validated before a request is sent", () => {
    assert.deepEqual(Object.keys(keyProblems({ ...emptyKey, who: "press" })), ["title", "who"]);
    assert.deepEqual(Object.keys(keyProblems({ ...emptyKey, title: "a", who: "agent:b", slots: "many" })), [
      "slots",
    ]);
  });

  it("show their current state", () => {
    assert.equal(keyBadge({}, nowMs).label, "good");
    assert.equal(keyBadge({ expireTimeMs: nowMs }, nowMs).label, "ended");
    assert.equal(keyBadge({ successorKeyId: "k2" }, nowMs).label, "rotated");
    assert.equal(keyBadge({ successorKeyId: "k2", revoked: true }, nowMs).label, "revoked");
  });

  it("show their restrictions, and an empty list of an agent grants nothing", () => {
    assert.deepEqual(scopeTexts(undefined), []);
    const agent = { pools: [], offers: ["print.*"], namespaces: [], maxSlots: 2 };
    assert.deepEqual(scopeTexts({ actions: ["a.*"], namespaces: ["x"], agent }), [
      ...["actions a.*", "in x", "offers print.*", "joins no pool", "has up to 2 slots"],
    ]);
  });
});

describe("the address of the page", () => {
  it("keeps valid parameters, and drops the rest", () => {
    assert.deepEqual(accessSearch({ view: "keys", who: 7, decided: "denied", x: 1 }), {
      view: "keys",
      decided: "denied",
    });
    assert.deepEqual(accessSearch({ view: "all", who: "person:ada", action: "a.b.c" }), {
      ...{ who: "person:ada", action: "a.b.c" },
    });
  });
});
