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
const none = new Uint8Array(0);
const one: Signer = signerOf(new Uint8Array(32).fill(1));
const two: Signer = signerOf(new Uint8Array(32).fill(2));
const firstKey: SigningKey = {
  ...{ signingKeyId: "one", publicKey: one.publicKey, startTime: toTimestamp(startMs) },
  ...{ endTime: toTimestamp(startMs + 2_500), endorsement: none },
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
      const isWanted = ({ encoded }: ExportedRecord) => wanted.test(Buffer.from(encoded).toString("latin1"));
      const leaves = records.map((record) => {
        const inner = MerkleTree.of([recordLeaf(record, record.encoded)]);
        return { hash: inner.rootAt(), at: isWanted(record) ? record : undefined };
      });
      lines.push(writer.head(head, leaves));
      for (const record of records.filter(isWanted)) lines.push(writer.record(head, record));
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

const whole = exported();
const recordAtLine = (index: number): string => {
  const found = JSON.parse(whole[index] ?? "") as { record?: { id: string } };
  return found.record?.id ?? "";
};
const recordLines = whole.flatMap((_, index) => (recordAtLine(index) === "" ? [] : [index]));

function namedBy({ faults }: ExportVerdict, kind: keyof typeof AuditFaultKind): string[] {
  return faults
    .filter((found: AuditFault) => found.kind === AuditFaultKind[kind])
    .map(({ recordId }) => recordId);
}

describe("an export of the audit", () => {
  it("is verified by the first key alone: all of it, some of it, and a later part of it", () => {
    assert.deepEqual(verified(whole), { records: 33, checkpoints: 3, faults: [], moreFaults: 0 });
    assert.deepEqual(verified(exported({ wanted: /ada/ })).faults, []);
    assert.equal(verified(exported({ wanted: /ada/ })).records, 18);
    assert.deepEqual(verified(exported({ wanted: /nobody/ })), {
      ...{ records: 0, checkpoints: 3, faults: [], moreFaults: 0 },
    });
    for (const from of [2, 3]) assert.deepEqual(verified(exported({ from })).faults, []);
    // A caller that knows only the later key can continue from there.
    assert.notDeepEqual(verified(whole, two.publicKey).faults, []);
    assert.deepEqual(verified(exported({ from: 3 }), two.publicKey).faults, []);
  });

  it("names a record of which any one byte is other than it was", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...recordLines),
        fc.nat(),
        fc.integer({ min: 32, max: 126 }),
        (at, place, sign) => {
          const line = whole[at] ?? "";
          const index = place % line.length;
          fc.pre(line.charCodeAt(index) !== sign);
          const changed = `${line.slice(0, index)}${String.fromCharCode(sign)}${line.slice(index + 1)}`;
          const verdict = verified(whole.with(at, changed));
          assert.deepEqual(namedBy(verdict, "AUDIT_FAULT_KIND_CHANGED"), [recordAtLine(at)], changed);
          assert.deepEqual(namedBy(verdict, "AUDIT_FAULT_KIND_SIGNATURE"), [""]);
        },
      ),
    );
  });

  it("names each record that was removed, wherever it was", () => {
    for (const at of recordLines) {
      const verdict = verified(whole.toSpliced(at, 1));
      assert.deepEqual(namedBy(verdict, "AUDIT_FAULT_KIND_REMOVED"), [recordAtLine(at), ""]);
    }
  });

  it("names each record that was swapped with the one after it", () => {
    for (const at of recordLines.filter((line) => recordAtLine(line + 1) !== "")) {
      const [first = "", second = ""] = whole.slice(at, at + 2);
      const verdict = verified(whole.toSpliced(at, 2, second, first));
      assert.deepEqual(namedBy(verdict, "AUDIT_FAULT_KIND_SWAPPED"), [recordAtLine(at)]);
    }
  });

  it("names a record that was inserted: another one, or the same again", () => {
    for (const at of recordLines) {
      const line = whole[at] ?? "";
      assert.deepEqual(namedBy(verified(whole.toSpliced(at, 0, line)), "AUDIT_FAULT_KIND_INSERTED"), [
        recordAtLine(at),
        "",
      ]);
      const other = line.replace(recordAtLine(at), "workflow/7/99/0");
      assert.deepEqual(namedBy(verified(whole.toSpliced(at, 0, other)), "AUDIT_FAULT_KIND_INSERTED"), [
        "workflow/7/99/0",
        "",
      ]);
    }
  });

  it("is faulty if any line is changed, left out, or comes twice", () => {
    const change = fc.record({
      at: fc.nat(whole.length - 1),
      place: fc.nat(),
      how: fc.constantFrom("sign", "remove", "repeat", "swap", "cut", "empty"),
    });
    fc.assert(
      fc.property(change, ({ at, place, how }) => {
        const line = whole[at] ?? "";
        const index = place % line.length;
        const spoiled = `${line.slice(0, index)}${line[index] === "0" ? "1" : "0"}${line.slice(index + 1)}`;
        const before = whole[at - 1] ?? "";
        fc.pre(how !== "swap" || at > 0);
        const lines = {
          sign: whole.with(at, spoiled),
          remove: whole.toSpliced(at, 1),
          repeat: whole.toSpliced(at, 0, line),
          swap: whole.toSpliced(at - 1, 2, line, before),
          cut: whole.slice(0, at),
          empty: whole.with(at, "{}"),
        }[how];
        assert.notDeepEqual(verified(lines).faults, [], `${how} ${at}`);
      }),
      { numRuns: 1_000 },
    );
  });

  it("gets the same verdict whether each line is looked into or told at a glance", () => {
    const looksIntoEach: Recognizer = () => false;
    const glanced: string[] = [];
    const counting: Recognizer = (line, ...rest) => {
      const found = isAsWritten(line, ...rest);
      if (found) glanced.push(line.toString("utf8"));
      return found;
    };
    assert.deepEqual(verified(whole, one.publicKey, counting), verified(whole, one.publicKey, looksIntoEach));
    assert.deepEqual(
      glanced,
      recordLines.map((at) => whole[at]),
    );
    const ways: ((line: string, place: number) => string)[] = [
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
      at: fc.nat(whole.length - 1),
      other: fc.nat(whole.length - 1),
      place: fc.nat(),
      how: fc.oneof(fc.constantFrom(...ways), fc.constantFrom("remove", "repeat", "swap")),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const lines = [...whole];
        for (const { at, other, place, how } of changes) {
          const line = lines[at] ?? "{}";
          if (how === "remove") lines.splice(at, 1);
          // Lines were removed before: their positions do not exist any more.
          else if (at >= lines.length || other >= lines.length) continue;
          else if (how === "repeat") lines.splice(other, 0, line);
          else if (how === "swap") [lines[at], lines[other]] = [lines[other] ?? "{}", line];
          else if (line.startsWith("{") && line.endsWith("}}")) lines[at] = how(line, place % line.length);
        }
        const looked = verified(lines, one.publicKey, looksIntoEach);
        assert.deepEqual(verified(lines), looked);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is taken in pieces that end anywhere, with the ends of lines that some programs write", () => {
    const verdictOf = (text: string, cuts: readonly number[]) => {
      const verifier = new ExportVerifier(one.publicKey);
      const bytes = Buffer.from(text);
      const ends = [...cuts.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b);
      let from = 0;
      for (const end of ends) {
        verifier.bytes(bytes.subarray(from, end));
        from = end;
      }
      return verifier.finish();
    };
    const good = verified(whole);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 20 }), fc.constantFrom("\n", "\r\n"), (cuts, end) => {
        assert.deepEqual(verdictOf(`${whole.join(end)}${end}`, cuts), good);
      }),
    );
    assert.deepEqual(verdictOf(whole.join("\n"), []), good);
    assert.notDeepEqual(verdictOf(`${whole.join("\n")}\n\n`, []).faults, []);
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
    const body = whole.slice(0, -1).filter((_, index) => index !== recordLines[0]);
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
    const words = ["export", "key", "head", "leaves", "record", "checkpoint", "end"];
    const document = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .tuple(fc.constantFrom(...words), fc.jsonValue())
        .map(([word, value]) => JSON.stringify({ [word]: value })),
      fc.tuple(fc.constantFrom(...whole), fc.nat(), fc.jsonValue()).map(([line, place, value]) => {
        const [[word, parts] = ["", {}]] = Object.entries(JSON.parse(line) as Record<string, object>);
        const keys = Object.keys(parts);
        return JSON.stringify({ [word]: { ...parts, [keys[place % keys.length] ?? ""]: value } });
      }),
    );
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 12 }), (lines) => {
        assert.notDeepEqual(verified(lines).faults, []);
      }),
      { numRuns: 300 },
    );
  });

  it("continues where it was left off", () => {
    const one = new ExportWriter();
    const tree = new MerkleTree();
    const begun = one.writeHead({ namespace: "shop", filter: {}, tree, size: 0 });
    const other = new ExportWriter(one.state);
    const keys = [firstKey, secondKey].map((key) => other.key(key));
    const end = other.writeEnd(startMs + 9_000, { signingKeyId: "two", key: two });
    assert.deepEqual(verified(`${begun}${keys.join("")}${end}`.trimEnd().split("\n")).faults, []);
  });
});
