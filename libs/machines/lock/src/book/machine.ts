/**
 * The deadlock machine of a namespace: the deadlocks that were found, and a message to the lock of each
 * victim.
 */
import { DeadlocksSnapshotV1 } from "@tutti/contracts/session/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { kernelErrors, type Machine } from "@tutti/kernel";
import { resolveDeadlock } from "./commands.ts";
import { deadlockFound } from "./events.ts";
import { found } from "./queries.ts";
import type { Deadlocks } from "./state.ts";

const newest = 1;

export const deadlocks: Machine<Deadlocks, never> = {
  kind: "deadlocks",
  behaviour: 1,
  isEndless: true,
  create: () => ({ found: [], count: 0 }),
  commands: [resolveDeadlock],
  events: [deadlockFound],
  queries: [found],
  snapshots: {
    version: newest,
    encode: (state) => DeadlocksSnapshotV1.encode(snapshotOf(state as Deadlocks)).finish(),
    decode(bytes, version) {
      if (version !== newest) throw kernelErrors.snapshotUnknown({ kind: "deadlocks", version, newest });
      return DeadlocksSnapshotV1.decode(bytes);
    },
  },
  recover() {},
  describe: ({ count }) => ({
    status: count === 0 ? WorkStatus.WORK_STATUS_UNSPECIFIED : WorkStatus.WORK_STATUS_RUNNING,
    definition: "",
    labels: {},
    idChosen: false,
  }),
  project: (state) => DeadlocksSnapshotV1.toJSON(snapshotOf(state as Deadlocks)),
};

function snapshotOf({ found: all, count }: Deadlocks): DeadlocksSnapshotV1 {
  return { found: all, count };
}
