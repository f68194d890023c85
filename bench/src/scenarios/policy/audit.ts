import { hash } from "node:crypto";
import type { JournalHead, SigningKey } from "@tutti/contracts/governance/v1";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import {
  checkpointOf,
  type ExportedRecord,
  ExportVerifier,
  ExportWriter,
  MerkleTree,
  recordHash,
  signerOf,
} from "@tutti/policy";
import { rounded } from "../../measure/statistics.ts";
import type { Scenario } from "../../scenario.ts";

const recordsMost = 1_000_000;
/** So long a budget has all of them. */
const wholeSeconds = 2;
/** A checkpoint every minute of an installation that does a few hundred things a second. */
const perHead = 20_000;
const startMs = Date.UTC(2026, 0, 1);
const signer = signerOf(new Uint8Array(32).fill(1));

/** How long an export of a million records takes to verify, beside hashing its text alone. */
export const audit: Scenario = {
  name: "audit",
  about:
    "an export of 1,000,000 records (fewer in less than 2 s) is written and verified, beside hashing its lines",
  async *run({ seconds }) {
    const heads = Math.max(1, Math.round((recordsMost / perHead) * Math.min(1, seconds / wholeSeconds)));
    const records = heads * perHead;
    const verifier = new ExportVerifier(signer.publicKey);
    let [writtenMs, verifiedMs, verifiedCpuMs, hashedMs, size] = [0, 0, 0, 0, 0];
    const began = process.memoryUsage().rss;
    for (const make of exportedParts(heads)) {
      const writing = performance.now();
      const bytes = Buffer.from(make());
      const verifying = performance.now();
      writtenMs += verifying - writing;
      const busy = process.cpuUsage();
      verifier.bytes(bytes);
      const { user, system } = process.cpuUsage(busy);
      verifiedCpuMs += (user + system) / 1_000;
      const hashing = performance.now();
      verifiedMs += hashing - verifying;
      for (let from = 0; from < bytes.length; from = bytes.indexOf(lineFeed, from) + 1)
        hash("sha256", bytes.subarray(from, bytes.indexOf(lineFeed, from)), "binary");
      hashedMs += performance.now() - hashing;
      size += bytes.length;
    }
    const { records: verified, faults } = verifier.finish();
    if (verified !== records || faults.length > 0)
      throw new Error(
        `expected ${records} records that are as they were, found ${verified} and ${faults.length} faults`,
      );
    yield {
      ...{
        variant: "whole export",
        records,
        mb: rounded(size / 2 ** 20),
        writeSec: rounded(writtenMs / 1_000),
      },
      ...{
        verifySec: rounded(verifiedMs / 1_000),
        verifyCpuSec: rounded(verifiedCpuMs / 1_000),
        hashSec: rounded(hashedMs / 1_000),
      },
      verifiedPerSec: rounded(records / (verifiedMs / 1_000)),
      moreMb: rounded((process.memoryUsage().rss - began) / 2 ** 20),
    };
  },
};

/** The export in parts, each made when it is asked for, so that the memory is not that of a million lines. */
function* exportedParts(heads: number): Generator<() => string> {
  const tree = new MerkleTree();
  const writer = new ExportWriter();
  const signing = { signingKeyId: "one", key: signer };
  const key: SigningKey = {
    ...{ signingKeyId: "one", publicKey: signer.publicKey, startTime: toTimestamp(startMs) },
    ...{ endTime: undefined, endorsement: new Uint8Array(0) },
  };
  yield () =>
    writer.begin({ namespace: "shop", filter: {}, tree: new MerkleTree(), size: 0 }) + writer.key(key);
  for (let number = 1; number <= heads; number++) {
    const some = Array.from({ length: perHead }, (_, index) => recordOf(number, index));
    const hashes = some.map((record) => recordHash(record, record.encoded));
    const inner = new MerkleTree();
    for (const one of hashes) inner.appendHash(one);
    const head: JournalHead = {
      ...{ service: "workflow", partition: 0, batch: number, hash: new Uint8Array(32).fill(number) },
      ...{ recordCount: perHead, recordsRoot: inner.rootAt() },
    };
    const checkpoint = checkpointOf(
      { number, createTime: toTimestamp(startMs + number), heads: [head] },
      tree,
      signing,
    );
    yield () =>
      [
        writer.head(
          head,
          some.map((record, index) => ({ hash: hashes[index] ?? none, at: record })),
        ),
        ...some.map((record) => writer.record(head, record)),
        writer.checkpoint(checkpoint),
      ].join("");
  }
  yield () => writer.end(startMs + recordsMost, signing);
}

const none = new Uint8Array(32);
const lineFeed = 10;

function recordOf(batch: number, index: number): ExportedRecord {
  const record = JournalRecord.fromPartial({
    ...{
      namespace: "shop",
      kind: "run",
      id: `order-${batch}-${index % 500}`,
      event: 7,
      type: "task_completed",
    },
    ...{ version: 1, payload: Buffer.alloc(120, index), previousBatch: batch - 1, previousIndex: index },
    cause: {
      actor: { kind: ActorKind.ACTOR_KIND_AGENT, id: `worker-${index % 20}` },
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    },
  });
  return { batch, index, timeMs: startMs + batch, encoded: JournalRecord.encode(record).finish() };
}
