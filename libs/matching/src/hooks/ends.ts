/** What becomes of tasks when their hooks are done with them. */
import { ReturnReason } from "@tutti/contracts/swarm/v1";
import type { ErrorDetail } from "@tutti/contracts/types/v1";
import { isStatus, type Refusal } from "@tutti/kernel";
import type { PoolCore } from "../books.ts";
import { noteUrgent } from "../task/giving-way.ts";
import { prioritize } from "../task/offering.ts";
import { count } from "../task/outcomes.ts";
import { enqueue, giveBack } from "../task/waiting.ts";
import type { HookEnds } from "./hook-calls.ts";

export function hookEnds(core: PoolCore): HookEnds {
  return {
    admit(task) {
      if (task.stage !== "hooked") return;
      enqueue(task);
      noteUrgent(core, task);
      core.watch(task);
    },
    deny(task, error, nowMs) {
      giveBack(core, task, ReturnReason.RETURN_REASON_DENIED, refusalOf(error), 0, nowMs);
    },
    count: (task, agentId, nowMs) => count(core, task, agentId, nowMs),
    reprioritize: (task, priority) => void prioritize(core, { token: task.offer.token, priority }),
  };
}

function refusalOf({ code, message, status, retryAfterMs, violations, details }: ErrorDetail): Refusal {
  return {
    refused: true,
    code,
    message,
    status: isStatus(status) ? status : "PERMISSION_DENIED",
    retry: "never",
    retryAfterMs,
    violations,
    details,
  };
}
