/**
 * Two tenants of one installation. One floods it. The other is not slowed down, its metrics stay separate, and its work
 * continues.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import {
  CreateKeyRequest,
  CreateNamespaceRequest,
  IdentityLimit,
  identityService,
  namespaceService,
  policyService,
  RoleBinding,
} from "@tutti/contracts/governance/v1";
import { metricService, QuerySeriesRequest } from "@tutti/contracts/insight/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { until } from "@tutti/kernel/testing";
import { routes } from "@tutti/rest";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { failureOf, OutsideClient } from "../support/outside-client.ts";
import { Installation } from "./installation.ts";

const definition = `workflow: order
tasks: {pack: {uses: stock.pack, with: "\${{ input }}"}}
output: "\${{ tasks.pack.output }}"`;
const person = (id: string) => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });
const floodRuns = 300;

describe("two tenants", () => {
  let installation: Installation;
  const keys = { ann: "", bob: "" };
  const clients: Tutti[] = [];
  let worker: Worker;

  /** Returns an administrator of a namespace, without rights anywhere else. */
  async function tenant(namespace: string, id: "ann" | "bob"): Promise<string> {
    const { mesh } = installation.host;
    const resource = { name: namespace };
    await mesh.client(namespaceService).createNamespace(CreateNamespaceRequest.fromPartial({ resource }));
    const subject = { $case: "actor" as const, value: person(id) };
    const binding = RoleBinding.fromPartial({ bindingId: id, role: "admin", subject });
    await mesh.client(policyService).createRoleBinding({ namespace, binding });
    const keyRequest = CreateKeyRequest.fromPartial({ namespace, actor: person(id), title: "test" });
    const { secret } = await mesh.client(identityService).createKey(keyRequest);
    keys[id] = secret;
    await until(
      `${id} to be known`,
      async () => (await fetchAs(id, `/v1/runs?namespace=${namespace}`)).status === 200,
    );
    return secret;
  }

  const fetchAs = (id: "ann" | "bob", path: string, init: RequestInit = {}) =>
    fetch(`${installation.host.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${keys[id]}`, "content-type": "application/json" },
    });

  const bodyOf = async (answer: Response) => {
    assert.equal(answer.status, 200, await answer.clone().text());
    return (await answer.json()) as Record<string, unknown>;
  };

  async function clientOf(namespace: string, accessToken: string): Promise<Tutti> {
    const client = await installation.client({ namespace, accessToken });
    clients.push(client);
    return client;
  }

  before(async () => {
    installation = await Installation.open([], { time: "real", insight: true });
    await tenant("alpha", "ann");
    await tenant("beta", "bob");
  });
  after(async () => {
    for (const client of clients) await client.close();
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  it("do not see each other by any route, even if they request the other's namespace", async () => {
    const visible: string[] = [];
    for (const { name, method, path, open } of routes) {
      if (open || ["whoami", "signOut", "missingRights", "myself"].includes(name)) continue;
      const init: RequestInit = method === "GET" || method === "DELETE" ? { method } : { method, body: "{}" };
      for (const namespace of ["alpha", "*", "system", "default"]) {
        const answer = await fetchAs("bob", `${path.replace(/\{\w+\}/g, "x")}?namespace=${namespace}`, init);
        await answer.body?.cancel();
        if (answer.ok) visible.push(`${name} of ${namespace}`);
      }
    }
    assert.deepEqual(visible, []);
  });

  it("read no metrics of each other or of the whole installation", async () => {
    using outside = new OutsideClient(installation.address);
    const { listMetrics, querySeries } = metricService.methods;
    const headers = { authorization: `Bearer ${keys.bob}` };
    const queries = [{ queryId: "q", metric: "tutti_mesh_calls_total" }];
    const page = { size: 10, token: "" };
    const list = (namespace: string) =>
      outside.call(listMetrics, { namespace, prefix: "", page }, { headers });
    const query = (namespace: string) =>
      outside.call(querySeries, QuerySeriesRequest.fromPartial({ namespace, queries }), { headers });
    for (const namespace of ["", "alpha", "system"])
      for (const call of [list, query])
        assert.equal((await failureOf(call(namespace))).code, status.PERMISSION_DENIED, namespace);
    // A tenant's own namespace has the measures of its own workers.
    assert.deepEqual((await list("beta")).metrics, []);
    assert.equal((await failureOf(query("beta"))).code, status.NOT_FOUND);
    const binding = RoleBinding.fromPartial({
      ...{ bindingId: "ops", role: "viewer" },
      subject: { $case: "actor", value: person("ops") },
    });
    const { mesh } = installation.host;
    await mesh.client(policyService).createRoleBinding({ namespace: "system", binding });
    const keyRequest = CreateKeyRequest.fromPartial({
      namespace: "system",
      actor: person("ops"),
      title: "test",
    });
    const { secret } = await mesh.client(identityService).createKey(keyRequest);
    await until("a caller with read access everywhere to see metrics", async () => {
      const request = { headers: { authorization: `Bearer ${secret}` } };
      return (await fetch(`${installation.host.url}/v1/metrics`, request)).status === 200;
    });
  });

  it("are not starved by the other's runs and requests, and do not count them", async () => {
    const [a, b] = [await clientOf("alpha", keys.ann), await clientOf("beta", keys.bob)];
    for (const client of [a, b]) await client.workflows.register(definition);
    // No worker serves `beta`, so all its work waits.
    const flood = Array.from({ length: floodRuns }, (_, at) => b.run("order", { id: `b-${at}`, input: at }));
    const noise = Array.from({ length: 100 }, () => fetchAs("bob", "/v1/runs?namespace=beta&size=1000"));
    worker = installation.worker({ namespace: "alpha", credentials: { accessToken: keys.ann }, slots: 2 });
    const packed: number[] = [];
    worker.handle("stock.pack", async (at: number) => packed.push(at));
    await worker.start();
    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, at) => a.run("order", { id: `a-${at}`, input: at })),
    );
    for (const run of runs) await run.result();
    await Promise.all(flood);
    for (const answer of await Promise.all(noise)) await answer.body?.cancel();
    assert.deepEqual(
      packed.sort((one, other) => one - other),
      Array.from({ length: 20 }, (_, at) => at),
    );
    const idsIn = async (id: "ann" | "bob", namespace: string) => {
      const { runs: listed } = await bodyOf(await fetchAs(id, `/v1/runs?namespace=${namespace}&size=1000`));
      return (listed as { runId: string }[]).map(({ runId }) => runId);
    };
    await until("lists to be whole", async () => (await idsIn("bob", "beta")).length === floodRuns);
    const listed = await idsIn("ann", "alpha");
    assert.equal(listed.length, 20);
    assert.ok(listed.every((runId) => runId.startsWith("a-")));
    const { pools } = await bodyOf(await fetchAs("ann", "/v1/pools?namespace=alpha"));
    assert.deepEqual(
      (pools as { pool: string; queued?: number; agents?: number }[]).map(({ pool, queued = 0 }) => [
        pool,
        queued,
      ]),
      [["default", 0]],
      "the queue of beta is none of alpha's",
    );
    const { agents } = await bodyOf(await fetchAs("bob", "/v1/agents?namespace=beta"));
    assert.deepEqual(agents ?? [], [], "nor are the agents of alpha beta's");
  });

  it("have limits of their own: rejected calls of one take nothing from the other", async () => {
    await installation.host.mesh.client(identityService).setIdentityLimit({
      ...{ namespace: "beta", revision: "", reason: "" },
      limit: IdentityLimit.fromPartial({ calls: { count: 5, perMs: 3_600_000, burst: 5 } }),
    });
    await until(
      "the limit of beta",
      async () => (await fetchAs("bob", "/v1/runs?namespace=beta")).status,
      (code) => code === 429,
    );
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        at % 2 === 0 ? fetchAs("bob", "/v1/runs?namespace=beta") : fetchAs("ann", "/v1/runs?namespace=alpha"),
      ),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map((_, at) => (at % 2 === 0 ? 429 : 200)),
    );
    for (const answer of answers) await answer.body?.cancel();
  });
});
