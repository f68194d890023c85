/** An audit that begins when journals were cut already: with what is there. */
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

const changes = 3_000;

async function started(directory: string): Promise<ServiceHost> {
  const flags = [
    ...["--mesh.transport=in-process", "--operations.port=0", "--log.level=fatal"],
    ...["--durable.limits.tailBytesMax=65536", "--audit.checkpointEveryMs=1000"],
  ];
  const host = await ServiceHost.open({
    ...{ name: "late", version: "0.1.0", services: [governance] },
    ...{ sources: memorySources({ arguments: flags }), dataDirectory: () => directory },
  });
  await host.start();
  return host;
}

describe("an audit that is set aside", () => {
  it("is followed by one that begins with what of the journals is left", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-audit-late-"));
    const first = await started(directory);
    const namespaces = first.mesh.client(namespaceService);
    await namespaces.createNamespace(CreateNamespaceRequest.fromPartial({ resource: { name: "shop" } }));
    for (let number = 0; number < changes; number++) {
      const resource = { name: "shop", description: `${number} `.padEnd(3_000, "x") };
      await namespaces.updateNamespace(
        UpdateNamespaceRequest.fromPartial({ resource, update: { fields: ["description"] } }),
      );
    }
    await first.mesh.client(auditService).searchRecords(SearchRecordsRequest.create());
    const isCut = async () => {
      const { partitions } = await first.mesh
        .client(runtimeService, { service: "governance" })
        .listPartitions({});
      return partitions.some((one) => one.first > 1);
    };
    for (let number = 0; !(await isCut()); number++) {
      assert.ok(number < 500, "what the audit has is cut");
      const resource = { name: "shop", description: `and ${number}` };
      await namespaces.updateNamespace(
        UpdateNamespaceRequest.fromPartial({ resource, update: { fields: ["description"] } }),
      );
    }
    await first.stop();
    await rm(join(directory, "audit"), { recursive: true });
    const second = await started(directory);
    const audit = second.mesh.client(auditService);
    const search = SearchRecordsRequest.fromPartial({ namespace: "shop", page: { size: 1_000 } });
    const { records } = await audit.searchRecords(search);
    assert.ok(records.length > 0 && records.length < changes);
    for await (const { faults } of audit.verifyAudit(VerifyAuditRequest.create()))
      assert.deepEqual(faults, []);
    await second.stop();
    await rm(directory, { recursive: true });
  });
});
