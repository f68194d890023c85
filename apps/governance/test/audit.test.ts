import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  AuditFilter,
  AuditRecord,
  AuditResult,
  auditService,
  CreateNamespaceRequest,
  ExportRecordsRequest,
  namespaceService,
  policyService,
  RecordRefusalsRequest,
  RoleBinding,
  Scope,
  SearchRecordsRequest,
  UpdateNamespaceRequest,
  VerifyAuditRequest,
} from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { ServiceHost } from "@tutti/host";
import { memorySources, systemClock } from "@tutti/kernel";
import { eventually } from "@tutti/kernel/testing";
import { ExportVerifier, inclusionFault, TrustedKeys } from "@tutti/policy/audit";
import { governance } from "../src/service.ts";
import { as, codeOf, person, Serving } from "./serving.ts";

const auditOf = ({ host }: Serving) => host.mesh.client(auditService);

async function recordsOf(serving: Serving, namespace: string): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (let token = ""; ; ) {
    const page = { size: 2, token };
    const request = { namespace, filter: undefined, oldestFirst: true, page };
    const found = await auditOf(serving).searchRecords(request);
    records.push(...found.records);
    token = found.page?.nextToken ?? "";
    if (token === "") return records;
  }
}

async function exported(serving: Serving, namespace: string): Promise<string[]> {
  let text = "";
  const replies = auditOf(serving).exportRecords(ExportRecordsRequest.fromPartial({ namespace }));
  for await (const { chunk } of replies) text += Buffer.from(chunk).toString();
  return text.trimEnd().split("\n");
}

function createNamespace({ host }: Serving, name: string) {
  return host.mesh
    .client(namespaceService)
    .createNamespace(CreateNamespaceRequest.fromPartial({ resource: { name } }));
}

function describeNamespace({ host }: Serving, name: string, description: string) {
  const request = {
    resource: { name, description },
    update: { fields: ["description"] },
    reason: "it was asked for",
  };
  return host.mesh.client(namespaceService).updateNamespace(UpdateNamespaceRequest.fromPartial(request));
}

describe("the audit", () => {
  it("finds, proves and exports each record, at once and with its actor, and continues after a restart", async () => {
    await using serving = await Serving.open();
    await createNamespace(serving, "shop");
    const [first] = await recordsOf(serving, "shop");
    assert.ok(first !== undefined);
    assert.equal(first.cause?.actor?.id, "local-admin");
    await serving.restart();
    await describeNamespace(serving, "shop", "where things are sold");
    await createNamespace(serving, "yard");
    const records = await recordsOf(serving, "shop");
    assert.equal(records[0]?.recordId, first.recordId);
    assert.ok(records.some(({ cause }) => cause?.reason === "it was asked for"));
    const { keys } = await auditOf(serving).listSigningKeys({});
    const publicKey = keys[0]?.publicKey ?? new Uint8Array(0);
    for (const { recordId } of records) {
      const request = { namespace: "shop", recordId, checkpoint: 0 };
      const { proof } = await auditOf(serving).proveInclusion(request);
      assert.ok(proof !== undefined);
      assert.equal(inclusionFault(proof, new TrustedKeys(publicKey, keys)), undefined);
    }
    const verifier = new ExportVerifier(publicKey);
    for (const line of await exported(serving, "shop")) verifier.line(line);
    const { faults, records: count } = verifier.finish();
    assert.deepEqual([faults, count], [[], records.length]);
  });

  it("continues in a process that has run for long", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-audit-old-"));
    const hourMs = 3_600_000;
    const clock = { now: () => systemClock.now(), monotonic: () => systemClock.monotonic() + hourMs };
    const flags = ["--mesh.transport=in-process", "--operations.port=0", "--log.level=fatal"];
    const host = await ServiceHost.open({
      ...{ name: "old", version: "0.1.0", services: [governance], ports: { clock } },
      ...{ sources: memorySources({ arguments: flags }), dataDirectory: () => directory },
    });
    await host.start();
    const createRequest = CreateNamespaceRequest.fromPartial({ resource: { name: "shop" } });
    await host.mesh.client(namespaceService).createNamespace(createRequest);
    const request = SearchRecordsRequest.fromPartial({ namespace: "shop" });
    const { records, indexedTo } = await host.mesh.client(auditService).searchRecords(request);
    assert.ok(records.length > 0 && indexedTo !== undefined);
    await host.stop();
    await rm(directory, { recursive: true });
  });

  it("shows a namespace only its own records", async () => {
    await using serving = await Serving.open();
    await createNamespace(serving, "shop");
    await createNamespace(serving, "yard");
    const [ofShop, ofYard] = [await recordsOf(serving, "shop"), await recordsOf(serving, "yard")];
    assert.ok(ofShop.length > 0 && ofYard.length > 0);
    assert.ok(ofShop.every(({ namespace }) => namespace === "shop"));
    const recordId = ofShop[0]?.recordId ?? "";
    await assert.rejects(auditOf(serving).getRecord({ namespace: "yard", recordId }), {
      code: "audit.record_unknown",
    });
    assert.ok((await exported(serving, "yard")).every((line) => !line.includes('"namespace":"shop"')));
  });

  it("lists and watches checkpoints, and verifies all of its records", async () => {
    await using serving = await Serving.open();
    const following = auditOf(serving).watchCheckpoints({ afterNumber: 0 });
    const numbers: number[] = [];
    const until = async (last: number) => {
      while (numbers.at(-1) !== last) {
        const { value, done } = await following.next();
        assert.ok(done !== true);
        numbers.push(...value.checkpoints.map(({ number }) => number));
      }
    };
    await createNamespace(serving, "shop");
    await recordsOf(serving, "shop");
    const { checkpoint } = await auditOf(serving).getCheckpoint({ number: 0 });
    await until(checkpoint?.number ?? 0);
    await describeNamespace(serving, "shop", "changed");
    await recordsOf(serving, "shop");
    await until((checkpoint?.number ?? 0) + 1);
    await following.return?.();
    assert.deepEqual(
      numbers,
      [...numbers.keys()].map((index) => index + 1),
    );
    const listed = await auditOf(serving).listCheckpoints({
      created: undefined,
      page: { size: 1, token: "" },
    });
    assert.deepEqual(
      [listed.checkpoints[0]?.number, listed.page?.nextToken],
      [numbers.length, String(numbers.length)],
    );
    let last: number | undefined;
    for await (const { checked, total, faults, last: isLast } of auditOf(serving).verifyAudit(
      VerifyAuditRequest.create(),
    )) {
      assert.deepEqual(faults, []);
      if (isLast) last = total - checked;
    }
    assert.equal(last, 0);
    const { proof } = await auditOf(serving).proveConsistency({ first: 1, second: 0 });
    assert.equal(proof?.second?.number, numbers.length);
  });

  it("has separate records for refusals, which are found by actor and action, each batch once", async () => {
    await using serving = await Serving.open();
    const firstBatch = RecordRefusalsRequest.fromPartial({
      batch: 1,
      records: [refusedTo("eve", "shop", 3), refusedTo("bob", "yard", 1)],
    });
    const send = async (...batches: RecordRefusalsRequest[]) => {
      const accepted: number[] = [];
      for await (const { batch } of auditOf(serving).recordRefusals(each(batches))) accepted.push(batch);
      return accepted;
    };
    assert.deepEqual(
      await send(firstBatch, { ...firstBatch, batch: 2, records: [refusedTo("eve", "shop", 1)] }),
      [1, 2],
    );
    // The receipt of the first was lost.
    assert.deepEqual(await send(firstBatch), [1]);
    const refusals = await auditOf(serving).searchRecords({
      ...{ namespace: "shop", oldestFirst: true, page: undefined },
      filter: AuditFilter.fromPartial({
        ...{ actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "eve" }, action: "workflow.runs.*" },
        result: AuditResult.AUDIT_RESULT_REFUSED,
      }),
    });
    const [first, second, ...others] = refusals.records;
    assert.deepEqual([first?.count, second?.count, others], [3, 1, []]);
    assert.deepEqual([first?.error?.code, first?.address], ["mesh.denied", "192.0.2.7"]);
    const ofYard = await recordsOf(serving, "yard");
    // The acceptance of a batch is a record too, and states that.
    assert.deepEqual(
      ofYard.filter(({ action }) => action === ""),
      [],
    );
    assert.deepEqual(
      ofYard.filter(({ count }) => count > 1),
      [],
    );
    assert.equal(ofYard.filter(({ result }) => result === AuditResult.AUDIT_RESULT_REFUSED).length, 1);
  });

  it("believes no report of an action by a bearer of a key", async () => {
    await using serving = await Serving.open();
    const done = { ...refusedTo("eve", "shop", 1), result: AuditResult.AUDIT_RESULT_DONE, error: undefined };
    const requestOf = (id: string) =>
      RecordRefusalsRequest.fromPartial({ batch: 1, records: [{ ...done, address: id }] });
    const mallory = { kind: ActorKind.ACTOR_KIND_PERSON, id: "mallory" };
    const subject = { $case: "actor" as const, value: mallory };
    const binding = RoleBinding.fromPartial({ bindingId: "m", role: "admin", subject });
    const policies = serving.host.mesh.client(policyService, { service: "governance" });
    await policies.createRoleBinding({ namespace: "system", binding });
    const credential = { id: "key_1", namespace: "", groups: [], scope: Scope.create() };
    const send = async (id: string, options?: ReturnType<typeof as>) => {
      for await (const { batch } of auditOf(serving).recordRefusals(each([requestOf(id)]), options))
        assert.equal(batch, 1);
    };
    await send("service");
    const isEarly = (error: unknown) => codeOf("access.rules_unknown")(error) || codeOf("mesh.denied")(error);
    await eventually(() => send("visitor", as(serving, person("mallory", credential))), isEarly);
    const found = (await recordsOf(serving, "shop")).map(({ address, result }) => `${address} ${result}`);
    const { AUDIT_RESULT_DONE, AUDIT_RESULT_REFUSED } = AuditResult;
    assert.ok(found.includes(`service ${AUDIT_RESULT_DONE}`), String(found));
    assert.ok(found.includes(`visitor ${AUDIT_RESULT_REFUSED}`), String(found));
  });
});

function refusedTo(id: string, namespace: string, count: number): AuditRecord {
  return AuditRecord.fromPartial({
    ...{ namespace, action: "workflow.runs.start", count, address: "192.0.2.7" },
    time: { seconds: 1_767_225_600, nanos: 0 },
    cause: { actor: { kind: ActorKind.ACTOR_KIND_PERSON, id } },
    error: { code: "mesh.denied", message: "expected a right to do that, got none" },
  });
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}
