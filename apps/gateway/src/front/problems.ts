/** Errors as RFC 9457 has them, with stable codes, and only with details that help the caller. */
import { accessErrors } from "@tutti/host";
import { type Problem, problemMediaType, type TuttiError, toProblem } from "@tutti/kernel";
import { meshErrors } from "@tutti/mesh";
import { gatewayErrors } from "../errors.ts";

/** The response of the gateway to an error. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Statuses that HTTP has and gRPC does not. */
const httpStatuses: ReadonlyMap<string, number> = new Map([
  [gatewayErrors.methodUnknown.code, 405],
  [gatewayErrors.bodyTooLarge.code, 413],
  [gatewayErrors.parameterTooLong.code, 414],
  [accessErrors.requestTooLarge.code, 413],
  [gatewayErrors.mediaTypeUnknown.code, 415],
  [gatewayErrors.hostUnknown.code, 421],
]);

/** @param nameOf how a field is called in the request */
export function problemAnswer(error: TuttiError, nameOf = (field: string): string => field): ProblemAnswer {
  const problem = toProblem(error);
  const status = httpStatuses.get(problem.code) ?? problem.status;
  const headers: Record<string, string> = { "content-type": problemMediaType };
  if (problem.retryAfterMs > 0) headers["retry-after"] = String(Math.ceil(problem.retryAfterMs / 1000));
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="tutti"';
  return { status, headers, body: JSON.stringify(problemBody({ ...problem, status }, nameOf)) };
}

/** A problem without empty fields, and with field names as in the request. */
function problemBody(problem: Problem, nameOf: (field: string) => string): Readonly<Record<string, unknown>> {
  const { violations, details, retryAfterMs, cause, ...rest } = problem;
  const fields = violations.map(({ field, message }) => ({ field: nameOf(field), message }));
  const detail = violations.reduce(
    (text, { field }, at) => renamed(text, field, fields[at]?.field),
    // The caller of a route knows no rpc.
    rest.code === meshErrors.invalidRequest.code
      ? rest.detail.replace(/^The request of \S+ is/, "The request is")
      : rest.detail,
  );
  return {
    ...rest,
    detail,
    ...(retryAfterMs > 0 && { retryAfterMs }),
    ...(fields.length > 0 && { fields }),
    ...(Object.keys(details).length > 0 && { details }),
    ...(cause !== undefined && { cause: problemBody(cause, nameOf) }),
  };
}

/** Services name fields as the contract does. A field that JSON has no name for is left out. */
function renamed(text: string, field: string, name = field): string {
  if (field === "" || name === field) return text;
  return name === "" ? text.replaceAll(`${field}: `, "") : text.replaceAll(`${field}:`, `${name}:`);
}
