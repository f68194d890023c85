/** Evaluates a trigger for an event: whether it matches, its key, its group, and the input of its run. */
import { hash } from "node:crypto";
import type { TriggerItem, TriggerPlan } from "@tutti/contracts/workflow/v1";
import {
  compileCondition,
  compileData,
  compileTemplate,
  type Json,
  type Problem,
  type Program,
  scopeOf,
  textOfJson,
  types,
  type Value,
} from "@tutti/expressions";
import type { ReadOnly } from "@tutti/kernel";
import { triggerSourceErrors } from "../errors.ts";

/** An event as a JSON document of CloudEvents, with exact whole numbers. */
export interface EventJson {
  readonly [attribute: string]: Value | undefined;
  readonly id: string;
  readonly source: string;
  readonly type: string;
}

/** The result of a trigger for an event. */
export type MatchOutcome =
  | { readonly kind: "none" }
  | { readonly kind: "wrong"; readonly code: string; readonly message: string }
  | { readonly kind: "match"; readonly key: string; readonly group: string; readonly runId: string };

const noMatch: MatchOutcome = { kind: "none" };
const scope = scopeOf({ event: types.dyn });
/** Longer keys and groups are replaced by their digest. */
const groupLengthMax = 200;
const runIdForm = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

/** A trigger's expressions, compiled. */
export class Matching {
  readonly plan: ReadOnly<TriggerPlan>;
  readonly #condition: Program | undefined;
  readonly #key: Program | undefined;
  readonly #group: Program | undefined;
  readonly #runId: Program | undefined;
  readonly #with: Program | undefined;

  readonly #triggerId: string;

  /** Throws `trigger.expression_invalid` for an invalid expression. */
  constructor(plan: ReadOnly<TriggerPlan>, triggerId: string) {
    this.plan = plan;
    this.#triggerId = triggerId;
    const { condition, key, policy, runId } = plan;
    this.#condition = compiled("condition", condition, (text) =>
      compileCondition(text, scope, { expectedType: types.bool }),
    );
    this.#key = compiled("key", key, (text) => compileCondition(text, scope));
    this.#group = compiled("policy.group", policy?.group ?? "", (text) => compileCondition(text, scope));
    this.#runId = compiled("runId", runId, (text) => compileTemplate(text, scope));
    const inputText = Buffer.from(plan.with).toString("utf8");
    this.#with = compiled("with", inputText, (text) => compileData(JSON.parse(text) as Json, scope));
  }

  /** Types of the events of its source: exact ones, or a pattern. */
  get types(): readonly string[] {
    const kind = this.plan.source?.kind;
    if (kind?.$case === "event") return [kind.value.type];
    if (kind?.$case === "webhook") {
      const type = `webhook.${this.#triggerId}`;
      return [type, `${type}.>`];
    }
    const ends = kind?.value.ends ?? [];
    return (ends.length === 0 ? ["completed"] : ends).map((end) => `tutti.workflow.run.${end}`);
  }

  /** Returns whether an event with one of its types is of its source. */
  isOfSource({ source, data }: EventJson): boolean {
    const kind = this.plan.source?.kind;
    if (kind?.$case === "event") return kind.value.source === "" || kind.value.source === source;
    // The id of another trigger may start with that of this one.
    if (kind?.$case === "webhook") {
      const place = "/triggers/";
      return !source.startsWith(place) || source === `${place}${this.#triggerId}`;
    }
    const { definition } = (data ?? {}) as { readonly definition?: unknown };
    return kind?.$case === "runEnd" && definition === kind.value.definition;
  }

  outcomeOf(event: EventJson): MatchOutcome {
    const result = evaluated(this.#condition, event, true);
    if (!result.ok) return wrong("condition", result.message);
    if (result.value !== true) return noMatch;
    const key = evaluated(this.#key, event, null);
    if (!key.ok) return wrong("key", key.message);
    const group = evaluated(this.#group, event, "");
    if (!group.ok) return wrong("policy.group", group.message);
    const runId = evaluated(this.#runId, event, "");
    if (!runId.ok) return wrong("runId", runId.message);
    const id = textOfJson(runId.value);
    if (this.#runId !== undefined && !runIdForm.test(id))
      return wrong("runId", `expected an id, got ${JSON.stringify(id.slice(0, 100))}`);
    const keyText = this.#key === undefined ? "" : `key ${textOfJson(key.value)}`;
    const groupText = textOfJson(group.value);
    const isLong = groupText.length > groupLengthMax;
    return { kind: "match", key: keyText, group: isLong ? digestOf(groupText) : groupText, runId: id };
  }

  /** Returns the input of the run for an event, for `writeExactly`. */
  inputOf(event: EventJson): { readonly ok: true; readonly value: Value } | Wrong {
    return evaluated(this.#with, event, event["data"] ?? null);
  }
}

interface Wrong {
  readonly ok: false;
  readonly message: string;
}

/** Returns the item for the trigger. Undefined if the event does not match. */
export function itemOf(outcome: MatchOutcome, event: EventJson, bytes: Uint8Array): TriggerItem | undefined {
  if (outcome.kind === "none") return undefined;
  const digest = eventDigest(event);
  const head = { eventId: event.id, eventType: event.type, event: bytes, eventDigest: digest };
  if (outcome.kind === "wrong") {
    const { code, message } = outcome;
    return { ...head, keyDigest: digest, group: "", runId: "", code, message: message.slice(0, 4_000) };
  }
  const { key, group, runId } = outcome;
  return { ...head, keyDigest: key === "" ? digest : digestOf(key), group, runId, code: "", message: "" };
}

/** Returns the same digest for a repeated event. */
export function eventDigest({ source, id }: Pick<EventJson, "source" | "id">): string {
  return digestOf(`${source}\n${id}`);
}

/** 132 bits: collisions do not happen. */
function digestOf(text: string): string {
  return hash("sha256", text, "base64url").slice(0, 22);
}

type Compiling =
  | { readonly ok: true; readonly program: Program }
  | { readonly ok: false; readonly problems: readonly Problem[] };

function compiled(field: string, text: string, compile: (text: string) => Compiling): Program | undefined {
  if (text === "") return undefined;
  const compilation = compile(text);
  if (compilation.ok) return compilation.program;
  const [problem] = compilation.problems;
  throw triggerSourceErrors.expressionInvalid({ field, problem: problem?.message ?? "it cannot be read" });
}

function evaluated(
  program: Program | undefined,
  event: EventJson,
  absent: Value,
): { readonly ok: true; readonly value: Value } | Wrong {
  if (program === undefined) return { ok: true, value: absent };
  const evaluation = program.evaluate(() => event as Value);
  return evaluation.ok ? evaluation : { ok: false, message: evaluation.problem.message };
}

function wrong(field: string, message: string): MatchOutcome {
  const { code, message: text } = triggerSourceErrors.expressionFailed.refusal({ field, problem: message });
  return { kind: "wrong", code, message: text };
}
