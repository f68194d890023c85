/** The blackboard: values by key. Each has a version that grows with every change, also across removals. */
import {
  type EntryReceipt,
  type EntryWrite,
  PutEntriesReply,
  PutEntriesRequest,
} from "@tutti/contracts/swarm/v1";
import type { Refusal } from "@tutti/kernel";
import { causeOf } from "@tutti/machine-work";
import { boardBytesMax, entriesMax } from "../../core/state/limits.ts";
import type { MissionCommand, MissionView } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { bytesOfValue, entriesWritten } from "../../kinds/entry/events.ts";
import { boardEntry } from "../queries/entries.ts";
import { boardCommand } from "../step.ts";

const keyLengthMax = 500;

/** A write whose condition fails gets the current entry in the reply: the loser sees the winning value. */
export const putEntries: MissionCommand<PutEntriesRequest, PutEntriesReply> = boardCommand({
  type: "put_entries",
  codec: PutEntriesRequest,
  reply: PutEntriesReply,
  decide(mission, { agentId, writes, allOrNone }, step) {
    const problem = writesProblem(mission, writes);
    if (problem !== undefined) return problem;
    const judged = judge(mission, writes);
    const isAborted = allOrNone && judged.includes("denied");
    const entries = isAborted ? [] : writes.filter((_, index) => judged[index] === "written");
    if (entries.length > 0)
      step.emit(entriesWritten, {
        entries: entries.map(({ key, value }) => ({ key, value })),
        cause: causeOf(step),
        agent: agentId,
        writeMs: step.nowMs,
      });
    return {
      receipts: writes.map((write, index) =>
        receipt(mission, write, !isAborted && judged[index] === "written"),
      ),
    };
  },
});

/** Result of each write, after those before it. */
type Judged = "written" | "denied" | "nothing";

function judge(mission: MissionView, writes: readonly EntryWrite[]): Judged[] {
  const versions = new Map<string, { version: number; isThere: boolean }>();
  return writes.map(({ key, value, ifVersion }) => {
    const before = mission.entries.get(key);
    const known = versions.get(key) ?? {
      version: before?.version ?? 0,
      isThere: before?.value !== undefined,
    };
    if (ifVersion !== undefined && ifVersion !== (known.isThere ? known.version : 0)) return "denied";
    // The removal of a missing entry changes nothing, and succeeds.
    if (value === undefined && !known.isThere) return "nothing";
    versions.set(key, { version: known.version + 1, isThere: value !== undefined });
    return "written";
  });
}

function receipt(mission: MissionView, { key }: EntryWrite, written: boolean): EntryReceipt {
  const entry = mission.entries.get(key);
  return {
    key,
    written,
    entry: entry === undefined || (entry.value === undefined && !written) ? undefined : boardEntry(entry),
  };
}

function writesProblem(mission: MissionView, writes: readonly EntryWrite[]): Refusal | undefined {
  let count = mission.entries.size;
  let bytes = mission.boardBytes;
  for (const { key, value } of writes) {
    if (key.length === 0 || key.length > keyLengthMax) {
      const problem = `expected a key of 1 to ${keyLengthMax} characters, got ${key.length}`;
      return missionErrors.keyInvalid.refusal({ problem });
    }
    if (!mission.entries.has(key)) count += 1;
    bytes += bytesOfValue(value);
  }
  if (count > entriesMax)
    return missionErrors.tooLarge.refusal({ items: "entries", found: count, max: entriesMax });
  if (bytes > boardBytesMax)
    return missionErrors.tooLarge.refusal({ items: "bytes of entries", found: bytes, max: boardBytesMax });
  return undefined;
}
