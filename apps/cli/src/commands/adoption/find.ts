/** Finds scripts, and the places where they start other programs. Reads texts and runs nothing. */

export interface Adopted {
  /** The capability: `scripts.backup-sh`. */
  readonly name: string;
  /** Path relative to the folder. */
  readonly file: string;
  readonly command: readonly string[];
  readonly stdin?: string;
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
export function targetsOf(file: string, text: string): readonly Adopted[] {
  const names = [...text.matchAll(/^\.PHONY\s*:(.*)$/gm)].flatMap(([, words = ""]) =>
    words.trim().split(/\s+/),
  );
  const [folder, base] = [folderOf(file), file.slice(folderOf(file).length)];
  return [...new Set(names)]
    .filter((name) => /^[\w.-]+$/.test(name))
    .map((name) => ({
      name: nameOf(`${folder}make-${name}`),
      file,
      command: ["make", ...(folder === "" ? [] : ["-C", folder.slice(0, -1)]), "-f", base, name],
    }));
}

export function isMakefile(file: string): boolean {
  return /(^|\/)(GNUm|M|m)akefile$|\.mk$/.test(file);
}

export function isCrontab(file: string): boolean {
  return /(^|\/)crontab$|\.(crontab|cron)$/.test(file);
}

export function nameOf(file: string): string {
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
  const ending = /\.(\w+)$/.exec(file)?.[1] ?? "";
  if (first === undefined) return Object.hasOwn(languages, ending) ? languages[ending] : undefined;
  return programs.find(([form]) => form.test(first.join(" ")))?.[1];
}

/** Returns the program of a first line such as `#!/usr/bin/env -S node --flag`, as words. */
function firstLineOf(text: string): readonly string[] | undefined {
  const [, line] = /^#!\s*(\S.*?)\s*$/m.exec(text.split("\n", 1)[0] ?? "") ?? [];
  if (line === undefined) return undefined;
  const [program = "", ...rest] = line.split(/\s+/);
  if (!program.endsWith("/env")) return [program, ...rest];
  return rest[0] === "-S" ? rest.slice(1) : rest;
}
