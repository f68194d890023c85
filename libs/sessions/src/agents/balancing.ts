/**
 * Moves tasks between concurrent parts of a session: from a part with long waits to one without, as long as this is
 * expected to end the session earlier. The session records each move with its time and reason.
 */
import { Mode } from "@tutti/contracts/session/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { errorFromUnknown, type Foundation, type InstanceKey, textOf } from "@tutti/kernel";
import { hasBudget, modeName, moveTasks, type SessionView, type TaskView } from "@tutti/machine-session";
import { balance, type MovableTask, type PartMode, type PartProgress } from "@tutti/planner";
import type { SessionCommands } from "../session/session-commands.ts";
import { type Fleet, type Room, roomFor } from "./fleet.ts";
import { describedIn, type Learned } from "./learned.ts";
import { meanWaitMs, recentMovesOf } from "./part-waits.ts";

export interface BalancingParts {
  readonly commands: SessionCommands;
  readonly fleet: Fleet;
  readonly learned: Learned;
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
}

/** Interval of reads of a session with several concurrent parts. */
const everyMs = 500;
/** Expected duration of a task without any estimate. */
const unknownMs = 1_000;

export class Balancing {
  readonly #parts: BalancingParts;
  /** Sessions that are read. */
  readonly #open = new Set<string>();
  #isStopped = false;

  constructor(parts: BalancingParts) {
    this.#parts = parts;
  }

  /** Handles an event of a session that may have several parts. */
  handle(key: InstanceKey, view: SessionView): void {
    if (this.#isStopped || !isToBalance(view) || this.#open.has(textOf(key))) return;
    this.#open.add(textOf(key));
    this.#later(key);
  }

  stop(): void {
    this.#isStopped = true;
  }

  #later(key: InstanceKey): void {
    this.#parts.foundation.timers.after(everyMs, () => {
      this.#turn(key)
        .catch((error: unknown) => {
          const details = { session: key.id, error: errorFromUnknown(error) };
          this.#parts.foundation.logger.debug("failed to balance the parts of a session", details);
          return false;
        })
        .then((continues) => {
          if (continues && !this.#isStopped) this.#later(key);
          else this.#open.delete(textOf(key));
        });
    });
  }

  /** Reads a session once. Returns whether to read it again. */
  async #turn(key: InstanceKey): Promise<boolean> {
    const { commands, fleet, foundation } = this.#parts;
    const view = await commands.view(key);
    if (!isToBalance(view)) return false;
    const agents = await fleet.agentsOf(key.namespace);
    const waiting = openParts(view).flatMap(({ mode, tasks }) => movable(view, tasks, partModeOf(mode)));
    const room = roomFor(
      agents,
      waiting.map(({ spec }) => spec),
      view.order?.spec?.pool ?? "",
    );
    const nowMs = foundation.clock.now();
    const progress = openParts(view).map((part) => this.#progressOf(view, part.number, { room, nowMs }));
    const moves = balance(progress, { freeSlots: room.slots });
    const groups = Map.groupBy(moves, ({ toMode, reason }) => `${toMode}\n${reason}`);
    for (const group of groups.values()) {
      const [first] = group;
      if (first === undefined) continue;
      const body = {
        taskIds: group.map(({ taskId }) => taskId),
        mode: modes[first.toMode],
        reason: first.reason,
      };
      await commands.submit(key, { command: moveTasks, body });
    }
    return true;
  }

  #progressOf(
    view: SessionView,
    number: number,
    { room, nowMs }: { readonly room: Room; readonly nowMs: number },
  ): PartProgress {
    const part = view.parts[number];
    const tasks = tasksOf(view, part?.tasks ?? []);
    const mode = partModeOf(part?.mode ?? Mode.MODE_WORKFLOW);
    const running = tasks.filter(({ startMs, endMs }) => startMs > 0 && endMs === 0);
    const moved = new Set(view.moves.map(({ task }) => task));
    const recentMoves = recentMovesOf(view, number, nowMs);
    const unstarted = movable(view, part?.tasks ?? [], mode).map(
      (task): MovableTask => ({
        taskId: task.spec.id,
        expectedMs: this.#expectedMs(view, task),
        moved: moved.has(task.number),
        unmet: !room.accepts(task.spec),
      }),
    );
    const atWorkMs = Math.max(
      0,
      ...running.map((task) => this.#expectedMs(view, task) - (nowMs - task.startMs)),
    );
    return {
      partId: String(number),
      mode,
      unstarted,
      atWorkMs,
      slots: running.length,
      blockedMs: meanWaitMs(tasks, recentMoves, nowMs),
      hasMovedAway: recentMoves.hasDepartures,
    };
  }

  #expectedMs(view: SessionView, { spec }: TaskView): number {
    const { times } = this.#parts.learned.current(view.key.namespace);
    const known = times.estimate({ ...describedIn(view, spec), agentId: "" });
    return known?.meanMs ?? (spec.estimate?.durationMs || unknownMs);
  }
}

const modes: Readonly<Record<PartMode, Mode>> = {
  workflow: Mode.MODE_WORKFLOW,
  swarm: Mode.MODE_SWARM,
  intelligence: Mode.MODE_INTELLIGENCE,
};

function partModeOf(mode: Mode): PartMode {
  return (modeName(mode) || "workflow") as PartMode;
}

function tasksOf(view: SessionView, numbers: Iterable<number>): readonly TaskView[] {
  return [...numbers].flatMap((task) => view.tasks[task] ?? []);
}

function movable(view: SessionView, numbers: Iterable<number>, mode: PartMode): readonly TaskView[] {
  return tasksOf(view, numbers).filter((task) => isMovable(task, mode));
}

function openParts(view: SessionView) {
  return view.parts.filter(({ endMs, confirmMs, isOver }) => confirmMs > 0 && endMs === 0 && !isOver);
}

/** Returns whether it has several parts now, and tasks may move. */
function isToBalance(view: SessionView): boolean {
  // An orchestrator of the user places the tasks itself.
  const isFree = view.order?.spec?.optimization?.fixed !== true && view.mode !== Mode.MODE_CUSTOM;
  // Its parts have the whole budget.
  if (hasBudget(view)) return false;
  return isFree && view.endMs === 0 && view.ending === 0 && view.pauseMs === 0 && openParts(view).length > 1;
}

/** A run releases only tasks that wait for their needs. */
function isMovable({ startMs, endMs, status, isPlaced }: TaskView, mode: PartMode): boolean {
  if (startMs > 0 || endMs > 0) return false;
  const isQueued = status === TaskStatus.TASK_STATUS_QUEUED;
  return !isPlaced || mode !== "workflow" || !isQueued;
}
