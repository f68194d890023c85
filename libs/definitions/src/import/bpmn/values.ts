/** Expressions (JUEL and FEEL) and durations of BPMN. */

import { member, plain, template, UnsupportedConstruct } from "../cel.ts";
import { entryOf } from "../foreign-document.ts";
import { ExpressionReader } from "../foreign-expression.ts";

/** The variable with all variables of a process. */
export const data = "vars.data";

const operators: Readonly<Record<string, string>> = {
  eq: "==",
  ne: "!=",
  gt: ">",
  lt: "<",
  ge: ">=",
  le: "<=",
  "&&": "and",
  "||": "or",
};

/** Converts a computed condition or value: `${amount > 10}`, `= amount > 10` or the bare expression. */
export function expression(text: string, locals: Readonly<Record<string, string>> = {}): string {
  const trimmed = text.trim();
  const [, wrapped] = /^[$#]\{([\s\S]*)\}$/.exec(trimmed) ?? [];
  const isFeel = trimmed.startsWith("=");
  const body = (isFeel ? trimmed.slice(1) : (wrapped ?? trimmed)).trim();
  if (body === "" || /[$#]\{/.test(body))
    throw new UnsupportedConstruct(`the expression \`${trimmed}\` has no counterpart`);
  const roots: Record<string, string> = {};
  const parts = body.split(/("(?:[^"\\]|\\.)*"|'[^']*')/);
  const written = parts
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part.replace(
            /(?<![\w.])(eq|ne|gt|lt|ge|le)(?!\w)|&&|\|\|/g,
            (operator) => ` ${operators[operator] ?? operator} `,
          ),
    )
    .map((part, index) => {
      if (index % 2 === 0)
        for (const [, name = ""] of part.matchAll(/(?<![\w.])([A-Za-z_]\w*)(?!\s*\()/g))
          roots[name] = entryOf(locals, name) ?? member(data, name);
      return part;
    })
    .join("");
  return new ExpressionReader(written, {
    equals: isFeel ? "=" : "==",
    roots,
    functions: { not: ([x]) => x && `!(${x})` },
  }).read();
}

/** Converts a text that may be an expression as a whole. */
export function value(text: string, locals: Readonly<Record<string, string>> = {}): string {
  return isComputed(text) ? template(expression(text, locals)) : plain(text);
}

export function isComputed(text: string): boolean {
  return /^\s*=/.test(text) || /[$#]\{/.test(text);
}

const units: readonly (readonly [sign: string, seconds: number])[] = [
  ["W", 604_800],
  ["D", 86_400],
  ["H", 3_600],
  ["M", 60],
  ["S", 1],
];

/** Converts a duration of ISO 8601. Months and years have no fixed length. */
export function duration(text: string): string {
  const [, day = "", time = ""] = /^P((?:\d+[WD])*)(?:T((?:\d+(?:\.\d+)?[HMS])+))?$/.exec(text.trim()) ?? [];
  let total = 0;
  for (const part of [...day.matchAll(/(\d+)([WD])/g), ...time.matchAll(/(\d+(?:\.\d+)?)([HMS])/g)])
    total += Number(part[1]) * (units.find(([sign]) => sign === part[2])?.[1] ?? 0);
  if (total === 0) throw new UnsupportedConstruct(`the time \`${text.trim()}\` has no counterpart`);
  return Number.isInteger(total) ? `${total}s` : `${Math.round(total * 1_000)}ms`;
}

/** Returns when a schedule starts runs. */
export function cycle(text: string): { readonly every: string } | { readonly cron: string } {
  const [, repeated] = /^R\/(P\S+)$/.exec(text.trim()) ?? [];
  if (repeated !== undefined) return { every: duration(repeated) };
  const fields = text.trim().split(/\s+/);
  // The first of six fields is the seconds.
  if (fields.length === 6 && fields[0] === "0") {
    const rest = fields
      .slice(1)
      .map((field) => (field === "?" || field === "1/1" ? "*" : field.replace(/^0\//, "*/")));
    return { cron: rest.join(" ") };
  }
  throw new UnsupportedConstruct(`the time \`${text.trim()}\` has no counterpart`);
}
