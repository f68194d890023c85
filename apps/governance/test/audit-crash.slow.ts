/** Processes are killed while they act and audit: what was acknowledged is in the audit, and what was signed stays. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { auditService, SearchRecordsRequest, VerifyAuditRequest } from "@tutti/contracts/governance/v1";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { governance } from "../src/service.ts";

const program = fileURLToPath(new URL("./programs/audited.ts", import.meta.url));
const lives = 6;

interface Seen {
  /** Namespaces that were acknowledged. */
  made: number;
  /** Roots of checkpoints by their numbers, as somebody outside keeps them. */
  readonly roots: Map<number, string>;
}

/** One life: killed after so many lines. */
async function live(directory: string, seen: Seen, lines: number): Promise<void> {
  const child = spawn(process.execPath, [program, directory, String(seen.made)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let left = lines;
  for await (const line of createInterface({ input: child.stdout })) {
    const { made, checkpoint, root } = JSON.parse(line);
    if (made !== undefined) seen.made = Math.max(seen.made, made + 1);
    if (checkpoint !== undefined) {
      const known = seen.roots.get(checkpoint) ?? root;
      assert.equal(root, known, `checkpoint ${checkpoint} is what it was`);
      seen.roots.set(checkpoint, root);
    }
    if (--left === 0) child.kill("SIGKILL");
  }
  await ended;
  assert.ok(left <= 0, "it lived until it was killed");
}

describe("the audit of processes that are killed", () => {
  it("has all that was acknowledged, and every checkpoint that anybody saw", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-audit-crash-"));
    const seen: Seen = { made: 0, roots: new Map() };
    const chance = seededChance(7);
    for (let life = 0; life < lives; life++)
      await live(directory, seen, 20 + Math.floor(chance.random() * 60));
    const flags = ["--mesh.transport=in-process", "--operations.port=0", "--log.level=fatal"];
    const host = await ServiceHost.open({
      ...{ name: "after", version: "0.1.0", services: [governance] },
      ...{ sources: memorySources({ arguments: flags }), dataDirectory: () => directory },
    });
    await host.start();
    const audit = host.mesh.client(auditService);
    for (let number = 0; number < seen.made; number++) {
      const { records } = await audit.searchRecords(
        SearchRecordsRequest.fromPartial({ namespace: `shop-${number}` }),
      );
      assert.ok(records.length > 0, `shop-${number} was acknowledged`);
    }
    for (const [number, root] of seen.roots) {
      const { checkpoint } = await audit.getCheckpoint({ number });
      assert.equal(Buffer.from(checkpoint?.rootHash ?? []).toString("hex"), root);
    }
    let checked = 0;
    for await (const progress of audit.verifyAudit(VerifyAuditRequest.create())) {
      assert.deepEqual(progress.faults, []);
      ({ checked } = progress);
    }
    assert.ok(checked >= seen.made);
    await host.stop();
    await rm(directory, { recursive: true });
  });
});
