/**
 * Draws a graph as rails: one row per task, in the order in which tasks can run, with lines for the needs on the left.
 * Tasks that can run concurrently are on adjacent lanes.
 *
 * 1. A lane leads from a task to a dependent task. Lanes that lead to the same task join above it: `├─┴─╯`.
 * 2. If a task leads to several tasks, its lane splits below it: `├─┬─╮`.
 * 3. `┼` is always a crossing, never a joint.
 * 4. Two adjacent rows in one lane always depend on each other. As long as tasks without needs follow, the lane of a
 *    task without dependents stays reserved.
 */
import { dependentsOf, type Ordered } from "./order.ts";

export interface Row {
  /** Index of the task. Undefined for a row with only lines. */
  readonly task: number | undefined;
  /** Text to the left of the task's symbol. The whole row without a task. */
  readonly before: string;
  /** Text to the right of the symbol. */
  readonly after: string;
}

export interface Rails {
  readonly rows: readonly Row[];
  /** Columns of the rails. */
  readonly width: number;
}

/** Draws the rails. Undefined if more than `lanesMax` lanes are needed. */
export function railsOf({ order, needs }: Ordered, lanesMax: number): Rails | undefined {
  const lanes = new Lanes();
  const rows: Row[] = [];
  const after = dependentsOf(needs);
  const rank = new Map(order.map((task, place) => [task, place]));
  let remainingRoots = needs.filter((own) => own.length === 0).length;
  for (const task of order) {
    const own = lanes.assign(task, rows);
    rows.push(lanes.rowOf(task, own));
    if (needs[task]?.length === 0) remainingRoots -= 1;
    lanes.hold = remainingRoots > 0;
    const next = [...(after[task] ?? [])].sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
    lanes.lead(own, next, rows);
    if (lanes.most > lanesMax) return undefined;
  }
  return { rows, width: Math.max(0, 2 * lanes.most - 1) };
}

/** Returns the lines above a row. */
export function linesAbove({ task, before, after }: Row, { needs }: Ordered): string {
  const own = task === undefined ? "" : needs[task]?.length === 0 ? " " : "│";
  return `${before}${own}${after}`
    .replace(/[├┴╯┼]/g, "│")
    .replace(/[─┬╮]/g, " ")
    .trimEnd();
}

/** Target of a reserved lane that leads to no task. */
const nowhere = -1;

class Lanes {
  /** Target task of each lane. Undefined for a free lane. */
  readonly #leadsTo: (number | undefined)[] = [];
  #most = 0;
  #holds = false;

  /** Whether lanes without a target stay reserved. */
  set hold(holds: boolean) {
    this.#holds = holds;
    if (holds) return;
    for (const [lane, to] of this.#leadsTo.entries()) if (to === nowhere) this.#leadsTo[lane] = undefined;
  }

  get most(): number {
    return this.#most;
  }

  /** Returns the lane of a task, after joining all lanes that lead to it. */
  assign(task: number, rows: Row[]): number {
    const members = this.#leadsTo.flatMap((to, lane) => (to === task ? [lane] : []));
    const [own = this.#free(0)] = members;
    if (members.length > 1) {
      rows.push(this.#link(own, members, { end: "╯", between: "┴" }));
      for (const lane of members.slice(1)) this.#leadsTo[lane] = undefined;
    }
    this.#set(own, task);
    return own;
  }

  rowOf(task: number, own: number): Row {
    const text = this.#leadsTo.map((to, lane) => (lane === own || to === undefined ? " " : "│")).join(" ");
    return { task, before: text.slice(0, 2 * own), after: text.slice(2 * own + 1) };
  }

  /** Leads the lane to the next tasks. The first task continues the lane, the others get lanes next to it. */
  lead(own: number, next: readonly number[], rows: Row[]): void {
    const [first, ...others] = next;
    this.#leadsTo[own] = first ?? (this.#holds ? nowhere : undefined);
    if (others.length > 0) {
      const fresh = others.map((task) => {
        const lane = this.#free(own + 1);
        this.#set(lane, task);
        return lane;
      });
      rows.push(this.#link(own, [own, ...fresh], { end: "╮", between: "┬" }));
    }
    while (this.#leadsTo.length > 0 && this.#leadsTo.at(-1) === undefined) this.#leadsTo.pop();
  }

  #free(from: number): number {
    let lane = from;
    while (this.#leadsTo[lane] !== undefined) lane += 1;
    return lane;
  }

  #set(lane: number, task: number): void {
    while (this.#leadsTo.length < lane) this.#leadsTo.push(undefined);
    this.#leadsTo[lane] = task;
    this.#most = Math.max(this.#most, this.#leadsTo.length);
  }

  #link(own: number, members: readonly number[], { end, between }: Joints): Row {
    const last = Math.max(...members);
    const text = this.#leadsTo
      .map((to, lane) => {
        const isInside = lane > own && lane < last;
        const line = lane >= own && lane < last ? "─" : " ";
        if (lane === own) return `├${line}`;
        if (lane === last) return `${end}${line}`;
        if (isInside && members.includes(lane)) return `${between}${line}`;
        if (to !== undefined) return `${isInside ? "┼" : "│"}${line}`;
        return isInside ? "──" : "  ";
      })
      .join("");
    return { task: undefined, before: text.trimEnd(), after: "" };
  }
}

interface Joints {
  readonly end: string;
  readonly between: string;
}
