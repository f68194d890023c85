/**
 * Open approvals of a run as requests to its client, and the answers of the client as decisions.
 *
 * 1. The name of a request is the id of its approval, so nothing is stored between a question and its answer.
 * 2. Forms of the protocol are flat. A form that is not flat becomes one text field for JSON.
 * 3. Accepting approves, declining rejects, and cancelling leaves the approval open.
 */
import type { Approval, Verdict } from "@tutti/rest/types";
import { isObject, type Json, objectIn, type RpcId } from "./protocol.ts";

export interface Decision {
  readonly verdict: Extract<Verdict, "approved" | "rejected">;
  readonly data?: unknown;
  readonly reason?: string;
}

/** Keywords of schemas that forms of the protocol have. */
const keywords = [
  ...["type", "title", "description", "default", "enum", "enumNames", "oneOf"],
  ...["minLength", "maxLength", "format", "minimum", "maximum"],
];
const flatTypes: readonly unknown[] = ["string", "number", "integer", "boolean"];
const formats: readonly unknown[] = ["email", "uri", "date", "date-time"];
/** The field of a form that is not flat. */
const jsonField = "data";

/** The parameters of `elicitation/create`. */
export function requestOf(approval: Approval): Json {
  const { title = "", message = "", context } = approval;
  const form = formOf(approval);
  const lines = [[title, message].filter((part) => part !== "").join(": ") || "A run waits for an approval"];
  if (context !== undefined && context !== null) lines.push(JSON.stringify(context));
  return { mode: "form", message: lines.join("\n"), requestedSchema: schemaOf(form) };
}

function schemaOf(form: Json | undefined): Json {
  if (form === undefined) {
    const reason = { type: "string", title: "Reason", description: "The reason, for the audit log." };
    return { type: "object", properties: { reason } };
  }
  const flat = flatFieldsOf(form);
  if (flat !== undefined) return { type: "object", properties: flat, ...requiredOf(form) };
  const description = `JSON by this schema: ${JSON.stringify(form)}`;
  return {
    type: "object",
    properties: { [jsonField]: { type: "string", title: "Data", description } },
    required: [jsonField],
  };
}

const requiredOf = ({ required }: Json): Json => (Array.isArray(required) ? { required } : {});

/** The fields of a form, as the protocol has them. Undefined if one of them is not flat. */
function flatFieldsOf(form: Json): Record<string, Json> | undefined {
  if (form["type"] !== "object" || !isObject(form["properties"])) return undefined;
  const fields: Record<string, Json> = {};
  for (const [name, schema] of Object.entries(form["properties"])) {
    if (!isObject(schema) || !flatTypes.includes(schema["type"])) return undefined;
    const known = Object.entries(schema).filter(
      ([keyword, value]) => keywords.includes(keyword) && (keyword !== "format" || formats.includes(value)),
    );
    fields[name] = Object.fromEntries(known);
  }
  return fields;
}

function formOf({ form = "" }: Approval): Json | undefined {
  return form === "" ? undefined : objectIn(JSON.parse(form));
}

/**
 * Returns the decision of a client. Undefined if the client did not decide. Throws the reason if the answer is not
 * valid.
 */
export function decisionIn(approval: Approval, response: unknown): Decision | undefined {
  const { action, content = {} } = objectIn(response);
  if (action === "cancel") return undefined;
  if (action === "decline") return { verdict: "rejected" };
  if (action !== "accept") throw new WrongAnswer("`action`: expected accept, decline or cancel");
  if (!isObject(content)) throw new WrongAnswer("`content`: expected an object");
  const form = formOf(approval);
  if (form === undefined) {
    const { reason } = content;
    return { verdict: "approved", ...(typeof reason === "string" && reason !== "" && { reason }) };
  }
  if (flatFieldsOf(form) !== undefined) return { verdict: "approved", data: content };
  try {
    return { verdict: "approved", data: JSON.parse(String(content[jsonField])) };
  } catch {
    throw new WrongAnswer(`\`content.${jsonField}\`: expected JSON`);
  }
}

/** An answer that is none to the question. */
export class WrongAnswer extends Error {}

/** Whether the caller has answered: of a question that several decide. */
export function isAnsweredBy({ decisions }: Approval, person: string): boolean {
  return decisions.some(({ cause }) => cause?.actor?.id === person);
}

const idCharsMax = 256;

/** The id of a request to a client of a version with a handshake. Undefined if it would be too long. */
export function questionId(runId: string, approvalId: string): string | undefined {
  const id = `approval ${runId} ${approvalId}`;
  return id.length <= idCharsMax ? id : undefined;
}

/** The approval that an answer of a client is about. */
export function questionOfId(id: RpcId): { readonly runId: string; readonly approvalId: string } | undefined {
  const [, runId, approvalId] = /^approval (\S+) (.+)$/s.exec(String(id)) ?? [];
  return runId === undefined || approvalId === undefined ? undefined : { runId, approvalId };
}
