import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  DeleteSecretRequest,
  ListSecretsRequest,
  PutSecretRequest,
  policyService,
  Role,
  RoleBinding,
  secretService,
  UnsealSecretsRequest,
} from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { fromTimestamp, type Principal, systemFoundation, toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { unscoped } from "@tutti/policy";
import { receptionIn } from "@tutti/policy/secrets";
import { as, codeOf, Serving } from "./serving.ts";

const namespace = "shop";
const press = { kind: ActorKind.ACTOR_KIND_AGENT, id: "press" };
const value = (text: string) => Uint8Array.from(Buffer.from(text));

describe("secrets", () => {
  let serving: Serving;
  const { chance } = systemFoundation();
  const client = () => serving.host.mesh.client(secretService, { service: "governance" });
  const store = (fields: Parameters<typeof PutSecretRequest.fromPartial>[0]) =>
    client().putSecret(PutSecretRequest.fromPartial({ namespace, ...fields }));
  const list = async (fields: Parameters<typeof ListSecretsRequest.fromPartial>[0] = {}) => {
    const { secrets } = await client().listSecrets(ListSecretsRequest.fromPartial({ namespace, ...fields }));
    return secrets.map(({ name }) => name);
  };
  const end = (name: string, ...versions: number[]) =>
    client().deleteSecret(DeleteSecretRequest.fromPartial({ namespace, name, versions }));
  const read = async (name: string) => {
    const { secret } = await client().getSecret({ namespace, name });
    return secret ?? assert.fail("it is described");
  };
  const agent = (id: string): Principal => ({
    ...{ kind: "agent", id, roles: ["admin"] },
    credential: { id: "key", namespace, groups: [], scope: unscoped },
  });
  /** The answer to the caller, as text. */
  async function unsealed(names: string[], principal?: Principal): Promise<string[]> {
    const { recipientKey, open } = receptionIn(namespace, chance);
    const work = { namespace, kind: "run", id: "run_1", task: "pay" };
    const request = UnsealSecretsRequest.fromPartial({ namespace, names, recipientKey, work });
    const { values } = await client().unsealSecrets(request, principal && as(serving, principal));
    return values.map((sealed) => Buffer.from(open(sealed) ?? assert.fail("it opens")).toString());
  }

  before(async () => {
    serving = await Serving.open();
    const { mesh } = serving.host;
    const policies = mesh.client(policyService, { service: "governance" });
    const role = Role.fromPartial({ role: "keeper", actions: ["governance.secrets.use"] });
    await policies.setRole({ namespace, role, revision: "", reason: "" });
    for (const id of ["press", "mill"]) {
      const subject = { $case: "actor" as const, value: { ...press, id } };
      const binding = RoleBinding.fromPartial({ bindingId: id, role: "keeper", subject });
      await policies.createRoleBinding({ namespace, binding });
    }
  });
  after(() => serving[Symbol.asyncDispose]());

  it("are described to every caller and returned to those with the right, the latest or a version", async () => {
    const { secret } = await store({ name: "till", value: value("first"), description: "of the till" });
    assert.equal(secret?.versions.length, 1);
    assert.ok(!JSON.stringify(secret).includes("first"));
    await store({ name: "till", value: value("second"), overlapMs: 60_000 });
    assert.deepEqual(await unsealed(["till", "till@1"], agent("press")), ["second", "first"]);
    await store({ name: "till", value: value("third") });
    await assert.rejects(unsealed(["till@1"], agent("press")), codeOf("governance.secret_unusable"));
    const { versions, useTime } = await read("till");
    assert.deepEqual(
      versions.map(({ version, ended }) => [version, ended]),
      [
        [3, false],
        [2, true],
        [1, true],
      ],
    );
    assert.ok(useTime !== undefined && fromTimestamp(useTime) % 60_000 === 0);
  });

  it("answer a caller without the right like a request for a missing secret", async () => {
    await store({ name: "safe", value: value("open sesame"), users: [press] });
    assert.deepEqual(await unsealed(["safe"], agent("press")), ["open sesame"]);
    for (const [name, agentId] of [
      ["safe", "mill"],
      ["none", "press"],
    ] as const)
      await assert.rejects(unsealed([name], agent(agentId)), (error) => {
        assert.ok(error instanceof Error);
        const expected = `agent:${agentId} has no usable secret \`${name}\``;
        assert.ok(error.message.startsWith(expected), error.message);
        return codeOf("governance.secret_unusable")(error);
      });
    await assert.rejects(unsealed(["safe"], agent("stranger")), /may not do governance\.secrets\.use/);
  });

  it("are returned to a service of the installation only if they name it", async () => {
    const swarm: Principal = { kind: "service", id: "swarm", roles: ["admin"] };
    const users = [{ kind: ActorKind.ACTOR_KIND_SERVICE, id: "swarm" }];
    await store({ name: "hook", value: value("signed"), users });
    await store({ name: "free", value: value("for agents") });
    assert.deepEqual(await unsealed(["hook"], swarm), ["signed"]);
    await assert.rejects(unsealed(["free"], swarm), codeOf("governance.secret_unusable"));
  });

  it("store a value once under one idempotency key, and reject another value under it", async () => {
    const input = { name: "once", value: value("the same"), idempotencyKey: "k" };
    await store(input);
    const { secret } = await store(input);
    assert.equal(secret?.versions.length, 1);
    const other = store({ ...input, value: value("other") });
    await assert.rejects(other, codeOf("governance.repeated_otherwise"));
  });

  it("all have a version of their own when they are stored at the same moment", async () => {
    await Promise.all([1, 2, 3, 4].map((each) => store({ name: "raced", value: value(`v${each}`) })));
    const { versions } = await read("raced");
    assert.deepEqual(versions.map(({ version }) => version).sort(), [1, 2, 3, 4]);
    assert.equal(versions.filter(({ ended }) => !ended).length, 1);
  });

  it("are listed by prefix and by due date, and end by version or all at once", async () => {
    await store({ name: "due-1", value: value("x"), rotateAfterMs: 1 });
    await store({ name: "due-2", value: value("x"), rotateAfterMs: 3_600_000 });
    const due = await until(
      "a due secret",
      () => list({ prefix: "due", dueOnly: true }),
      ({ length }) => length > 0,
    );
    assert.deepEqual(due, ["due-1"]);
    assert.deepEqual(await list({ prefix: "due" }), ["due-1", "due-2"]);
    assert.deepEqual(await end("due-1", 1), { ended: 1 });
    assert.deepEqual(await list({ prefix: "due-1" }), ["due-1"]);
    assert.deepEqual(await end("due-2"), { ended: 1 });
    assert.deepEqual(await end("due-2"), { ended: 0 });
    await assert.rejects(read("due-2"), codeOf("governance.secret_missing"));
    const past = toTimestamp(Date.now() - 1_000);
    const late = store({ name: "late", value: value("x"), expireTime: past });
    await assert.rejects(late, codeOf("governance.secret_ends_early"));
  });

  it("open as before after they were sealed with a new key, which is created once under one idempotency key", async () => {
    const before = await unsealed(["till", "safe"], agent("press"));
    const rotate = (idempotencyKey: string) => client().rotateSealing({ namespace, idempotencyKey });
    const { secrets } = await rotate("r1");
    assert.ok(secrets >= 2);
    assert.deepEqual(await rotate("r1"), { secrets });
    assert.deepEqual(await unsealed(["till", "safe"], agent("press")), before);
    await store({ name: "young", value: value("new") });
    assert.deepEqual(await rotate("r1"), { secrets: secrets + 1 });
    assert.deepEqual(await unsealed(["young"], agent("press")), ["new"]);
  });

  it("accept no key that seals for every reader", async () => {
    const recipientKey = new Uint8Array(32);
    const request = UnsealSecretsRequest.fromPartial({ namespace, names: ["till"], recipientKey });
    await assert.rejects(client().unsealSecrets(request), codeOf("governance.recipient_key_invalid"));
  });
});
