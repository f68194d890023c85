/** Results of agents for attempts, and of the pools that watch them. */
import { ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import { CompleteTask, FailTask, ReturnTask } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import type { OfferTask } from "../../core/state/effects.ts";
import { jsonBytes, jsonOf } from "../json.ts";
import { type Answer, answerOf, failureOf, type Script, undoOf } from "./script.ts";

/** A command with the token of its attempt. */
export interface AgentResult {
  readonly command: string;
  readonly body: object;
}

/**
 * Returns whether an offer is for a compensation: drawn definitions compensate with capabilities of this
 * name.
 */
export function isUndo({ profile }: Pick<OfferTask, "profile">): boolean {
  return profile.capability.startsWith("undo.");
}

/** Returns the answer of the script to an offer. @param visit number of the visit, from 1 */
function answerTo(script: Script, offer: OfferTask, visit: number): Answer {
  const { taskId, attempt } = offer;
  return isUndo(offer) ? answerOf(script, undoOf(taskId), attempt) : answerOf(script, taskId, attempt, visit);
}

/** Returns the result of an agent that follows the script. */
export function resultOf(script: Script, offer: OfferTask, visit: number): AgentResult {
  const answer = answerTo(script, offer, visit);
  if ("dies" in answer) return { command: "return_task", body: ReturnTask.fromPartial({ lost: true }) };
  const failure = failureOf(answer);
  if (failure !== undefined) {
    const { code, isFinal } = failure;
    const retry = isFinal ? RetryClass.RETRY_CLASS_NEVER : RetryClass.RETRY_CLASS_UNSPECIFIED;
    const error = ErrorDetail.fromPartial({ code, message: "as the script says", retry });
    return { command: "fail_task", body: FailTask.fromPartial({ error, agent: "agent-1" }) };
  }
  const input = offer.input instanceof Uint8Array ? (jsonOf(offer.input) as Json) : null;
  const output = "gives" in answer ? answer.gives : input;
  const bytes = output === null ? new Uint8Array(0) : jsonBytes(output);
  const { asks = [] } = "gives" in answer || "echoes" in answer ? answer : {};
  const questions = asks.map(({ by, needed }, index) => ({
    ...{ rule: `default/r${index}@1`, message: "May it?", deciders: [...by], approvalsNeeded: needed },
  }));
  const body = CompleteTask.fromPartial({ output: bytes, agent: "agent-1", questions });
  return { command: "complete_task", body };
}
