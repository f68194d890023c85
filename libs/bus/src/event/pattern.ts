/**
 * Which events a subscription wants: a pattern over their types, with the wildcards of NATS. `*` stands for one word,
 * `>` at the end for one or more: `tutti.workflow.run.*`, `tutti.*.*.failed`, `tutti.workflow.>`, `>`.
 */
import { busErrors } from "../errors.ts";
import { isNamespace } from "./event.ts";

const word = /^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$/;
/** `tutti`, area, thing, what happened. */
const wordsOfType = 4;

/** The part of all subjects before the namespace. */
export const subjectRoot = "tutti.events";

/** Every namespace. */
export const allNamespaces = "*";

export interface Interest {
  readonly namespace: string;
  readonly pattern: string;
}

/** Checks both parts. Throws where they can match nothing. */
export function checkedInterest({ namespace, pattern }: Interest): Interest {
  if (namespace !== allNamespaces && !isNamespace(namespace)) {
    throw busErrors.invalidSubscription({
      option: "namespace",
      expected: "a namespace or *",
      found: JSON.stringify(namespace),
    });
  }
  if (!isPattern(pattern)) {
    throw busErrors.invalidSubscription({
      option: "pattern",
      expected: "a type with * for a word or > for the rest, such as tutti.workflow.run.* or tutti.>",
      found: JSON.stringify(pattern),
    });
  }
  return { namespace, pattern };
}

function isPattern(pattern: string): boolean {
  if (pattern === ">") return true;
  const words = pattern.split(".");
  const open = words.at(-1) === ">";
  if (words[0] !== "tutti" || (open ? words.length > wordsOfType : words.length !== wordsOfType))
    return false;
  const named = open ? words.slice(1, -1) : words.slice(1);
  return named.every((part) => part === "*" || word.test(part));
}

/** Returns whether an event of this namespace and type is wanted, as a function that is made once and called often. */
export function matcherOf({
  namespace,
  pattern,
}: Interest): (event: { namespace: string; type: string }) => boolean {
  const matchesType = typeMatcherOf(pattern);
  if (namespace === allNamespaces) return ({ type }) => matchesType(type);
  return (event) => event.namespace === namespace && matchesType(event.type);
}

function typeMatcherOf(pattern: string): (type: string) => boolean {
  if (!/[*>]/.test(pattern)) return (type) => type === pattern;
  if (pattern === ">" || pattern === "tutti.>") return () => true;
  const form = pattern.split(".").map((part) => (part === "*" ? "[^.]+" : part === ">" ? ".+" : part));
  const expression = new RegExp(`^${form.join("\\.")}$`);
  return (type) => expression.test(type);
}

/** `tutti.workflow.run.completed` in `team-a` → `tutti.events.team-a.workflow.run.completed` */
export function subjectOf(event: { readonly namespace: string; readonly type: string }): string {
  return `${subjectRoot}.${event.namespace}${event.type.slice("tutti".length)}`;
}

/** Returns the subject, with wildcards, of all that an interest matches. */
export function subjectFilterOf({ namespace, pattern }: Interest): string {
  const rest = pattern === ">" ? ".>" : pattern.slice("tutti".length);
  return `${subjectRoot}.${namespace}${rest}`;
}
