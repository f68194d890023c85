/** Finds scripts, and the places where they start other programs. Reads texts and runs nothing. */
import { isDeepStrictEqual } from "node:util";
import {
  cronName,
  cronVariables,
  firstFree,
  makeTargets,
  readCrontab,
  type Untranslated,
} from "@tutti/definitions/import";

export interface Adopted {
  /** The capability: `scripts.backup-sh`. */
  readonly name: string;
  /** Path relative to the folder. */
  readonly file: string;
  readonly command: readonly string[];
  readonly stdin?: string;
  /** Folder of the command. Default: the folder of the scripts. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A line that is not adopted. */
export interface NotAdopted {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly reason: string;
}

/** The user whose crontab it is. Cron runs commands in the home folder. */
export interface CronUser {
  readonly name: string;
  readonly home: string;
}

/** How the crontabs of the folder are read. */
export interface CrontabFolder {
  readonly user: CronUser;
  /** Whether lines name a user after the times, like those of /etc/crontab. Lines of other users are not adopted. */
  readonly hasUser?: boolean;
}

/** A target or a line: others in the folder may have its name. */
export type Unnamed = Adopted & { readonly isNumbered?: boolean };

interface Found {
  readonly scripts: readonly Unnamed[];
  readonly notAdopted: readonly NotAdopted[];
}

/** A place where a script starts something. */
export interface Use {
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  readonly text: string;
}

interface Language {
  /** The program for a file whose first line does not name one. */
  readonly program: string;
  readonly comment: RegExp;
  readonly uses: Readonly<Record<string, RegExp>>;
}

const quotedOrBare = (word: string) => new RegExp(`(^|[\\s"'\`(;&|])${word}[\\s"'\`]`);
const everywhere = { tmux: quotedOrBare("tmux"), cron: quotedOrBare("crontab"), make: quotedOrBare("make") };
const shell: Language = { program: "sh", comment: /^\s*#/, uses: everywhere };
const python: Language = {
  program: "python3",
  comment: /^\s*#/,
  uses: {
    subprocess:
      /\b(subprocess\.(run|call|check_call|check_output|getoutput|getstatusoutput)|create_subprocess_(exec|shell))\b|^\s*(import subprocess as|from subprocess import)\b/,
    popen:
      /\b(subprocess\.Popen|os\.(popen|system|exec[lv]\w*|spawn[lv]\w*))\b|^\s*(import os as|from os import .*\b(popen|system|exec|spawn))/,
    ...everywhere,
  },
};
const node: Language = {
  program: "node",
  comment: /^\s*(\/\/|import\b)/,
  uses: { subprocess: /\b(exec|execFile|spawn|fork)(Sync)?\(/, ...everywhere },
};
const languages: Readonly<Record<string, Language>> = {
  sh: shell,
  bash: { ...shell, program: "bash" },
  py: python,
  ts: node,
  mts: node,
  js: node,
  mjs: node,
};
const programs: readonly (readonly [RegExp, Language])[] = [
  [/\b(ba|da|z|k)?sh\b/, shell],
  [/\bpython[\d.]*\b/, python],
  [/\bnode\b/, node],
];
const lengthMax = 100;

/** Returns what a file of the folder has: a script, targets, or lines. */
export function adoptedIn(
  file: string,
  text: string,
  crontabs: CrontabFolder,
  former: readonly Adopted[],
): Found {
  if (isMakefile(file)) return targetsOf(file, text);
  if (isCrontab(file)) return linesOf(file, text, crontabs, former);
  const script = scriptOf(file, text);
  if (script !== undefined) return { scripts: [script], notAdopted: [] };
  if (firstLineOf(text) === undefined || languageOf(file, text) !== undefined)
    return { scripts: [], notAdopted: [] };
  const reason = "scripts of this program are not adopted: write a handler, or call it from a shell script";
  return {
    scripts: [],
    notAdopted: [notAdopted(file, { line: 1, construct: text.split("\n", 1)[0]?.trim() ?? "", reason })],
  };
}

/** Returns whether a file may have scripts, by its name or its first characters. */
export function mayBeAdopted(file: string, start: string): boolean {
  return start.startsWith("#!") || isList(file) || Object.hasOwn(languages, endingOf(file));
}

/** Returns whether the text of a file is a list of commands, all characters of which count. */
export function isList(file: string): boolean {
  return isMakefile(file) || isCrontab(file);
}

/** Returns the script of a file. Undefined for another text, or for a module that others import. */
export function scriptOf(file: string, text: string): Adopted | undefined {
  const first = firstLineOf(text);
  const language = languageOf(file, text);
  if (language === undefined) return undefined;
  const isModule = language === node && first === undefined && /^export\b/m.test(text);
  if (isModule) return undefined;
  return { name: nameOf(file), file, command: [...(first ?? [language.program]), `./${file}`] };
}

export function usesIn(file: string, text: string): readonly Use[] {
  const language = languageOf(file, text);
  if (language === undefined) return [];
  return text.split("\n").flatMap((line, at) => {
    if (language.comment.test(line)) return [];
    const kinds = Object.entries(language.uses).filter(([, form]) => form.test(` ${line} `));
    return kinds.map(([kind]) => ({ file, line: at + 1, kind, text: line.trim().slice(0, lengthMax) }));
  });
}

/** Returns the phony targets of a Makefile. */
export function targetsOf(file: string, text: string): Found {
  const { phony, others } = makeTargets(text);
  const [folder, base] = [folderOf(file), file.slice(folderOf(file).length)];
  return {
    scripts: [...phony.keys()].map((target) => ({
      name: nameOf(`${folder}make-${target.replaceAll("/", "-")}`),
      file,
      command: ["make", ...(folder === "" ? [] : ["-C", folder.slice(0, -1)]), "-f", base, target],
      isNumbered: true,
    })),
    notAdopted: others
      .toSorted((one, other) => one.line - other.line)
      .map((other) => notAdopted(file, other)),
  };
}

/**
 * Returns the lines of a crontab, each with the folder and the variables that it has under cron. If a line already calls
 * an adopted line, that one stays in the list.
 */
export function linesOf(
  file: string,
  text: string,
  { user, hasUser = false }: CrontabFolder,
  former: readonly Adopted[] = [],
): Found {
  const [scripts, left]: [Unnamed[], NotAdopted[]] = [[], []];
  for (const item of readCrontab(text, { hasUser })) {
    if (item.kind === "fault") left.push(notAdopted(file, { ...item, construct: item.entry }));
    if (item.kind !== "command") continue;
    if (hasUser && item.user !== user.name) {
      const reason = `the line runs as another user. Adopt it as \`${item.user}\``;
      left.push(notAdopted(file, { ...item, construct: item.entry, reason }));
      continue;
    }
    const { command, stdin, variables } = item;
    if (/\badopt run\b/.test(command)) {
      const words = command.split(/\s+/);
      const called = former.find((each) => each.file === file && words.includes(each.name));
      if (called !== undefined && !scripts.includes(called)) scripts.push(called);
      continue;
    }
    const env = { ...cronVariables, HOME: user.home, ...variables, LOGNAME: user.name };
    scripts.push({
      name: nameOf(cronName(command)),
      file,
      command: [env.SHELL, "-c", command],
      ...(stdin !== undefined && { stdin }),
      cwd: env.HOME,
      env,
      isNumbered: true,
    });
  }
  return { scripts, notAdopted: left };
}

function notAdopted(file: string, { line, construct, reason }: Untranslated): NotAdopted {
  return { file, line, text: construct.slice(0, lengthMax), reason };
}

/**
 * Numbers the names that targets and lines share: `scripts.make-test`, `scripts.make-test-2`. A command of the former list
 * keeps its name, so that the callers of a name do not get another command.
 */
export function named(found: readonly Unnamed[], former: readonly Adopted[]): readonly Adopted[] {
  const used = new Set(found.filter(({ isNumbered }) => isNumbered !== true).map(({ name }) => name));
  const isSame = ({ file, command }: Adopted, other: Adopted) =>
    file === other.file && isDeepStrictEqual(command, other.command);
  const kept = new Map<Unnamed, string>();
  for (const each of found) {
    const before = former.find(
      (other) => each.isNumbered === true && !used.has(other.name) && isSame(each, other),
    );
    if (before === undefined) continue;
    used.add(before.name);
    kept.set(each, before.name);
  }
  return found.map(({ isNumbered, ...each }, at) => {
    const own = found[at] === undefined ? undefined : kept.get(found[at]);
    const name = own ?? (isNumbered === true ? firstFree(each.name, (name) => used.has(name)) : each.name);
    used.add(name);
    return { ...each, name };
  });
}

function isMakefile(file: string): boolean {
  return /(^|\/)(GNUm|M|m)akefile$|\.mk$/.test(file);
}

function isCrontab(file: string): boolean {
  return /(^|\/)crontab$|\.(crontab|cron)$/.test(file);
}

function nameOf(file: string): string {
  const parts = file
    .toLowerCase()
    .split("/")
    .map((part) => part.replace(/[^a-z0-9_]+/g, "-").replace(/^-+|-+$/g, ""));
  return ["scripts", ...parts.filter((part) => part !== "")].join(".");
}

function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf("/") + 1);
}

function languageOf(file: string, text: string): Language | undefined {
  const first = firstLineOf(text);
  const ending = endingOf(file);
  if (first === undefined) return Object.hasOwn(languages, ending) ? languages[ending] : undefined;
  return programs.find(([form]) => form.test(first.join(" ")))?.[1];
}

function endingOf(file: string): string {
  return /\.(\w+)$/.exec(file)?.[1] ?? "";
}

/** Returns the program of a first line such as `#!/usr/bin/env -S node --flag`, as words. */
function firstLineOf(text: string): readonly string[] | undefined {
  const [, line] = /^#!\s*(\S.*?)\s*$/m.exec(text.split("\n", 1)[0] ?? "") ?? [];
  if (line === undefined) return undefined;
  const [program = "", ...rest] = line.split(/\s+/);
  if (!program.endsWith("/env")) return [program, ...rest];
  return rest[0] === "-S" ? rest.slice(1) : rest;
}
