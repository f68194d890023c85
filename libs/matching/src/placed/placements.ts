/**
 * The agent that was chosen for each task, and the other agents that had room: kept for an hour after the
 * task has left, as far as memory allows. In columns, one row per placement. The newest row replaces the
 * oldest.
 */

import type { Agent } from "../agents/agent.ts";
import { placementsMax, placementsMs } from "../bounds.ts";
import type { CohortMatch } from "../demand/matches.ts";
import type { Profile, Task } from "../task/task.ts";

/** Number of other agents with room that are kept with the chosen one. */
const othersMax = 3;
const columnsOfAgents = othersMax + 1;
const rowsMin = 256;

export interface Placement {
  readonly profile: Profile;
  readonly workId: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly readyMs: number;
  readonly atMs: number;
  /** Number of agents of the same kind, and number of those with room. */
  readonly agents: number;
  readonly withRoom: number;
  /** Share of the preferred labels that these agents have. */
  readonly preference: number;
  /** The chosen agent first, then others that had room, each with its rank. */
  readonly ranks: readonly { readonly agentId: string; readonly rank: number }[];
}

export class Placements {
  #rows = 0;
  /** Index of the next row, and number of full rows. */
  #next = 0;
  #size = 0;
  #works: string[] = [];
  #tasks: string[] = [];
  #agents: string[] = [];
  #profiles: (Profile | undefined)[] = [];
  #ranks = new Float32Array(0);
  #times = new Float64Array(0);
  #counts = new Float32Array(0);
  /** Time of the latest row that was dropped. */
  #forgottenMs = 0;

  /** Returns the time of the latest forgotten placement. 0 if all are known. */
  forgottenUntilMs(nowMs: number): number {
    this.#forgetOld(nowMs);
    return this.#forgottenMs;
  }

  /** Records a placement before the agent has the task. */
  record(task: Task, agent: Agent, { cohort, preference }: CohortMatch, nowMs: number): void {
    if (this.#size === this.#rows) this.#grow(nowMs);
    const row = this.#next;
    this.#next = (row + 1) % this.#rows;
    this.#size++;
    const { workId, taskId } = task.offer;
    this.#works[row] = workId;
    this.#tasks[row] = taskId;
    this.#profiles[row] = task.profile;
    this.#times[2 * row] = nowMs;
    this.#times[2 * row + 1] = task.readyMs;
    const { items } = cohort.ready;
    const counts = 4 * row;
    this.#counts[counts] = cohort.agents.size;
    this.#counts[counts + 1] = items.length;
    this.#counts[counts + 2] = preference;
    this.#counts[counts + 3] = task.attempt;
    let column = columnsOfAgents * row;
    const end = column + columnsOfAgents;
    this.#agents[column] = agent.agentId;
    this.#ranks[column++] = agent.rank;
    for (let at = 0; at < items.length && column < end; at++) {
      const other = items[at] as Agent;
      if (other === agent) continue;
      this.#agents[column] = other.agentId;
      this.#ranks[column++] = other.rank;
    }
    while (column < end) this.#agents[column++] = "";
  }

  /** Returns the latest placement of a task. */
  find(
    isMatch: (profile: Profile, workId: string, taskId: string, agentId: string) => boolean,
    nowMs: number,
  ): Placement | undefined {
    this.#forgetOld(nowMs);
    for (let age = 1; age <= this.#size; age++) {
      const row = (this.#next - age + this.#rows) % this.#rows;
      const profile = this.#profiles[row];
      const [workId = "", taskId = ""] = [this.#works[row], this.#tasks[row]];
      const agentId = this.#agents[columnsOfAgents * row] ?? "";
      if (profile !== undefined && isMatch(profile, workId, taskId, agentId)) return this.#at(row, profile);
    }
    return undefined;
  }

  #at(row: number, profile: Profile): Placement {
    const first = columnsOfAgents * row;
    const ranks = this.#agents
      .slice(first, first + columnsOfAgents)
      .map((agentId, at) => ({ agentId, rank: this.#ranks[first + at] ?? 0 }))
      .filter(({ agentId }) => agentId !== "");
    const [agents = 0, withRoom = 0, preference = 0, attempt = 0] = this.#counts.slice(4 * row, 4 * row + 4);
    const [atMs = 0, readyMs = 0] = this.#times.slice(2 * row, 2 * row + 2);
    const [workId = "", taskId = ""] = [this.#works[row], this.#tasks[row]];
    return { profile, workId, taskId, attempt, readyMs, atMs, agents, withRoom, preference, ranks };
  }

  /** Makes room for one more row: adds rows, or drops the oldest. */
  #grow(nowMs: number): void {
    if (this.#rows >= placementsMax) {
      // The oldest row is the one that is written next.
      this.#forgottenMs = this.#times[2 * this.#next] ?? 0;
      this.#size--;
      return;
    }
    this.#forgetOld(nowMs);
    if (this.#size < this.#rows) return;
    // All rows are full: the oldest is the next one, and the rows before it are younger.
    const first = this.#next;
    const turned = <Value>(column: readonly Value[], width: number): Value[] => [
      ...column.slice(first * width),
      ...column.slice(0, first * width),
    ];
    this.#works = turned(this.#works, 1);
    this.#tasks = turned(this.#tasks, 1);
    this.#profiles = turned(this.#profiles, 1);
    this.#agents = turned(this.#agents, columnsOfAgents);
    const rows = Math.min(placementsMax, Math.max(rowsMin, 2 * this.#rows));
    this.#times = Float64Array.from({ length: 2 * rows }, at(turned([...this.#times], 2)));
    this.#counts = Float32Array.from({ length: 4 * rows }, at(turned([...this.#counts], 4)));
    const ranks = turned([...this.#ranks], columnsOfAgents);
    this.#ranks = Float32Array.from({ length: columnsOfAgents * rows }, at(ranks));
    this.#next = this.#size;
    this.#rows = rows;
  }

  #forgetOld(nowMs: number): void {
    while (this.#size > 0 && (this.#times[2 * this.#oldest] ?? 0) < nowMs - placementsMs)
      this.#forgetOldest();
  }

  #forgetOldest(): void {
    const row = this.#oldest;
    this.#forgottenMs = this.#times[2 * row] ?? 0;
    this.#works[row] = "";
    this.#tasks[row] = "";
    this.#profiles[row] = undefined;
    this.#agents.fill("", columnsOfAgents * row, columnsOfAgents * (row + 1));
    this.#size--;
  }

  get #oldest(): number {
    return (this.#next - this.#size + this.#rows) % this.#rows;
  }
}

function at(values: readonly number[]): (_: unknown, index: number) => number {
  return (_, index) => values[index] ?? 0;
}
