/** Calls of models under the names that OpenTelemetry has for generative AI (semantic conventions 1.41). */
import type { ModelCall } from "@tutti/contracts/types/v1";
import type { SpanAttributes } from "@tutti/kernel";

export function modelCallName({ operation, requestModel }: ModelCall): string {
  return `${operation || unnamed} ${requestModel}`.trimEnd();
}

/** Unknown counts are left out: an absent count is not a count of 0. */
export function modelCallAttributes(call: ModelCall): SpanAttributes {
  const { operation, provider, requestModel, responseModel, inputTokens, outputTokens, finishReasons } = call;
  return {
    "gen_ai.operation.name": operation || unnamed,
    ...(provider !== "" && { "gen_ai.provider.name": provider }),
    ...(requestModel !== "" && { "gen_ai.request.model": requestModel }),
    ...(responseModel !== "" && { "gen_ai.response.model": responseModel }),
    ...(inputTokens > 0 && { "gen_ai.usage.input_tokens": inputTokens }),
    ...(outputTokens > 0 && { "gen_ai.usage.output_tokens": outputTokens }),
    ...(finishReasons.length > 0 && { "gen_ai.response.finish_reasons": finishReasons }),
  };
}

export function modelCallError({ errorType }: ModelCall): Error | undefined {
  if (errorType === "") return undefined;
  return Object.assign(new Error(`the call of the model failed: ${errorType}`), { code: errorType });
}

const unnamed = "chat";
