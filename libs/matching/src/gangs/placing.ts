/**
 * Finds an agent for each member of a gang at once. Members are placed one by one. A member that finds no
 * agent moves members that were placed before it, so that as many are placed as slots allow.
 *
 * An agent counts once per free slot. A member with as many candidates as the gang has members always finds
 * one, so the search stops there.
 */
import type { Agent, Cohort } from "../agents/agent.ts";
import { isEverFit, isFit } from "../demand/fit.ts";
import type { CohortMatch } from "../demand/matches.ts";
import type { Task } from "../task/task.ts";

export interface Place {
  readonly agent: Agent;
  readonly match: CohortMatch;
}

/** The room of agents and limits. */
export interface Room {
  /** The agents of a cohort that may have room. */
  agentsOf(cohort: Cohort): Iterable<Agent>;
  fits(task: Task, agent: Agent): boolean;
  occupy(task: Task, agent: Agent): void;
  release(task: Task, agent: Agent): void;
}

/** Returns the places of as many members as possible. The room is unchanged afterwards. */
export function placesOf(tasks: Iterable<Task>, room: Room): Map<Task, Place> {
  const placing = new Placing([...tasks], room);
  return placing.run();
}

class Placing {
  readonly #room: Room;
  readonly #candidates = new Map<Task, readonly Place[]>();
  readonly #places = new Map<Task, Place>();

  constructor(tasks: readonly Task[], room: Room) {
    this.#room = room;
    const found = tasks.map((task) => [task, candidatesOf(task, room, tasks.length)] as const);
    // Members with the fewest candidates come first, so that fewer have to move.
    for (const [task, places] of found.sort(([, one], [, other]) => one.length - other.length))
      this.#candidates.set(task, places);
  }

  run(): Map<Task, Place> {
    for (const task of this.#candidates.keys()) this.#place(task, new Set());
    for (const [task, { agent }] of this.#places) this.#room.release(task, agent);
    return this.#places;
  }

  #place(task: Task, visited: Set<Agent>): boolean {
    const candidates = this.#candidates.get(task) ?? [];
    for (const place of candidates)
      if (this.#room.fits(task, place.agent)) {
        this.#occupy(task, place);
        return true;
      }
    for (const place of candidates) {
      if (visited.has(place.agent)) continue;
      visited.add(place.agent);
      for (const [other, before] of [...this.#places]) {
        if (before.agent !== place.agent) continue;
        this.#remove(other, before);
        if (this.#room.fits(task, place.agent)) {
          this.#occupy(task, place);
          if (this.#place(other, visited)) return true;
          this.#remove(task, place);
        }
        this.#occupy(other, before);
      }
    }
    return false;
  }

  #occupy(task: Task, place: Place): void {
    this.#room.occupy(task, place.agent);
    this.#places.set(task, place);
  }

  #remove(task: Task, { agent }: Place): void {
    this.#room.release(task, agent);
    this.#places.delete(task);
  }
}

function candidatesOf(task: Task, room: Room, most: number): readonly Place[] {
  const places: Place[] = [];
  for (const match of task.demand.matches)
    for (const agent of room.agentsOf(match.cohort)) {
      if (places.length >= most) return places;
      if (room.fits(task, agent)) places.push({ agent, match });
    }
  return places;
}

/** Slots and amounts that members take, in addition to those in use. */
class Occupied {
  readonly #slots = new Map<Agent, number>();
  readonly #amounts = new Map<Agent, Map<string, number>>();

  slotsOf(agent: Agent): number {
    return this.#slots.get(agent) ?? 0;
  }

  amountOf(agent: Agent, name: string): number {
    return this.#amounts.get(agent)?.get(name) ?? 0;
  }

  add({ demand }: Task, agent: Agent, sign: 1 | -1): void {
    this.#slots.set(agent, this.slotsOf(agent) + sign);
    const { resources } = demand.fit;
    if (resources.length === 0) return;
    const amounts = this.#amounts.get(agent) ?? new Map<string, number>();
    this.#amounts.set(agent, amounts);
    for (const [name, amount] of resources) amounts.set(name, (amounts.get(name) ?? 0) + sign * amount);
  }

  /** Returns whether the free amount of each resource is enough for one more task. */
  hasEnough({ demand }: Task, agent: Agent, freeOf: (name: string) => number): boolean {
    return demand.fit.resources.every(
      ([name, amount]) => freeOf(name) - this.amountOf(agent, name) >= amount,
    );
  }
}

/** The room that agents would have if nothing ran there. */
export class EmptyRoom implements Room {
  readonly #occupied = new Occupied();

  agentsOf(cohort: Cohort): Iterable<Agent> {
    return cohort.agents;
  }

  fits(task: Task, agent: Agent): boolean {
    if (this.#occupied.slotsOf(agent) >= agent.slots || !isEverFit(agent, task.demand.fit)) return false;
    return this.#occupied.hasEnough(task, agent, (name) => agent.totalOf(name));
  }

  occupy(task: Task, agent: Agent): void {
    this.#occupied.add(task, agent, 1);
  }

  release(task: Task, agent: Agent): void {
    this.#occupied.add(task, agent, -1);
  }
}

/** The limits on the present room besides agents. */
export interface RoomLimits {
  isFull(task: Task): boolean;
  acquire(task: Task, agent: Agent): void;
  release(task: Task): void;
}

/** The room that agents and limits have now. */
export class PresentRoom implements Room {
  readonly #occupied = new Occupied();
  readonly #limits: RoomLimits;
  /** Agents with room that are not listed as ready: their slots were held until now. */
  readonly #more: ReadonlySet<Agent>;

  constructor(limits: RoomLimits, more: ReadonlySet<Agent>) {
    this.#limits = limits;
    this.#more = more;
  }

  *agentsOf(cohort: Cohort): Iterable<Agent> {
    for (const agent of this.#more) if (agent.cohort === cohort && agent.place < 0) yield agent;
    yield* cohort.ready.items;
  }

  fits(task: Task, agent: Agent): boolean {
    const occupied = this.#occupied.slotsOf(agent);
    if (!agent.hasRoomFor(occupied + 1) || !isFit(agent, task.demand.fit)) return false;
    return this.#occupied.hasEnough(task, agent, (name) => agent.freeOf(name)) && !this.#limits.isFull(task);
  }

  occupy(task: Task, agent: Agent): void {
    this.#occupied.add(task, agent, 1);
    this.#limits.acquire(task, agent);
  }

  release(task: Task, agent: Agent): void {
    this.#occupied.add(task, agent, -1);
    this.#limits.release(task);
  }
}
