/**
 * Two tenants whose tasks go to one pool of agents, which belongs to neither. One tenant floods the pool, and the other
 * is not delayed. No reply in a tenant's own namespace reveals the other tenant: no route, rpc, event or explanation.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  CreateKeyRequest,
  CreateNamespaceRequest,
  identityService,
  namespaceService,
  policyService,
  RoleBinding,
} from "@tutti/contracts/governance/v1";
import {
  CreatePoolRequest,
  GetPoolUseRequest,
  poolService,
  SetPoolLimitRequest,
} from "@tutti/contracts/swarm/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { until } from "@tutti/kernel/testing";
import { routes } from "@tutti/rest";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { OutsideClient } from "../support/outside-client.ts";
import { hostOf, rpcs } from "../support/rpcs.ts";
import { Installation } from "./installation.ts";

const person = (id: string) => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });
const pool = "crew";
const windowSize = 64;
/** Time limit for streams and waiting calls, which do not end by themselves. */
const patienceMs = 1_500;
const floodRuns = 200;
const quietRuns = 40;

/** The namespace of one tenant, and a value that only its work contains. Neither may appear in replies to the other. */
const [alpha, beta] = ["zebra", "beta"];
const inside = "quagga";

const order = (name: string, capability: string, limits = "") =>
  `workflow: ${name}
tasks: {pack: {uses: ${capability}, placement: {pool: ${pool}}, with: "\${{ input }}"${limits}}}
output: "\${{ tasks.pack.output }}"`;
const banked = ", limits: [{key: bank, concurrency: 9}]";

describe("two tenants of one pool of agents", () => {
  let installation: Installation;
  let outside: OutsideClient;
  let worker: Worker;
  const keys: Record<string, string> = {};
  const clients: Record<string, Tutti> = {};
  /** Tenants of the started tasks, in order. Each task continues on command. */
  const started: string[] = [];
  const waiting: (() => void)[] = [];
  let isOpen = false;

  const fetchAs = (path: string, init: RequestInit = {}, of: string = beta) =>
    fetch(`${installation.host.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${keys[of]}`, "content-type": "application/json" },
    });

  async function tenant(namespace: string, id: string): Promise<void> {
    const { mesh } = installation.host;
    const resource = { name: namespace };
    await mesh.client(namespaceService).createNamespace(CreateNamespaceRequest.fromPartial({ resource }));
    const subject = { $case: "actor" as const, value: person(id) };
    const binding = RoleBinding.fromPartial({ bindingId: id, role: "admin", subject });
    await mesh.client(policyService).createRoleBinding({ namespace, binding });
    const keyRequest = CreateKeyRequest.fromPartial({ namespace, actor: person(id), title: id });
    keys[namespace] = (await mesh.client(identityService).createKey(keyRequest)).secret;
    const runs = `/v1/runs?namespace=${namespace}`;
    await until(`${id} to be known`, async () => (await fetchAs(runs, {}, namespace)).status === 200);
    const accessToken = keys[namespace] ?? "";
    clients[namespace] = await installation.client({ namespace, accessToken });
  }

  const clientOf = (namespace: string): Tutti => {
    const client = clients[namespace];
    assert.ok(client !== undefined);
    return client;
  };

  const queuedOf = async (namespace: string): Promise<number> => {
    const { mesh } = installation.host;
    const { shares } = await mesh
      .client(poolService)
      .getPoolUse(GetPoolUseRequest.fromPartial({ namespace: "default", pool }));
    return shares.find((share) => share.namespace === namespace)?.wanted["slots"] ?? 0;
  };

  const startAll = (namespace: string, definition: string, count: number, more = "") =>
    Promise.all(
      Array.from({ length: count }, (_, at) =>
        clientOf(namespace).run(definition, {
          id: `${namespace}-${definition}-${more}${at}`,
          input: namespace === alpha ? inside : namespace,
          labels: { team: namespace === alpha ? inside : namespace },
        }),
      ),
    );

  before(async () => {
    installation = await Installation.open(
      [
        `--workflow.sharedPools=["${pool}"]`,
        `--swarm.sharedPools=["${pool}"]`,
        ...[`--swarm.pool.window=${windowSize}`, "--access.reportMs=50"],
      ],
      { time: "real" },
    );
    outside = new OutsideClient(installation.address);
    const pools = installation.host.mesh.client(poolService);
    const poolSpec = { pool: { pool, admits: [alpha, beta] } };
    await pools.createPool(CreatePoolRequest.fromPartial({ namespace: "default", ...poolSpec }));
    const limit = { key: "bank", maxConcurrent: 1 };
    await pools.setPoolLimit(SetPoolLimitRequest.fromPartial({ namespace: "default", pool, limit }));
    await tenant(alpha, `${alpha}-ann`);
    await tenant(beta, "bob");
    for (const namespace of [alpha, beta]) {
      await clientOf(namespace).workflows.register(order("order", "stock.pack"));
      await clientOf(namespace).workflows.register(order("lost", "nobody.can"));
      await clientOf(namespace).workflows.register(order("paid", "bank.pay", banked));
    }
    worker = installation.worker({ namespace: "default", pool, agentId: "hand", slots: 2 });
    const work = async (owner: string): Promise<string> => {
      started.push(owner);
      if (!isOpen) await new Promise<void>((done) => waiting.push(done));
      return owner;
    };
    worker.handle("stock.pack", work);
    worker.handle("bank.pay", work);
    await worker.start();
  });
  after(async () => {
    open();
    for (const client of Object.values(clients)) await client.close();
    await worker?.stop();
    outside?.[Symbol.dispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  function open(): void {
    isOpen = true;
    for (const proceed of waiting.splice(0)) proceed();
  }

  it("do not learn from a shared limit that the other tenant holds it", async () => {
    const [theirs] = await startAll(alpha, "paid", 1);
    await until("the limit to be held", () => waiting.length > 0);
    await startAll(beta, "paid", 1);
    const run = `/v1/runs/${beta}-paid-0`;
    const explanation = await until(
      "it to wait for the limit",
      async () => await (await fetchAs(`${run}/why?task=pack&namespace=${beta}`)).text(),
      (text) => /the limit bank, which others use too, is full: it allows 1 at once/.test(text),
    );
    assert.doesNotMatch(explanation, new RegExp(`${alpha}|${inside}`));
    open();
    await theirs?.result();
    isOpen = false;
  });

  it("get equal shares of its agents, even if one started more before or requests unknown capabilities", async () => {
    await startAll(beta, "lost", floodRuns);
    await until("beta to fill what the pool takes at once", async () => (await queuedOf(beta)) >= windowSize);
    await startAll(beta, "order", floodRuns);
    const quiet = await startAll(alpha, "order", quietRuns);
    await until("the tasks of both to be there", async () => (await queuedOf(alpha)) > windowSize / 4);
    const before = started.length;
    open();
    for (const run of quiet) await run.result();
    const last = started.lastIndexOf(inside) + 1 - before;
    // Alternates between tenants. Only tasks that were assigned before the other tenant's turn come first.
    assert.ok(
      last <= 2 * quietRuns + windowSize / 4,
      `all ${quietRuns} of the one begin among the first ${2 * quietRuns} or so, found ${last}`,
    );
  });

  it("learn nothing of each other by any route, in their own namespace or without one", async () => {
    const following = new AbortController();
    let eventText = "";
    const events = await fetchAs(`/v1/events?namespace=${beta}`, { signal: following.signal });
    assert.equal(events.status, 200);
    const followed = (async () => {
      for await (const chunk of events.body ?? []) eventText += Buffer.from(chunk).toString();
    })().catch(() => {});
    await Promise.all([startAll(alpha, "lost", 3), startAll(beta, "lost", 1, "later-")]);
    await until("an event of its own", () => eventText.includes(`${beta}-lost-later-0`));
    const known: Readonly<Record<string, string>> = { id: `${beta}-order-0`, name: "order", pool };
    const requests = routes
      .filter((route) => !route.open && route.method === "GET" && !route.path.startsWith("/v1/events"))
      .flatMap(({ name, path }) => {
        const filled = path.replace(/\{(\w+)\}/g, (_, key: string) => known[key] ?? "x");
        return ["", `?namespace=${beta}`].map(async (query) => {
          const signal = AbortSignal.timeout(patienceMs);
          const answer = await fetchAs(`${filled}${query}`, { signal }).catch(() => undefined);
          const text = await answer?.text().catch(() => "it goes on");
          return `${name} ${answer?.status ?? "is waited for"} ${text}`;
        });
      });
    const bodies = (await Promise.all(requests)).join("\n");
    following.abort();
    await followed;
    const runs = await fetchAs(`/v1/runs?namespace=${beta}`);
    assert.match(await runs.text(), new RegExp(`"${beta}-order-`));
    for (const text of [bodies, eventText])
      assert.deepEqual(
        text.split("\n").filter((line) => line.includes(alpha) || line.includes(inside)),
        [],
      );
  });

  it("learn nothing of each other by any rpc, even if they name the other's objects", async () => {
    const headers = { authorization: `Bearer ${keys[beta]}` };
    const theirs = {
      ...{ runId: `${alpha}-order-0`, workId: `${alpha}-order-0`, name: "order", definition: "order" },
      ...{ key: { namespace: alpha, kind: "run", id: `${alpha}-order-0` }, kind: "run", taskId: "pack" },
      ...{ work: { namespace: alpha, kind: "run", id: `${alpha}-order-0`, task: "pack" }, pool },
      ...{ actor: person(`${alpha}-ann`), fromNamespace: alpha, service: "workflow", partition: 0 },
    };
    const leaks: string[] = [];
    let answered = 0;
    // A reply repeats the requested name, and lists contain its results later.
    for (const [overrides, never] of [
      [{}, [alpha, inside]],
      [theirs, [inside]],
    ] as const)
      await Promise.all(
        rpcs.map(async ([name, { path, request, requestStream, replyStream }]) => {
          if (requestStream || replyStream) return;
          const empty: object = Object(request.decode(new Uint8Array(0)));
          const fields = Object.entries({ ...overrides, namespace: beta }).filter(([field, value]) => {
            const nothing: unknown = Reflect.get(empty, field);
            const isMessage = nothing === undefined && typeof value === "object";
            return Object.hasOwn(empty, field) && (isMessage || typeof nothing === typeof value);
          });
          const bytes = request.encode({ ...empty, ...Object.fromEntries(fields) });
          const all = { ...headers, "tutti-service": hostOf(path) };
          const reply = await outside
            .send(path, bytes, { headers: all, timeoutMs: patienceMs })
            .catch((error: unknown) => Buffer.from(error instanceof Error ? error.message : ""));
          const text = Buffer.from(reply).toString("latin1");
          answered++;
          if (never.some((term) => text.includes(term))) leaks.push(`${name}: ${text}`);
        }),
      );
    assert.deepEqual(leaks, []);
    assert.ok(answered > 200, `${answered} calls`);
  });

  it("get the same reply for the other's objects and for missing objects", async () => {
    for (const below of ["", "/why", "/history", "/state", "/timeline", "/tasks", "/result?waitMs=1"]) {
      const [other, nothing] = await Promise.all(
        [`${alpha}-order-0`, "nowhere-order-0"].map(async (id) => {
          const query = `${below.includes("?") ? "&" : "?"}namespace=${beta}`;
          const answer = await fetchAs(`/v1/runs/${id}${below}${query}`);
          return `${answer.status} ${(await answer.text()).replaceAll(id, "ID")}`.replace(
            /"(traceId|instance)":"[^"]*"/g,
            "",
          );
        }),
      );
      assert.equal(other, nothing, below);
    }
  });
});
