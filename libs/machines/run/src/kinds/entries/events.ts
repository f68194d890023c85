/** Lists whose entries a task is executed for. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { EntriesBegunV1 } from "@tutti/contracts/workflow/v1";
import { recountGang } from "../../core/attempt/offer.ts";
import { addRange, setStatus, startVisit, updateAttention } from "../../core/node/nodes.ts";
import { startKind } from "../../core/state/kind-state.ts";
import { detailOf, type RunEvent } from "../../core/state/state.ts";

export const entriesBegun: RunEvent<EntriesBegunV1> = {
  type: "entries_begun",
  version: 1,
  codec: EntriesBegunV1,
  evolve(run, { node: number, count, list, beginMs }, outstanding) {
    const node = startVisit(run, number, beginMs, outstanding);
    const { plan, planPlace } = node.range;
    const detail = startKind(detailOf(node), "list");
    detail.list = list.length === 0 ? undefined : list;
    detail.nextEntry = 0;
    detail.entriesOpen = 0;
    detail.parts = run.ranges.length;
    setStatus(run, node, TaskStatus.TASK_STATUS_WAITING);
    addRange(run, { owner: number, plan, planPlace, scope: -1, entries: { task: node.task, count } });
    recountGang(run, node, outstanding);
    updateAttention(run, node);
  },
};
