import { taskNamed } from "../check/environment.ts";
import { type NeedConditionWord, needConditions } from "../plan/plan.ts";
import type { Building, Draft } from "./building.ts";

/** Needs of tasks: from `needs`, and from references in expressions. */

const success = needConditions.indexOf("success");
const always = needConditions.indexOf("always");
const done = needConditions.indexOf("done");

export function readNeeds(building: Building, draft: Draft): void {
  const { needs } = draft.document;
  if (needs === undefined) return;
  const list = typeof needs === "string" ? [needs] : needs;
  const names = building.namesOf(draft.scope);
  for (const [index, need] of list.entries()) {
    building.steps.charge(1);
    const path = typeof needs === "string" ? [...draft.path, "needs"] : [...draft.path, "needs", index];
    const { task, on } = typeof need === "string" ? { task: need, on: undefined } : need;
    if (task === undefined) continue;
    const place = typeof need === "string" ? path : [...path, "task"];
    const number = names.sibling(task);
    if (number === undefined) {
      const suggestion = building.findings.suggest(task, otherTasks(names.numbers, draft));
      building.findings.error(
        "unknown_task",
        place,
        `unknown task \`${task}\`${suggestion === undefined ? "" : `. Did you mean \`${suggestion}\`?`}`,
        { expected: suggestion === undefined ? "a task in the same list" : `\`${suggestion}\`` },
      );
    } else if (number === draft.number)
      building.findings.error("cycle", place, `\`${task}\` needs itself`, { expected: "other tasks" });
    else {
      addStated(building, draft, { task, number, on: on ?? "done", path: place });
      if (on === undefined) draft.unstated.add(number);
    }
  }
}

/** Yields the tasks that a mistake in a task may mean: all but itself. */
export function* otherTasks(
  numbers: ReadonlyMap<string, number>,
  { number: own }: Pick<Draft, "number">,
): Generator<string> {
  for (const [id, number] of numbers) if (number !== own) yield id;
}

function addStated(
  building: Building,
  draft: Draft,
  need: {
    readonly task: string;
    readonly number: number;
    readonly on: NeedConditionWord;
    readonly path: readonly (string | number)[];
  },
): void {
  const condition = needConditions.indexOf(need.on);
  const known = draft.needs.get(need.number);
  if (known === undefined) draft.needs.set(need.number, condition);
  else if (known === condition)
    building.findings.warning("duplicate", need.path, `\`${need.task}\` is needed already`);
  else {
    const message = `\`${need.task}\` cannot end both with ${needConditions[known]} and with ${need.on}. This task would never be done`;
    building.findings.error("unreachable", need.path, message, { expected: "one outcome, or `always`" });
  }
}

/**
 * Adds the task that a name in an expression refers to, if `needs` does not state its condition. An expression that
 * reads `status` or `error` anywhere accepts any end. An expression that reads only the output needs success, even if
 * `needs` names the task without `on`. The order of expressions does not matter. Inside a loop, the loop needs the
 * tasks around it.
 */
export function addNeed(building: Building, draft: Draft, name: string): void {
  const { tasks } = building.environmentOf(draft);
  const inLoop = draft.body < 0 ? undefined : building.namesOf(draft.body).numbers;
  const { id, field } = taskNamed(
    name,
    (known) => tasks.find(known) !== undefined || inLoop?.has(known) === true,
  );
  const condition = field === "output" || field === undefined ? success : always;
  let needing: Draft | undefined = draft;
  while (needing !== undefined) {
    const names = building.namesOf(needing.scope);
    const number = names.sibling(id);
    if (number !== undefined) {
      if (number === needing.number) refuseOwn(building, draft, needing, id);
      else addImplied(needing, number, condition);
      return;
    }
    // Conditions and output of a loop see the tasks of its rounds.
    if (needing.body >= 0 && building.namesOf(needing.body).numbers.has(id)) return;
    needing = building.drafts[names.owner];
  }
}

function refuseOwn(building: Building, draft: Draft, needing: Draft, id: string): void {
  const inside = draft === needing ? "" : ", which it is a part of";
  building.findings.error(
    "cycle",
    draft.path,
    `\`${draft.id}\` refers to the output of \`${id}\`${inside}: it is not there before it has ended`,
    { key: true, expected: "other tasks; `round.last` is the output of the round before" },
  );
}

function addImplied({ needs, implied, unstated }: Draft, number: number, condition: number): void {
  const known = needs.get(number);
  if (known === done && condition === success && unstated.has(number)) {
    needs.set(number, success);
    return;
  }
  if (known !== undefined && !(implied.has(number) && condition === always)) return;
  needs.set(number, condition);
  implied.add(number);
}
