import { needConditions, type PlanEdges, type PlanTask } from "../plan/plan.ts";
import type { Path } from "../problem.ts";
import type { Building, Draft } from "./building.ts";

const failure = needConditions.indexOf("failure");
const always = needConditions.indexOf("always");
const done = needConditions.indexOf("done");

/** Edges between tasks, and their problems. Linear in tasks and needs. */
export class Graph {
  readonly edges: PlanEdges;
  /** An order in which each task comes after its needs. Incomplete if there is a cycle. */
  readonly order: readonly number[];
  readonly #building: Building;

  constructor(building: Building) {
    this.#building = building;
    this.edges = edgesOf(building.drafts);
    this.order = this.#ordered();
    building.steps.charge(building.drafts.length + this.edges.targets.length);
  }

  /** Reports cycles, and tasks that never run. */
  check(tasks: readonly PlanTask[]): void {
    this.#reportCycles();
    this.#reportUnreachable(tasks);
    this.#checkSendBackTargets();
  }

  #ordered(): number[] {
    const { drafts } = this.#building;
    const missing = drafts.map(({ needs }) => needs.size);
    const order = drafts.filter(({ needs }) => needs.size === 0).map(({ number }) => number);
    for (let next = 0; next < order.length; next++) {
      for (const target of this.#targets(order[next] ?? 0)) {
        const remaining = (missing[target] ?? 0) - 1;
        missing[target] = remaining;
        if (remaining === 0) order.push(target);
      }
    }
    return order;
  }

  *#targets(task: number): Generator<number> {
    const { offsets, targets } = this.edges;
    for (let at = offsets[task] ?? 0; at < (offsets[task + 1] ?? 0); at++) yield targets[at] ?? 0;
  }

  /** Reports every cycle once, by one path around it. */
  #reportCycles(): void {
    const { drafts } = this.#building;
    const ordered = new Uint8Array(drafts.length);
    for (const number of this.order) ordered[number] = 1;
    /** 1 for tasks that can be ordered, otherwise the number of the walk that visited them, from 2. */
    const walks = new Uint32Array(ordered);
    let walk = 1;
    for (const start of drafts) {
      if (walks[start.number] !== 0) continue;
      walk += 1;
      const visited: number[] = [];
      let at: number | undefined = start.number;
      while (at !== undefined && walks[at] === 0) {
        walks[at] = walk;
        visited.push(at);
        at = firstUnordered(drafts[at], ordered);
      }
      if (at !== undefined && walks[at] === walk) this.#reportCycle(visited.slice(visited.indexOf(at)));
    }
  }

  #reportCycle(cycle: readonly number[]): void {
    const drafts = cycle.map((number) => this.#building.drafts[number]);
    const ids = drafts.map((draft) => draft?.id ?? "");
    const listed = ids.length > 12 ? [...ids.slice(0, 6), "…", ...ids.slice(-5)] : ids;
    const [first] = drafts;
    const message = `the needs of tasks form a cycle: ${[...listed, ids[0]].join(" → ")}`;
    this.#building.findings.error("cycle", first?.path ?? [], message, {
      key: true,
      expected: "an order in which one task comes first",
    });
  }

  /** Reports tasks with a condition that is always false, and tasks that need their success. */
  #reportUnreachable(tasks: readonly PlanTask[]): void {
    const { drafts, findings, programs } = this.#building;
    /** 1 if its own condition skips it, which meets a default need. 2 if a need skips it. */
    const never = new Uint8Array(drafts.length);
    for (const number of this.order) {
      const draft = drafts[number];
      const when = programs.programs[tasks[number]?.when ?? -1];
      if (draft === undefined) continue;
      if (when?.form === "constant" && when.source === false) {
        never[number] = 1;
        findings.warning(
          "unreachable",
          [...draft.path, "when"],
          "this task is never done: its condition is always false",
        );
        continue;
      }
      for (const [needed, condition] of draft.needs) {
        const isLost = condition === done ? never[needed] === 2 : never[needed] !== 0;
        if (condition !== always && isLost) {
          never[number] = 2;
          const message = `this task is never done: it needs \`${drafts[needed]?.id}\`, which is never done`;
          findings.warning("unreachable", draft.path, message, {
            key: true,
            expected: "a need that can be met, or `on: always`",
          });
          break;
        }
        if (condition === failure && cannotFail(drafts[needed])) {
          never[number] = 2;
          const message = `this task is never done: it needs a failure of \`${drafts[needed]?.id}\`, which cannot fail`;
          findings.warning("unreachable", draft.path, message, { key: true });
          break;
        }
      }
    }
  }

  /** Work can be sent back only to tasks that the gate depends on. */
  #checkSendBackTargets(): void {
    for (const draft of this.#building.drafts) {
      const { gate, checks } = draft.document;
      const targets: [id: string | undefined, path: Path][] = [
        [gate?.sendBack, [...draft.path, "gate", "sendBack"]],
      ];
      for (const [index, { sendBackTo }] of (checks ?? []).entries())
        targets.push([sendBackTo, [...draft.path, "checks", index, "sendBackTo"]]);
      for (const [id, path] of targets) {
        const number = id === undefined ? undefined : this.#building.namesOf(draft.scope).numbers.get(id);
        if (number === undefined || number === draft.number || this.#dependsOn(draft, number)) continue;
        this.#building.findings.error(
          "unknown_task",
          path,
          `work can be sent back only to a task that \`${draft.id}\` rests on, and \`${id}\` is none`,
          { expected: "a task in its needs, or in theirs" },
        );
      }
    }
  }

  #dependsOn(draft: Draft, target: number): boolean {
    const open = [...draft.needs.keys()];
    const visited = new Set(open);
    for (let number = open.pop(); number !== undefined; number = open.pop()) {
      if (number === target) return true;
      this.#building.steps.charge(1);
      for (const needed of this.#building.drafts[number]?.needs.keys() ?? []) {
        if (visited.has(needed)) continue;
        visited.add(needed);
        open.push(needed);
      }
      // Stops here to avoid false reports, and to keep many gates over a large graph cheap.
      if (visited.size > 10_000) return true;
    }
    return false;
  }
}

function cannotFail(draft: Draft | undefined): boolean {
  const wait = draft?.document.wait;
  return (
    wait !== undefined &&
    draft?.document.timeout === undefined &&
    (typeof wait === "string" ? !wait.includes("${{") : wait.for !== undefined && !wait.for.includes("${{"))
  );
}

function firstUnordered(draft: Draft | undefined, ordered: Uint8Array): number | undefined {
  for (const needed of draft?.needs.keys() ?? []) if (ordered[needed] === 0) return needed;
  return undefined;
}

function edgesOf(drafts: readonly Draft[]): PlanEdges {
  const counts = new Uint32Array(drafts.length + 1);
  let total = 0;
  for (const { needs } of drafts) {
    for (const needed of needs.keys()) counts[needed] = (counts[needed] ?? 0) + 1;
    total += needs.size;
  }
  const offsets = new Array<number>(drafts.length + 1).fill(0);
  for (let task = 0; task < drafts.length; task++)
    offsets[task + 1] = (offsets[task] ?? 0) + (counts[task] ?? 0);
  const next = [...offsets];
  const targets = new Array<number>(total).fill(0);
  const conditions = new Array<number>(total).fill(0);
  for (const { number, needs } of drafts) {
    for (const [needed, condition] of needs) {
      const at = next[needed] ?? 0;
      next[needed] = at + 1;
      targets[at] = number;
      conditions[at] = condition;
    }
  }
  return { offsets, targets, conditions };
}
