/**
 * The commands for a data directory: verify it, copy it, restore a copy, examine it.
 *
 * Exit codes: 0 no action required, 1 action required, 2 a usage error, 3 a process has the directory, so not
 * everything could be checked.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { counted, isTuttiError, reasonOf, sentences, withoutRemedy } from "@tutti/kernel";
import { claim } from "../data-directory.ts";
import { keysDirectoryIn } from "../keys/installation-keys.ts";
import type { ServiceModule } from "../service-module.ts";
import { type KeysCopied, keyFilesIn } from "./copied-keys.ts";
import { aboutFindings, examine } from "./inspection/doctor.ts";
import { type Finding, notice, problem, sound } from "./inspection/finding.ts";
import { verifyData } from "./inspection/verify.ts";
import { layoutOf } from "./layout.ts";
import { backUp } from "./offline-backup.ts";
import { prepareRestore } from "./restore.ts";

export interface CommandResult {
  readonly output: string;
  readonly exitCode: number;
}

/** The configuration, if it could be read. */
export interface Configured {
  readonly directory: string;
  readonly partitions: number | undefined;
  /** Empty or absent means the data directory. */
  readonly keysDirectory?: string;
  /** Services check their own files. */
  readonly services?: readonly ServiceModule[];
}

export const commands = ["verify", "backup", "restore", "doctor"] as const;
export type DataCommand = (typeof commands)[number];

export async function runDataCommand(
  command: DataCommand,
  args: readonly string[],
  configured: () => Configured,
): Promise<CommandResult> {
  let values: OptionValues;
  let passphrase: string | undefined;
  try {
    values = parseOptions(command, args);
    if (values.help) return { output: helpOf(command), exitCode: exitCodes.sound };
    passphrase = passphraseIn(values["passphrase-file"]);
  } catch (error) {
    return usageError(command, reasonOf(error));
  }
  const { directory, partitions, keysDirectory = "", services = [] } = configured();
  const data = resolve(values["data-directory"] ?? directory);
  const keys = resolve(keysDirectory === "" ? keysDirectoryIn(data) : keysDirectory);
  const inspected = { services, keysDirectory: keys };
  const report = (findings: readonly Finding[]): CommandResult =>
    formatted(data, findings, values.json === true);
  if (command === "doctor") return report(await examine(data, { partitions, ...inspected }));
  if (command === "verify") return report(await verify(data, inspected));
  if (command === "restore") {
    if (values.copy === undefined) return usageError(command, "expected --copy DIR");
    const options = { copy: resolve(values.copy), directory: data, keysDirectory: keys, passphrase };
    return report(await restored(options, inspected));
  }
  if (values.copy === undefined) return usageError(command, "expected --copy DIR");
  const copied = keysCopied(values, keys, passphrase);
  if (copied === undefined) return usageError(command, keyOptionMissing(keys));
  return report(await copy(data, resolve(values.copy), copied, inspected));
}

interface Option {
  readonly value?: string;
  readonly help: string;
}

const options: Readonly<Record<DataCommand, Readonly<Record<string, Option>>>> = {
  verify: {},
  doctor: {},
  backup: {
    copy: { value: "DIR", help: "target of the copy: a directory that is empty or does not exist" },
    "passphrase-file": {
      value: "FILE",
      help: "the copy has the keys, sealed under the passphrase in this file",
    },
    "keys-elsewhere": {
      help: "the copy lists the keys but does not contain them: you keep them in a key store",
    },
  },
  restore: {
    copy: { value: "DIR", help: "the copy" },
    "passphrase-file": { value: "FILE", help: "the passphrase of its keys" },
  },
};
const common: Readonly<Record<string, Option>> = {
  "data-directory": {
    value: "DIR",
    help: "the data directory. Default: the configured one",
  },
  json: { help: "JSON, for programs" },
  help: { help: "this text" },
};
const purposes: Readonly<Record<DataCommand, string>> = {
  verify: "Reads everything in a data directory, and checks it.",
  backup: "Copies a data directory with its keys, even while a process uses it, and verifies the copy.",
  restore: "Restores a data directory from a copy, and verifies it.",
  doctor: "Examines a data directory, and reports problems and their repair. Changes nothing.",
};

interface OptionValues {
  readonly "data-directory"?: string;
  readonly copy?: string;
  readonly "passphrase-file"?: string;
  readonly "keys-elsewhere"?: boolean;
  readonly json?: boolean;
  readonly help?: boolean;
}

function parseOptions(command: DataCommand, args: readonly string[]): OptionValues {
  const known = Object.entries({ ...common, ...options[command] }).map(
    ([name, { value }]) => [name, { type: value === undefined ? "boolean" : "string" }] as const,
  );
  return parseArgs({ args: [...args], options: Object.fromEntries(known) }).values;
}

function usageOf(command: DataCommand): string {
  const flags = Object.entries(options[command]).map(([name, { value }]) => {
    const flag = value === undefined ? `--${name}` : `--${name} ${value}`;
    return name === "copy" ? ` ${flag}` : ` [${flag}]`;
  });
  const called = command === "doctor" ? "npm run doctor --" : `tutti data ${command}`;
  return `usage: ${called} [--data-directory DIR]${flags.join("")} [--json]`;
}

function helpOf(command: DataCommand): string {
  const lines = Object.entries({ ...options[command], ...common }).map(([name, { value = "", help }]) => {
    return `  ${`--${name} ${value}`.padEnd(26)}${help}`;
  });
  return `${purposes[command]}\n\n${usageOf(command)}\n\n${lines.join("\n")}\n`;
}

function usageError(command: DataCommand, reason: string): CommandResult {
  return { output: `${reason}\n${usageOf(command)}\n`, exitCode: exitCodes.usage };
}

const passphraseMin = 12;

function passphraseIn(file: string | undefined): string | undefined {
  if (file === undefined) return;
  const passphrase = readFileSync(file, "utf8").trim();
  if (passphrase.length >= passphraseMin) return passphrase;
  throw new Error(
    `${file}: expected a passphrase of at least ${passphraseMin} characters, got ${passphrase.length}`,
  );
}

/** Undefined if the handling of keys was not set. */
function keysCopied(
  values: OptionValues,
  directory: string,
  passphrase: string | undefined,
): KeysCopied | undefined {
  if (passphrase !== undefined) return { kind: "sealed", directory, passphrase };
  if (values["keys-elsewhere"] === true) return { kind: "named", directory };
  return keyFilesIn(directory).length === 0 ? { kind: "none" } : undefined;
}

function keyOptionMissing(directory: string): string {
  return `${directory} has the keys of the installation: without them a copy cannot be restored.
Seal them in the copy (--passphrase-file FILE), or keep them in a key store (--keys-elsewhere).`;
}

function formatted(directory: string, findings: readonly Finding[], isJson: boolean): CommandResult {
  const exitCode = exitCodeOf(findings);
  const output = isJson ? `${JSON.stringify({ directory, exitCode, findings })}\n` : textOf(findings);
  return { output, exitCode };
}

type Inspected = Parameters<typeof verifyData>[1];

async function verify(directory: string, inspected: Inspected): Promise<readonly Finding[]> {
  const layout = layoutOf(directory);
  // The doctor reports other causes.
  if (!existsSync(layout.about)) return examine(directory, inspected);
  const release = await claim(directory);
  if (release === undefined) {
    const advice = `Copy it and verify the copy: tutti data backup --data-directory ${directory} --copy DIR, tutti data verify --data-directory DIR.`;
    return [notice("held", `A process has ${directory} and writes to it.`, advice)];
  }
  try {
    return [...aboutFindings(layout, undefined), ...(await verifyData(layout, inspected))];
  } finally {
    release();
  }
}

async function copy(
  directory: string,
  target: string,
  keys: KeysCopied,
  inspected: Inspected,
): Promise<readonly Finding[]> {
  if (!existsSync(layoutOf(directory).about)) {
    const found = await examine(directory, inspected);
    const isNothing = found.every(({ level }) => level !== "problem");
    const text = `There is nothing to copy in ${directory}.`;
    return isNothing ? [problem("not-data", text, "Pass the right one: --data-directory DIR.")] : found;
  }
  try {
    const by = await backUp(directory, target, keys);
    const doneBy =
      by === "asked" ? "by the process that has it and continues to run" : "while no process had it";
    const text = `${directory} was copied to ${target}, ${doneBy}.`;
    const checked = await verifyData(layoutOf(target), { ...inspected, keysDirectory: join(target, "keys") });
    return [notice("copied", text, ""), ...keysFindings(keys), ...checked];
  } catch (error) {
    const text = isTuttiError(error) ? withoutRemedy(error) : sentences(reasonOf(error));
    const advice = isTuttiError(error) ? error.message.slice(text.length).trim() : "";
    return [problem("not-copied", text, advice)];
  }
}

function keysFindings(keys: KeysCopied): Finding[] {
  if (keys.kind === "none") return [];
  if (keys.kind === "sealed") {
    const advice = "Keep the passphrase apart from the copy: without it the copy cannot be restored.";
    return [
      notice(
        "keys-sealed",
        "The keys of the installation are in the copy, sealed under the passphrase.",
        advice,
      ),
    ];
  }
  const text = `THE KEYS OF THE INSTALLATION ARE NOT IN THE COPY. It names those in ${keys.directory}.`;
  const advice =
    "Keep that folder in your key store: without its files no secret can be opened, and the copy cannot be restored.";
  return [notice("keys-elsewhere", text, advice)];
}

async function restored(
  options: Parameters<typeof prepareRestore>[0],
  inspected: Inspected,
): Promise<readonly Finding[]> {
  let advice = "";
  try {
    const write = await prepareRestore(options);
    advice = "The restored files are not a data directory yet. Remove them and try again.";
    await write();
    const text = `${options.copy} was restored to ${options.directory}, and its keys are in ${options.keysDirectory}.`;
    return [sound("restored", text), ...(await verifyData(layoutOf(options.directory), inspected))];
  } catch (error) {
    return [problem("not-restored", reasonOf(error), advice)];
  }
}

/** Exit codes of the commands that check a directory, for programs. */
const exitCodes = { sound: 0, problem: 1, usage: 2, held: 3 } as const;

function exitCodeOf(findings: readonly Finding[]): number {
  if (findings.some(({ level }) => level === "problem")) return exitCodes.problem;
  return findings.some(({ code }) => code === "held") ? exitCodes.held : exitCodes.sound;
}

const marks = { sound: "ok", notice: "note", problem: "PROBLEM" } as const;

/** Returns a text for people: a paragraph per finding, and the summary. */
function textOf(findings: readonly Finding[]): string {
  const paragraphs = findings.map(({ level, text, advice }) => {
    const paragraph = `${marks[level].padEnd(8)} ${text}`;
    return advice === "" ? paragraph : `${paragraph}\n         ${advice}`;
  });
  const problems = findings.filter(({ level }) => level === "problem").length;
  const sum = problems > 0 ? `${counted(problems, "problem")}: see above what to do.` : "Nothing to do.";
  return `${[...paragraphs, sum].join("\n")}\n`;
}
