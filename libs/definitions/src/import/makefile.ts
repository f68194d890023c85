/**
 * A Makefile: each phony target that no other one needs becomes a workflow. Its tasks are the phony targets below it,
 * and `make` itself does each of them. Files remain what make decides.
 */
import type { Json } from "@tutti/expressions";
import { Collector, type Imported, nameFrom, requireSize } from "./imported.ts";

interface Target {
  readonly line: number;
  readonly needs: Set<string>;
}

const rule = /^([^\s:=#][^:=#]*?)\s*(::?)(?!=)([^;#]*)/;

export function importMakefile(text: string, fileName = "Makefile"): Imported {
  requireSize(text);
  const collector = new Collector();
  const { targets, phony } = read(text, collector);
  const isNeeded = new Set([...phony].flatMap((name) => phonyBelow(name, targets, phony)));
  for (const name of phony) {
    if (isNeeded.has(name)) continue;
    const target = targets.get(name);
    if (target !== undefined) addWorkflow(collector, fileName, name, targets, phony);
  }
  for (const name of phony)
    if (!targets.has(name)) collector.leave(1, `.PHONY: ${name}`, "the file has no rule for this target");
  if (phony.size === 0)
    collector.leave(1, fileName, "no target is declared `.PHONY`, and files are left to make");
  else {
    // What a phony target needs is made with it.
    const needed = new Set([...targets.values()].flatMap(({ needs }) => [...needs]));
    for (const [name, { line }] of targets)
      if (!phony.has(name) && !needed.has(name))
        collector.leave(line, name, "it is not declared `.PHONY`, and files are left to make");
  }
  return collector.finish();
}

function read(text: string, collector: Collector): { targets: Map<string, Target>; phony: Set<string> } {
  const targets = new Map<string, Target>();
  const phony = new Set<string>();
  const lines = text.split(/\r?\n/);
  let isDefine = false;
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    let entry = lines[index] ?? "";
    while (entry.endsWith("\\") && index + 1 < lines.length)
      entry = `${entry.slice(0, -1)} ${lines[++index] ?? ""}`;
    if (isDefine) isDefine = !/^\s*endef\b/.test(entry);
    else if (/^\s*define\b/.test(entry)) isDefine = true;
    else if (/^\s*(ifn?def|ifn?eq)\b/.test(entry))
      collector.leave(line, entry, "the condition is left to make. Targets of both branches are read");
    else if (/^\s*-?s?include\b/.test(entry))
      collector.leave(line, entry, "targets of other files are left to make");
    else if (!entry.startsWith("\t")) readRule(entry, line, { targets, phony, collector });
  }
  return { targets, phony };
}

interface Reading {
  readonly targets: Map<string, Target>;
  readonly phony: Set<string>;
  readonly collector: Collector;
}

function readRule(entry: string, line: number, { targets, phony, collector }: Reading): void {
  const [, left, , right = ""] = rule.exec(entry) ?? [];
  if (left === undefined) return;
  // A variable of one target: `test: MODE = fast`.
  if (/^\s*[\w.-]+\s*[:?+!]?=/.test(entry.slice(left.length).replace(/^\s*::?/, ""))) return;
  const needs = right
    .replace("|", " ")
    .trim()
    .split(/\s+/)
    .filter((name) => name !== "");
  for (const name of left.split(/\s+/)) {
    if (name === ".PHONY") for (const each of needs) phony.add(each);
    else if (name.startsWith(".") && !name.includes("/")) continue;
    else if (name.includes("%")) collector.leave(line, entry, "a pattern is left to make");
    else if (name.includes("$")) collector.leave(line, entry, "a target with a variable is left to make");
    else {
      const target = targets.get(name) ?? { line, needs: new Set<string>() };
      for (const each of needs) target.needs.add(each);
      targets.set(name, target);
    }
  }
}

/** The phony targets that a target needs itself. */
function phonyBelow(
  name: string,
  targets: ReadonlyMap<string, Target>,
  phony: ReadonlySet<string>,
): string[] {
  return [...(targets.get(name)?.needs ?? [])].filter(
    (need) => need !== name && phony.has(need) && targets.has(need),
  );
}

function addWorkflow(
  collector: Collector,
  fileName: string,
  goal: string,
  targets: ReadonlyMap<string, Target>,
  phony: ReadonlySet<string>,
): void {
  const tasks: Record<string, Json> = {};
  const open = [goal];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const id = nameFrom(name);
    if (tasks[id] !== undefined) continue;
    const below = phonyBelow(name, targets, phony);
    const { line = 1, needs = new Set<string>() } = targets.get(name) ?? {};
    for (const need of needs)
      if (need.includes("$"))
        collector.leave(line, `${name}: ${need}`, "make builds what the variable names");
      else if (throughFiles(need, targets, phony))
        collector.leave(line, `${name}: ${need}`, "a file needs a phony target, which make does again");
    const done = below.flatMap((need) => ["-o", need]);
    tasks[id] = {
      ...{ uses: "shell", with: { command: ["make", "-f", fileName, ...done, name] }, retry: 1 },
      ...(below.length > 0 && { needs: below.map(nameFrom) }),
    };
    open.push(...below);
  }
  const workflow = collector.freeName(`make-${goal}`);
  collector.add(
    { workflow, description: `The target ${goal} of ${fileName}.`, tasks },
    targets.get(goal)?.line ?? 1,
  );
}

/** Whether a file that is needed leads to a phony target. */
function throughFiles(
  name: string,
  targets: ReadonlyMap<string, Target>,
  phony: ReadonlySet<string>,
): boolean {
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
