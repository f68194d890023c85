import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AuditRecord } from "@tutti/contracts/governance/v1";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { callRefused, refusalKind } from "@tutti/machine-entities/refusal";
import { Mentions } from "./mentions.ts";
import { aboutRecord, actorText } from "./record.ts";

const by = (id: string) => ({ actor: { kind: ActorKind.ACTOR_KIND_PERSON, id } });
const refused = AuditRecord.encode(
  AuditRecord.fromPartial({ cause: by("kim"), action: "runs.start", namespace: "shop" }),
).finish();

const records: readonly JournalRecord[] = [
  { namespace: "shop", kind: "run", id: "one", type: "task_completed", cause: by("anna") },
  { namespace: "shop", kind: "run", id: "two", type: "task_completed", cause: by("bert") },
  { namespace: "shop", kind: "run", id: "two", type: "run_completed" },
  { namespace: "büro", kind: "mission", id: "ä", type: "task_completed", cause: by("größer") },
  { namespace: "", kind: "partition", id: "", type: "opened" },
  { namespace: "shop", kind: refusalKind, id: "x", type: callRefused.type, payload: refused },
  { namespace: "shop", kind: refusalKind, id: "x", type: "something_else", cause: by("anna") },
].map((fields) => JournalRecord.fromPartial(fields));

describe("the index of a block", () => {
  it("contains the values of each of its records", () => {
    const mentions = new Mentions();
    for (const record of [...records, ...records]) mentions.add(JournalRecord.encode(record).finish());
    const each = records.map(aboutRecord);
    const { namespaces, actors, actions } = mentions;
    assert.deepEqual(sorted(namespaces), sorted(new Set(each.map(({ namespace }) => namespace))));
    assert.deepEqual(sorted(actors), sorted(new Set(each.map(({ cause }) => actorText(cause)))));
    assert.deepEqual(sorted(actions), sorted(new Set(each.map(({ action }) => action))));
    assert.ok(actors.has(`${ActorKind.ACTOR_KIND_PERSON}:kim`), "whose call was refused");
  });
});

function sorted(texts: ReadonlySet<string>): string[] {
  return [...texts].sort();
}
