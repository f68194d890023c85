/**
 * How frames travel over a WebSocket: as JSON in text messages, the form that proto3 gives to messages, or as they are in
 * binary ones. The host answers in the form in which the agent spoke last.
 */
import { AgentFrame, HostFrame } from "@tutti/contracts/agent/v1";
import { linkErrors } from "./errors.ts";

export interface Spoken {
  readonly frame: AgentFrame;
  readonly isText: boolean;
}

/** Reads a message of an agent. Throws, in words, what is no frame. */
export function readFrame(data: Buffer, isBinary: boolean): Spoken {
  try {
    if (isBinary) return { frame: AgentFrame.decode(data), isText: false };
    const json: unknown = JSON.parse(data.toString("utf8"));
    if (typeof json !== "object" || json === null || Array.isArray(json))
      throw new TypeError("no JSON object");
    refuseUnknown(json);
    return { frame: AgentFrame.fromJSON(json), isText: true };
  } catch (error) {
    throw linkErrors.frameMalformed({ reason: error instanceof Error ? error.message : String(error) });
  }
}

export function writeFrame(frame: HostFrame, isText: boolean): string | Uint8Array {
  if (isText) return JSON.stringify(HostFrame.toJSON(frame));
  return HostFrame.encode(frame).finish();
}

const known = new Set(Object.keys(AgentFrame.create()).flatMap((name) => [name, snakeCase(name)]));

/** A misspelt field would be passed over, and the agent would wait for an answer to a message that was never read. */
function refuseUnknown(json: object): void {
  const unknown = Object.keys(json).find((name) => !known.has(name));
  if (unknown !== undefined) throw new TypeError(`the field ${unknown}, which a frame does not have`);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
