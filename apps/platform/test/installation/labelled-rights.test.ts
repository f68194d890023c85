/** Rights restricted to resources with certain labels: by a role, by the scope of a key, and by policies. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  ApplyPoliciesRequest,
  CreateKeyRequest,
  identityService,
  policyService,
  RoleBinding,
  Scope,
} from "@tutti/contracts/governance/v1";
import { ActorKind, LabelSelector } from "@tutti/contracts/types/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const namespace = "default";
const person = (id: string) => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });
const resources = LabelSelector.fromPartial({ equals: { team: "a" } });
const definition = `workflow: wait
tasks: {hold: {wait: {signal: go}}}`;

describe("rights by labels", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  const keys: Record<string, string> = {};

  async function somebody(id: string, role: string, options: { isBound?: boolean; scope?: Scope } = {}) {
    const { mesh } = installation.host;
    const subject = { $case: "actor" as const, value: person(id) };
    const only = options.isBound === true ? { resources } : {};
    const binding = RoleBinding.fromPartial({ bindingId: id, role, subject, ...only });
    await mesh.client(policyService).createRoleBinding({ namespace, binding });
    const request = { namespace, actor: person(id), title: id, scope: options.scope };
    const { secret } = await mesh.client(identityService).createKey(CreateKeyRequest.fromPartial(request));
    keys[id] = secret;
  }

  const statusOf = async (id: string, path: string, init: RequestInit = {}): Promise<number> => {
    const headers = { authorization: `Bearer ${keys[id]}`, "content-type": "application/json" };
    const answer = await fetch(`${installation.host.url}/v1${path}`, { ...init, headers });
    await answer.body?.cancel();
    return answer.status;
  };
  const post = (body: object): RequestInit => ({ method: "POST", body: JSON.stringify(body) });

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    await tutti.workflows.register(definition);
    worker = installation.worker({});
    await worker.handle("stock.count", () => 1).start();
    for (const team of ["a", "b"]) await tutti.run("wait", { id: `of-${team}`, labels: { team } });
    await tutti.run("wait", { id: "of-nobody" });
    await somebody("ann", "operator", { isBound: true });
    await somebody("may", "operator", { scope: Scope.fromPartial({ resources }) });
    await somebody("all", "operator");
    await until("all to be known", async () => (await statusOf("all", "/runs/of-b")) === 200);
    for (const id of ["ann", "may"])
      await until(`${id} to be known`, async () => (await statusOf(id, "/runs/of-a")) === 200);
  });
  after(async () => {
    await worker?.stop();
    await tutti?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  for (const [id, by] of [
    ["ann", "a role that is bound to a label"],
    ["may", "a key that is narrowed to a label"],
  ] as const)
    it(`from ${by} apply to objects with that label, and to no others`, async () => {
      for (const path of ["", "/state", "/timeline", "/history"]) {
        assert.equal(await statusOf(id, `/runs/of-a${path}`), 200, path);
        for (const other of ["of-b", "of-nobody", "none"])
          assert.equal(await statusOf(id, `/runs/${other}${path}`), 403, `${other}${path}`);
      }
      assert.equal(await statusOf(id, "/runs/of-a/pause", post({})), 200);
      assert.equal(await statusOf(id, "/runs/of-a/resume", post({})), 200);
      assert.equal(await statusOf(id, "/runs/of-b/pause", post({})), 403);
      // A list names no resource that could have labels.
      assert.equal(await statusOf(id, "/runs"), 403);
      assert.equal(await statusOf(id, "/pools"), 403);
    });

  it("are had on missions and sessions too", async () => {
    const tasks = [{ id: "one", capability: "stock.count" }];
    const create = async (path: string, spec: object) => {
      const answer = await fetch(`${installation.host.url}/v1${path}`, {
        ...post(spec),
        headers: { "content-type": "application/json" },
      });
      assert.ok(answer.ok, await answer.text());
    };
    for (const team of ["a", "b"]) {
      await create("/missions", { missionId: `m-${team}`, spec: { tasks, labels: { team } } });
      await create("/sessions", {
        sessionId: `s-${team}`,
        mode: "swarm",
        tasks: { tasks },
        labels: { team },
      });
    }
    for (const [path, status] of [
      ["/missions/m-a", 200],
      ["/missions/m-b", 403],
      ["/sessions/s-a", 200],
      ["/sessions/s-b", 403],
    ] as const)
      assert.equal(await statusOf("ann", path), status, path);
  });

  it("follow the labels that something has now", async () => {
    const label = (team: string): RequestInit => ({
      method: "PUT",
      body: JSON.stringify({ labels: { team } }),
    });
    assert.equal(await statusOf("ann", "/runs/of-b"), 403);
    assert.equal(await statusOf("all", "/runs/of-b/labels", label("a")), 200);
    assert.equal(await statusOf("ann", "/runs/of-b"), 200);
    assert.equal(await statusOf("all", "/runs/of-b/labels", label("b")), 200);
    assert.equal(await statusOf("ann", "/runs/of-b"), 403);
  });

  it("are denied by policies with label conditions, even to callers with a wider role", async () => {
    const text = `forbid(principal, action == Action::"workflow.runs.get", resource)
when { resource.hasTag("team") && resource.getTag("team") == "b" };`;
    const change = { set: [{ policyId: "closed", text }] };
    const request = ApplyPoliciesRequest.fromPartial({ namespace, change, reason: "tried" });
    await installation.host.mesh.client(policyService).applyPolicies(request);
    await until("the policy to hold", async () => (await statusOf("all", "/runs/of-b")) === 403);
    assert.equal(await statusOf("all", "/runs/of-a"), 200);
    assert.equal(await statusOf("all", "/runs/of-nobody"), 200);
    assert.equal(await statusOf("all", "/runs/none"), 404);
  });

  it("to read runs are needed for outputs, also of runs that start together on one stream", async () => {
    await tutti.workflows.register("workflow: done\ntasks: {done: {set: 1}}\n");
    await somebody("eve", "operator", { scope: Scope.fromPartial({ actions: ["workflow.runs.start"] }) });
    const starting = (id: string) => statusOf(id, "/runs", post({ definition: { name: "done" } }));
    await until("eve to be known", async () => (await starting("eve")) < 300);
    await using eve = await installation.client({ accessToken: keys["eve"] ?? "" });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => eve.execute("done")));
    const codes = outcomes.map((outcome) => outcome.status === "rejected" && codeIn(outcome.reason));
    assert.deepEqual([...new Set(codes)], ["mesh.denied"]);
  });
});

const codeIn = (error: unknown) => (isTuttiError(error) ? error.code : String(error));
