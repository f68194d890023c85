/**
 * A durable function: plain code that a worker runs, turn by turn. Each turn is an attempt, offered as any
 * other. Requests of the code are recorded or added as tasks. The next turn is offered when one of these has
 * ended.
 */

import { TaskStatus, WaitCause } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { reservedFor } from "../../core/node/budget.ts";
import type { TaskKind } from "../../core/node/task-kind.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { attemptOf, taskIdOf } from "../../core/state/places.ts";
import type { RunView } from "../../core/state/state.ts";
import { uses } from "../activity/kind.ts";
import { functionWoken } from "./events.ts";

export const durable: TaskKind = {
  start: uses.start,
  ...(uses.retry === undefined ? {} : { retry: uses.retry }),

  partsEnded(place) {
    const { run, number, step } = place;
    const ended = stateOfKind(run.nodes[number], "function")?.journal.ended ?? [];
    step.emit(functionWoken, {
      node: number,
      attempt: attemptOf(run, number) + 1,
      queueMs: step.nowMs,
      ended: [...ended],
      reserved: reservedFor(place),
    });
  },

  ...(uses.recover === undefined ? {} : { recover: uses.recover }),

  explain(run, node, nowMs) {
    if (node.status !== TaskStatus.TASK_STATUS_WAITING) return uses.explain?.(run, node, nowMs);
    const open = [...(stateOfKind(node, "function")?.journal.open ?? [])];
    const named = open.slice(0, namedMax).map((part) => taskIdOf(run as RunView, part));
    const rest = open.length > namedMax ? `, and ${open.length - namedMax} more` : "";
    // The function may have been running for long before.
    const readyAt = Math.min(...open.map((part) => run.nodes[part]?.readyAt ?? Number.POSITIVE_INFINITY));
    return {
      cause: WaitCause.WAIT_CAUSE_NEEDS,
      message: `it waits for ${named.join(", ")}${rest}`,
      ...(Number.isFinite(readyAt) && readyAt >= 0 && { startTime: toTimestamp(run.createMs + readyAt) }),
    };
  },
};

const namedMax = 10;
