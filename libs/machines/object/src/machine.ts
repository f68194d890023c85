/**
 * The keyed object machine: the table of its commands, events and queries. A call of an object is a run that waits for
 * the object as for a limit. It gets the values with the grant, and sends each change of them with the step that made
 * it.
 */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { ObjectSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Machine } from "@tutti/kernel";
import { acquireObject, changeObject, releaseObject } from "./call/commands.ts";
import { objectCallEnded, objectCalled, objectCallStarted, objectChanged } from "./call/events.ts";
import { objectFacts } from "./queries.ts";
import { objectSnapshots, snapshotOf } from "./snapshots.ts";
import { type KeyedObject, newObject } from "./state.ts";

/** Longer keys are displayed truncated. */
const labelLengthMax = 1_024;

export const object: Machine<KeyedObject, never> = {
  kind: "object",
  behaviour: 1,
  isEndless: true,
  create: newObject,
  commands: [acquireObject, changeObject, releaseObject],
  events: [objectCalled, objectCallStarted, objectChanged, objectCallEnded],
  queries: [objectFacts],
  snapshots: objectSnapshots,
  recover() {},
  describe: ({ name, key, createMs }) => ({
    status: createMs === 0 ? WorkStatus.WORK_STATUS_UNSPECIFIED : WorkStatus.WORK_STATUS_RUNNING,
    definition: name,
    labels: { key: key.slice(0, labelLengthMax) },
    idChosen: false,
  }),
  project: (state) => ObjectSnapshotV1.toJSON(snapshotOf(state)),
};
