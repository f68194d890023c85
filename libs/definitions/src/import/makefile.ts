/**
 * Imports a Makefile: each phony target that no other one needs becomes a workflow. Its tasks are the phony targets
 * below it, and each runs `make`, in the order of make without `-j`. make still handles files and the variables that the
 * Makefile sets. Variables that the caller of make may set are listed: in a task, make has the environment of the worker.
 */
import type { Json } from "@tutti/expressions";
import { Collector, firstFree, type Imported, nameFrom, requireSize, type Untranslated } from "./imported.ts";

interface Target {
  readonly line: number;
  readonly needs: Set<string>;
}

/** Targets of a Makefile. */
interface Rules {
  readonly targets: Map<string, Target>;
  /** Phony targets with the lines that declare them. */
  readonly phony: Map<string, number>;
  readonly variables: Variables;
  /** Targets with a variable of their own, which make also gives to the targets below them. */
  readonly ownVariables: Map<string, number>;
  /** Whether the file asks for `-j`. */
  isParallel: boolean;
}

interface Variables {
  /** Variables that the Makefile sets: the environment has no effect on them. */
  readonly set: Set<string>;
  /** Other variables, with the lines that use them first, or set them with `?=`. */
  readonly open: Map<string, { readonly line: number; readonly reason: string }>;
}

const assignment = /^\s*(?:(?:export|override|private)\s+)*([^\s:=#?+!]+)\s*((?::{0,3}|[?+!])=)/;
const parallel = /^\s*(?:export\s+)?(?:GNU)?MAKEFLAGS\s*[:+?]*=(?:.*\s)?-?-(?:j|jobs)[\d=\s]?.*$/;
const rule = /^([^\s:=#][^:=#]*?)\s*(::?)(?!=)([^;#]*)/;
/** Special targets of make, which it handles itself. */
const settings = new Set(
  [
    ...["SUFFIXES", "DEFAULT", "PRECIOUS", "INTERMEDIATE", "NOTINTERMEDIATE", "SECONDARY", "SECONDEXPANSION"],
    "DELETE_ON_ERROR",
    "IGNORE",
    "LOW_RESOLUTION_TIME",
    "SILENT",
    "EXPORT_ALL_VARIABLES",
    "ONESHELL",
    "POSIX",
  ].map((each) => `.${each}`),
);

export function importMakefile(text: string, fileName = "Makefile"): Imported {
  requireSize(text);
  const collector = new Collector();
  const rules = read(text, collector);
  const { targets, phony } = rules;
  const isNeeded = new Set([...phony.keys()].flatMap((name) => phonyBelow(name, rules)));
  const done = new Set<string>();
  for (const name of phony.keys())
    if (!isNeeded.has(name) && targets.has(name)) addWorkflow(collector, fileName, name, rules, done);
  for (const [name, line] of phony)
    if (!targets.has(name)) collector.report(line, `.PHONY: ${name}`, "the file has no rule for this target");
    else if (!done.has(name))
      collector.report(targets.get(name)?.line ?? line, name, "the targets depend on each other in a cycle");
  if (phony.size === 0)
    collector.report(1, fileName, "no target is declared `.PHONY`, and make still builds the files");
  for (const [name, line] of goalsOf(rules))
    collector.report(line, name, "it is not declared `.PHONY`, and make still builds the files");
  for (const [name, { line, reason }] of rules.variables.open)
    if (!rules.variables.set.has(name)) collector.report(line, name, reason);
  return collector.finish();
}

/** Returns the phony targets with their lines, and what else a user may call. */
export function makeTargets(text: string): {
  readonly phony: ReadonlyMap<string, number>;
  readonly others: readonly Untranslated[];
} {
  requireSize(text);
  const rules = read(text, new Collector());
  const others = [...goalsOf(rules)].map(([construct, line]) => ({
    line,
    construct,
    reason: "the target is not declared `.PHONY`",
  }));
  const isComputed = (name: string) => name.includes("$");
  for (const [name, line] of rules.phony)
    if (isComputed(name))
      others.push({ line, construct: `.PHONY: ${name}`, reason: "make computes the names of the targets" });
  return { phony: new Map([...rules.phony].filter(([name]) => !isComputed(name))), others };
}

/** Returns the targets that are not phony, and that no other target needs: its needs are built with a target. */
function goalsOf({ targets, phony }: Rules): ReadonlyMap<string, number> {
  const needed = new Set([...targets.values()].flatMap(({ needs }) => [...needs]));
  return new Map(
    [...targets].flatMap(([name, { line }]) => (phony.has(name) || needed.has(name) ? [] : [[name, line]])),
  );
}

function read(text: string, collector: Collector): Rules {
  const variables: Variables = { set: new Set(), open: new Map() };
  const rules: Rules = {
    targets: new Map(),
    phony: new Map(),
    variables,
    ownVariables: new Map(),
    isParallel: false,
  };
  const lines = text.split(/\r?\n/);
  let [isDefine, isOrdered] = [false, false];
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    let entry = lines[index] ?? "";
    while (entry.endsWith("\\") && index + 1 < lines.length)
      entry = `${entry.slice(0, -1)} ${lines[++index] ?? ""}`;
    // References to variables may contain any characters.
    const masked = withoutReferences(entry);
    const skipReason = reasonToSkip(entry);
    readVariables(entry, masked, line, variables);
    if (isDefine) isDefine = !/^\s*endef\b/.test(entry);
    else if (/^\s*define\b/.test(entry)) isDefine = true;
    else if (skipReason !== undefined) collector.report(line, entry, skipReason);
    else if (parallel.test(entry)) rules.isParallel = true;
    else if (/^\.NOTPARALLEL\b/.test(entry)) isOrdered = true;
    else if (!entry.startsWith("\t") && !assignment.test(masked))
      readRule({ entry, masked, line }, rules, collector);
  }
  if (isOrdered) rules.isParallel = false;
  return rules;
}

/** Variables that make sets itself, or has a default for. */
const builtinVariables = new RegExp(
  `^(?:${[
    ...[
      "MAKE",
      "MAKEFILE_LIST",
      "MAKEFILES",
      "MAKEFLAGS",
      "MAKELEVEL",
      "MAKE_COMMAND",
      "MAKE_HOST",
      "MAKE_VERSION",
    ],
    ...[
      "CURDIR",
      "SHELL",
      "VPATH",
      "SUFFIXES",
      "LIBPATTERNS",
      "AR",
      "AS",
      "CC",
      "CXX",
      "CPP",
      "FC",
      "LD",
      "LEX",
      "YACC",
    ],
    ...[
      "RM",
      "TEX",
      "CTANGLE",
      "WEAVE",
      "TANGLE",
      "INFO",
      "MAKEINFO",
      "INSTALL",
      "HOME",
      "PATH",
      "PWD",
      "USER",
      "\\w*FLAGS",
    ],
    "[.]\\w+",
  ].join("|")})$`,
);

/** Records the variables that a line sets and uses. */
function readVariables(entry: string, masked: string, line: number, { set, open }: Variables): void {
  const found = /^\s*define\s+(\S+)/.exec(entry) ?? (entry.startsWith("\t") ? null : assignment.exec(masked));
  const [, name = "", operator = "="] = found ?? ofTarget(masked) ?? [];
  // A variable of one target does not replace `?=` for the others.
  if (name !== "" && operator !== "?=" && (found !== null || !open.has(name))) set.add(name);
  const recordUse = (used: string, reason: string) => {
    if (!open.has(used) && !builtinVariables.test(used)) open.set(used, { line, reason });
  };
  if (name !== "" && operator === "?=")
    recordUse(name, "the environment of the worker may set it, not the input");
  if (/^\s*#/.test(entry)) return;
  for (const [, loop] of entry.matchAll(/\$[({]foreach\s+(\w+)\s*,/g)) if (loop !== undefined) set.add(loop);
  for (const [, , used = ""] of entry.replaceAll("$$", "").matchAll(/\$([({])([A-Za-z_][\w.-]*)(?=[)}:])/g))
    recordUse(
      used,
      used === "MAKECMDGOALS"
        ? "it is the target of the task, not that of the workflow"
        : "the file does not set it: it comes from the environment of the worker",
    );
}

/** A variable of one target: `test: MODE = fast`. */
function ofTarget(masked: string): RegExpExecArray | null {
  return rule.test(masked) ? assignment.exec(masked.replace(/^[^:]*::?/, "")) : null;
}

/** Returns why a line that is not a rule is listed. */
function reasonToSkip(entry: string): string | undefined {
  if (/^\s*(ifn?def|ifn?eq)\b/.test(entry))
    return "make evaluates the condition. Targets of both branches are read";
  if (/^\s*-?s?include\b/.test(entry)) return "targets of other files are not imported";
  if (/^\.RECIPEPREFIX\b/.test(entry)) return "recipes start with another character";
  if (/^ *\$[({](?:eval|foreach|call)\b/.test(entry)) return "targets that it defines are not imported";
  return undefined;
}

/** Returns a line of the same length, with `$____` instead of `$(a:%=b)`. */
function withoutReferences(entry: string): string {
  let masked = entry;
  for (let before = ""; before !== masked; ) {
    before = masked;
    masked = masked.replace(/\$(?:\([^()]*\)|\{[^{}]*\})/g, (found) => `$${"_".repeat(found.length - 1)}`);
  }
  return masked;
}

interface Line {
  readonly entry: string;
  readonly masked: string;
  readonly line: number;
}

function readRule(
  { entry, masked, line }: Line,
  { targets, phony, ownVariables }: Rules,
  collector: Collector,
): void {
  const [all = "", left, , right = ""] = rule.exec(masked) ?? [];
  if (left === undefined) return;
  // A variable of one target: `test: MODE = fast`.
  const own = assignment.exec(masked.slice(left.length).replace(/^\s*::?/, ""));
  if (own !== null) {
    if (!/\bprivate\s/.test(own[0]))
      for (const name of left.split(/\s+/)) if (!ownVariables.has(name)) ownVariables.set(name, line);
    return;
  }
  if (right.includes(":")) {
    collector.report(line, entry, "a pattern rule is not imported");
    return;
  }
  const wordsAt = (part: string, from: number) =>
    [...part.matchAll(/\S+/g)].map(({ 0: word, index }) =>
      entry.slice(from + index, from + index + word.length),
    );
  const needs = wordsAt(right.replace("|", " "), all.length - right.length);
  // Several targets of one recipe: `a b &: c`.
  const names = wordsAt(left.replace(/&$/, ""), 0);
  for (const name of names) {
    if (name === ".PHONY") for (const each of needs) phony.set(each, phony.get(each) ?? line);
    else if (settings.has(name)) continue;
    else if (name.includes("%") || (name.startsWith(".") && !name.includes("/")))
      collector.report(line, entry, "a pattern rule is not imported");
    else if (name.includes("$")) collector.report(line, entry, "a target with a variable is not imported");
    else {
      const target = targets.get(name) ?? { line, needs: new Set<string>() };
      for (const each of needs) target.needs.add(each);
      targets.set(name, target);
    }
  }
}

/** Returns the phony targets that a target needs directly. */
function phonyBelow(name: string, { targets, phony }: Rules): string[] {
  return [...(targets.get(name)?.needs ?? [])].filter(
    (need) => need !== name && phony.has(need) && targets.has(need),
  );
}

/** The phony targets below a goal, each behind those that make does before it. The goal is the last one. */
function inOrder(goal: string, rules: Rules): readonly string[] {
  const sorted = new Set<string>();
  const seen = new Set<string>();
  const open = [goal];
  for (let name = open.at(-1); name !== undefined; name = open.at(-1)) {
    const below = seen.has(name) ? [] : tasksBelow(name, rules).filter((need) => !seen.has(need));
    seen.add(name);
    open.push(...below.toReversed());
    if (below.length > 0) continue;
    sorted.add(name);
    open.pop();
  }
  return [...sorted];
}

/** The phony targets that are tasks before the task of a target. Make gives a variable of a target to those below it. */
function tasksBelow(name: string, rules: Rules): readonly string[] {
  return rules.ownVariables.has(name) ? [] : phonyBelow(name, rules);
}

/** All phony targets below a target, through phony ones. */
function allBelow(name: string, rules: Rules): ReadonlySet<string> {
  const found = new Set(phonyBelow(name, rules));
  for (const each of found) for (const need of phonyBelow(each, rules)) found.add(need);
  return found;
}

/** @param done targets that have a task */
function addWorkflow(
  collector: Collector,
  fileName: string,
  goal: string,
  rules: Rules,
  done: Set<string>,
): void {
  const tasks: Record<string, Json> = {};
  const ids = new Map<string, string>();
  const idOf = (name: string): string => {
    const usedIds = new Set(ids.values());
    // `build/all` and `build-all` are two targets.
    const id = ids.get(name) ?? firstFree(nameFrom(name), (each) => usedIds.has(each));
    ids.set(name, id);
    return id;
  };
  idOf(goal);
  const created = new Set<string>();
  let previous: string | undefined;
  for (const name of inOrder(goal, rules)) {
    const below = tasksBelow(name, rules);
    const own = rules.ownVariables.get(name);
    const inside = own === undefined ? [] : [...allBelow(name, rules)];
    const known = own === undefined ? below : inside.filter((each) => created.has(each) && !rules.isParallel);
    for (const each of [name, ...inside]) done.add(each);
    const { line = 1, needs = new Set<string>() } = rules.targets.get(name) ?? {};
    if (own !== undefined && inside.length > known.length)
      collector.report(
        own,
        `variable of ${name}`,
        "the targets below have it too. One task does all of them",
      );
    for (const need of needs)
      if (need.includes("$"))
        collector.report(line, `${name}: ${need}`, "make builds the targets of the variable");
      else if (throughFiles(need, rules))
        collector.report(line, `${name}: ${need}`, "a file depends on a phony target, which make runs again");
      else if (need === ".WAIT" && rules.isParallel)
        collector.report(line, `${name}: ${need}`, "independent tasks run in parallel");
    const earlier = rules.isParallel || previous === undefined ? below : [...new Set([...below, previous])];
    const id = idOf(name);
    tasks[id] = {
      uses: "shell",
      with: { command: ["make", "-f", fileName, ...known.flatMap((each) => ["-o", each]), name] },
      retry: 1,
      ...(earlier.length > 0 && { needs: earlier.map(idOf) }),
    };
    created.add(name);
    previous = name;
  }
  const workflow = collector.freeName(`make-${goal}`);
  collector.add(
    { workflow, description: `The target ${goal} of ${fileName}.`, tasks },
    rules.targets.get(goal)?.line ?? 1,
  );
}

/** Returns whether a needed file leads to a phony target. */
function throughFiles(name: string, { targets, phony }: Rules): boolean {
  const seen = new Set<string>();
  const open = phony.has(name) ? [] : [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const need of targets.get(next)?.needs ?? []) {
      if (phony.has(need)) return true;
      open.push(need);
    }
  }
  return false;
}
