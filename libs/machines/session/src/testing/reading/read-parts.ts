/** Parts of a session as they are read: what their work has, what it stands in for, what it was told, in which order. */
import { Mode, type NewPart, type PartOperation } from "@tutti/contracts/session/v1";
import { type Find, isOver, type ReadTask, type ReadTasks } from "./read-tasks.ts";

interface ReadPart {
  readonly number: number;
  readonly mode: Mode;
  state: "asked for" | "there" | "ended";
  /** Its work has said that it ended. */
  isOver: boolean;
  readonly elsewhere: Set<number>;
  readonly broughtIn: Set<number>;
  readonly operations: PartOperation[];
  done: number;
  decisions: number;
}

export class ReadParts {
  readonly all: ReadPart[] = [];
  readonly #tasks: ReadTasks;
  readonly #find: Find;

  constructor(tasks: ReadTasks, find: Find) {
    this.#tasks = tasks;
    this.#find = find;
  }

  get open(): readonly ReadPart[] {
    return this.all.filter(({ state }) => state !== "ended");
  }

  of(number: number): ReadPart {
    const part = this.all[number];
    if (part === undefined) throw new Error(`there is no part ${number}`);
    return part;
  }

  made({ mode, tasks, elsewhere }: NewPart): void {
    const number = this.all.length;
    const part: ReadPart = {
      ...{ number, mode, state: "asked for", isOver: false, elsewhere: new Set(elsewhere) },
      ...{ broughtIn: new Set(), operations: [], done: 0, decisions: 0 },
    };
    this.all.push(part);
    this.#take(part, tasks);
    if (isPlanned(part)) return;
    for (const task of tasks) this.#tasks.of(task).at = number;
    this.#knows(part, tasks);
  }

  confirmed(number: number): void {
    const part = this.of(number);
    if (part.state !== "asked for") this.#find(`the work of part ${number} begins when it is ${part.state}`);
    part.state = "there";
  }

  over(number: number): void {
    const part = this.of(number);
    if (part.state === "ended") this.#find(`part ${number} is over after its end`);
    part.isOver = true;
  }

  ended(number: number): void {
    const part = this.of(number);
    if (part.state === "ended") this.#find(`part ${number} ends twice`);
    this.#end(part);
  }

  /** What is being started is given up. Nothing more is asked of what is there. */
  stopped(): void {
    for (const part of this.open) {
      part.operations.length = 0;
      if (part.state === "asked for") this.#end(part);
    }
  }

  closed(): void {
    for (const part of this.open) this.#end(part);
  }

  moved(tasks: readonly number[], to: number): void {
    const part = this.of(to);
    if (part.state === "ended" || part.isOver) this.#find(`tasks move to part ${to}, which is over`);
    this.#take(part, tasks);
  }

  queued(number: number, { operation }: PartOperation): void {
    const part = this.of(number);
    if (part.state === "ended" || part.isOver)
      this.#find(`part ${number} is told something (${operation?.$case}) when it is over`);
    if (operation?.$case === "add") this.#put(part, operation.value.tasks, operation.value.elsewhere);
    else if (operation?.$case === "bringIn")
      for (const task of operation.value.tasks) this.#bring(part, task);
    else if (operation?.$case === "close" && this.#tasks.all.some(({ status }) => !isOver(status)))
      this.#find(`part ${number} is closed while tasks are open`);
    if (operation !== undefined) part.operations.push({ operation });
  }

  /** @param letGo ids of the tasks that its work let go of; undefined where nobody knows */
  done(number: number, isRefused: boolean, letGo: readonly string[] | undefined): void {
    const part = this.of(number);
    const operation = part.operations.shift()?.operation;
    part.done++;
    if (operation === undefined) this.#find(`part ${number} has done what it was not told`);
    if (operation?.$case === "add" && isRefused)
      for (const number of operation.value.tasks) {
        const task = this.#tasks.of(number);
        if (task.at === part.number) task.at = -1;
      }
    if (operation?.$case !== "withdraw" || isRefused) return;
    for (const number of operation.value.tasks) {
      const task = this.#tasks.of(number);
      if (task.at === part.number && (letGo?.includes(task.spec.id) ?? true)) task.isFree = true;
    }
  }

  placed(number: number, tasks: readonly number[]): void {
    const part = this.of(number);
    if (!isPlanned(part)) this.#find(`tasks of part ${number} are placed, which is not planned`);
    for (const each of tasks) {
      const task = this.#tasks.of(each);
      if (task.part !== number || task.at >= 0)
        this.#find(
          `${task.spec.id} is placed in part ${number} when it is in ${task.part} and at ${task.at}`,
        );
      if (!this.#tasks.isReady(task)) this.#find(`${task.spec.id} is placed before what it needs has ended`);
    }
  }

  /** Each decision counts once, in order. */
  decided(number: number, decision: number): void {
    const part = this.of(number);
    part.decisions++;
    if (part.mode !== Mode.MODE_CUSTOM)
      this.#find(`it is decided about part ${number}, which is nobody's to decide`);
    if (decision !== part.decisions)
      this.#find(`decision ${decision} about part ${number} is taken, expected ${part.decisions}`);
  }

  /** One after the other: whoever had a task has let go of it. */
  #take(part: ReadPart, tasks: readonly number[]): void {
    for (const number of tasks) {
      const task = this.#tasks.of(number);
      if (isOver(task.status)) this.#find(`${task.spec.id} goes to part ${part.number} after its end`);
      if (task.at >= 0 && !task.isFree)
        this.#find(`${task.spec.id} goes to part ${part.number} while the work of part ${task.at} has it`);
      if (task.at >= 0) this.of(task.at).elsewhere.add(number);
      if (part.elsewhere.has(number))
        this.#find(`${task.spec.id} goes to part ${part.number}, which knows it as another's`);
      Object.assign(task, { part: part.number, at: -1, isFree: false });
    }
  }

  #put(part: ReadPart, tasks: readonly number[], elsewhere: readonly number[]): void {
    for (const number of elsewhere) part.elsewhere.add(number);
    for (const number of tasks) {
      const task = this.#tasks.of(number);
      if (task.part !== part.number || task.at >= 0)
        this.#find(`${task.spec.id} is put into part ${part.number} when it is at ${task.at}`);
      if (isPlanned(part) && !this.#tasks.isReady(task))
        this.#find(`${task.spec.id} is put into part ${part.number} before what it needs has ended`);
      task.at = part.number;
    }
    this.#knows(part, tasks);
  }

  /** What its work looks at is in it, or is there for what another does. */
  #knows(part: ReadPart, tasks: readonly number[]): void {
    for (const number of tasks)
      for (const needed of this.#tasks.neededBy(this.#tasks.of(number)))
        if (!part.elsewhere.has(needed.number) && needed.at !== part.number && !this.#was(needed, part))
          this.#find(`part ${part.number} does not know ${needed.spec.id}, which is needed there`);
  }

  #was({ part, status }: ReadTask, { number }: ReadPart): boolean {
    return part === number && isOver(status);
  }

  #bring(part: ReadPart, number: number): void {
    const { spec, status } = this.#tasks.of(number);
    if (!isOver(status)) this.#find(`${spec.id} is brought into part ${part.number} before its end`);
    if (!part.elsewhere.has(number))
      this.#find(`${spec.id} is brought into part ${part.number}, which does it itself`);
    if (part.broughtIn.has(number)) this.#find(`${spec.id} is brought into part ${part.number} twice`);
    part.broughtIn.add(number);
  }

  #end(part: ReadPart): void {
    part.state = "ended";
    part.isOver = true;
    part.operations.length = 0;
    for (const task of this.#tasks.all)
      if (task.at === part.number) Object.assign(task, { at: -1, isFree: false });
  }
}

function isPlanned({ mode }: Pick<ReadPart, "mode">): boolean {
  return mode === Mode.MODE_INTELLIGENCE || mode === Mode.MODE_CUSTOM;
}
