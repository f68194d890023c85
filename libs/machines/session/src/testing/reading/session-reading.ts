/**
 * A second reading of what becomes durable of one session: which part has which task, what it was told, how tasks
 * ended, what has to come before what. It shares nothing with the machine but the form of its events, keeps no
 * counters, and says what may not have happened. It does not say what a session should do next, nor what its tasks come
 * to.
 */
import { Mode, type NewPart, type SessionSpec } from "@tutti/contracts/session/v1";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { ReadBudget } from "./read-budget.ts";
import { ReadParts } from "./read-parts.ts";
import { isOver, ReadTasks } from "./read-tasks.ts";

export interface ReadSessionEvent {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each event has a body of its own, read by its name
  readonly body: any;
  /** What was asked for, where that is known. */
  readonly command?: { readonly type: string; readonly body: unknown } | undefined;
}

type Phase = "none" | "waiting" | "planning" | "choosing" | "going" | "stopping" | "ended";

export class SessionReading {
  readonly id: string;
  readonly findings: string[] = [];
  readonly tasks = new ReadTasks((problem) => this.#find(problem));
  readonly parts = new ReadParts(this.tasks, (problem) => this.#find(problem));
  phase: Phase = "none";
  spec: SessionSpec | undefined;
  /** What it ends as, or ended as. */
  ending: WorkStatus = WorkStatus.WORK_STATUS_UNSPECIFIED;
  errorCode = "";
  isPaused = false;
  /** Whether it was chosen how it is done. */
  #isChosen = false;
  #isRemoved = false;
  readonly #budget = new ReadBudget((problem) => this.#find(problem));
  readonly #settled = new Set<number>();
  #areLocksHeld = false;
  /** Whether it is known by which tasks its goal is reached. */
  #isPlanned = false;

  constructor(id: string) {
    this.id = id;
  }

  get isOver(): boolean {
    return this.phase === "ended";
  }

  /** What is open of it. */
  get inWords(): string {
    const tasks = this.tasks.all.filter(({ status }) => !isOver(status));
    const open = tasks.map(({ spec, part, at, status }) => `${spec.id} (${status}) of part ${part} at ${at}`);
    const parts = this.parts.open.map(
      ({ number, mode, state, operations }) =>
        `part ${number} (${mode}) ${state}, to do ${operations.map(({ operation }) => operation?.$case)}`,
    );
    return [this.phase, this.isPaused ? "paused" : "", ...open, ...parts].join("; ");
  }

  event(event: ReadSessionEvent): void {
    const { type } = event;
    if (this.phase === "stopping" && gives.has(type)) this.#find(`${type} happens while it stops`);
    const isAfterwards = type === "session_retried" || type === "session_removed";
    if (this.phase === "none" && type !== "session_accepted")
      this.#find(`${type} happens before its beginning`);
    if (this.isOver && !isAfterwards) this.#find(`${type} happens after its end`);
    if (this.#isRemoved) this.#find(`${type} happens after it was removed`);
    this.#readers[type]?.(event);
  }

  /** @param projection the state of the machine, as it projects it */
  // biome-ignore lint/suspicious/noExplicitAny: plain JSON
  compare(projection: any): void {
    const told: readonly {
      readonly part?: number;
      readonly placed?: boolean;
      readonly note?: { status?: string };
    }[] = projection.tasks ?? [];
    if (told.length !== this.tasks.all.length)
      this.#find(`it has ${told.length} tasks, expected ${this.tasks.all.length}`);
    for (const { number, spec, part, at, status } of this.tasks.all) {
      const { part: found = 0, placed = false, note } = told[number] ?? {};
      if (found !== part + 1) this.#find(`${spec.id} is of part ${found - 1}, expected ${part}`);
      const isOpen = part >= 0 && this.parts.of(part).state !== "ended";
      if (isOpen && placed !== (at === part))
        this.#find(`${spec.id} is placed: ${placed}, expected at ${at}`);
      const expected = Object.entries(TaskStatus).find(([, value]) => value === status)?.[0] ?? status;
      if (note?.status !== expected) this.#find(`${spec.id} is ${note?.status}, expected ${expected}`);
    }
    const parts: readonly { readonly operations?: readonly unknown[]; readonly operationsDone?: number }[] =
      projection.parts ?? [];
    if (parts.length !== this.parts.all.length)
      this.#find(`it has ${parts.length} parts, expected ${this.parts.all.length}`);
    for (const { number, operations, done } of this.parts.all) {
      const { operations: waiting = [], operationsDone = 0 } = parts[number] ?? {};
      if (waiting.length !== operations.length || operationsDone !== done)
        this.#find(
          `part ${number} has done ${operationsDone} of its orders and ${waiting.length} are left, expected ${done} and ${operations.length}`,
        );
    }
    const phase = String(projection.phase ?? "")
      .replace("SESSION_PHASE_", "")
      .toLowerCase();
    if (phase !== this.phase) this.#find(`it is ${phase}, expected ${this.phase}`);
  }

  readonly #readers: Readonly<Record<string, (event: ReadSessionEvent) => void>> = {
    session_accepted: ({ body }) => {
      this.phase = "waiting";
      this.spec = body.order.spec;
      this.#isPlanned = body.order.spec.work?.$case !== "goal";
      this.#budget.given(body.order.spec.budget);
      this.tasks.add(body.order.spec.work?.value.tasks ?? []);
    },
    dependency_settled: ({ body: { dependency } }) => {
      if (this.#settled.has(dependency)) this.#find(`what it waits for (${dependency}) ends twice`);
      this.#settled.add(dependency);
    },
    dependency_added: ({ body: { dependency } }) => {
      if (this.phase !== "waiting") this.#find(`it is to wait for one more when it is ${this.phase}`);
      if (this.spec !== undefined)
        this.spec = { ...this.spec, dependsOn: [...this.spec.dependsOn, dependency] };
    },
    dependency_dropped: ({ body: { dependency } }) => {
      if (this.phase !== "waiting") this.#find(`it is to wait for one less when it is ${this.phase}`);
      this.#settled.add(dependency);
    },
    locks_noted: ({ body: { holdMs } }) => {
      if (holdMs > 0 && this.#settled.size < (this.spec?.dependsOn.length ?? 0))
        this.#find("it holds locks while it waits for others");
      this.#areLocksHeld = holdMs > 0;
    },
    goal_asked: () => {
      this.#begins();
      if (this.#isPlanned) this.#find("it is asked how its goal is reached, which is known");
      this.phase = "planning";
    },
    goal_planned: ({ body }) => {
      if (this.phase !== "planning") this.#find(`its goal is broken down when it is ${this.phase}`);
      this.tasks.add(body.tasks.tasks);
      this.#isPlanned = true;
      this.phase = "waiting";
    },
    choosing_begun: () => {
      this.#begins();
      if (!this.#isPlanned) this.#find("it is chosen how it is done before it is known what");
      if (!isChosen(this.spec?.mode ?? 0)) this.#find("it is chosen how it is done, though that was said");
      this.phase = "choosing";
    },
    mode_chosen: ({ body }) => this.#chosen(body),
    part_made: ({ body }) => this.#made(body.part),
    part_confirmed: ({ body }) => this.parts.confirmed(body.part),
    part_over: ({ body }) => this.parts.over(body.part),
    part_ended: ({ body }) => {
      this.parts.ended(body.part);
      this.#budget.ended(body.part, body.used);
    },
    operation_queued: ({ body }) => this.parts.queued(body.part, body.operation),
    operation_done: ({ body, command }) => {
      const said = command?.type === "confirm_operation" ? (command.body as Confirmed) : undefined;
      this.parts.done(body.part, body.error !== undefined, said?.withdrawnTaskIds);
    },
    tasks_moved: ({ body }) => this.parts.moved(body.tasks, body.toPart),
    decision_recorded: ({ body }) => this.parts.decided(body.part, body.number),
    tasks_placed: ({ body }) => {
      if (this.phase !== "going") this.#find(`tasks are placed when it is ${this.phase}`);
      this.parts.placed(
        body.part,
        body.places.map(({ task }: { readonly task: number }) => task),
      );
    },
    tasks_noted: ({ body }) => {
      for (const { task, status } of body.notes) this.#noted(task, status);
    },
    tasks_joined: ({ body }) => this.tasks.add(body.tasks),
    session_paused: () => {
      if (this.isPaused) this.#find("it is paused twice");
      this.isPaused = true;
    },
    session_resumed: () => {
      if (!this.isPaused) this.#find("it goes on, though it was not paused");
      this.isPaused = false;
    },
    session_stopped: ({ body }) => {
      if (this.phase === "stopping") this.#find("it stops twice");
      this.phase = "stopping";
      this.isPaused = false;
      this.ending = body.status;
      this.errorCode = body.error?.code ?? "";
      this.parts.stopped();
    },
    session_ended: ({ body }) => this.#ended(body),
    session_retried: ({ body }) => this.#retried(body.tasks),
    session_removed: () => {
      if (!this.isOver) this.#find("it is removed before its end");
      this.#isRemoved = true;
    },
  };

  /** What has to come before it has. */
  #begins(): void {
    const { dependsOn = [], locks = [] } = this.spec ?? {};
    if (this.phase !== "waiting") this.#find(`it begins when it is ${this.phase}`);
    if (this.isPaused) this.#find("it begins while it is paused");
    if (this.#settled.size < dependsOn.length) this.#find("it begins before what it waits for has ended");
    if (locks.length > 0 && !this.#areLocksHeld) this.#find("it begins without its locks");
  }

  #chosen({ parts, choice }: { readonly parts: readonly NewPartLike[]; readonly choice: unknown }): void {
    if (this.phase !== "choosing") this.#begins();
    if (!this.#isPlanned) this.#find("it begins before it is known what is to be done");
    if (choice !== undefined && this.#isChosen) this.#find("it is chosen twice how it is done");
    this.#isChosen ||= choice !== undefined;
    this.phase = "going";
    for (const part of parts) this.#made(part as never);
    for (const { spec, part, status } of this.tasks.all)
      if (part < 0 && !isOver(status)) this.#find(`${spec.id} is in no part`);
  }

  #made(part: NewPart): void {
    this.parts.made(part);
    this.#budget.made(part.budget);
  }

  #noted(number: number, status: TaskStatus): void {
    const task = this.tasks.of(number);
    if (isOver(task.status)) this.#find(`${task.spec.id} stands otherwise after its end`);
    if (task.part < 0 || this.parts.of(task.part).state === "ended")
      this.#find(`${task.spec.id} stands otherwise, though no part has it`);
    task.status = status;
  }

  #ended({
    status,
    error,
  }: {
    readonly status: WorkStatus;
    readonly error: { code: string } | undefined;
  }): void {
    const { all } = this.tasks;
    const areAllOver = all.every((task) => isOver(task.status)) && this.parts.open.length === 0;
    if (status === WorkStatus.WORK_STATUS_COMPLETED) {
      if (this.phase !== "going" || !areAllOver) this.#find(`it completes when it is ${this.inWords}`);
      const failed = all.find((task) => task.status === failedStatus && !this.tasks.isAwaited(task));
      if (failed !== undefined) this.#find(`it completes, though ${failed.spec.id} failed`);
    } else if (status !== WorkStatus.WORK_STATUS_TERMINATED) {
      const isStopped = this.phase === "stopping" && this.ending === status;
      if (!isStopped && !(this.phase === "going" && areAllOver))
        this.#find(`it ends when it is ${this.phase}`);
      if (this.parts.open.length > 0) this.#find("it ends before its parts have");
    }
    this.phase = "ended";
    this.ending = status;
    this.errorCode = error?.code ?? "";
    this.isPaused = false;
    this.#areLocksHeld = false;
    this.parts.closed();
    for (const task of all) if (!isOver(task.status)) task.status = TaskStatus.TASK_STATUS_CANCELLED;
  }

  #retried(numbers: readonly number[]): void {
    if (this.ending !== WorkStatus.WORK_STATUS_FAILED)
      this.#find("it is taken up again, though it did not fail");
    const again = new Set(numbers);
    for (const task of this.tasks.all)
      for (const needed of this.tasks.neededBy(task))
        if (again.has(needed.number) && !again.has(task.number))
          this.#find(`${needed.spec.id} is done again, ${task.spec.id}, which needs it, is not`);
    for (const number of again)
      Object.assign(this.tasks.of(number), {
        part: -1,
        at: -1,
        isFree: false,
        status: TaskStatus.TASK_STATUS_PENDING,
      });
    if (!this.#isChosen && this.parts.all.length === 0) this.#settled.clear();
    this.phase = "waiting";
    this.ending = WorkStatus.WORK_STATUS_UNSPECIFIED;
    this.errorCode = "";
  }

  #find(problem: string): void {
    this.findings.push(problem);
  }
}

/** Parts are given something to do. */
const gives = new Set(["part_made", "operation_queued", "tasks_moved", "tasks_placed", "mode_chosen"]);

interface Confirmed {
  readonly withdrawnTaskIds: readonly string[];
}
type NewPartLike = Record<string, unknown>;

const failedStatus = TaskStatus.TASK_STATUS_FAILED;

function isChosen(mode: Mode): boolean {
  return mode === Mode.MODE_UNSPECIFIED || mode === Mode.MODE_ADAPTIVE || mode === Mode.MODE_HYBRID;
}
