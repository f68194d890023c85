/** What becomes of tasks when their hooks are done with them. */
import { ReturnReason } from "@tutti/contracts/swarm/v1";
import type { ErrorDetail } from "@tutti/contracts/types/v1";
import { isStatus, type Refusal } from "@tutti/kernel";
import type { Outcomes } from "../task/outcomes.ts";
import type { Preemption } from "../task/preemption.ts";
import { enqueue } from "../task/queueing.ts";
import type { SenderOrders } from "../task/sender-orders.ts";
import type { Tasks } from "../task/tasks.ts";
import type { Waiting } from "../task/waiting.ts";
import type { HookEnds } from "./hook-calls.ts";

/** The parts that the ends of hooks act on. */
export interface HookEndsParts {
  readonly tasks: Tasks;
  readonly waiting: Waiting;
  readonly preemption: Preemption;
  readonly outcomes: Outcomes;
  readonly orders: SenderOrders;
}

export function hookEnds({ tasks, waiting, preemption, outcomes, orders }: HookEndsParts): HookEnds {
  return {
    admit(task) {
      if (task.stage !== "hooked") return;
      enqueue(task);
      preemption.note(task);
      tasks.schedule(task);
    },
    deny(task, error, nowMs) {
      waiting.returnToSender(task, ReturnReason.RETURN_REASON_DENIED, refusalOf(error), 0, nowMs);
    },
    count: (task, agentId, nowMs) => outcomes.deliver(task, agentId, nowMs),
    reprioritize: (task, priority) => void orders.prioritize({ token: task.offer.token, priority }),
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
