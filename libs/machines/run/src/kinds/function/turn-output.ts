/** Report of a worker about a turn, parsed from its JSON. */
import type { Json } from "@tutti/expressions";

export type TurnStep =
  | (StepHead & { readonly kind: "step"; readonly value: Json; readonly error: TurnError | undefined })
  | (StepHead & { readonly kind: "set"; readonly value: Json })
  | (StepHead & { readonly kind: "undo" })
  | (StepHead & { readonly kind: "task"; readonly spec: { readonly [key: string]: Json } });

interface StepHead {
  readonly id: string;
  readonly at: string;
  readonly atMs: number;
}

export interface TurnError {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, string>>;
  readonly isFinal: boolean;
  readonly cause: TurnError | undefined;
}

export interface Turn {
  /** Entries of the journal that the worker knew. */
  readonly known: number;
  readonly steps: readonly TurnStep[];
  readonly end: { readonly output: Json } | { readonly error: TurnError } | undefined;
  readonly more: boolean;
  readonly cold: boolean;
}

const idLengthMax = 200;
const placeLengthMax = 300;
/** Maximum number of further errors in a chain of causes. */
const causesMax = 8;
const kinds = ["step", "task", "set", "undo"] as const;

/** Returns the turn, or the problem with it. */
export function readTurn(value: unknown): Turn | string {
  if (!isMembers(value)) return "expected an object, got something else";
  if (value["function"] !== 1) return "expected `function` to be 1";
  const { known = 0, steps: listed = [], end, more = false, cold = false } = value;
  if (typeof known !== "number") return "expected `known` to be a number";
  if (!Array.isArray(listed)) return "expected `steps` to be a list";
  const steps: TurnStep[] = [];
  for (const [index, each] of listed.entries()) {
    const step = readStep(each as Json);
    if (typeof step === "string") return `step ${index}: ${step}`;
    steps.push(step);
  }
  const turn = { known, steps, more: more === true, cold: cold === true };
  if (end === undefined) return { ...turn, end: undefined };
  if (!isMembers(end)) return "expected `end` to be an object";
  if (end["error"] === undefined) return { ...turn, end: { output: end["output"] ?? null } };
  return { ...turn, end: { error: readError(end["error"]) } };
}

function readStep(value: Json): TurnStep | string {
  if (!isMembers(value)) return "expected an object, got something else";
  const kind = kinds.find((each) => typeof value[each] === "string");
  if (kind === undefined) return "expected `step`, `task`, `set` or `undo`, got none";
  const id = value[kind];
  if (typeof id !== "string" || id === "" || id.length > idLengthMax)
    return `expected a name of 1 to ${idLengthMax} characters`;
  const { at = "", atMs = 0 } = value;
  const head = {
    id,
    at: typeof at === "string" ? at.slice(0, placeLengthMax) : "",
    atMs: typeof atMs === "number" && Number.isFinite(atMs) ? Math.max(0, atMs) : 0,
  };
  switch (kind) {
    case "step": {
      const error = value["error"] === undefined ? undefined : readError(value["error"]);
      return { ...head, kind, value: value["output"] ?? null, error };
    }
    case "set":
      return { ...head, kind, value: value["value"] ?? null };
    case "undo":
      return { ...head, kind };
    default: {
      const spec = value["spec"];
      return isMembers(spec) ? { ...head, kind, spec } : "expected `spec` to be an object";
    }
  }
}

function readError(value: Json, depth = 0): TurnError {
  if (!isMembers(value))
    return { code: "", message: String(value), details: {}, isFinal: false, cause: undefined };
  const { code = "", message = "", details = {}, cause } = value;
  return {
    code: String(code),
    message: String(message),
    isFinal: value["final"] === true,
    details: isMembers(details)
      ? Object.fromEntries(Object.entries(details).map(([name, text]) => [name, String(text)]))
      : {},
    cause: cause === undefined || depth >= causesMax ? undefined : readError(cause, depth + 1),
  };
}

function isMembers(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
