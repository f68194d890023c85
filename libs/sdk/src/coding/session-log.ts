/**
 * The log that a program writes of its session. It has amounts that the output has only at the end of a turn. Each
 * look reads the new lines. A missing log counts as empty.
 */
import { open, stat } from "node:fs/promises";
import { type CodingProfile, type CodingProgress, parseLine } from "./profiles.ts";

export class SessionLog {
  readonly #log: NonNullable<CodingProfile["log"]>;
  readonly #env: Readonly<Record<string, string>>;
  /** Bytes read so far, by file. */
  readonly #read = new Map<string, number>();

  constructor(log: NonNullable<CodingProfile["log"]>, env: Readonly<Record<string, string>>) {
    this.#log = log;
    this.#env = env;
  }

  /** Returns the new entries of the log since the last call. */
  async readNew(session: string): Promise<readonly CodingProgress[]> {
    const files = await this.#log.files(session, this.#env, [...this.#read.keys()]);
    const entries: CodingProgress[] = [];
    for (const file of files)
      for (const line of await this.#lines(file).catch(() => []))
        entries.push(parseLine(line, this.#log.read));
    return entries;
  }

  /** Returns whole lines. */
  async #lines(file: string): Promise<readonly string[]> {
    const start = this.#read.get(file) ?? 0;
    const { size } = await stat(file);
    if (size <= start) return [];
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
      const end = buffer.subarray(0, bytesRead).lastIndexOf("\n") + 1;
      this.#read.set(file, start + end);
      return buffer.toString("utf8", 0, end).split("\n").slice(0, -1);
    } finally {
      await handle.close();
    }
  }
}
