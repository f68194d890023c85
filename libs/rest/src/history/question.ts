/** Subject of an approval, and the people who can answer it. */
import type { Approval } from "../generated/types.ts";

const lengthMax = 200;

interface Question {
  readonly title?: string | undefined;
  readonly message?: string | undefined;
  readonly context?: unknown;
}

/**
 * Returns the title, the message, and the context to read before deciding: `The agent wants to call pay.refund
 * {"amount":150}`.
 */
export function questionText({ title = "", message = "", context }: Question): string {
  const body = shortened(message.replace(/\s+/g, " ").trim());
  const wording =
    title === "" || body === "" ? title + body : `${title}${/\W$/.test(title) ? "" : ":"} ${body}`;
  return [wording, contextText({ context })].filter((part) => part !== "").join(" ");
}

/**
 * Returns the context as text. An agent that requests the call of a tool names the tool in the title, and the
 * context contains both tool and input.
 */
export function contextText({ context }: Question): string {
  if (context === undefined || context === null) return "";
  const call = callOf(context);
  const content = call === undefined ? context : call.input;
  const text = typeof content === "string" ? content : (JSON.stringify(content) ?? "");
  return shortened(text);
}

function shortened(text: string): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
}

/** Returns the tool call that an agent requests. A person may change its input. */
export function callOf(context: unknown): { readonly tool: unknown; readonly input: unknown } | undefined {
  const isCall = typeof context === "object" && context !== null && "tool" in context && "input" in context;
  return isCall ? { tool: context.tool, input: context.input } : undefined;
}

type People = Pick<Approval, "deciders" | "excluded" | "delegations">;

/** Returns the people who can answer: `ann, night`, `anyone except ada`. Empty for anyone. */
export function answererText({ deciders, excluded, delegations }: People): string {
  const isExcluded = (name: string) =>
    excluded.some((person) => name === person || name === `person:${person}`);
  const able = deciders.filter((name) => !isExcluded(name));
  if (able.length > 0) return able.join(", ");
  if (deciders.length > 0) return `${deciders.join(", ")} (excluded)`;
  const delegators = new Set(delegations.map(({ person }) => person));
  const others = excluded.filter((person) => !delegators.has(person));
  return others.length === 0 ? "" : `anyone except ${others.join(", ")}`;
}

/** Returns how many people have answered a question that several answer: `1 of 2 answers`. Empty for one. */
export function answersText({
  approvalsNeeded = 1,
  decisions,
}: Pick<Approval, "approvalsNeeded" | "decisions">): string {
  if (approvalsNeeded < 2) return "";
  const seats = new Set(decisions.map(({ onBehalfOf = "", cause }) => onBehalfOf || cause?.actor?.id));
  return `${seats.size} of ${approvalsNeeded} answers`;
}
