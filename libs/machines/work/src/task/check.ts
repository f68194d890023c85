/** Checks tasks before they are added: ids, needs, expressions, cycles. */
import type { TaskSpec } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import { bytesOf, dataOfPayload } from "../data/data.ts";
import { conditionText, dataExpressionOf, expressionOf, hasExpressions } from "../evaluate/programs.ts";

/** Maximum number of named tasks of a cycle. */
const listedMax = 10;

export function taskProblem(spec: ReadOnly<TaskSpec>, isKnown: (id: string) => boolean): string | undefined {
  const { id, work, needs, when, checks, input } = spec;
  if (id === "") return "expected an id";
  if (work === undefined || (work.$case === "capability" ? work.value : work.value.name) === "")
    return "expected a capability, or the definition of a child";
  const unknown = needs.find(({ task }) => !isKnown(task));
  if (unknown !== undefined) return `expected a task ${unknown.task} that it needs, got none`;
  if (when !== "") {
    const compiled = expressionOf(conditionText(when), "task", true);
    if (!compiled.ok) return `\`when\`: ${compiled.problem}`;
  }
  for (const check of checks) {
    const compiled = expressionOf(conditionText(check.condition), "check", true);
    if (!compiled.ok) return `check ${check.name}: ${compiled.problem}`;
    if (check.sendBackTo !== "" && check.sendBackTo !== id)
      return `check ${check.name}: expected to send back to this task, got ${check.sendBackTo}; other tasks are not done again in a mission`;
  }
  const bytes = bytesOf(dataOfPayload(input as TaskSpec["input"]));
  if (bytes.length === 0 || !hasExpressions(bytes)) return undefined;
  const made = dataExpressionOf(Buffer.from(bytes).toString("utf8"));
  return made.ok ? undefined : `input: ${made.problem}`;
}

/** Returns a task that indirectly needs itself. Earlier tasks need no new ones. */
export function circleProblem(
  specs: readonly TaskSpec[],
  ids: ReadonlySet<string>,
): { readonly task: string; readonly problem: string } | undefined {
  const open = new Map<string, number>();
  const followers = new Map<string, string[]>();
  for (const { id, needs } of specs) {
    const among = needs.filter(({ task }) => ids.has(task));
    open.set(id, among.length);
    for (const { task } of among) {
      const list = followers.get(task) ?? [];
      list.push(id);
      followers.set(task, list);
    }
  }
  const ready = [...open].filter(([, count]) => count === 0).map(([id]) => id);
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    open.delete(id);
    for (const follower of followers.get(id) ?? []) {
      const remaining = (open.get(follower) ?? 0) - 1;
      open.set(follower, remaining);
      if (remaining === 0) ready.push(follower);
    }
  }
  if (open.size === 0) return undefined;
  const circle = circleAmong(specs, open);
  const [task = ""] = circle;
  const listed = circle.length > listedMax ? [...circle.slice(0, listedMax), "…"] : circle;
  return {
    task,
    problem: `expected needs without a cycle, got a cycle: ${[...listed, task].join(" → ")}`,
  };
}

/** Maximum number of tasks that start together. */
const gangMax = 100;

/** Returns a task of a gang whose members could not start together. A gang is complete when it is added. */
export function gangProblem(
  specs: readonly TaskSpec[],
  isUsed: (gang: string) => boolean,
): { readonly task: string; readonly problem: string } | undefined {
  const gangs = new Map<string, TaskSpec[]>();
  for (const spec of specs)
    if (spec.gang !== "") gangs.set(spec.gang, [...(gangs.get(spec.gang) ?? []), spec]);
  for (const [gang, members] of gangs) {
    const [first] = members;
    if (first === undefined) continue;
    const found = (task: string, reason: string) => ({ task, problem: `gang \`${gang}\`: ${reason}` });
    if (isUsed(gang))
      return found(first.id, "expected all members to be added together, got earlier tasks of this gang");
    if (members.length < 2 || members.length > gangMax)
      return found(
        first.id,
        `expected 2 to ${gangMax} members that are added together, got ${members.length}`,
      );
    for (const spec of members) {
      const excluded = excludedIn(spec);
      if (excluded !== undefined)
        return found(spec.id, `expected no ${excluded}, which a member cannot have`);
      if (needsText(spec) !== needsText(first))
        return found(spec.id, `expected the same \`needs\` as ${first.id}, got others`);
    }
  }
  return undefined;
}

/** Each of these can skip one member, or start it at another time. */
function excludedIn({ work, when, cache, mayBeDoubled }: TaskSpec): string | undefined {
  if (work?.$case !== "capability") return `\`${work?.$case}\``;
  if (when !== "") return "`when`";
  if (cache !== undefined) return "`cache`";
  return mayBeDoubled ? "`mayBeDoubled`" : undefined;
}

function needsText({ needs }: TaskSpec): string {
  return [...new Set(needs.map(({ task, condition }) => `${task} ${condition}`))].sort().join("\n");
}

/** Every open task needs another open one, so a walk along the needs returns to a visited task. */
function circleAmong(specs: readonly TaskSpec[], open: ReadonlyMap<string, number>): readonly string[] {
  const needOf = new Map<string, string>();
  for (const { id, needs } of specs) {
    const next = needs.find(({ task }) => open.has(task));
    if (open.has(id) && next !== undefined) needOf.set(id, next.task);
  }
  const path = new Set<string>();
  let at = needOf.keys().next().value ?? "";
  for (; !path.has(at); at = needOf.get(at) ?? "") path.add(at);
  const visited = [...path];
  return visited.slice(visited.indexOf(at));
}
