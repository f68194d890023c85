/** Checks the files of insight in a data directory that no process uses, for `tutti data verify`. Changes nothing. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Finding, problem, sound } from "@tutti/host";
import { openToRead } from "./facts/open-to-read.ts";
import { sumOf } from "./series/schema.ts";

interface File {
  readonly name: string;
  readonly content: string;
  /** Tables whose rows have a checksum over their bytes. */
  readonly summed: readonly string[];
  readonly advice: string;
}

const files: readonly File[] = [
  {
    name: "series.sqlite",
    content: "recorded metrics",
    summed: ["block", "piece"],
    advice:
      "Restore the folder insight from a backup. Without a backup, remove the file: the next start creates an empty file.",
  },
  {
    name: "facts.sqlite",
    content: "facts",
    summed: [],
    advice: "Remove the file: the next start reads all facts again.",
  },
];

export function inspectInsight(directory: string): readonly Finding[] {
  return files.flatMap(({ name, content, summed, advice }) => {
    const file = join(directory, "insight", name);
    if (!existsSync(file)) return [];
    const fault = faultOf(file, summed);
    if (fault === undefined) return [sound("insight-sound", `The ${content} in ${file} are sound.`)];
    return [problem("insight-damaged", `The ${content} in ${file} are damaged: ${fault}.`, advice)];
  });
}

function faultOf(file: string, summed: readonly string[]): string | undefined {
  try {
    const database = openToRead(file);
    try {
      const found = database.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
      if (found !== "ok") return "SQLite finds its pages broken";
      for (const table of summed)
        for (const { sum, bytes } of database.prepare(`SELECT sum, bytes FROM ${table}`).iterate())
          if (sumOf(bytes as Uint8Array) !== sum) return `a row of ${table} is not as it was written`;
      return undefined;
    } finally {
      database.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
