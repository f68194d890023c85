import { parseExactly } from "@tutti/expressions";
import { RestError } from "@tutti/rest/client";
import { intentKey } from "../effects/chance.ts";
import { currentNamespace } from "../effects/namespace.ts";
import type { Call } from "../elements/spelled.ts";
import { pathIn } from "./in-namespace.ts";
import { denialText } from "./rights.ts";

/** The error of a call, with a message that a person can act on. */
export interface PageError {
  /** The stable code of the error. `page.away` when no server answered. */
  readonly code: string;
  readonly message: string;
  readonly status: number;
  /** Problems by field of the request. */
  readonly fields: readonly { readonly field: string; readonly message: string }[];
}

/** A failed call as an exception, as queries want it. */
export class CallFailed extends Error {
  readonly error: PageError;

  constructor(error: PageError) {
    super(error.message);
    this.error = error;
  }
}

const unavailableMessage = "The platform does not answer. If it is stopped, start it with `npx tutti dev`.";

export function pageError(error: unknown): PageError {
  if (error instanceof CallFailed) return error.error;
  if (error instanceof RestError) {
    const { code, detail, status, fields } = error;
    return { code, message: detail, status, fields };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: "page.unexpected", message, status: 0, fields: [] };
}

/** Makes a call and returns its JSON. A change has an idempotency key, so that a retry takes effect once. */
export async function send(call: Call, signal?: AbortSignal): Promise<unknown> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (call.body !== undefined) headers["content-type"] = "application/json";
  if (call.method === "POST" || call.method === "PATCH") headers["idempotency-key"] = intentKey();
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  const path = pathIn(currentNamespace(), call.path);
  let response: Response;
  try {
    response = await fetch(path, { method: call.method, headers, body, signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new CallFailed({ code: "page.away", message: unavailableMessage, status: 0, fields: [] });
  }
  const text = await response.text();
  if (response.ok) return text === "" ? {} : parseExactly(text);
  throw new CallFailed(explained(problemOf(response.status, text), call));
}

/** A policy refusal names the missing right and who grants it, if both are known. */
function explained(error: PageError, call: Call): PageError {
  const denial = error.code === "mesh.denied" ? denialText(call) : undefined;
  return denial === undefined ? error : { ...error, message: denial };
}

function problemOf(status: number, text: string): PageError {
  const problem = parsed(text);
  const detail = problem["detail"] ?? problem["title"];
  const code = problem["code"];
  return {
    code: typeof code === "string" ? code : `http.${status}`,
    message: typeof detail === "string" ? detail : `The platform answered with status ${status}.`,
    status,
    fields: fieldsOf(problem["fields"]),
  };
}

function fieldsOf(fields: unknown): PageError["fields"] {
  if (!Array.isArray(fields)) return [];
  return fields.flatMap((entry: unknown) => {
    const { field, message } = isRecord(entry) ? entry : {};
    return typeof field === "string" && typeof message === "string" ? [{ field, message }] : [];
  });
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
