/**
 * Governance in two processes that share what they own over NATS, each with a disk of its own. One is killed with -9: the other
 * services go by what they have, and the other process signs on, where the one before stopped.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import {
  auditService,
  ExportRecordsRequest,
  identityService,
  ListCheckpointsRequest,
  policyService,
  RoleBinding,
  SearchRecordsRequest,
  VerifyAuditRequest,
} from "@tutti/contracts/governance/v1";
import type { RpcDescription } from "@tutti/contracts/rpc";
import { AcquireLockRequest, lockService } from "@tutti/contracts/session/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { openInstallationKeys, trustedKeyOf } from "@tutti/host";
import { systemFoundation } from "@tutti/kernel";
import { natsServerProgram } from "@tutti/nats/testing";
import { ExportVerifier } from "@tutti/policy/audit";
import { ServiceCluster } from "../support/cluster.ts";
import { failureOf, OutsideClient } from "../support/outside-client.ts";
import type { Service } from "../support/services.ts";
import { until } from "../support/until.ts";

const program = await natsServerProgram();
const person = (id: string) => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });
const { searchRecords, listCheckpoints, verifyAudit, exportRecords } = auditService.methods;

/** Its owner is another process, or nobody at the moment. */
function ifElsewhere(error: unknown): undefined {
  const isElsewhere = error instanceof Error && "code" in error && error.code === status.UNAVAILABLE;
  if (!isElsewhere) throw error;
}

/** Asks one process after the other until the owner of what it is about answers. */
async function ofOwner<Request, Reply>(
  clients: readonly OutsideClient[],
  rpc: RpcDescription<Request, Reply>,
  request: Request,
): Promise<Reply> {
  let reply: Reply | undefined;
  await until(`an owner answers ${rpc.name}`, async () => {
    for (const client of clients) reply ??= await client.call(rpc, request).catch(ifElsewhere);
    return reply !== undefined;
  });
  return reply as Reply;
}

/** A key for somebody who may work in `default`. */
async function keyFor(id: string, ...clients: readonly OutsideClient[]): Promise<string> {
  const subject = { $case: "actor" as const, value: person(id) };
  const binding = RoleBinding.fromPartial({ bindingId: id, role: "operator", subject });
  await ofOwner(clients, policyService.methods.createRoleBinding, { namespace: "default", binding });
  const wanted = {
    namespace: "default",
    actor: person(id),
    title: "test",
    lifetimeMs: 0,
    idempotencyKey: id,
  };
  const made = await ofOwner(clients, identityService.methods.createKey, { ...wanted, scope: undefined });
  return made.secret;
}

/** Takes a lock on behalf of whoever has the key, as soon as the service knows the key. */
async function lock(name: string, key: string, outside: OutsideClient): Promise<void> {
  const wanted = AcquireLockRequest.fromPartial({ name, holder: name, leaseMs: 3_600_000 });
  const headers = { authorization: `Bearer ${key}` };
  await until(`the key takes the lock ${name}`, async () => {
    const failed = await outside.call(lockService.methods.acquireLock, wanted, { headers }).then(
      () => undefined,
      (error: unknown) => error,
    );
    return failed === undefined;
  });
}

const recordsOf = async (outside: OutsideClient) => {
  const asked = SearchRecordsRequest.fromPartial({ oldestFirst: true, page: { size: 1_000 } });
  return (await outside.call(searchRecords, asked)).records.map(({ recordId }) => recordId);
};

const rootsOf = async (outside: OutsideClient) => {
  const asked = ListCheckpointsRequest.fromPartial({ page: { size: 1_000 } });
  const { checkpoints } = await outside.call(listCheckpoints, asked);
  return new Map(checkpoints.map(({ number, rootHash }) => [number, Buffer.from(rootHash).toString("hex")]));
};

async function faultsOf(outside: OutsideClient): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { faults } of outside.stream(verifyAudit, VerifyAuditRequest.create()))
    found.push(...faults);
  return found;
}

describe("governance of two processes", { skip: program.skip }, () => {
  it("is one: the same rules, the same audit; and goes on as that when either is killed", async () => {
    await using cluster = await ServiceCluster.open();
    const keysDirectory = join(cluster.folder, "keys");
    const keys = await openInstallationKeys(keysDirectory, systemFoundation());
    const trust = `--access.trustedKey=${trustedKeyOf(keys)}`;
    const governed = (name: string): Promise<Service> =>
      cluster.join("governance", name, trust, `--governance.keysDirectory=${keysDirectory}`);
    const first = await governed("first");
    const second = await governed("second");
    const master = await cluster.join("master", "master", trust);
    using one = new OutsideClient(first.grpc);
    using other = new OutsideClient(second.grpc);
    using locks = new OutsideClient(master.grpc);

    const ada = await keyFor("ada", one, other);
    await lock("door", ada, locks);
    await lock("gate", await keyFor("bea", other, one), locks);

    // Asked at once, both go round; what one signed the other takes.
    for (let asked = 0; asked < 5; asked++) {
      const [here, there] = await Promise.all([recordsOf(one), recordsOf(other)]);
      // Decisions and uses of keys go on being recorded: one of them may have seen more.
      const [less, more] = here.length < there.length ? [here, there] : [there, here];
      assert.deepEqual(
        less.filter((id) => !more.includes(id)),
        [],
      );
    }
    const found = await recordsOf(one);
    const services = new Set(found.map((id) => id.split("/")[0]));
    assert.ok(services.has("master") && services.has("governance"), [...services].join(", "));
    const signed = await rootsOf(one);
    assert.ok(signed.size > 0);
    await recordsOf(other);
    const alike = await rootsOf(other);
    for (const [number, root] of signed) assert.equal(alike.get(number), root, `checkpoint ${number}`);

    await first.kill();
    // By the rules that it has.
    await lock("yard", ada, locks);
    // The other one keeps everything now, makes rules and signs.
    await lock("roof", await keyFor("cleo", other), locks);
    const later = await recordsOf(other);
    assert.ok(found.every((id) => later.includes(id)) && later.length > found.length);

    // One that comes back goes on with its copy; one with an empty disk fetches all of it.
    for (const name of ["first", "third"]) {
      using outside = new OutsideClient((await governed(name)).grpc);
      const here = await recordsOf(outside);
      assert.ok(
        later.every((id) => here.includes(id)),
        `${name} has what was signed before it came`,
      );
      const roots = await rootsOf(outside);
      for (const [number, root] of signed) assert.equal(roots.get(number), root, `checkpoint ${number}`);
      assert.deepEqual(await faultsOf(outside), []);
      let text = "";
      for await (const { chunk } of outside.stream(exportRecords, ExportRecordsRequest.create()))
        text += Buffer.from(chunk).toString();
      const verifier = new ExportVerifier(keys.signingKey.publicKey);
      for (const line of text.trimEnd().split("\n")) verifier.line(line);
      const { faults, records } = verifier.finish();
      assert.deepEqual(faults, []);
      assert.ok(records >= later.length);
      const unknown = { headers: { authorization: `Bearer ${ada.slice(0, -6)}000000` } };
      const stranger = outside.call(searchRecords, SearchRecordsRequest.create(), unknown);
      assert.equal((await failureOf(stranger)).code, status.UNAUTHENTICATED);
    }
  });
});
