/** What the agents have written down. */
import { readFileSync } from "node:fs";

interface Note {
  readonly what: "began" | "linked";
  readonly atMs: number;
  readonly probe?: string;
  readonly agentId?: string;
  readonly pid?: number;
}

export interface Linked {
  readonly agentId: string;
  readonly pid: number;
  readonly atMs: number;
}

export class Notes {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** When each probe began first. */
  begun(): ReadonlyMap<string, number> {
    const begun = new Map<string, number>();
    for (const { probe, atMs } of this.#read("began"))
      if (probe !== undefined && !begun.has(probe)) begun.set(probe, atMs);
    return begun;
  }

  /** Each link, in its order. */
  linked(): readonly Linked[] {
    return this.#read("linked").map(({ agentId = "", pid = 0, atMs }) => ({ agentId, pid, atMs }));
  }

  #read(what: Note["what"]): Note[] {
    const lines = readFileSync(this.#file, "utf8").split("\n");
    // The last one may be half written.
    const notes = lines.slice(0, -1).map((line) => JSON.parse(line) as Note);
    return notes.filter((note) => note.what === what);
  }
}
