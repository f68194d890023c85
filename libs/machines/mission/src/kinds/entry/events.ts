import { EntriesWrittenV1 } from "@tutti/contracts/swarm/v1";
import type { Payload } from "@tutti/contracts/types/v1";
import { blobsOf } from "@tutti/machine-work";
import { recordContact } from "../../core/board/nodes.ts";
import type { Entry, Mission, MissionEvent } from "../../core/state/state.ts";
import { armStuck } from "../trouble/stuck.ts";

export const entriesWritten: MissionEvent<EntriesWrittenV1> = {
  type: "entries_written",
  version: 1,
  codec: EntriesWrittenV1,
  blobs: ({ entries }) => entries.flatMap(({ value }) => blobsOf(value)),
  evolve(mission, { entries, cause, agent, writeMs }, outstanding) {
    recordContact(mission, agent, writeMs);
    for (const { key, value } of entries) {
      const number = mission.entryNumber + 1;
      const version = (mission.entries.get(key)?.version ?? 0) + 1;
      write(mission, { key, value, version, number, cause, updateMs: writeMs });
    }
    mission.progressMs = writeMs;
    mission.revisions.board += 1;
    armStuck(mission, outstanding);
  },
};

/** Moves a changed entry to the end. */
function write(mission: Mission, entry: Entry): void {
  const before = mission.entries.get(entry.key);
  mission.entries.delete(entry.key);
  mission.entries.set(entry.key, entry);
  mission.boardBytes += bytesOfValue(entry.value) - bytesOfValue(before?.value);
  mission.entryNumber = entry.number;
  mission.changes.push(entry.key);
  if (mission.changes.length > 2 * mission.entries.size + 1_000) forget(mission);
}

/** Drops the older half of the changes. A reader that needs them reads the whole board. */
function forget(mission: Mission): void {
  const retainedCount = mission.changes.length >> 1;
  mission.changesFrom += mission.changes.length - retainedCount;
  mission.changes.splice(0, mission.changes.length - retainedCount);
}

export function bytesOfValue(value: Payload | undefined): number {
  return value?.body?.$case === "inline" ? value.body.value.length : 0;
}
