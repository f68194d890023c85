/** Signals, updates and queries that a definition declares, by name, and their payloads. */
import type { Payload } from "@tutti/contracts/types/v1";
import { type PlanEntry, validateAgainst } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { Refusal } from "@tutti/kernel";
import { dataOfPayload, parsed, UnreadableData } from "@tutti/machine-work";
import type { RunView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";

type Kind = PlanEntry["kind"];

export function entryNamed(run: RunView, kind: Kind, name: string): PlanEntry | Refusal {
  const entries = (run.plan?.plan.entries ?? []).filter((entry) => entry.kind === kind);
  const found = entries.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const known = entries.map((entry) => entry.name).join(", ");
  return runErrors.entryMissing.refusal({ kind, name, known });
}

/** Validates a payload against the schema that the definition declares. */
export function payloadOf(
  entry: PlanEntry,
  payload: Payload | undefined,
): { readonly value: Json } | Refusal {
  const { kind, name } = entry;
  try {
    const value = parsed(dataOfPayload(payload)) as Json;
    if (entry.inputSchema === null) return { value };
    const validated = validateAgainst(entry.inputSchema as Json, value);
    const [first] = validated.violations;
    if (first === undefined) return { value: validated.value };
    return runErrors.payloadInvalid.refusal({ kind, name, problem: problemText(first, "the payload") });
  } catch (error) {
    if (!(error instanceof UnreadableData)) throw error;
    return runErrors.payloadInvalid.refusal({ kind, name, problem: `expected JSON, got ${error.message}` });
  }
}

/** Returns the first violation of a schema, as `amount: must be integer`. For the whole value: a sentence about it. */
export function problemText(
  { path, message }: { readonly path: readonly (string | number)[]; readonly message: string },
  whole: string,
): string {
  if (path.length > 0) return `${path.join(".")}: ${message}`;
  const withArticle = message
    .replace(/^must be (?=object|array|integer)/, "must be an ")
    .replace(/^must be (?=string|number|boolean)/, "must be a ");
  return `${whole} ${withArticle}`;
}

const membersMax = 8;

/** Returns the members of the payload that the definition declares: `amount (integer), note (string, optional)`. */
export function payloadMembers(run: RunView, kind: Kind, name: string): string {
  const entry = run.plan?.plan.entries.find((each) => each.kind === kind && each.name === name);
  const { properties = {}, required = [] } = (entry?.inputSchema ?? {}) as ObjectSchema;
  const members = Object.entries(properties).map(([member, { type }]) => {
    const notes = [
      ...(typeof type === "string" ? [type] : []),
      ...(required.includes(member) ? [] : ["optional"]),
    ];
    return notes.length === 0 ? member : `${member} (${notes.join(", ")})`;
  });
  return members.slice(0, membersMax).join(", ") + (members.length > membersMax ? ", …" : "");
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: Json }>>;
  readonly required?: readonly string[];
}
