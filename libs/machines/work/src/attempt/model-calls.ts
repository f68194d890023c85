/** Model calls that attempts report, bounded: the history of the receiver keeps them. */
import type { ModelCalls } from "@tutti/contracts/types/v1";
import { truncate } from "../errors/details.ts";

const callsMax = 64;
const reasonsMax = 16;
const textLengthMax = 200;

export function boundedCalls(reported: ModelCalls | undefined): ModelCalls {
  const calls = (reported?.calls ?? []).slice(0, callsMax).map((call) => ({
    ...call,
    operation: bounded(call.operation),
    provider: bounded(call.provider),
    requestModel: bounded(call.requestModel),
    responseModel: bounded(call.responseModel),
    finishReasons: call.finishReasons.slice(0, reasonsMax).map(bounded),
    errorType: bounded(call.errorType),
  }));
  return { calls };
}

function bounded(text: string): string {
  return truncate(text, textLengthMax);
}
