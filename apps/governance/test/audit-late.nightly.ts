/** An audit that starts after journals were cut: with the remaining records. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  auditService,
  CreateNamespaceRequest,
  namespaceService,
  SearchRecordsRequest,
  UpdateNamespaceRequest,
  VerifyAuditRequest,
} from "@tutti/contracts/governance/v1";
import { runtimeService } from "@tutti/contracts/runtime/v1";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { governance } from "../src/service.ts";

const changesMin = 3_000;

async function started(directory: string, ...args: string[]): Promise<ServiceHost> {
  const flags = [
    ...["--mesh.transport=in-process", "--operations.port=0", "--log.level=fatal"],
    ...["--durable.limits.tailBytesMax=65536", "--audit.checkpointEveryMs=1000"],
    ...args,
  ];
  const host = await ServiceHost.open({
    ...{ name: "late", version: "0.1.0", services: [governance] },
    ...{ sources: memorySources({ arguments: flags }), dataDirectory: () => directory },
  });
  await host.start();
  return host;
}

describe("an abandoned audit log", () => {
  it("is followed by a new one that starts with the remaining journals", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-audit-late-"));
    const first = await started(directory);
    const namespaces = first.mesh.client(namespaceService);
    await namespaces.createNamespace(CreateNamespaceRequest.fromPartial({ resource: { name: "shop" } }));
    const change = (number: number) => {
      const resource = { name: "shop", description: `${number} `.padEnd(3_000, "x") };
      const update = { fields: ["description"] };
      return namespaces.updateNamespace(UpdateNamespaceRequest.fromPartial({ resource, update }));
    };
    const isTrimmed = async () => {
      const runtime = first.mesh.client(runtimeService, { service: "governance" });
      const { partitions } = await runtime.listPartitions({});
      return partitions.some((partition) => partition.first > 1);
    };
    // Files of 4 MiB are removed as a whole, some time after the audit has their records.
    let created = 0;
    for (; created < changesMin || !(await isTrimmed()); created++) {
      await change(created);
      if (created >= changesMin)
        await first.mesh.client(auditService).searchRecords(SearchRecordsRequest.create());
    }
    await first.stop();
    await rm(join(directory, "audit"), { recursive: true });
    const search = SearchRecordsRequest.fromPartial({ namespace: "shop", oldestFirst: true });
    const without = await started(directory);
    const missing: unknown = await without.mesh
      .client(auditService)
      .searchRecords(search)
      .catch((error: unknown) => error);
    await without.stop();
    const [, number] = /set audit\.giveUpCheckpoint to (\d+)/.exec(String(missing)) ?? [];
    const second = await started(directory, `--audit.giveUpCheckpoint=${number}`);
    const audit = second.mesh.client(auditService);
    const { records } = await audit.searchRecords(search);
    // The namespace was created in one of the removed batches.
    const [, , batch] = records[0]?.recordId.split("/") ?? [];
    assert.ok(Number(batch) > 100, `the first record is in batch ${batch}`);
    for await (const { faults } of audit.verifyAudit(VerifyAuditRequest.create()))
      assert.deepEqual(faults, []);
    await second.stop();
    await rm(directory, { recursive: true });
  });
});
