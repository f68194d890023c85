/**
 * What is said to a data directory at a terminal: verify it, copy it, have it explained.
 *
 * Exit codes: 0 nothing has to be done, 1 something has to be, 2 a mistake in the words, 3 a process has the directory, so
 * not everything could be looked at.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { claim } from "../data-directory.ts";
import { reasonOf } from "./about.ts";
import { examine } from "./inspection/doctor.ts";
import { type Finding, notice, problem } from "./inspection/finding.ts";
import { exitCodeOf, exitCodes, textOf } from "./inspection/report.ts";
import { verifyContents } from "./inspection/verify.ts";
import { layoutOf } from "./layout.ts";
import { backUp } from "./offline-backup.ts";

export interface Said {
  readonly output: string;
  readonly exitCode: number;
}

/** What the configuration says, where somebody could read it. */
export interface Configured {
  readonly directory: string;
  readonly partitions: number | undefined;
}

export const commands = ["verify", "backup", "doctor"] as const;
export type DataCommand = (typeof commands)[number];

export async function runDataCommand(
  command: DataCommand,
  words: readonly string[],
  configured: () => Configured,
): Promise<Said> {
  let values: Words;
  try {
    values = wordsOf(words);
  } catch (error) {
    return wrongly(command, reasonOf(error));
  }
  const { directory, partitions } = configured();
  const data = resolve(values.data ?? directory);
  const isJson = values.json;
  if (command === "doctor") return shown(data, await examine(data, { partitions }), isJson);
  if (command === "verify") return shown(data, await verify(data), isJson);
  if (values.to === undefined) return wrongly(command, "expected --to DIR");
  return shown(data, await copy(data, resolve(values.to)), isJson);
}

interface Words {
  readonly data: string | undefined;
  readonly to: string | undefined;
  readonly json: boolean;
}

function wordsOf(words: readonly string[]): Words {
  const { values } = parseArgs({
    args: [...words],
    options: { data: { type: "string" }, to: { type: "string" }, json: { type: "boolean", default: false } },
  });
  return { data: values.data, to: values.to, json: values.json };
}

function wrongly(command: DataCommand, reason: string): Said {
  const to = command === "backup" ? " --to DIR" : "";
  const usage = `usage: npm run ${command} -- [--data DIR]${to} [--json]`;
  return { output: `${reason}\n${usage}\n`, exitCode: exitCodes.usage };
}

function shown(directory: string, findings: readonly Finding[], isJson: boolean): Said {
  const exitCode = exitCodeOf(findings);
  const output = isJson ? `${JSON.stringify({ directory, exitCode, findings })}\n` : textOf(findings);
  return { output, exitCode };
}

async function verify(directory: string): Promise<readonly Finding[]> {
  const layout = layoutOf(directory);
  // The doctor says what else it may be.
  if (!existsSync(layout.about)) return examine(directory);
  const release = await claim(directory);
  if (release === undefined) {
    const advice = `Copy it and verify the copy: npm run backup -- --data ${directory} --to DIR, npm run verify -- --data DIR.`;
    return [notice("held", `A process has ${directory} and writes to it.`, advice)];
  }
  try {
    return verifyContents(layout);
  } finally {
    release();
  }
}

async function copy(directory: string, target: string): Promise<readonly Finding[]> {
  if (!existsSync(layoutOf(directory).about)) {
    const found = await examine(directory);
    const isNothing = found.every(({ level }) => level !== "problem");
    const what = `There is nothing to copy in ${directory}.`;
    return isNothing ? [problem("not-data", what, "Name the right one: --data DIR.")] : found;
  }
  try {
    const by = await backUp(directory, target);
    const who = by === "asked" ? "by the process that has it, which went on" : "while nobody had it";
    const what = `${directory} was copied to ${target}, ${who}.`;
    return [notice("copied", what, ""), ...verifyContents(layoutOf(target))];
  } catch (error) {
    const message = reasonOf(error);
    const [found = "", advice = ""] = message.split("; ");
    return [problem("not-copied", `${found}.`, `${advice}.`)];
  }
}
