/**
 * Governance in two processes that share their data over NATS, each with a disk of its own. One is killed with -9. The
 * other services continue with the rules they have, and the other process continues to sign where the first one stopped.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import {
  AdmissionRule,
  AdmissionSubject,
  admissionService,
  auditService,
  ExportRecordsRequest,
  identityService,
  ListCheckpointsRequest,
  ListFindingsRequest,
  policyService,
  RoleBinding,
  SearchRecordsRequest,
  VerifyAuditRequest,
} from "@tutti/contracts/governance/v1";
import type { RpcDescription } from "@tutti/contracts/rpc";
import { AcquireLockRequest, lockService } from "@tutti/contracts/session/v1";
import { ActorKind, Verdict } from "@tutti/contracts/types/v1";
import {
  DecideApprovalRequest,
  ListApprovalsRequest,
  runService,
  StartRunRequest,
  taskService,
} from "@tutti/contracts/workflow/v1";
import { openInstallationKeys, trustedKeyOf } from "@tutti/host";
import { systemFoundation } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { ExportVerifier } from "@tutti/policy/audit";
import { ServiceCluster } from "../support/cluster.ts";
import { failureOf, OutsideClient } from "../support/outside-client.ts";
import type { Service } from "../support/services.ts";

const program = await natsServerProgram();
const person = (id: string) => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });
const { searchRecords, listCheckpoints, getCheckpoint, verifyAudit, exportRecords } = auditService.methods;

/** Ignores the error if another process, or currently no process, owns the partition. */
function ignoreUnavailable(error: unknown): undefined {
  const isUnavailable = error instanceof Error && "code" in error && error.code === status.UNAVAILABLE;
  if (!isUnavailable) throw error;
}

/** Calls the processes in turn until the owner answers. */
async function ofOwner<Request, Reply>(
  clients: readonly OutsideClient[],
  rpc: RpcDescription<Request, Reply>,
  request: Request,
): Promise<Reply> {
  let reply: Reply | undefined;
  await until(`an owner answers ${rpc.name}`, async () => {
    for (const client of clients) reply ??= await client.call(rpc, request).catch(ignoreUnavailable);
    return reply !== undefined;
  });
  return reply as Reply;
}

/** Creates a user with access to `default`, and returns a key. */
async function keyFor(id: string, ...clients: readonly OutsideClient[]): Promise<string> {
  const subject = { $case: "actor" as const, value: person(id) };
  const binding = RoleBinding.fromPartial({ bindingId: id, role: "operator", subject });
  await ofOwner(clients, policyService.methods.createRoleBinding, { namespace: "default", binding });
  const request = {
    namespace: "default",
    actor: person(id),
    title: "test",
    lifetimeMs: 0,
    idempotencyKey: id,
  };
  const created = await ofOwner(clients, identityService.methods.createKey, { ...request, scope: undefined });
  return created.secret;
}

/** Acquires a lock for the owner of a key, as soon as the service knows the key. */
async function lock(name: string, key: string, outside: OutsideClient): Promise<void> {
  const request = AcquireLockRequest.fromPartial({ name, holder: name, leaseMs: 3_600_000 });
  const headers = { authorization: `Bearer ${key}` };
  await until(`the key takes the lock ${name}`, async () => {
    const failed = await outside.call(lockService.methods.acquireLock, request, { headers }).then(
      () => undefined,
      (error: unknown) => error,
    );
    return failed === undefined;
  });
}

const recordsOf = async (outside: OutsideClient) => {
  const request = SearchRecordsRequest.fromPartial({ oldestFirst: true, page: { size: 1_000 } });
  return (await outside.call(searchRecords, request)).records.map(({ recordId }) => recordId);
};

const rootsOf = async (outside: OutsideClient) => {
  const request = ListCheckpointsRequest.fromPartial({ page: { size: 1_000 } });
  const { checkpoints } = await outside.call(listCheckpoints, request);
  return new Map(checkpoints.map(({ number, rootHash }) => [number, Buffer.from(rootHash).toString("hex")]));
};

async function faultsOf(outside: OutsideClient): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { faults } of outside.stream(verifyAudit, VerifyAuditRequest.create()))
    found.push(...faults);
  return found;
}

describe("governance of two processes", { skip: program.skip }, () => {
  it("has the same rules and audit log at both, and keeps them when either process is killed", async () => {
    await using cluster = await ServiceCluster.open();
    const keysDirectory = join(cluster.folder, "keys");
    const keys = await openInstallationKeys(keysDirectory, systemFoundation());
    const trust = `--access.trustedKey=${trustedKeyOf(keys)}`;
    const governed = (name: string): Promise<Service> =>
      cluster.join("governance", name, trust, `--governance.keysDirectory=${keysDirectory}`);
    const first = await governed("first");
    const second = await governed("second");
    const master = await cluster.join("master", "master", trust);
    using firstClient = new OutsideClient(first.grpc);
    using other = new OutsideClient(second.grpc);
    using locks = new OutsideClient(master.grpc);

    const ada = await keyFor("ada", firstClient, other);
    await lock("door", ada, locks);
    await lock("gate", await keyFor("bea", other, firstClient), locks);

    // Concurrent searches at both processes. Each process accepts the checkpoints that the other has signed.
    for (let attempt = 0; attempt < 5; attempt++) {
      const [here, there] = await Promise.all([recordsOf(firstClient), recordsOf(other)]);
      // Decisions and uses of keys are still being recorded, so one of the processes may have seen more.
      const [less, more] = here.length < there.length ? [here, there] : [there, here];
      assert.deepEqual(
        less.filter((id) => !more.includes(id)),
        [],
      );
    }
    const found = await recordsOf(firstClient);
    const services = new Set(found.map((id) => id.split("/")[0]));
    assert.ok(services.has("master") && services.has("governance"), [...services].join(", "));
    let signed = new Map<number, string>();
    // A checkpoint of one process is available at the other, which first fetches it.
    for (const round of ["a", "b", "c"]) {
      await lock(`shed-${round}`, ada, locks);
      await recordsOf(firstClient);
      signed = await rootsOf(firstClient);
      const last = Math.max(...signed.keys());
      const { checkpoint } = await other.call(getCheckpoint, { number: last });
      assert.equal(checkpoint?.number, last);
      const alike = await rootsOf(other);
      for (const [number, root] of signed) assert.equal(alike.get(number), root, `checkpoint ${number}`);
    }

    await first.kill();
    // The service uses the rules that it has.
    await lock("yard", ada, locks);
    // The remaining process keeps all data now, makes rules and signs.
    await lock("roof", await keyFor("cleo", other), locks);
    const later = await recordsOf(other);
    assert.ok(found.every((id) => later.includes(id)) && later.length > found.length);

    // A restarted process continues with its copy. One with an empty disk fetches all data.
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

  it("requires approvals by rules registered at either process, and lets approved requests through after one has died", async () => {
    await using cluster = await ServiceCluster.open();
    const keysDirectory = join(cluster.folder, "keys");
    const trust = `--access.trustedKey=${trustedKeyOf(await openInstallationKeys(keysDirectory, systemFoundation()))}`;
    const governed = (name: string): Promise<Service> =>
      cluster.join("governance", name, trust, `--governance.keysDirectory=${keysDirectory}`);
    const first = await governed("first");
    const second = await governed("second");
    const workflow = await cluster.join("workflow", "workflow", trust);
    using firstClient = new OutsideClient(first.grpc);
    using other = new OutsideClient(second.grpc);
    using engine = new OutsideClient(workflow.grpc);
    const subject = AdmissionSubject.ADMISSION_SUBJECT_REQUEST;
    const condition = "!has(subject.spec.input.amount) || subject.spec.input.amount <= 10";
    const verdict = { $case: "approval" as const, value: { message: "May it?", deciders: ["local-admin"] } };
    for (const [ruleId, clients] of [
      ["by-one", [firstClient, other]],
      ["by-other", [other, firstClient]],
    ] as const) {
      const when = `call.action == "workflow.runs.start" && subject.runId.startsWith("${ruleId}")`;
      const rule = AdmissionRule.fromPartial({ ruleId, subject, when, condition, verdict });
      await ofOwner(clients, admissionService.methods.setRule, {
        ...{ namespace: "default", rule, revision: "", reason: "" },
      });
    }
    const start = (runId: string) => {
      const input = { body: { $case: "inline" as const, value: Buffer.from('{"amount":99}') } };
      const what = {
        $case: "tasks" as const,
        value: { tasks: [{ id: "a", work: { $case: "capability" as const, value: "b.c" } }] },
      };
      const spec = { what, input };
      return engine.call(runService.methods.startRun, StartRunRequest.fromPartial({ runId, spec })).then(
        () => "done",
        (error: unknown) => String(error),
      );
    };
    const needsApproval = (message: string) => /approv/.test(message);
    for (const ruleId of ["by-one", "by-other"])
      await until(`the rule ${ruleId}`, () => start(`${ruleId}-${Math.random()}`), needsApproval);
    const open = async () =>
      (await engine.call(taskService.methods.listApprovals, ListApprovalsRequest.create())).approvals;
    assert.ok(needsApproval(await start("by-one-1")) && needsApproval(await start("by-other-1")));
    await first.kill();
    await until("what was approved to go through", async () => {
      // Lists lag a moment.
      for (const { about, approvalId } of await open())
        await engine.call(
          taskService.methods.decideApproval,
          DecideApprovalRequest.fromPartial({
            runId: about?.id ?? "",
            approvalId,
            verdict: Verdict.VERDICT_APPROVED,
          }),
        );
      return (await start("by-one-1")) === "done" && (await start("by-other-1")) === "done";
    });
    // The owning process knows the result at this point.
    const findings = () =>
      ofOwner(
        [other],
        admissionService.methods.listFindings,
        ListFindingsRequest.fromPartial({ namespace: "default" }),
      );
    await until("what was found", async () =>
      (await findings()).findings.some(({ ruleId }) => ruleId === "by-other"),
    );
  });

  it("may be away for as long as its last rules may be old, and then every key is refused until it is back", async () => {
    await using cluster = await ServiceCluster.open();
    const keysDirectory = join(cluster.folder, "keys");
    const keys = await openInstallationKeys(keysDirectory, systemFoundation());
    const trust = `--access.trustedKey=${trustedKeyOf(keys)}`;
    const governed = (): Promise<Service> =>
      cluster.join(
        "governance",
        "first",
        ...[trust, `--governance.keysDirectory=${keysDirectory}`, "--governance.bundleMaxAgeMs=9000"],
      );
    const governance = await governed();
    const master = await cluster.join("master", "master", trust);
    using client = new OutsideClient(governance.grpc);
    using locks = new OutsideClient(master.grpc);
    const ada = await keyFor("ada", client);
    await lock("door", ada, locks);
    await governance.kill();
    // The service uses the rules that it has.
    await lock("gate", ada, locks);
    const tries = () =>
      locks
        .call(
          lockService.methods.acquireLock,
          AcquireLockRequest.fromPartial({ name: "roof", holder: "roof", leaseMs: 60_000 }),
          {
            headers: { authorization: `Bearer ${ada}` },
          },
        )
        .then(
          () => "done",
          (error: unknown) => (error as { readonly code?: number }).code,
        );
    await until("the rules to be too old", async () => (await tries()) === status.UNAVAILABLE);
    await governed();
    await until("the rules to be good again", async () => (await tries()) === "done");
  });
});
