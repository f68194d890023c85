import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AccessQuestion,
  ApplyPoliciesRequest,
  Enforcement,
  GetAccessMatrixRequest,
  GetPolicyRequest,
  ListPoliciesRequest,
  type Policy,
  PolicyChange,
  policyService,
  RoleBinding,
  TestPoliciesRequest,
} from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { isTuttiError } from "@tutti/kernel";
import { bundleWhere } from "./bundle.fixture.ts";
import { codeOf, Serving } from "./serving.ts";

const reason = "tried";
const ada = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
const bob = { kind: ActorKind.ACTOR_KIND_PERSON, id: "bob" };
const start = "workflow.runs.start";
const forbidStarts = `@reason("not while stocktaking")\nforbid(principal, action == Action::"${start}", resource);`;

type Fields = Parameters<typeof Policy.fromPartial>[0];

describe("policies", () => {
  let serving: Serving;
  const client = () => serving.host.mesh.client(policyService, { service: "governance" });
  const changeOf = (...set: Fields[]) =>
    PolicyChange.fromPartial({ set: set.map((policy) => ({ ...policy })) });
  const apply = (namespace: string, change: PolicyChange, version = 0) =>
    client().applyPolicies(ApplyPoliciesRequest.fromPartial({ namespace, change, version, reason }));
  const bind = (
    namespace: string,
    bindingId: string,
    fields: Parameters<typeof RoleBinding.fromPartial>[0],
  ) => client().createRoleBinding({ namespace, binding: RoleBinding.fromPartial({ bindingId, ...fields }) });
  const actor = (value: typeof ada) => ({ $case: "actor" as const, value });
  const askAs = async (namespace: string, fields: Parameters<typeof AccessQuestion.fromPartial>[0] = {}) => {
    const question = AccessQuestion.fromPartial({
      actor: ada,
      action: start,
      resourceKind: "run",
      ...fields,
    });
    const { decisions } = await client().askAccess({ namespace, questions: [question] });
    return decisions[0] ?? assert.fail("every question has an answer");
  };

  before(async () => {
    serving = await Serving.open();
  });
  after(() => serving[Symbol.asyncDispose]());

  it("a bound role permits, a policy forbids, and both name the decisive policy", async () => {
    assert.equal((await askAs("one")).allowed, false);
    await bind("one", "ada", { role: "developer", subject: actor(ada) });
    const permitted = await askAs("one");
    assert.deepEqual([permitted.allowed, permitted.policies[0]?.policyId], [true, "role:developer"]);
    assert.equal((await askAs("other")).allowed, false, "a role of one namespace is none in another");
    const { version } = await apply("one", changeOf({ policyId: "stock", text: forbidStarts }));
    const forbidden = await askAs("one");
    assert.deepEqual(
      [forbidden.allowed, forbidden.policies[0]?.policyId, forbidden.policies[0]?.reason],
      [false, "stock", "not while stocktaking"],
    );
    // A bundle contained the new policies before the answer to the change.
    assert.ok((version?.bundle ?? 0) > 0 && forbidden.bundle >= (version?.bundle ?? 0));
  });

  it("a question about an unknown action, or about the wrong kind of resource, is denied with this reason", async () => {
    const mistyped = await askAs("words", { action: "workflow.runs.strat" });
    assert.deepEqual(
      [mistyped.allowed, mistyped.errors],
      [false, ["no service has an action like workflow.runs.strat, did you mean workflow.runs.start?"]],
    );
    const { errors } = await askAs("words", { resourceKind: "robot" });
    assert.deepEqual(errors, ["workflow.runs.start is about run, never about robot"]);
    assert.deepEqual((await askAs("words")).errors, []);
  });

  it("all errors of a change are reported at once with their places, and no policy is changed", async () => {
    const change = changeOf(
      { policyId: "typo", text: 'permit(principal, action == Action::"workflow.runs.strat", resource);' },
      { policyId: "cut", text: "\npermit(principal" },
    );
    const { problems } = await client().checkPolicies({ namespace: "two", change });
    assert.deepEqual(
      problems.map(({ fileName, line }) => [fileName, line]),
      [
        ["typo", 1],
        ["cut", 2],
      ],
    );
    await assert.rejects(apply("two", change), (error) => {
      assert.ok(isTuttiError(error) && codeOf("governance.policies_invalid")(error));
      assert.deepEqual(
        error.violations.map(({ field }) => field.split(":")[0]),
        ["typo", "cut"],
      );
      assert.match(error.message, /did you mean "workflow.runs.start"/);
      return true;
    });
    assert.equal(
      (await client().listPolicies(ListPoliciesRequest.fromPartial({ namespace: "two" }))).version,
      0,
    );
  });

  it("a change with failed cases is refused, and a trial reports all results", async () => {
    const question = { actor: bob, action: start, resourceKind: "run" };
    const text = `permit(principal == Person::"ada", action == Action::"${start}", resource);`;
    const cases = [
      { title: "bob starts", question, allowed: true },
      { title: "ada starts", question: { ...question, actor: ada }, allowed: true },
    ];
    const change = changeOf({ policyId: "starts", text, cases });
    const report = await client().testPolicies(
      TestPoliciesRequest.fromPartial({ namespace: "three", change }),
    );
    assert.deepEqual(
      [report.failed, report.results.map(({ title, passed }) => [title, passed])],
      [
        1,
        [
          ["bob starts", false],
          ["ada starts", true],
        ],
      ],
    );
    await assert.rejects(apply("three", change), codeOf("governance.case_failed"));
    await apply("three", changeOf({ policyId: "starts", text, cases: cases.slice(1) }));
    assert.equal((await askAs("three")).allowed, true);
  });

  it("a change that no identity could revert is refused", async () => {
    await bind("four", "root", { role: "admin", subject: actor(ada) });
    const text = 'forbid(principal, action in Action::"governance.policies.*", resource);';
    await assert.rejects(apply("four", changeOf({ policyId: "all", text })), codeOf("governance.locks_out"));
    const exempting = text.replace(");", ') unless { principal == Person::"ada" };');
    await apply("four", changeOf({ policyId: "all", text: exempting }));
  });

  it("versions are listed, read and restored, and an update requires the last revision", async () => {
    const namespace = "five";
    await bind(namespace, "ada", { role: "developer", subject: actor(ada) });
    await apply(namespace, changeOf({ policyId: "stock", text: forbidStarts }));
    await apply(namespace, PolicyChange.fromPartial({ removedPolicyIds: ["stock"] }), 1);
    assert.equal((await askAs(namespace)).allowed, true);
    await assert.rejects(
      apply(namespace, changeOf({ policyId: "late", text: forbidStarts }), 1),
      codeOf("tenant.moved"),
    );
    const then = await client().getPolicy(
      GetPolicyRequest.fromPartial({ namespace, policyId: "stock", version: 1 }),
    );
    assert.equal(then.policy?.text, forbidStarts);
    const request = { namespace, version: 1, reason, idempotencyKey: "" };
    assert.equal((await client().rollBackPolicies(request)).version?.number, 3);
    assert.equal((await askAs(namespace)).allowed, false);
    const { versions } = await client().listPolicyVersions({ namespace, page: undefined });
    assert.deepEqual(
      versions.map(({ number, changedPolicyIds, removedPolicyIds }) => [
        number,
        changedPolicyIds,
        removedPolicyIds,
      ]),
      [
        [3, ["stock"], []],
        [2, [], ["stock"]],
        [1, ["stock"], []],
      ],
    );
    await assert.rejects(client().rollBackPolicies({ ...request, version: 9 }), codeOf("tenant.no_version"));
    await serving.restart();
    assert.equal((await askAs(namespace)).allowed, false, "as before after a restart");
  });

  it("a policy in shadow mode does not change the decision, and reports its own decision", async () => {
    await bind("six", "ada", { role: "developer", subject: actor(ada) });
    const shadow = { policyId: "stock", text: forbidStarts, enforcement: Enforcement.ENFORCEMENT_SHADOW };
    await apply("six", changeOf(shadow));
    const found = await askAs("six");
    assert.deepEqual(
      [found.allowed, found.shadowAllowed, found.shadowPolicies[0]?.policyId],
      [true, false, "stock"],
    );
  });

  it("policies of system apply everywhere and are listed on request, and questions about another namespace are rejected", async () => {
    const text = `permit(principal == Person::"bob", action == Action::"${start}", resource);`;
    await apply("system", changeOf({ policyId: "bob", text }));
    assert.equal((await askAs("seven", { actor: bob })).allowed, true);
    const list = async (withSystem: boolean) => {
      const request = ListPoliciesRequest.fromPartial({ namespace: "seven", withSystem });
      return (await client().listPolicies(request)).policies.map(({ policyId }) => policyId);
    };
    assert.deepEqual([await list(true), await list(false)], [["bob"], []]);
    await assert.rejects(askAs("seven", { inNamespace: "one" }), codeOf("governance.other_namespace"));
    assert.equal((await askAs("system", { actor: bob, inNamespace: "seven" })).allowed, true);
  });

  it("the matrix distinguishes always and conditionally allowed actions, and lists the roles", async () => {
    const namespace = "eight";
    await bind(namespace, "ada", { role: "operator", subject: actor(ada) });
    await bind(namespace, "bob", {
      ...{ role: "viewer", subject: actor(bob) },
      resources: { equals: { team: "a" } },
    });
    const text = `forbid(principal, action == Action::"workflow.runs.cancel", resource) when { resource.hasTag("vip") };`;
    await apply(namespace, changeOf({ policyId: "vip", text }));
    const actions = ["workflow.runs.get", "workflow.runs.cancel", "governance.policies.apply"];
    const request = GetAccessMatrixRequest.fromPartial({ namespace, actions });
    const { rows } = await client().getAccessMatrix(request);
    assert.deepEqual(
      rows.map((row) => [row.actor?.id, row.roles, row.allowed, row.conditional]),
      [
        ["ada", ["operator"], ["workflow.runs.get"], ["workflow.runs.cancel"]],
        ["bob", ["viewer"], [], ["workflow.runs.get"]],
      ],
    );
  });

  it("built-in roles cannot be changed, and a custom role is removed with its bindings", async () => {
    const namespace = "nine";
    const set = (role: string, actions: string[]) =>
      client().setRole({
        ...{ namespace, revision: "", reason },
        role: {
          namespace,
          role,
          actions,
          description: "",
          labels: {},
          readyMade: false,
          revision: "",
          updateCause: undefined,
        },
      });
    await assert.rejects(set("admin", ["*"]), codeOf("governance.role_ready_made"));
    await assert.rejects(set("printer", ["workflow.runs.strat"]), /did you mean workflow.runs.start/);
    await assert.rejects(
      bind(namespace, "ada", { role: "printer", subject: actor(ada) }),
      codeOf("tenant.missing"),
    );
    await set("printer", ["workflow.runs.*"]);
    await bind(namespace, "ada", { role: "printer", subject: actor(ada) });
    assert.equal((await askAs(namespace)).allowed, true);
    const { roles } = await client().listRoles({ namespace });
    assert.deepEqual([roles[0]?.role, roles.at(-1)?.role], ["viewer", "printer"]);
    assert.equal((await client().deleteRole({ namespace, role: "printer", reason })).removed, true);
    const { bindings } = await client().listRoleBindings({
      namespace,
      role: "",
      actor: undefined,
      page: undefined,
    });
    assert.deepEqual(bindings, []);
    assert.equal((await askAs(namespace)).allowed, false);
  });

  it("a change of one tenant creates one bundle, and a change without effect creates none", async () => {
    const namespace = "ten";
    await apply(namespace, changeOf({ policyId: "stock", text: forbidStarts }));
    const { number } = await bundleWhere(serving, ({ policies }) =>
      policies.some((policy) => policy.namespace === namespace),
    );
    await apply(namespace, changeOf({ policyId: "stock", text: forbidStarts }));
    assert.equal((await askAs(namespace)).bundle, number);
  });

  it("the schema has every action that is served", async () => {
    const { schema } = await client().getPolicySchema({ namespace: "" });
    assert.match(schema, /action "workflow.runs.start" in \["workflow.runs.\*", "workflow.\*"\]/);
  });
});
