/** The wire format of a provider: its requests, and its stream of events. */
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
   * Accepts the JSON of an event. Returns the new text. Throws for an error that the provider reports in the stream.
   */
  read(event: Members): string;
  /** Undefined while the answer is not complete. */
  readonly reply: ModelReply | undefined;
}

export type Members = { readonly [key: string]: unknown };

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a JSON object. Undefined for other texts. */
export function parsedMembers(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMembers(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Returns a member that is an object, else an empty object. */
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

/** An error that a provider reports in its stream. */
export class StreamError extends Error {}
