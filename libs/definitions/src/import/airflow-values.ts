/** Values of Python in files of Airflow, with Jinja templates in their texts. */
import type { Json } from "@tutti/expressions";
import { templateOf } from "./airflow-templates.ts";
import { NoCounterpart, plain, template } from "./cel.ts";
import type { Expression } from "./foreign-python.ts";

/** Values of names. */
export interface Names {
  /** Returns the literal that a name was assigned. Counts as used. */
  constant(name: string): Expression | undefined;
  /** Returns the output of the task that a name refers to, in CEL. */
  output(expression: Expression): string | undefined;
  /** Returns the result of the task with this name, in CEL. */
  pulled(task: string): string;
  /** Records a template that depends on the logical date. */
  dated(construct: string, line: number): void;
}

/** Converts a literal that may contain outputs of tasks. */
export function jsonOf(given: Expression, names: Names): Json {
  const output = names.output(given);
  if (output !== undefined) return template(output);
  switch (given.kind) {
    case "text":
      return rendered(given, names);
    case "number":
      if (!Number.isFinite(Number(given.text))) break;
      return Number(given.text);
    case "constant":
      return given.text === "None" ? null : given.text === "True";
    case "list":
      return given.parts.map((each) => jsonOf(each, names));
    case "map": {
      const members: [string, Json][] = [];
      for (let at = 0; at + 1 < given.parts.length; at += 2) {
        const [key, value] = [given.parts[at], given.parts[at + 1]];
        if (key?.kind !== "text" || value === undefined) throw new NoCounterpart("a key is no text");
        members.push([key.text, jsonOf(value, names)]);
      }
      return Object.fromEntries(members);
    }
    case "name": {
      const known = names.constant(given.text);
      if (known !== undefined) return jsonOf(known, names);
      break;
    }
    default:
  }
  throw new NoCounterpart(`the value \`${shown(given)}\` is computed`);
}

/** Converts a text with the Jinja templates that have a counterpart. */
function rendered({ text, line }: Expression, names: Names): string {
  if (/\{[%#]/.test(text)) throw new NoCounterpart("a template with statements has no counterpart");
  return plain(text).replace(/\{\{([\s\S]*?)\}\}/g, (whole, inner: string) => {
    const written = templateOf(inner, (task) => names.pulled(task));
    if (written === undefined) throw new NoCounterpart(`the template \`{{${inner}}}\` has no counterpart`);
    if (written.isDated === true) names.dated(whole, line);
    return template(written.cel);
  });
}

export function taskId(name: string): string {
  return (
    name
      .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "") || "task"
  );
}

const units: Readonly<Record<string, number>> = {
  weeks: 604_800,
  days: 86_400,
  hours: 3_600,
  minutes: 60,
  seconds: 1,
};

/** Returns the seconds of `timedelta(…)`, or a number of seconds. */
export function secondsOf(given: Expression, names: Names): number {
  if (given.kind === "number") return Number(given.text);
  const known = given.kind === "name" ? names.constant(given.text) : undefined;
  if (known !== undefined) return secondsOf(known, names);
  const isDelta =
    given.kind === "call" && /^(datetime\.)?timedelta$|^duration$/.test(shown(given.of ?? given));
  if (!isDelta) throw new NoCounterpart(`the time \`${shown(given)}\` is computed`);
  return given.given.reduce((sum, argument) => {
    const unit = units[argument.name === "" ? "days" : argument.name];
    if (unit === undefined || argument.value.kind !== "number")
      throw new NoCounterpart(`the time \`${shown(given)}\` is computed`);
    argument.isRead = true;
    return sum + unit * Number(argument.value.text);
  }, 0);
}

/** Returns an expression as written, shortened. */
export function shown({ kind, text, of, parts, given }: Expression): string {
  if (kind === "member") return `${of === undefined ? "" : shown(of)}.${text}`;
  if (kind === "call") return `${of === undefined ? "" : shown(of)}(${given.length === 0 ? "" : "…"})`;
  if (kind === "item") return `${of === undefined ? "" : shown(of)}[…]`;
  if (kind === "binary") return parts.map(shown).join(` ${text} `);
  if (kind === "list" || kind === "map") return "[…]";
  return text.slice(0, 60);
}
