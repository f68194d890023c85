import type { Assign, ClaimedTask } from "@tutti/contracts/agent/v1";
import type { Payload } from "@tutti/contracts/types/v1";
import { keyOf, type PolledAgent } from "./polled-agent.ts";

/** Returns an assignment in the form for polling agents. */
export function claimedTask(assign: Assign, agent: PolledAgent, leaseMs: number): ClaimedTask {
  const { name, version } = agent.capabilityOf(assign.capability);
  const { attempt, runMs, totalMs, workId, taskId, traceparent, budget, accessToken } = assign;
  return {
    attempt,
    leaseMs,
    runMs,
    totalMs,
    traceparent,
    budget,
    accessToken,
    version,
    token: keyOf(assign.token),
    capability: name,
    input: inputOf(assign),
    work: {
      namespace: assign.namespace || agent.pool.namespace,
      kind: assign.workKind || "run",
      id: workId,
      task: taskId,
    },
    idempotencyKey: assign.idempotencyKey || `${workId}/${taskId}`,
    saved: assign.saved.length > 0 ? inline(assign.saved) : undefined,
    labels: Object.fromEntries(assign.labels.map((label) => [label.name, label.value])),
  };
}

function inputOf({ input }: Assign): Payload | undefined {
  if (input === undefined) return undefined;
  return input.$case === "inlineInput" ? inline(input.value) : input.value;
}

function inline(value: Uint8Array): Payload {
  return { body: { $case: "inline", value }, mediaType: "" };
}
