/** The answers of a model in a recorded run, as a script: the run is played again without a provider. */
import { StepRecordedV1 } from "@tutti/contracts/workflow/v1";
import { callsOf, type ModelReply, textOf } from "../agents/conversation.ts";
import { WorkflowTestError } from "./fault.ts";
import { type HistoryInput, plainEvents } from "./history.ts";
import type { ScriptedReply } from "./scripted-model.ts";

/** Steps of an agent that have its tools, of any attempt: a worker may connect after the agent has started. */
export const toolSteps = /^tools(-\d+)*(\.try-\d+)?$/;
/** Steps of an agent that are answers, of any attempt. */
export const answerSteps = /^(model|summary)(-\d+)*(\.try-\d+)?$/;

/**
 * Returns the model's answers to an agent in a recorded run, in their order, with their tokens. Pass them to
 * `ScriptedModel`. The history is `run.history` of a test or `run.history()` of the client.
 */
export function recordedReplies(history: HistoryInput): readonly ScriptedReply[] {
  const replies = plainEvents(history).flatMap(({ type, payload }): readonly ScriptedReply[] => {
    if (type !== "step_recorded") return [];
    const { entry } = StepRecordedV1.decode(payload);
    if (entry === undefined || entry.error !== undefined || !answerSteps.test(entry.id)) return [];
    return [scriptedReply(entry.json)];
  });
  if (replies.length > 0) return replies;
  throw new WorkflowTestError("expected the history of a run with an agent, got no answer of a model");
}

/** @param json the recorded answer */
export function scriptedReply(json: string): ScriptedReply {
  const { parts, inputTokens, outputTokens } = JSON.parse(json) as ModelReply;
  const calls = callsOf(parts);
  const broken = calls.find(({ malformed }) => malformed !== undefined);
  if (broken?.malformed !== undefined) return { malformed: broken.malformed, name: broken.name };
  const toolCalls = calls.map(({ name, input }) => ({ name, input }));
  return { text: textOf(parts), calls: toolCalls, inputTokens, outputTokens };
}
