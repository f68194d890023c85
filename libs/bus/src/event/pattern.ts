/**
 * The pattern of a subscription: it selects events by their types, with the wildcards of NATS. `*` stands for one word,
 * `>` at the end for one or more: `tutti.workflow.run.*`, `tutti.*.*.failed`, `tutti.workflow.>`, `>`.
 */
import { busErrors } from "../errors.ts";
import { isNamespace } from "./event.ts";
import { isOwnType } from "./own-type.ts";

const word = /^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$/;
/** A word of the type of a posted event. */
const postedWord = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;
/** `tutti`, area, thing, event. */
const wordsOfType = 4;

/** The part of all subjects before the namespace. */
export const subjectRoot = "tutti.events";
/** Separates the namespace from the type of a posted event: longer than any type of Tutti's own. */
const postedRoot = "posted.event.type";

/** Every namespace. */
export const allNamespaces = "*";

export interface Interest {
  readonly namespace: string;
  readonly pattern: string;
}

/** Checks both parts. Throws if they can match nothing. */
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
      expected: "a type with * for a word or > for the rest, such as tutti.workflow.run.* or shop.>",
      found: JSON.stringify(pattern),
    });
  }
  return { namespace, pattern };
}

/** Returns whether a type can match it. */
export function isPattern(pattern: string): boolean {
  if (pattern === ">") return true;
  const words = pattern.split(".");
  const open = words.at(-1) === ">";
  if (words[0] !== "tutti") return isPostedPattern(words);
  if (open ? words.length > wordsOfType : words.length !== wordsOfType) return false;
  const named = open ? words.slice(1, -1) : words.slice(1);
  return named.every((part) => part === "*" || word.test(part));
}

/** For posted events: the first word is literal. */
function isPostedPattern(words: readonly string[]): boolean {
  const [first = "", ...others] = words;
  if (words.length > postedWordsMax || !postedWord.test(first) || first.toLowerCase() === "tutti")
    return false;
  return others.every(
    (part, at) => part === "*" || (part === ">" && at === others.length - 1) || postedWord.test(part),
  );
}

const postedWordsMax = 10;

/** Returns a function that tells whether a namespace and type match. It is created once and called often. */
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
  if (pattern === ">") return () => true;
  const form = pattern.split(".").map((part) => (part === "*" ? "[^.]+" : part === ">" ? ".+" : part));
  const expression = new RegExp(`^${form.join("\\.")}$`);
  return (type) => expression.test(type);
}

/**
 * `tutti.workflow.run.completed` in `team-a` → `tutti.events.team-a.workflow.run.completed`, and a posted event, such
 * as `shop.order.created`, → `tutti.events.team-a.posted.event.type.shop.order.created`
 */
export function subjectOf({
  namespace,
  type,
}: {
  readonly namespace: string;
  readonly type: string;
}): string {
  const rest = isOwnType(type) ? type.slice("tutti.".length) : `${postedRoot}.${type}`;
  return `${subjectRoot}.${namespace}.${rest}`;
}

/** Returns the subject, with wildcards, of everything that an interest matches. */
export function subjectFilterOf({ namespace, pattern }: Interest): string {
  if (pattern === ">") return `${subjectRoot}.${namespace}.>`;
  if (!isOwnType(pattern)) return `${subjectRoot}.${namespace}.${postedRoot}.${pattern}`;
  const words = pattern.split(".").slice(1);
  // As many words as every type of Tutti's own has, because subjects of posted events have more.
  if (words.at(-1) === ">")
    words.splice(-1, 1, ...Array.from({ length: wordsOfType - words.length }, () => "*"));
  return `${subjectRoot}.${namespace}.${words.join(".")}`;
}
