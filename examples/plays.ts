/** The examples of missions and of sessions, found by their folders: `play.ts` starts them, and plays their agents. */
import { readdirSync } from "node:fs";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

export type PlayKind = "missions" | "sessions";

interface Play {
  /** For examples whose tasks are offered to workers. */
  readonly handle?: (worker: Worker) => void;
  /** Starts it, gives what came of it. */
  readonly play: (tutti: Tutti) => Promise<unknown>;
}

const folderOf = (kind: PlayKind): URL => new URL(`${kind}/`, import.meta.url);

export function playNames(kind: PlayKind): readonly string[] {
  return readdirSync(folderOf(kind), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

export function playNamed(kind: PlayKind, name: string): Promise<Play> {
  return import(new URL(`${name}/play.ts`, folderOf(kind)).href);
}
