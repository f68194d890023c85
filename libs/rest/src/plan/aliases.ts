/**
 * The words of definitions in requests, next to the names of the contracts: `uses`, `with`, `retry`, `timeout`,
 * `needs`, `cost`, `after`. So a task has the same form over REST as in a file. Replies have the names of the
 * contracts.
 *
 * 1. A word stands for one field of a message, except `backoff`, which stands for the first and the longest pause.
 * 2. Each field in milliseconds has a word without its unit: `timeout` for `timeoutMs`, with a text such as `30s` or
 *    milliseconds, and `dueTime` for `dueTimeMs`, with a time.
 * 3. A short form stands for a whole message: `retry: 3`, `timeout: "30s"`, `needs: ["fetch"]`.
 */
import { parseDurationMs } from "@tutti/kernel";
import type { FieldTable } from "./schema.ts";

/** Meaning of a word, by the names of fields in JSON. A text instead names the expected form. */
type Expansion = Readonly<Record<string, unknown>> | string;

interface Alias {
  /** Field that it stands for. For `backoff`, the first one. */
  readonly target: string;
  readonly read: (value: unknown) => Expansion;
}

function is(target: string): Alias {
  return { target, read: (value) => ({ [target]: value }) };
}

/** A flag that definitions write as one of two words. */
function choice(target: string, whenTrue: string, whenFalse: string): Alias {
  const read = (value: unknown): Expansion =>
    value === whenTrue || value === whenFalse
      ? { [target]: value === whenTrue }
      : `\`${whenFalse}\` or \`${whenTrue}\``;
  return { target, read };
}

const expectedDuration = "a duration such as `30s` or `1h30m`, or milliseconds";

function duration(target: string): Alias {
  const read = (value: unknown): Expansion => {
    // A value that is not a text is read like the field.
    const ms = typeof value === "string" ? parseDurationMs(value) : value;
    return ms === undefined ? expectedDuration : { [target]: ms };
  };
  return { target, read };
}

function backoff(value: unknown): Expansion {
  const expected = "the first pause, and the longest behind two dots: `1s..1m`";
  if (typeof value !== "string") return expected;
  const [first = "", longest, more] = value.split("..");
  const [initialMs, maxMs] = [parseDurationMs(first), parseDurationMs(longest ?? first)];
  if (initialMs === undefined || maxMs === undefined || more !== undefined) return expected;
  return longest === undefined ? { initialMs } : { initialMs, maxMs };
}

const aliases: Readonly<Record<string, Readonly<Record<string, Alias>>>> = {
  "tutti.types.v1.TaskSpec": {
    uses: is("capability"),
    with: is("input"),
    timeout: is("timeouts"),
    cost: is("estimate"),
  },
  "tutti.types.v1.Compensation": { uses: is("capability"), with: is("input") },
  "tutti.types.v1.Need": { on: is("condition") },
  "tutti.types.v1.RetryPolicy": {
    attempts: is("maxAttempts"),
    backoff: { target: "initialMs", read: backoff },
    on: is("retryOn"),
    notOn: is("failOn"),
    exhausted: choice("pauseWhenExhausted", "pause", "fail"),
    onLost: choice("failWhenLost", "fail", "retry"),
  },
  "tutti.session.v1.SessionSpec": { after: is("dependsOn") },
  "tutti.session.v1.SessionDependency": { on: is("condition") },
};

/** Returns the word of a message that is not one of its fields. */
export function aliasOf(type: string, key: string, fields: readonly FieldTable[]): Alias | undefined {
  const own = aliases[type];
  if (own !== undefined && Object.hasOwn(own, key)) return own[key];
  const timed = fields.find(
    ({ json, many, kind }) => json === `${key}Ms` && many === undefined && kind !== "message",
  );
  if (timed === undefined) return undefined;
  return timed.kind === "time" ? is(timed.json) : duration(timed.json);
}

/** Returns the words of a message that are not its fields, each with a field that it stands for. */
export function aliasesOf(
  type: string,
  fields: readonly FieldTable[],
): readonly { readonly alias: string; readonly target: string; readonly isDuration: boolean }[] {
  const own = Object.entries(aliases[type] ?? {}).map(([alias, { target }]) => ({
    alias: alias,
    target: target,
    isDuration: false,
  }));
  const timed = fields
    .filter(({ json, many, kind }) => json.endsWith("Ms") && many === undefined && kind !== "message")
    .map(({ json, kind }) => ({ alias: json.slice(0, -2), target: json, isDuration: kind !== "time" }))
    .filter(
      ({ alias }) =>
        !fields.some(({ json }) => json === alias) && !own.some((candidate) => candidate.alias === alias),
    );
  return [...own, ...timed];
}

const shorts: Readonly<Record<string, (value: unknown) => unknown>> = {
  "tutti.types.v1.RetryPolicy": (value) => (typeof value === "number" ? { maxAttempts: value } : value),
  "tutti.types.v1.Timeouts": (value) =>
    typeof value === "string" || typeof value === "number" ? { run: value } : value,
  "tutti.types.v1.Need": (value) => (typeof value === "string" ? { task: value } : value),
  "tutti.types.v1.TaskList": (value) => (Array.isArray(value) ? { tasks: value } : value),
  "tutti.session.v1.SessionDependency": (value) => {
    if (typeof value === "string") return { session: { kind: "session", id: value } };
    if (typeof value !== "object" || value === null || !("session" in value)) return value;
    const { session, namespace, ...others } = value as Readonly<Record<string, unknown>>;
    if (typeof session !== "string") return value;
    return {
      ...others,
      session: { kind: "session", id: session, ...(namespace !== undefined && { namespace }) },
    };
  },
};

/** Expands a short form to the message. */
export function unfolded(type: string, value: unknown): unknown {
  return shorts[type]?.(value) ?? value;
}

/** Kinds of values that are short forms of a message. */
export const shortKinds: Readonly<Record<string, readonly string[]>> = {
  "tutti.types.v1.RetryPolicy": ["integer"],
  "tutti.types.v1.Timeouts": ["string", "number"],
  "tutti.types.v1.Need": ["string"],
  "tutti.types.v1.TaskList": ["array"],
  "tutti.session.v1.SessionDependency": ["string"],
};
