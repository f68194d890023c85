/** Those who wait: from the line of one namespace to the whole of those who stand before alike agents. */
import type { Heap, Ranked } from "@tutti/kernel";
import type { Agent, Cohort } from "./agent.ts";
import type { Demand, Fit, Site } from "./demand.ts";
import type { Task } from "./task.ts";

/** The tasks of one namespace that ask for the same agents, in their order. */
export interface Share {
  readonly namespace: string;
  readonly demand: Demand;
  /** Where it stands, one per cohort that will do. */
  readonly stops: Stop[];
  readonly size: number;
  readonly head: Task | undefined;
  add(task: Task): void;
  remove(task: Task): void;
  /** A task goes to its agent, and its lane has had its turn. */
  grant(task: Task): void;
  /** The task's rank has changed. */
  move(task: Task): void;
  tasks(): Iterable<Task>;
}

/** One line within a share. Its rank is what it has had, by its weight; its order is where its first task stands. */
export interface Lane extends Ranked {
  readonly key: string;
  readonly weight: number;
  readonly tasks: TaskLine;
}

/** Tasks in the order of their ranks. */
export interface TaskLine {
  readonly size: number;
  readonly first: Task | undefined;
  add(task: Task): void;
  remove(task: Task): void;
  move(task: Task): void;
  tasks(): Iterable<Task>;
}

/** A share at a stand. */
export interface Stop extends Ranked {
  readonly share: Share;
  readonly site: Site;
  turn: Turn | undefined;
  /** The share has something that waits. */
  enter(): void;
  /** It has nothing any more. */
  leave(): void;
  /** The first of the share may go before the one that was first. */
  rise(): void;
  /** Whether it stood where it belongs. */
  refresh(): boolean;
}

/** A namespace at a stand. */
export interface Turn extends Ranked {
  readonly tab: Tab;
  readonly stand: Stand;
  readonly stops: Heap<Stop>;
}

/** A namespace at a cohort. Its rank is what it has had of it, by its weight. */
export interface Tab extends Ranked {
  readonly namespace: string;
  /** Live stands where it is the first, by the ranks of their first tasks. */
  readonly fronts: Heap<Stand>;
  /** Those of them where others wait too: who is first there changes when this one has had a turn. */
  readonly shared: Set<Stand>;
  /** At how many stands of the cohort it waits. */
  turns: number;
}

/** Those who wait at a cohort and ask the same of the one agent. Its rank is that of its first task. */
export interface Stand extends Ranked {
  readonly cohort: Cohort;
  readonly fit: Fit;
  /** Shares that stand here, waiting or not: without any it is forgotten. */
  stops: number;
  /** Whose stand it is when somebody here may find an agent: of the first namespace, as far as it is known. */
  front: Tab | undefined;
  /** The agents that can have become fit since all were looked at; undefined when all have to be. */
  narrow: Agent[] | undefined;
  /** Whether all agents of the cohort with room are fit. */
  readonly plain: boolean;
  /** Whether several namespaces wait. */
  readonly isShared: boolean;
  enter(stop: Stop): void;
  leave(stop: Stop): void;
  /** The first of a namespace may go before the one that was first. */
  settle(turn: Turn): void;
  /** Who goes next; undefined when nobody waits. */
  first(): Turn | undefined;
}
