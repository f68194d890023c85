/** Values of Python in files of Airflow, with Jinja templates in their texts. */
import type { Json } from "@tutti/expressions";
import { plain, template, UnsupportedConstruct } from "../cel.ts";
import type { Expression } from "../foreign-python.ts";
import { templateOf } from "./templates.ts";

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
export function jsonOf(expression: Expression, names: Names): Json {
  const output = names.output(expression);
  if (output !== undefined) return template(output);
  switch (expression.kind) {
    case "text":
      return rendered(expression, names);
    case "number":
      if (!Number.isFinite(Number(expression.text))) break;
      return Number(expression.text);
    case "constant":
      return expression.text === "None" ? null : expression.text === "True";
    case "list":
      return expression.parts.map((each) => jsonOf(each, names));
    case "map": {
      const members: [string, Json][] = [];
      for (let at = 0; at + 1 < expression.parts.length; at += 2) {
        const [key, value] = [expression.parts[at], expression.parts[at + 1]];
        if (key?.kind !== "text" || value === undefined) throw new UnsupportedConstruct("a key is no text");
        members.push([key.text, jsonOf(value, names)]);
      }
      return Object.fromEntries(members);
    }
    case "name": {
      const known = names.constant(expression.text);
      if (known !== undefined) return jsonOf(known, names);
      break;
    }
    default:
  }
  throw new UnsupportedConstruct(`the value \`${excerpt(expression)}\` is computed`);
}

/** Converts a text with the Jinja templates that have a counterpart. */
function rendered({ text, line }: Expression, names: Names): string {
  if (/\{[%#]/.test(text)) throw new UnsupportedConstruct("a template with statements has no counterpart");
  return plain(text).replace(/\{\{([\s\S]*?)\}\}/g, (whole, inner: string) => {
    const written = templateOf(inner, (task) => names.pulled(task));
    if (written === undefined)
      throw new UnsupportedConstruct(`the template \`{{${inner}}}\` has no counterpart`);
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
export function secondsOf(expression: Expression, names: Names): number {
  if (expression.kind === "number") return Number(expression.text);
  const known = expression.kind === "name" ? names.constant(expression.text) : undefined;
  if (known !== undefined) return secondsOf(known, names);
  const isDelta =
    expression.kind === "call" &&
    /^(datetime\.)?timedelta$|^duration$/.test(excerpt(expression.of ?? expression));
  if (!isDelta) throw new UnsupportedConstruct(`the time \`${excerpt(expression)}\` is computed`);
  return expression.args.reduce((sum, argument) => {
    const unit = units[argument.name === "" ? "days" : argument.name];
    if (unit === undefined || argument.value.kind !== "number")
      throw new UnsupportedConstruct(`the time \`${excerpt(expression)}\` is computed`);
    argument.isRead = true;
    return sum + unit * Number(argument.value.text);
  }, 0);
}

/** Returns an expression as written, shortened. */
export function excerpt({ kind, text, of, parts, args }: Expression): string {
  if (kind === "member") return `${of === undefined ? "" : excerpt(of)}.${text}`;
  if (kind === "call") return `${of === undefined ? "" : excerpt(of)}(${args.length === 0 ? "" : "…"})`;
  if (kind === "item") return `${of === undefined ? "" : excerpt(of)}[…]`;
  if (kind === "binary") return parts.map(excerpt).join(` ${text} `);
  if (kind === "list" || kind === "map") return "[…]";
  return text.slice(0, 60);
}

/** Returns whether an expression is a map whose keys are texts. Its values may be computed. */
export function isMapOfTexts({ kind, parts }: Expression): boolean {
  return kind === "map" && parts.every((part, at) => at % 2 === 1 || part.kind === "text");
}

/** Returns whether an expression is a literal or a duration. */
export function isLiteral({ kind, parts, of }: Expression): boolean {
  if (kind === "call") return of !== undefined && /^(datetime\.)?timedelta$|^duration$/.test(excerpt(of));
  return /^(text|number|constant|name|list|map)$/.test(kind) && parts.every(isLiteral);
}

/** Supported arguments of all operators. */
const baseArguments = [
  "task_id",
  "retries",
  "retry_delay",
  "retry_exponential_backoff",
  "max_retry_delay",
  "execution_timeout",
  "trigger_rule",
  "dag",
  "doc_md",
];
/** Arguments of all operators without a counterpart. */
const unsupportedArguments =
  /^(owner|email(_on_\w+)?|depends_on_past|ignore_first_depends_on_past|wait_for_\w+|start_date|end_date|priority_weight|weight_rule|queue|pool|pool_slots|sla|on_\w+_callback|pre_execute|post_execute|resources|run_as_user|max_active_tis_per_\w+|executor(_config)?|do_xcom_push|multiple_outputs|inlets|outlets|task_group|doc(_\w+)?|task_display_name|map_index_template|default_args)$/;

/** Returns whether all operators have an argument. */
export function isBaseArgument(name: string): boolean {
  return baseArguments.includes(name) || unsupportedArguments.test(name);
}
