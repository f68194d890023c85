/**
 * Sessions that wait for sessions of another namespace. Callers with read access there may wait, others are rejected.
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
import { ActorKind, WorkStatus } from "@tutti/contracts/types/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const person = (id: string) => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });
const tasks = [{ id: "write", uses: "book.write" }] as const;

describe("sessions of two namespaces", () => {
  let installation: Installation;
  const opened: { stop(): Promise<unknown> }[] = [];
  let [proceed, blocked] = [() => {}, Promise.resolve()];

  /** Creates an administrator of these namespaces, without rights in any other. Returns a key. */
  async function keyOf(id: string, ...namespaces: readonly string[]): Promise<string> {
    const { mesh } = installation.host;
    const subject = { $case: "actor" as const, value: person(id) };
    const binding = RoleBinding.fromPartial({ bindingId: id, role: "admin", subject });
    for (const namespace of namespaces)
      await mesh.client(policyService).createRoleBinding({ namespace, binding });
    // A key of one namespace is not valid in another one.
    const namespace = namespaces.length === 1 ? (namespaces[0] ?? "") : "system";
    const request = CreateKeyRequest.fromPartial({ namespace, actor: person(id), title: "test" });
    const { secret } = await mesh.client(identityService).createKey(request);
    for (const each of namespaces)
      await until(`${id} to be known in ${each}`, async () => {
        const headers = { authorization: `Bearer ${secret}` };
        const answer = await fetch(`${installation.host.url}/v1/sessions?namespace=${each}`, { headers });
        await answer.body?.cancel();
        return answer.status === 200;
      });
    return secret;
  }

  async function clientOf(namespace: string, accessToken: string): Promise<Tutti> {
    const client = await installation.client({ namespace, accessToken });
    opened.push({ stop: () => client.close() });
    return client;
  }

  async function work(namespace: string): Promise<void> {
    const worker = installation.worker({ namespace });
    worker.handle("book.write", async () => {
      if (namespace === "beta") await blocked;
      return `written in ${namespace}`;
    });
    await worker.start();
    opened.push(worker);
  }

  before(async () => {
    installation = await Installation.open();
    for (const name of ["alpha", "beta"])
      await installation.host.mesh
        .client(namespaceService)
        .createNamespace(CreateNamespaceRequest.fromPartial({ resource: { name } }));
  });
  after(async () => {
    proceed();
    for (const each of opened.toReversed()) await each.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  it("wait for each other if the caller may read both, and otherwise are refused by name", async () => {
    const [both, own] = [await keyOf("carl", "alpha", "beta"), await keyOf("ann", "alpha")];
    for (const namespace of ["alpha", "beta"]) await work(namespace);
    const [alpha, beta] = [await clientOf("alpha", both), await clientOf("beta", both)];
    const stranger = await clientOf("alpha", own);
    blocked = new Promise((resolve) => {
      proceed = resolve;
    });
    const first = await beta.run({ id: "first", tasks });
    const after = [{ session: "first", namespace: "beta" }];
    await assert.rejects(
      stranger.run({ id: "pry", tasks, after }),
      (error) => isTuttiError(error) && error.status === "PERMISSION_DENIED" && /beta/.test(error.message),
    );
    const second = await alpha.run({ id: "second", tasks, after });
    const { needs } = await second.dependencies();
    assert.deepEqual(
      needs.map(({ session, met }) => [session?.namespace, session?.id, met]),
      [["beta", "first", false]],
    );
    const unseen = await stranger.sessions.get("second").dependencies();
    assert.deepEqual(
      unseen.needs.map(({ status, met }) => [status, met]),
      [[WorkStatus.WORK_STATUS_UNSPECIFIED, false]],
    );
    await assert.rejects(
      stranger.sessions.get("second").addDependency({ session: "other", namespace: "beta" }),
      (error) => isTuttiError(error) && error.status === "PERMISSION_DENIED",
    );
    // A session that waits for `second` needs no right in the namespace for which `second` waits.
    const third = await stranger.run({ id: "third", tasks, after: ["second"] });
    const explanation = await second.why();
    assert.match(explanation.summary, /it starts when beta\/first has ended/);
    proceed();
    assert.deepEqual(await first.result(), { write: "written in beta" });
    assert.deepEqual(await second.result(), { write: "written in alpha" });
    assert.deepEqual(await third.result(), { write: "written in alpha" });
  });

  it("are refused in a circle, naming each with its namespace", async () => {
    const both = await keyOf("dora", "alpha", "beta");
    const [alpha, beta] = [await clientOf("alpha", both), await clientOf("beta", both)];
    proceed();
    await beta.run({ id: "one", tasks, after: [{ session: "two", namespace: "alpha" }] });
    const two = { id: "two", tasks, after: [{ session: "one", namespace: "beta" }] };
    await assert.rejects(
      alpha.execute(two),
      (error) =>
        isTuttiError(error) &&
        error.code === "session.waits_in_circle" &&
        /two waits for beta\/one waits for two/.test(error.message),
    );
    const free = await alpha.run({ id: "two", tasks });
    await free.result();
    await beta.sessions.get("one").result();
  });
});
