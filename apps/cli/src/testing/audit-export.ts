/** A small export of the audit log, and the key to verify it. */
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { checkpointOf, ExportWriter, leafHash, MerkleTree, recordLeaf, signerOf } from "@tutti/policy/audit";

const startMs = 1_767_225_600_000;
const key = signerOf(new Uint8Array(32).fill(5));
export const publicKey = Buffer.from(key.publicKey).toString("base64");
const signing = { signingKeyId: "key-1", key };

/** Returns an export of three records under one checkpoint. */
export function exported(): string {
  const records = ["ada", "bob", "eve"].map((id, index) => {
    const actor = { kind: ActorKind.ACTOR_KIND_PERSON, id };
    const fields = {
      namespace: "default",
      kind: "run",
      id: "run-1",
      event: index + 1,
      type: "task_started",
      cause: { actor },
    };
    const encoded = JournalRecord.encode(JournalRecord.fromPartial(fields)).finish();
    return { batch: 1, index, timeMs: startMs, encoded };
  });
  const leaves = records.map((record) => recordLeaf(record, record.encoded));
  const head = {
    ...{ service: "workflow", partition: 0, batch: 1, hash: new Uint8Array(32), recordCount: records.length },
    recordsRoot: MerkleTree.of(leaves).rootAt(),
  };
  const tree = new MerkleTree();
  const checkpoint = checkpointOf(
    { number: 1, createTime: toTimestamp(startMs), heads: [head] },
    tree,
    signing,
  );
  const signingKey = { signingKeyId: "key-1", publicKey: key.publicKey, startTime: toTimestamp(startMs) };
  const writer = new ExportWriter();
  return [
    writer.writeHead({ namespace: "default", filter: {}, tree: new MerkleTree(), size: 0 }),
    writer.key({ ...signingKey, endTime: undefined, endorsement: new Uint8Array(0) }),
    writer.head(
      head,
      leaves.map((leaf, index) => ({ hash: leafHash(leaf), at: { batch: 1, index } })),
    ),
    ...records.map((record) => writer.record(head, record)),
    writer.checkpoint(checkpoint),
    writer.writeEnd(startMs, signing),
  ].join("");
}
