/** The effects of the workers, read from their log file, which survives every process. */
import assert from "node:assert/strict";
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";

export interface Effect {
  readonly kind: "start" | "end";
  readonly tag: string;
  readonly group: string;
  readonly work: string;
  readonly task: string;
  readonly attempt: number;
  readonly key: string;
  readonly agentId: string;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
}

export class Effects {
  readonly path: string;
  readonly #lines: Effect[] = [];
  #read = 0;
  #rest = "";

  constructor(path: string) {
    this.path = path;
    writeFileSync(path, "");
  }

  /** Returns all lines so far, in written order. */
  all(): readonly Effect[] {
    const file = openSync(this.path, "r");
    const chunk = Buffer.alloc(1 << 16);
    for (let size = readSync(file, chunk, 0, chunk.length, this.#read); size > 0; ) {
      this.#read += size;
      this.#rest += chunk.toString("utf8", 0, size);
      size = readSync(file, chunk, 0, chunk.length, this.#read);
    }
    closeSync(file);
    const lines = this.#rest.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#lines.push(JSON.parse(line));
    return this.#lines;
  }

  startsOf(tag: string): readonly Effect[] {
    return this.all().filter((effect) => effect.kind === "start" && effect.tag === tag);
  }

  /** Returns the maximum number of attempts of a group that ran at the same time. */
  maxConcurrent(group: string): number {
    let [now, most] = [0, 0];
    for (const effect of this.all()) {
      if (effect.group !== group) continue;
      now += effect.kind === "start" ? 1 : -1;
      most = Math.max(most, now);
    }
    return most;
  }

  /** Asserts that each of these tags has one effect, and that no other tag with the prefix has an effect. */
  assertOnce(prefix: string, tags: ReadonlySet<string>): void {
    const counts = new Map([...tags].map((tag) => [tag, 0]));
    for (const { kind, tag } of this.all())
      if (kind === "start" && tag.startsWith(prefix)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    const wrong = [...counts].filter(([tag, count]) => count !== 1 || !tags.has(tag));
    assert.deepEqual(wrong, [], "each effect is there once: tags and how often they are there");
  }

  /** Asserts that no tag with the prefix has two effects. */
  assertNoneTwice(prefix: string): void {
    const found = new Map<string, string[]>();
    for (const [at, { kind, tag, work, task, attempt, agentId, atMs }] of this.all().entries()) {
      if (kind !== "start" || !tag.startsWith(prefix)) continue;
      const start = `line ${at}, ${timeOf(atMs)}: attempt ${attempt} of ${task} in ${work} at ${agentId}`;
      found.set(tag, [...(found.get(tag) ?? []), start]);
    }
    const wrong = [...found].filter(([, starts]) => starts.length > 1);
    assert.deepEqual(wrong, [], "no effect is there twice: tags and their starts");
  }
}

/** Formats a time like lines and failures, so that earlier lines explain a second start. */
export function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 23);
}
