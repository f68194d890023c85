/** How a provider is asked, and what its stream of events says. */
import type { ModelQuestion, ModelReply } from "../conversation.ts";

export interface Wire {
  readonly path: string;
  headers(key: string): Readonly<Record<string, string>>;
  body(question: ModelQuestion): unknown;
  /** Reads the events of one answer. */
  reader(): WireReader;
}

export interface WireReader {
  /**
   * Takes the JSON of an event. Returns text that is new. Throws for an error that the provider tells in the stream.
   */
  read(event: Members): string;
  /** Undefined while the answer is not complete. */
  readonly reply: ModelReply | undefined;
}

export type Members = { readonly [key: string]: unknown };

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member that is an object. Else an empty one. */
export function membersIn(value: Members, key: string): Members {
  const member = value[key];
  return isMembers(member) ? member : {};
}

export function textIn(value: Members, key: string): string {
  const member = value[key];
  return typeof member === "string" ? member : "";
}

export function numberIn(value: Members, key: string): number {
  const member = value[key];
  return typeof member === "number" && Number.isFinite(member) ? Math.max(0, member) : 0;
}

/** What a provider says in its stream instead of an answer. */
export class StreamError extends Error {}
