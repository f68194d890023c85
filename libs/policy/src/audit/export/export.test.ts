import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type AuditFault,
  AuditFaultKind,
  type JournalHead,
  type SigningKey,
} from "@tutti/contracts/governance/v1";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import fc from "fast-check";
import { MerkleTree } from "../../merkle/tree.ts";
import { checkpointOf, recordLeaf } from "../checkpoints.ts";
import { type Signer, signerOf } from "../signing.ts";
import { endorsed } from "../signing-keys.ts";
import type { ExportedRecord } from "./lines.ts";
import { isAsWritten, type Recognizer } from "./recognizing.ts";
import { type ExportVerdict, ExportVerifier } from "./verifying.ts";
import { chainBefore, chained, ExportWriter } from "./writing.ts";

const startMs = 1_767_225_600_000;
const noBytes = new Uint8Array(0);
const one: Signer = signerOf(new Uint8Array(32).fill(1));
const two: Signer = signerOf(new Uint8Array(32).fill(2));
const firstKey: SigningKey = {
  ...{ signingKeyId: "one", publicKey: one.publicKey, startTime: toTimestamp(startMs) },
  ...{ endTime: toTimestamp(startMs + 2_500), endorsement: noBytes },
};
const secondKey = endorsed(
  { signingKeyId: "two", publicKey: two.publicKey, startTime: toTimestamp(startMs + 2_500) },
  one,
);

function recordsOf(number: number, partition: number, count: number, reason: string): ExportedRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: index % 2 === 0 ? "ada" : "bob" };
    const record = JournalRecord.fromPartial({
      namespace: "shop",
      kind: "run",
      id: `run-${index}`,
      event: number,
      type: "task_completed",
      version: 1,
      payload: Buffer.from(`payload ${number} ${partition} ${index}`),
      cause: { actor, decision: "policy/1", reason, traceparent: "" },
    });
    const encoded = JournalRecord.encode(record).finish();
    return {
      batch: number * 10 + Math.floor(index / 2),
      index: index % 2,
      timeMs: startMs + number * 1_000,
      encoded,
    };
  });
}

/** Three checkpoints over two journals. Records of `wanted` actors, from a checkpoint on. */
function exported({ wanted = /./, from = 1, reason = "it was due" } = {}): string[] {
  const tree = new MerkleTree();
  const writer = new ExportWriter();
  const lines: string[] = [];
  for (let number = 1; number <= 3; number++) {
    const size = tree.size;
    const heads: JournalHead[] = [];
    const perHead = [0, 1].map((partition) => recordsOf(number, partition, 5 + partition, reason));
    for (const [partition, records] of perHead.entries()) {
      const inner = MerkleTree.of(records.map((record) => recordLeaf(record, record.encoded)));
      heads.push({
        ...{ service: "workflow", partition, batch: number * 10 + 3, hash: new Uint8Array(32).fill(number) },
        ...{ recordCount: records.length, recordsRoot: inner.rootAt() },
      });
    }
    const signer = number < 3 ? { signingKeyId: "one", key: one } : { signingKeyId: "two", key: two };
    const createTime = toTimestamp(startMs + number * 1_000);
    const checkpoint = checkpointOf({ number, createTime, heads }, tree, signer);
    if (number < from) continue;
    if (number === from) {
      lines.push(writer.writeHead({ namespace: "shop", filter: { text: wanted.source }, tree, size }));
      for (const key of [firstKey, secondKey]) lines.push(writer.key(key));
    }
    for (const [partition, records] of perHead.entries()) {
      const head = heads[partition];
      assert.ok(head !== undefined);
      const isIncluded = ({ encoded }: ExportedRecord) =>
        wanted.test(Buffer.from(encoded).toString("latin1"));
      const leaves = records.map((record) => {
        const inner = MerkleTree.of([recordLeaf(record, record.encoded)]);
        return { hash: inner.rootAt(), at: isIncluded(record) ? record : undefined };
      });
      lines.push(writer.head(head, leaves));
      for (const record of records.filter(isIncluded)) lines.push(writer.record(head, record));
    }
    lines.push(writer.checkpoint(checkpoint));
  }
  lines.push(writer.writeEnd(startMs + 9_000, { signingKeyId: "two", key: two }));
  return lines.join("").trimEnd().split("\n");
}

function verified(
  lines: readonly string[],
  trusted = one.publicKey,
  recognizer: Recognizer = isAsWritten,
): ExportVerdict {
  const verifier = new ExportVerifier(trusted, recognizer);
  for (const line of lines) verifier.line(line);
  return verifier.finish();
}

const complete = exported();
const recordAtLine = (index: number): string => {
  const found = JSON.parse(complete[index] ?? "") as { record?: { id: string } };
  return found.record?.id ?? "";
};
const recordLines = complete.flatMap((_, index) => (recordAtLine(index) === "" ? [] : [index]));

function namedBy({ faults }: ExportVerdict, kind: keyof typeof AuditFaultKind): string[] {
  return faults
    .filter((found: AuditFault) => found.kind === AuditFaultKind[kind])
    .map(({ recordId }) => recordId);
}

describe("an export of the audit", () => {
  it("is verified by the first key alone: all of it, some of it, and a later part of it", () => {
    assert.deepEqual(verified(complete), { records: 33, checkpoints: 3, faults: [], moreFaults: 0 });
    assert.deepEqual(verified(exported({ wanted: /ada/ })).faults, []);
    assert.equal(verified(exported({ wanted: /ada/ })).records, 18);
    assert.deepEqual(verified(exported({ wanted: /nobody/ })), {
      ...{ records: 0, checkpoints: 3, faults: [], moreFaults: 0 },
    });
    for (const from of [2, 3]) assert.deepEqual(verified(exported({ from })).faults, []);
    // A caller that knows only the later key can continue from there.
    assert.notDeepEqual(verified(complete, two.publicKey).faults, []);
    assert.deepEqual(verified(exported({ from: 3 }), two.publicKey).faults, []);
  });

  it("names a record with any changed byte", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...recordLines),
        fc.nat(),
        fc.integer({ min: 32, max: 126 }),
        (at, place, sign) => {
          const line = complete[at] ?? "";
          const index = place % line.length;
          fc.pre(line.charCodeAt(index) !== sign);
          const changed = `${line.slice(0, index)}${String.fromCharCode(sign)}${line.slice(index + 1)}`;
          const verdict = verified(complete.with(at, changed));
          assert.deepEqual(namedBy(verdict, "AUDIT_FAULT_KIND_CHANGED"), [recordAtLine(at)], changed);
          assert.deepEqual(namedBy(verdict, "AUDIT_FAULT_KIND_SIGNATURE"), [""]);
        },
      ),
    );
  });

  it("names each removed record, at any position", () => {
    for (const at of recordLines) {
      const verdict = verified(complete.toSpliced(at, 1));
      assert.deepEqual(namedBy(verdict, "AUDIT_FAULT_KIND_REMOVED"), [recordAtLine(at), ""]);
    }
  });

  it("names each record that was swapped with the next one", () => {
    for (const at of recordLines.filter((line) => recordAtLine(line + 1) !== "")) {
      const [first = "", second = ""] = complete.slice(at, at + 2);
      const verdict = verified(complete.toSpliced(at, 2, second, first));
      assert.deepEqual(namedBy(verdict, "AUDIT_FAULT_KIND_SWAPPED"), [recordAtLine(at)]);
    }
  });

  it("names an inserted record, new or repeated", () => {
    for (const at of recordLines) {
      const line = complete[at] ?? "";
      assert.deepEqual(namedBy(verified(complete.toSpliced(at, 0, line)), "AUDIT_FAULT_KIND_INSERTED"), [
        recordAtLine(at),
        "",
      ]);
      const other = line.replace(recordAtLine(at), "workflow/7/99/0");
      assert.deepEqual(namedBy(verified(complete.toSpliced(at, 0, other)), "AUDIT_FAULT_KIND_INSERTED"), [
        "workflow/7/99/0",
        "",
      ]);
    }
  });

  it("is faulty if any line is changed, removed or repeated", () => {
    const change = fc.record({
      at: fc.nat(complete.length - 1),
      place: fc.nat(),
      how: fc.constantFrom("sign", "remove", "repeat", "swap", "cut", "empty"),
    });
    fc.assert(
      fc.property(change, ({ at, place, how }) => {
        const line = complete[at] ?? "";
        const index = place % line.length;
        const spoiled = `${line.slice(0, index)}${line[index] === "0" ? "1" : "0"}${line.slice(index + 1)}`;
        const before = complete[at - 1] ?? "";
        fc.pre(how !== "swap" || at > 0);
        const lines = {
          sign: complete.with(at, spoiled),
          remove: complete.toSpliced(at, 1),
          repeat: complete.toSpliced(at, 0, line),
          swap: complete.toSpliced(at - 1, 2, line, before),
          cut: complete.slice(0, at),
          empty: complete.with(at, "{}"),
        }[how];
        assert.notDeepEqual(verified(lines).faults, [], `${how} ${at}`);
      }),
      { numRuns: 300 },
    );
  });

  it("gets the same verdict whether each line is parsed or only recognised", () => {
    const readEach: Recognizer = () => false;
    const glanced: string[] = [];
    const counting: Recognizer = (line, ...rest) => {
      const found = isAsWritten(line, ...rest);
      if (found) glanced.push(line.toString("utf8"));
      return found;
    };
    assert.deepEqual(
      verified(complete, one.publicKey, counting),
      verified(complete, one.publicKey, readEach),
    );
    assert.deepEqual(
      glanced,
      recordLines.map((at) => complete[at]),
    );
    const edits: ((line: string, place: number) => string)[] = [
      (line, place) => `${line.slice(0, place)}${line.slice(place + 1)}`,
      (line, place) => `${line.slice(0, place)}0${line.slice(place)}`,
      (line, place) => `${line.slice(0, place)}"${line.slice(place)}`,
      (line, place) => `${line.slice(0, place)}\u00e9${line.slice(place + 1)}`,
      // The same document as another text.
      (line) => line.replace('"time_ms":', '"time_ms": '),
      (line) => line.replace(/"time_ms":(\d+)000/, '"time_ms":$1e3'),
      (line) => line.replace("run", "\\u0072un"),
      // The same bytes as another text.
      (line) => line.replace(/(.)=?"}}$/, '$1=="}}'),
      (line) => line.replaceAll(/(\/|")(\d+)\/(\d) ?/g, "$10$2/$3"),
      (line) => `${line} `,
      (line) => `${line}${line}`,
      (line) => line.replace(/"encoded":"[^"]*"/, '"encoded":""'),
      (line) => line.replace(/"id":"[^"]*"/, '"id":""'),
      (line) => line.replaceAll('":', '": '),
    ];
    const change = fc.record({
      at: fc.nat(complete.length - 1),
      other: fc.nat(complete.length - 1),
      place: fc.nat(),
      how: fc.oneof(fc.constantFrom(...edits), fc.constantFrom("remove", "repeat", "swap")),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const lines = [...complete];
        for (const { at, other, place, how } of changes) {
          const line = lines[at] ?? "{}";
          if (how === "remove") lines.splice(at, 1);
          // Lines were removed before: their positions do not exist any more.
          else if (at >= lines.length || other >= lines.length) continue;
          else if (how === "repeat") lines.splice(other, 0, line);
          else if (how === "swap") [lines[at], lines[other]] = [lines[other] ?? "{}", line];
          else if (line.startsWith("{") && line.endsWith("}}")) lines[at] = how(line, place % line.length);
        }
        const verdict = verified(lines, one.publicKey, readEach);
        assert.deepEqual(verified(lines), verdict);
      }),
      { numRuns: 300 },
    );
  });

  it("is verified in chunks that end anywhere, with either kind of line end", () => {
    const verdictOf = (text: string, splits: readonly number[]) => {
      const verifier = new ExportVerifier(one.publicKey);
      const bytes = Buffer.from(text);
      const ends = [...splits.map((split) => split % bytes.length), bytes.length].sort((a, b) => a - b);
      let from = 0;
      for (const end of ends) {
        verifier.bytes(bytes.subarray(from, end));
        from = end;
      }
      return verifier.finish();
    };
    const good = verified(complete);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 20 }), fc.constantFrom("\n", "\r\n"), (splits, end) => {
        assert.deepEqual(verdictOf(`${complete.join(end)}${end}`, splits), good);
      }),
    );
    assert.deepEqual(verdictOf(complete.join("\n"), []), good);
    assert.notDeepEqual(verdictOf(`${complete.join("\n")}\n\n`, []).faults, []);
  });

  it("has records with any text in their words", () => {
    for (const reason of [
      "\u2028 and \u2029",
      "\r\n",
      "\ud83d\ude00 \u00e9 \u0000",
      '"}}',
      "\\",
      "x".repeat(9_000),
    ]) {
      const text = exported({ reason });
      assert.deepEqual(verified(text).faults, [], reason);
      const verifier = new ExportVerifier(one.publicKey);
      verifier.bytes(Buffer.from(text.join("\n")));
      assert.deepEqual(verifier.finish().faults, [], reason);
    }
  });

  it("is faulty when another process has signed it again", () => {
    const stranger = signerOf(new Uint8Array(32).fill(9));
    const body = complete.slice(0, -1).filter((_, index) => index !== recordLines[0]);
    const state = { lines: body.length, chain: body.reduce(chained, chainBefore) };
    const signedBy = (key: Signer) =>
      new ExportWriter(state).writeEnd(startMs + 9_000, { signingKeyId: "two", key });
    const verdict = verified([...body, signedBy(stranger).trimEnd()]);
    assert.deepEqual(namedBy(verdict, "AUDIT_FAULT_KIND_SIGNATURE"), [""]);
    // Even with a valid signature, the missing record is named.
    const byItself = verified([...body, signedBy(two).trimEnd()]);
    assert.deepEqual(namedBy(byItself, "AUDIT_FAULT_KIND_REMOVED"), [recordAtLine(recordLines[0] ?? 0)]);
    assert.equal(byItself.faults.length, 1);
  });

  it("is never a fault of the verifier, for any text", () => {
    const lineKinds = ["export", "key", "head", "leaves", "record", "checkpoint", "end"];
    const document = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .tuple(fc.constantFrom(...lineKinds), fc.jsonValue())
        .map(([kind, value]) => JSON.stringify({ [kind]: value })),
      fc.tuple(fc.constantFrom(...complete), fc.nat(), fc.jsonValue()).map(([line, place, value]) => {
        const [[kind, parts] = ["", {}]] = Object.entries(JSON.parse(line) as Record<string, object>);
        const keys = Object.keys(parts);
        return JSON.stringify({ [kind]: { ...parts, [keys[place % keys.length] ?? ""]: value } });
      }),
    );
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 12 }), (lines) => {
        assert.notDeepEqual(verified(lines).faults, []);
      }),
      { numRuns: 300 },
    );
  });

  it("continues from a saved state", () => {
    const one = new ExportWriter();
    const tree = new MerkleTree();
    const head = one.writeHead({ namespace: "shop", filter: {}, tree, size: 0 });
    const other = new ExportWriter(one.state);
    const keys = [firstKey, secondKey].map((key) => other.key(key));
    const end = other.writeEnd(startMs + 9_000, { signingKeyId: "two", key: two });
    assert.deepEqual(verified(`${head}${keys.join("")}${end}`.trimEnd().split("\n")).faults, []);
  });
});
