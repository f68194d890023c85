/** A copy of a data directory continues the audit, with the same keys. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  auditService,
  CreateNamespaceRequest,
  namespaceService,
  SearchRecordsRequest,
  VerifyAuditRequest,
} from "@tutti/contracts/governance/v1";
import { ServiceHost } from "@tutti/host";
import { runDataCommand } from "@tutti/host/storage";
import { memorySources } from "@tutti/kernel";
import { governance } from "../src/service.ts";

async function started(directory: string): Promise<ServiceHost> {
  const flags = ["--mesh.transport=in-process", "--operations.port=0", "--log.level=fatal"];
  const host = await ServiceHost.open({
    ...{ name: "kept", version: "0.1.0", services: [governance] },
    ...{ sources: memorySources({ arguments: flags }), dataDirectory: () => directory },
  });
  await host.start();
  return host;
}

const create = ({ mesh }: ServiceHost, name: string) =>
  mesh.client(namespaceService).createNamespace(CreateNamespaceRequest.fromPartial({ resource: { name } }));

async function recordsOf({ mesh }: ServiceHost, namespace: string): Promise<string[]> {
  const request = SearchRecordsRequest.fromPartial({ namespace, oldestFirst: true });
  const { records } = await mesh.client(auditService).searchRecords(request);
  return records.map(({ recordId }) => recordId);
}

describe("a backup", () => {
  it("has the audit log: records signed before it are found, verified and continued", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tutti-audit-backup-"));
    const [directory, copy, restored] = [
      join(folder, "data"),
      join(folder, "copy"),
      join(folder, "restored"),
    ];
    const passphrase = join(folder, "passphrase");
    await writeFile(passphrase, "a passphrase of the copy\n");
    const first = await started(directory);
    await create(first, "shop");
    const before = await recordsOf(first, "shop");
    const { checkpoint } = await first.mesh.client(auditService).getCheckpoint({ number: 0 });
    assert.ok(before.length > 0 && checkpoint !== undefined);
    // While the process uses it.
    const configured = () => ({ directory, partitions: 16 });
    const sealed = ["--passphrase-file", passphrase];
    const copied = await runDataCommand(
      "backup",
      ["--data-directory", directory, "--copy", copy, ...sealed],
      configured,
    );
    assert.equal(copied.exitCode, 0, copied.output);
    await create(first, "lost");
    await recordsOf(first, "lost");
    await first.stop();
    const args = ["--data-directory", restored, "--copy", copy, ...sealed];
    const done = await runDataCommand("restore", args, configured);
    assert.equal(done.exitCode, 0, done.output);

    const second = await started(restored);
    assert.deepEqual(await recordsOf(second, "shop"), before);
    assert.deepEqual(await recordsOf(second, "lost"), []);
    await create(second, "yard");
    assert.ok((await recordsOf(second, "yard")).length > 0);
    const audit = second.mesh.client(auditService);
    assert.deepEqual((await audit.getCheckpoint({ number: checkpoint.number })).checkpoint, checkpoint);
    for await (const { faults } of audit.verifyAudit(VerifyAuditRequest.create()))
      assert.deepEqual(faults, []);
    await second.stop();
    await rm(folder, { recursive: true });
  });
});
