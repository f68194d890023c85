import type { Json } from "@tutti/expressions";
import { durationPattern, parseDurationMs } from "../duration.ts";
import { jsonKindOf } from "../language/json-schema.ts";
import { type JsonKind, type MapShape, type MembersShape, type Shape, textForms } from "../language/shape.ts";
import type { Findings, Path } from "../problem.ts";
import type { Parameters } from "./parameters.ts";
import type { Steps } from "./steps.ts";

/**
 * Compares a document with its shape, reports all mismatches, and returns the valid parts: invalid parts are left
 * out, so that the rest can be checked further.
 */
export class ShapeChecker {
  readonly #findings: Findings;
  readonly #steps: Steps;
  readonly #parameters: Parameters | undefined;

  /** @param parameters of a template, where a single `${{ }}` may replace any name or number */
  constructor(findings: Findings, steps: Steps, parameters: Parameters | undefined) {
    this.#findings = findings;
    this.#steps = steps;
    this.#parameters = parameters;
  }

  /** Returns the valid part. Undefined if it does not match. */
  check(value: Json, shape: Shape, path: Path): Json | undefined {
    this.#steps.charge(1);
    switch (shape.kind) {
      case "data":
      case "json":
        return this.#data(value);
      case "schema":
        return this.#expect(
          typeof value === "boolean" || isMembers(value),
          value,
          path,
          "a JSON Schema: a mapping",
        );
      case "template":
        return this.#expect(typeof value === "string", value, path, "a text");
      case "condition":
        return this.#expect(
          typeof value === "string" || typeof value === "boolean",
          value,
          path,
          "an expression",
        );
      case "list":
        return this.#list(value, shape, path);
      case "map":
        return this.#map(value, shape, path);
      case "members":
        return this.members(value, shape, path);
      case "later":
        return this.members(value, shape.shape(), path);
      case "variants":
        return this.#variant(value, shape.of, path);
      default:
        return this.#scalar(value, shape, path);
    }
  }

  #scalar(
    value: Json,
    shape: Extract<Shape, { kind: "text" | "number" | "duration" | "flag" | "choice" }>,
    path: Path,
  ): Json | undefined {
    const mayBeParameter = shape.kind !== "text" || shape.form !== undefined;
    if (mayBeParameter && isLoneExpression(value)) {
      const isComputed = shape.kind === "text" && shape.computed === true && this.#parameters === undefined;
      return isComputed ? value : this.#parameter(value, shape, path);
    }
    switch (shape.kind) {
      case "text":
        return this.#text(value, shape, path);
      case "number":
        return this.#number(value, shape, path);
      case "duration": {
        const { word } = shape;
        const isWord = word !== undefined && value === word;
        const fits = isWord || (typeof value === "string" && parseDurationMs(value) !== undefined);
        const or = word === undefined ? "" : `, or \`${word}\``;
        return this.#expect(fits, value, path, `a span of time such as \`30s\`, \`1h30m\` or \`2d\`${or}`);
      }
      case "flag":
        return this.#expect(typeof value === "boolean", value, path, "`true` or `false`");
      case "choice":
        return this.#choice(value, shape.among, path);
    }
  }

  /** Content that depends on parameters is unknown before they are set. */
  #parameter(text: string, shape: Shape, path: Path): Json | undefined {
    if (this.#parameters === undefined) {
      this.#findings.error(
        "wrong_type",
        path,
        "found an expression, and only a definition with `parameters` may have one here",
        { expected: nameOf(shape) },
      );
      return undefined;
    }
    const value = this.#parameters.evaluate(text, shape, path);
    if (value === undefined || isLoneExpression(value)) return undefined;
    return this.check(value, shape, path);
  }

  #text(value: Json, { form, lengthMax }: Extract<Shape, { kind: "text" }>, path: Path): Json | undefined {
    if (typeof value !== "string")
      return this.#expect(false, value, path, form === undefined ? "a text" : textForms[form].expected);
    if (value.length > lengthMax) {
      this.#findings.error(
        "too_large",
        path,
        `expected at most ${lengthMax} characters, got ${value.length}`,
      );
      return undefined;
    }
    if (form === undefined || patternOf(form).test(value)) return value;
    // A value instead of a reference may be a password.
    const found = form.toLowerCase().endsWith("reference") ? "a value" : describeValue(value);
    this.#findings.error("wrong_form", path, `expected ${textForms[form].expected}, got ${found}`, {
      expected: textForms[form].expected,
    });
    return undefined;
  }

  #number(
    value: Json,
    { whole, min, max }: Extract<Shape, { kind: "number" }>,
    path: Path,
  ): Json | undefined {
    const kind = whole ? "a whole number" : "a number";
    if (typeof value !== "number" || (whole && !Number.isInteger(value)))
      return this.#expect(false, value, path, kind);
    if (value >= min && value <= max) return value;
    const range =
      max >= Number.MAX_SAFE_INTEGER ? `${kind} of ${min} or more` : `${kind} from ${min} to ${max}`;
    this.#findings.error("out_of_range", path, `expected ${range}, got ${value}`, { expected: range });
    return undefined;
  }

  #choice(value: Json, among: readonly string[], path: Path): Json | undefined {
    if (typeof value === "string" && among.includes(value)) return value;
    const suggestion = typeof value === "string" ? this.#findings.suggest(value, among) : undefined;
    const expected = among.map((each) => `\`${each}\``).join(" or ");
    this.#findings.error(
      "wrong_form",
      path,
      `expected ${expected}, got ${describeValue(value)}${suggestion === undefined ? "" : `. Did you mean \`${suggestion}\`?`}`,
      { expected: suggestion === undefined ? expected : `\`${suggestion}\`` },
    );
    return undefined;
  }

  #data(value: Json): Json {
    this.#steps.chargeFor(value);
    return value;
  }

  #list(value: Json, { of, max, min = 0 }: Extract<Shape, { kind: "list" }>, path: Path): Json | undefined {
    if (!isList(value)) return this.#expect(false, value, path, "a list");
    if (value.length > max || value.length < min) {
      this.#findings.error(
        "too_large",
        path,
        `expected ${min > 0 ? `${min} to ` : "at most "}${max} entries, got ${value.length}`,
      );
      if (value.length > max) return undefined;
    }
    const list: Json[] = [];
    for (const [index, item] of value.entries()) {
      const checked = this.check(item, of, [...path, index]);
      if (checked !== undefined) list.push(checked);
    }
    return list;
  }

  #map(value: Json, { keys, of, max, min = 0 }: MapShape, path: Path): Json | undefined {
    if (isList(value) && keys === "taskId")
      return this.#expect(false, value, path, "a mapping such as `send: {uses: mail.send}`, without `-`");
    if (!isMembers(value)) return this.#expect(false, value, path, "a mapping");
    const names = Object.keys(value);
    if (names.length > max) {
      this.#findings.error("too_large", path, `expected at most ${max} entries, got ${names.length}`);
      return undefined;
    }
    if (names.length < min)
      this.#findings.error("missing_key", path, "expected at least one entry, got none");
    const members: Record<string, Json> = {};
    for (const name of names) {
      const inner = [...path, name];
      if (!keyFits(name, keys)) {
        const expected = keys === "duration" ? "a span of time such as `30s`" : textForms[keys].expected;
        this.#findings.error("wrong_form", inner, `expected ${expected} as key, got ${describeValue(name)}`, {
          key: true,
          expected,
        });
        continue;
      }
      const checked = this.check(value[name] ?? null, of, inner);
      // The name stays known, so that references to it are not reported as missing.
      members[name] = checked ?? (isObjectShape(of) ? {} : null);
      if (checked === undefined && !isObjectShape(of)) delete members[name];
    }
    return members;
  }

  members(value: Json, shape: MembersShape, path: Path): Json | undefined {
    if (!isMembers(value))
      return this.#expect(
        false,
        value,
        path,
        shape.name === undefined ? "a mapping" : `a mapping for \`${shape.name}\``,
      );
    const members: Record<string, Json> = {};
    /** Keys that are there with a typing error, which is reported once. */
    const meant = new Set<string>();
    for (const [key, item] of Object.entries(value)) {
      const member = Object.hasOwn(shape.members, key) ? shape.members[key] : undefined;
      if (member === undefined) {
        meant.add(this.#unknownKey(key, shape, path) ?? "");
        continue;
      }
      this.#warnOfOlder(key, member, path);
      const checked = this.check(item, member, [...path, key]);
      if (checked !== undefined) members[key] = checked;
    }
    for (const key of shape.required) {
      if (Object.hasOwn(value, key) || meant.has(key)) continue;
      this.#findings.error("missing_key", path, `expected \`${key}\`, got none`, {
        key: true,
        expected: `\`${key}\``,
      });
    }
    for (const group of shape.oneOf)
      if (!group.some((key) => meant.has(key))) this.#oneOf(value, group, path);
    return members;
  }

  #warnOfOlder(key: string, { replacedBy }: Shape, path: Path): void {
    if (replacedBy === undefined) return;
    const expected = `\`${replacedBy}\``;
    this.#findings.warning("deprecated", [...path, key], `\`${key}\` is deprecated, use ${expected}`, {
      key: true,
      expected,
    });
  }

  #oneOf(value: { readonly [key: string]: Json }, group: readonly string[], path: Path): void {
    const there = group.filter((key) => Object.hasOwn(value, key));
    if (there.length === 1) return;
    const expected = `one of ${group.map((key) => `\`${key}\``).join(", ")}`;
    if (there.length === 0 && group.includes(usualKey)) {
      const others = group.filter((key) => key !== usualKey).map((key) => `\`${key}\``);
      const likely = `\`${usualKey}\`, or one of ${others.join(", ")}`;
      this.#findings.error("missing_key", path, `expected ${likely}, got none`, {
        key: true,
        expected: likely,
      });
    } else if (there.length === 0)
      this.#findings.error("missing_key", path, `expected ${expected}, got none`, { key: true, expected });
    else {
      const found = there.map((key) => `\`${key}\``).join(" and ");
      this.#findings.error(
        "conflicting_keys",
        [...path, there[1] ?? ""],
        `expected ${expected}, got ${found}`,
        { key: true, expected },
      );
    }
  }

  /** Reports an unknown key, and returns the key that was probably meant. */
  #unknownKey(key: string, shape: MembersShape, path: Path): string | undefined {
    const known = Object.keys(shape.members);
    const suggestion =
      this.#findings.suggest(key, known) ??
      known.find((candidate) => key.length > 2 && candidate.startsWith(key)) ??
      // Finds another form of the word: `retries`, `caching`.
      known.find((candidate) => candidate.length > 4 && key.startsWith(candidate.slice(0, -1))) ??
      foreignKeys[key.toLowerCase().replaceAll(/[-_]/g, "")]?.find((candidate) => known.includes(candidate));
    this.#findings.error(
      "unknown_key",
      [...path, key],
      `unknown key ${describeValue(key)}${suggestion === undefined ? "" : `. Did you mean \`${suggestion}\`?`}`,
      { key: true, expected: suggestion === undefined ? `one of ${known.join(", ")}` : `\`${suggestion}\`` },
    );
    return suggestion;
  }

  #variant(value: Json, of: Partial<Record<JsonKind, Shape>>, path: Path): Json | undefined {
    const kind = jsonKindOf(value);
    const shape = kind === "null" ? undefined : of[kind];
    if (shape !== undefined) return this.check(value, shape, path);
    if (isLoneExpression(value) && of.number !== undefined) return this.#parameter(value, of.number, path);
    const expected = Object.values(of).map(nameOf).join(" or ");
    return this.#expect(false, value, path, expected);
  }

  #expect(fits: boolean, value: Json, path: Path, expected: string): Json | undefined {
    if (fits) return value;
    this.#findings.error("wrong_type", path, `expected ${expected}, got ${describeValue(value)}`, {
      expected,
    });
    return undefined;
  }
}

export function isLoneExpression(value: Json): value is string {
  return typeof value === "string" && /^\s*\$\{\{[\s\S]*\}\}\s*$/.test(value);
}

/** Keys of Temporal, GitHub Actions, Airflow, Step Functions and JSON Schema, without case and dashes, with ours. */
const foreignKeys: Readonly<Record<string, readonly string[]>> = {
  activity: ["uses"],
  args: ["with"],
  arguments: ["with"],
  backoffcoefficient: ["factor"],
  backoffrate: ["factor"],
  condition: ["when"],
  continueonerror: ["mayFail"],
  delay: ["wait"],
  dependson: ["needs"],
  heartbeatseconds: ["timeout", "heartbeat"],
  heartbeattimeout: ["timeout", "heartbeat"],
  if: ["when"],
  initialinterval: ["backoff"],
  inputs: ["with", "input"],
  intervalseconds: ["backoff"],
  jobs: ["tasks"],
  maxattempts: ["attempts"],
  maxconcurrency: ["maxParallel"],
  maximumattempts: ["attempts"],
  maximuminterval: ["backoff"],
  nonretryableerrortypes: ["notOn"],
  params: ["with"],
  properties: ["schema"],
  required: ["schema"],
  retrypolicy: ["retry"],
  rollback: ["compensate"],
  scheduletoclosetimeout: ["timeout", "total"],
  scheduletostarttimeout: ["timeout", "queue"],
  sleep: ["wait"],
  starttoclosetimeout: ["timeout", "run"],
  taskqueue: ["pool"],
  timeoutminutes: ["timeout"],
  timeoutseconds: ["timeout"],
  type: ["schema"],
  undo: ["compensate"],
};

/** Most tasks use a capability, so the report for a task without a kind names this key first. */
const usualKey = "uses";

const patterns = new Map<string, RegExp>();

function patternOf(form: keyof typeof textForms): RegExp {
  let pattern = patterns.get(form);
  if (pattern === undefined) {
    pattern = new RegExp(textForms[form].pattern);
    patterns.set(form, pattern);
  }
  return pattern;
}

const wholeDuration = new RegExp(`^${durationPattern}$`);

function keyFits(name: string, keys: MapShape["keys"]): boolean {
  if (name.length > 200) return false;
  return keys === "duration" ? wholeDuration.test(name) : patternOf(keys).test(name);
}

function isObjectShape(shape: Shape): boolean {
  return shape.kind === "members" || shape.kind === "later";
}

export function isMembers(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Describes the value that was found, in a few words. */
export function describeValue(value: Json): string {
  if (value === null) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "object") return isList(value) ? "a list" : "a mapping";
  return String(value);
}

function nameOf(shape: Shape): string {
  switch (shape.kind) {
    case "text":
      return shape.form === undefined ? "a text" : textForms[shape.form].expected;
    case "number":
      return shape.whole ? "a whole number" : "a number";
    case "duration":
      return "a span of time such as `30s`";
    case "flag":
      return "`true` or `false`";
    case "choice":
      return shape.among.map((each) => `\`${each}\``).join(" or ");
    case "list":
      return "a list";
    case "template":
      return "a text";
    case "condition":
      return "an expression";
    default:
      return "a mapping";
  }
}
