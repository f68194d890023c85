/** A conversation with a language model, in a format that is independent of vendors. */
import type { Json } from "@tutti/expressions";

interface TextPart {
  readonly text: string;
}

/** The model calls a tool. */
export interface CallPart {
  readonly call: {
    readonly id: string;
    readonly name: string;
    readonly input: Json;
    /** The text that the model wrote, if it is not JSON. */
    readonly malformed?: string;
  };
}

/** The result of a tool. */
interface ResultPart {
  readonly result: { readonly id: string; readonly text: string; readonly failed?: boolean };
}

export type Part = TextPart | CallPart | ResultPart;

export interface Message {
  readonly role: "user" | "assistant";
  readonly parts: readonly Part[];
}

export interface ToolSchema {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Json;
}

export interface ModelQuestion {
  readonly model: string;
  readonly instructions: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSchema[];
  readonly answerTokens: number;
  readonly temperature?: number | undefined;
}

export interface ModelReply {
  readonly parts: readonly (TextPart | CallPart)[];
  /** Why the answer ended. */
  readonly stop: "end" | "tools" | "length" | "refused";
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Input tokens that came from the provider's cache. */
  readonly cachedTokens?: number;
  /** The model that answered. */
  readonly model: string;
}

/** Estimates the tokens of a value. Each provider counts in its own way. */
export function tokensOf(value: unknown): number {
  return Math.ceil((typeof value === "string" ? value : JSON.stringify(value)).length / 4);
}

export function textOf(parts: readonly Part[]): string {
  return parts.map((part) => ("text" in part ? part.text : "")).join("");
}

export function callsOf(parts: readonly Part[]): readonly CallPart["call"][] {
  return parts.flatMap((part) => ("call" in part ? [part.call] : []));
}

/** Parses the text that a model wrote as the input of a tool. */
export function callOf(id: string, name: string, text: string): CallPart {
  if (text.trim() === "") return { call: { id, name, input: {} } };
  try {
    return { call: { id, name, input: JSON.parse(text) as Json } };
  } catch {
    return { call: { id, name, input: {}, malformed: text.slice(0, 2_000) } };
  }
}
