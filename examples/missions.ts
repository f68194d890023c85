/** The examples of missions, found by their folders: `play.ts` starts the mission and plays its agents. */
import { readdirSync } from "node:fs";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

interface MissionExample {
  /** For examples whose tasks are offered to workers. */
  readonly handle?: (worker: Worker) => void;
  /** Starts the mission, gives what came of it. */
  readonly play: (tutti: Tutti) => Promise<unknown>;
}

const folder = new URL("missions/", import.meta.url);

export function missionExampleNames(): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

export function missionExampleNamed(name: string): Promise<MissionExample> {
  return import(new URL(`${name}/play.ts`, folder).href);
}
