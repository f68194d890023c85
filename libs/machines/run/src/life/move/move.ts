/**
 * Moves the state of a run to another version of its definition: the numbers of the old plan are replaced by
 * those of the new one.
 *
 * 1. Ended tasks keep their results, started ones continue. Needs of pending tasks are counted in the new
 *    version.
 * 2. A running attempt continues undisturbed if its node keeps its number. Otherwise the run waits for its
 *    end, or the attempt restarts.
 * 3. An attempt that no worker is known to have is offered again if its capability, version range or pool has
 *    changed.
 * 4. A started task that is not in the version is dropped only if the mapping drops it.
 */

import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import {
  MoveReview,
  MoveVerdict,
  type NodeMoved,
  type RunNode,
  RunOrder,
  RunPhase,
  type RunRange,
  type RunSnapshotV1,
} from "@tutti/contracts/workflow/v1";
import { bytesOf, isDone, noBytes, payloadOf, statusName } from "@tutti/machine-work";
import { countNeeds, recount } from "../../core/node/reopen.ts";
import { isOffered } from "../../core/plan/offer-profile.ts";
import type { RunPlan } from "../../core/plan/run-plan.ts";
import { stateOfKind, stateOfParts } from "../../core/state/kind-state.ts";
import { currentRanges, statusOfNode, taskIdOf } from "../../core/state/places.ts";
import { hasEnded, type Node, type Run, type RunView, statusOf } from "../../core/state/state.ts";
import { nextMove } from "../../core/state/transition-progress.ts";
import { restartEventWaits } from "../../kinds/wait/awaited-event.ts";
import { runOf, snapshotOf } from "../snapshot/snapshots.ts";
import { type Mapping, type Pairs, pairsOf } from "./pairs.ts";

export interface MoveTo {
  readonly hash: string;
  readonly versionLabel: string;
  readonly map: Mapping;
  readonly restart: boolean;
}

export interface Moved {
  readonly review: MoveReview;
  /** Undefined if the run cannot be moved, or not now. */
  readonly snapshot: RunSnapshotV1 | undefined;
  /** Nodes that are not in the version: their work is stopped. */
  readonly removed: ReadonlySet<number>;
  /** Nodes whose numbers change. */
  readonly numbers: readonly NodeMoved[];
}

const { TASK_STATUS_PENDING: pending, TASK_STATUS_SKIPPED: skipped } = TaskStatus;
const { TASK_STATUS_QUEUED: queued, TASK_STATUS_RUNNING: running, TASK_STATUS_WAITING: waiting } = TaskStatus;
const notesMax = 20;

/** Returns whether a run fits a version, and the state that it would have. */
export function moved(run: RunView, to: RunPlan, request: MoveTo): Moved {
  return new Move(run as Run, to, request).result();
}

class Move {
  readonly #run: Run;
  readonly #from: RunPlan;
  readonly #to: RunPlan;
  readonly #request: MoveTo;
  readonly #pairs: Pairs;
  readonly #review = MoveReview.create({ verdict: MoveVerdict.MOVE_VERDICT_SAFE });
  /** New range, by place of the old one. Undefined for a removed range. */
  readonly #ranges: (RunRange | undefined)[] = [];
  readonly #places: number[] = [];
  /** New number, by number of a node that is kept. */
  readonly #numbers = new Map<number, number>();
  readonly #removed = new Set<number>();
  #nodeCount = 0;

  constructor(run: Run, to: RunPlan, request: MoveTo) {
    this.#run = run;
    this.#from = run.plan as RunPlan;
    this.#to = to;
    this.#request = request;
    this.#pairs = pairsOf(this.#from, to, request.map);
    this.#review.hash = request.hash;
  }

  result(): Moved {
    this.#reviewRun();
    if (this.#review.problems.length === 0) this.#reviewParts();
    const { problems, verdict } = this.#review;
    const [review, removed] = [this.#review, this.#removed];
    if (problems.length > 0) return { review, snapshot: undefined, removed, numbers: [] };
    if (verdict === MoveVerdict.MOVE_VERDICT_SAFE && this.#pairs.isSame)
      this.#review.verdict = MoveVerdict.MOVE_VERDICT_IDENTICAL;
    const numbers = [...this.#numbers].flatMap(([node, to]) => (node === to ? [] : [{ node, to }]));
    return { review, snapshot: this.#snapshot(), removed, numbers };
  }

  #reviewRun(): void {
    const { phase, more } = this.#run;
    const impossible = (message: string) => this.#problem("impossible", "", message);
    for (const [id, reason] of this.#pairs.unknown) this.#problem("needs_mapping", id, reason);
    if (hasEnded(this.#run)) impossible(`it is ${statusName(statusOf(this.#run))}`);
    else if (phase === RunPhase.RUN_PHASE_UNDOING) impossible("it is being compensated: wait for its end");
    if (this.#from.plan.kind !== this.#to.plan.kind)
      impossible(`its version has ${this.#from.plan.kind}, and the other one has ${this.#to.plan.kind}`);
    const { state = -1 } = more?.states ?? {};
    if (this.#from.plan.kind === "states" && state >= 0 && nextMove(this.#run) !== undefined)
      this.#problem("busy", "", "it is between two states: wait until it rests in one");
    const { states } = this.#from.plan;
    if (state < 0 || (this.#pairs.states[state] ?? -1) >= 0) return;
    const { name = "" } = states[state] ?? {};
    if (this.#pairs.droppedStates.has(state))
      impossible(`it is in state \`${name}\`, which cannot be dropped`);
    else this.#problem("needs_mapping", name, `it is in this state, and the version has none of its name`);
  }

  #reviewParts(): void {
    const { ranges } = this.#run;
    const current = currentRanges(this.#run);
    for (const [place, range] of ranges.entries()) {
      const movedRange = this.#rangeMoved(place);
      this.#places.push(
        movedRange === undefined ? -1 : this.#ranges.filter((each) => each !== undefined).length,
      );
      this.#ranges.push(movedRange);
      const first = this.#nodeCount;
      if (movedRange !== undefined) {
        movedRange.first = first;
        this.#nodeCount += movedRange.count;
      }
      for (let index = 0; index < range.count; index++)
        this.#reviewNode(place, range.first + index, current.has(place), movedRange);
    }
    for (const { outside } of this.#run.more?.additions ?? [])
      for (const number of outside)
        if (!this.#numbers.has(number) && number >= 0)
          this.#problem("impossible", taskIdOf(this.#run, number), "tasks that were added need it");
  }

  /** Returns its place, owner and size in the version. Undefined if the version does not have the range. */
  #rangeMoved(place: number): RunRange | undefined {
    const range = this.#run.ranges[place];
    if (range === undefined) return undefined;
    const owner = range.owner < 0 ? -1 : this.#numbers.get(range.owner);
    if (owner === undefined) return undefined;
    const fields = { owner: owner + 1, entries: range.isEntries, plan: range.planPlace, round: range.round };
    if (range.planPlace > 0) {
      const scope = range.isEntries ? range.firstTask : range.scope;
      return this.#rangeMessage(place, { ...fields, scope, count: range.count });
    }
    if (range.isEntries) {
      const task = this.#pairs.tasks[range.firstTask] ?? -1;
      return task < 0 ? undefined : this.#rangeMessage(place, { ...fields, scope: task, count: range.count });
    }
    const scope = this.#pairs.scopes[range.scope] ?? -1;
    const count = this.#to.plan.scopes[scope]?.count ?? 0;
    return scope < 0 ? undefined : this.#rangeMessage(place, { ...fields, scope, count });
  }

  #rangeMessage(
    place: number,
    fields: Pick<RunRange, "owner" | "entries" | "plan" | "round" | "scope" | "count">,
  ): RunRange {
    const { owner, remaining, event, ownValue, isDropped, isEntries } = this.#run.ranges[
      place
    ] as Run["ranges"][number];
    // Nothing is added to a round that has ended.
    const isOver = owner >= 0 && remaining === 0;
    const open = isEntries ? [] : new Array<number>(fields.count).fill(isOver ? 0 : 1);
    const bytes = { event: event ?? noBytes, seen: ownValue ?? noBytes };
    return { ...fields, ...bytes, open, first: 0, left: 0, failed: 0, dropped: isDropped };
  }

  #reviewNode(place: number, number: number, isCurrent: boolean, movedRange: RunRange | undefined): void {
    const status = statusOfNode(this.#run, number);
    const next = movedRange === undefined ? -1 : this.#numberIn(movedRange, place, number);
    if (next >= 0) {
      this.#numbers.set(number, next);
      this.#copyNeeds(place, number, status, movedRange as RunRange, next);
      this.#reviewRetained(number, next, status);
      return;
    }
    if (status === pending || status === skipped) return;
    this.#reviewRemoved(number, status, isCurrent);
  }

  #numberIn(movedRange: RunRange, place: number, number: number): number {
    const range = this.#run.ranges[place] as Run["ranges"][number];
    const index = number - range.first;
    if (range.isEntries || range.planPlace > 0) return movedRange.first + index;
    const task = this.#pairs.tasks[range.firstTask + index] ?? -1;
    return task < 0 ? -1 : movedRange.first + task - (this.#to.plan.scopes[movedRange.scope]?.first ?? 0);
  }

  /**
   * Keeps the fact that a task was skipped with a need, or no longer needs anything. It follows from the open
   * needs.
   */
  #copyNeeds(place: number, number: number, status: TaskStatus, movedRange: RunRange, next: number): void {
    if (movedRange.entries) return;
    const range = this.#run.ranges[place] as Run["ranges"][number];
    const open = range.open[number - range.first] ?? 0;
    movedRange.open[next - movedRange.first] = status === pending ? 1 : open < 0 ? 0 : 1;
  }

  #reviewRemoved(number: number, status: TaskStatus, isCurrent: boolean): void {
    this.#removed.add(number);
    const id = taskIdOf(this.#run, number);
    const isDropped = this.#isDropped(number);
    if (this.#run.undo.includes(number) && !isDropped)
      this.#problem(
        "needs_mapping",
        id,
        `it ${statusText(status)} and has a compensation: ${mappingHint(id)}`,
      );
    else if (isCurrent && !isDropped)
      this.#problem(
        "needs_mapping",
        id,
        `it ${statusText(status)} and is not in the version: ${mappingHint(id)}`,
      );
  }

  /** Returns whether the mapping drops a node or one of its owners. */
  #isDropped(number: number): boolean {
    for (let current = number; current >= 0; ) {
      const node = this.#run.nodes[current];
      const range =
        node?.range ??
        this.#run.ranges.find((each) => current >= each.first && current < each.first + each.count);
      if (range === undefined) return false;
      const task = range.isEntries ? range.firstTask : range.firstTask + current - range.first;
      if (range.planPlace === 0 && this.#pairs.dropped.has(task)) return true;
      current = range.owner;
    }
    return false;
  }

  #reviewRetained(number: number, next: number, status: TaskStatus): void {
    const node = this.#run.nodes[number];
    if (node === undefined || node.range.planPlace > 0 || status === pending || status === skipped) return;
    const task = this.#from.task(node.task);
    const other = this.#to.task(this.#pairs.tasks[node.task] ?? -1);
    const id = taskIdOf(this.#run, number);
    const isOpen = !isDone(status);
    if (isOpen && task.kind !== other.kind)
      this.#problem(
        "impossible",
        id,
        `it ${statusText(status)} as \`${task.kind}\`, and is \`${other.kind}\` in the version`,
      );
    else if ((isOpen || (stateOfParts(node)?.parts ?? 0) > 0) && task.forEach < 0 !== other.forEach < 0)
      this.#problem("impossible", id, "it is a list in one version and none in the other");
    else if (this.#run.undo.includes(number) && this.#to.policy(other).compensate === null)
      this.#problem("impossible", id, "it is to be compensated, and has no compensation in the version");
    else if (isOpen && task.id !== other.id && isNamed(node))
      this.#problem("impossible", id, "replies refer to it by its name, which differs in the version");
    else if (this.#isOfferedDifferently(node) && failsWhenLost(node) && !this.#request.restart)
      this.#problem(
        "busy",
        id,
        `it ${statusText(status)}, and runs at most once: wait for its end, or restart it`,
      );
    else if (number !== next && !this.#request.restart && isAtWork(node))
      this.#problem("busy", id, `it ${statusText(status)}: wait for its end, or restart it`);
    else if (this.#pairs.changed.has(node.task) && !node.range.isEntries && !this.#isOfferedDifferently(node))
      this.#addNote(`\`${id}\` ${statusText(status)} as defined in the previous version`);
  }

  /** Returns whether the version offers the attempt elsewhere, and no worker is known to have it. */
  #isOfferedDifferently(node: Node): boolean {
    const isUndo = node.status === TaskStatus.TASK_STATUS_COMPENSATING;
    if (!isUndo && node.status !== queued) return false;
    const other = this.#pairs.tasks[node.task] ?? -1;
    if (other < 0 || node.range.planPlace > 0 || !isOffered(this.#to.task(other))) return false;
    const choice = node.more?.details?.capability ?? 0;
    const pool = this.#run.order?.pool ?? "";
    const [before, after] = [
      this.#from.profile(node.task, pool, isUndo, choice),
      this.#to.profile(other, pool, isUndo, choice),
    ];
    return (
      before.capability !== after.capability ||
      before.versionRange !== after.versionRange ||
      before.pool !== after.pool
    );
  }

  #problem(verdict: keyof typeof verdicts, id: string, message: string): void {
    if (verdicts[verdict] > this.#review.verdict) this.#review.verdict = verdicts[verdict];
    if (this.#review.problems.length < notesMax) this.#review.problems.push({ id, message });
  }

  #addNote(text: string): void {
    if (this.#review.notes.length < notesMax) this.#review.notes.push(text);
  }

  #snapshot(): RunSnapshotV1 {
    const before = snapshotOf(this.#run);
    const { hash, versionLabel } = this.#request;
    const order = RunOrder.create({ ...before.order, hash, versionLabel, plan: noBytes });
    const isRenumbered = [...this.#numbers].some(([number, next]) => number !== next);
    // A token that was issued for a number is never valid for another node.
    const most = this.#run.nodes.reduce((attempts, node) => Math.max(attempts, node?.attempt ?? 0), 0);
    const isReoffered = this.#run.nodes.some(
      (node) => node !== undefined && this.#isOfferedDifferently(node),
    );
    const fence =
      isRenumbered || isReoffered || this.#removed.size > 0 ? Math.max(most, before.attemptsBefore) + 1 : 0;
    const { nodes, agenda, undo, failed, activity, state, additions } = before;
    const run = runOf(
      {
        ...before,
        order,
        ranges: this.#ranges.flatMap((range, place) => this.#withFailed(range, place)),
        nodeCount: this.#nodeCount,
        nodes: nodes
          .flatMap((node) => this.#nodeMoved(node, fence))
          .sort((one, other) => one.node - other.node),
        agenda: this.#numbersOf(agenda),
        undo: this.#numbersOf(undo),
        failed: failed === 0 ? 0 : (this.#numbers.get(failed - 1) ?? -1) + 1,
        additions: additions.map((addition) => ({ ...addition, outside: this.#numbersOf(addition.outside) })),
        // The run rests in its state: actions of the transition do not run again.
        transition: undefined,
        activity: activity === 0 ? 0 : (this.#places[activity - 1] ?? -1) + 1,
        state: state === 0 ? 0 : (this.#pairs.states[state - 1] ?? -1) + 1,
        attemptsBefore: Math.max(before.attemptsBefore, fence),
      },
      this.#run.plans,
    );
    settle(run);
    if (isRenumbered) restartEventWaits(run);
    return snapshotOf(run);
  }

  #withFailed(range: RunRange | undefined, place: number): RunRange[] {
    const failed = this.#numbers.get(this.#run.ranges[place]?.failed ?? -1) ?? -1;
    return range === undefined ? [] : [{ ...range, failed: failed + 1 }];
  }

  #numbersOf(numbers: readonly number[]): number[] {
    return numbers.flatMap((number) => this.#numbers.get(number) ?? []);
  }

  #nodeMoved(stored: RunNode, fence: number): RunNode[] {
    const number = this.#numbers.get(stored.node);
    if (number === undefined) return [];
    const node = this.#run.nodes[stored.node] as Node;
    const { input } = node;
    const code = stored.function;
    const entries = code?.entries.map((entry) => ({
      ...entry,
      node: this.#numbers.get(entry.node) ?? entry.node,
    }));
    const isSame = number === stored.node;
    return [
      {
        ...stored,
        node: number,
        attempt: isSame && !this.#isOfferedDifferently(node) ? stored.attempt : fence,
        // The new plan may compute another input, or compute it in another place.
        inputFollows: false,
        input: bytesOf(input),
        inputPayload: payloadOf(input),
        parts: stored.parts === 0 ? 0 : Math.max(0, this.#places[stored.parts] ?? 0),
        function: code && { ...code, entries: entries ?? [], ended: this.#numbersOf(code.ended) },
      },
    ];
  }
}

const verdicts = {
  busy: MoveVerdict.MOVE_VERDICT_BUSY,
  needs_mapping: MoveVerdict.MOVE_VERDICT_NEEDS_MAPPING,
  impossible: MoveVerdict.MOVE_VERDICT_IMPOSSIBLE,
};

/** Computes needs, counts and the agenda from the version and the statuses. */
function settle(run: Run): void {
  const open = new Set<number>();
  for (const range of run.ranges) {
    if (range.isEntries) continue;
    for (let number = range.first; number < range.first + range.count; number++)
      if (statusOfNode(run, number) === pending) open.add(number);
  }
  countNeeds(run, open, -1);
  for (const range of run.ranges) clearNeeds(run, range);
  recount(run);
}

/** Clears the needs of started tasks, even of needs that only the version has. */
function clearNeeds(run: Run, range: Run["ranges"][number]): void {
  const { predecessors } = range.plan;
  for (let place = 0; place < range.open.length; place++) {
    const number = range.first + place;
    const status = statusOfNode(run, number);
    if (status === pending || status === skipped) continue;
    const task = range.firstTask + place;
    for (let at = predecessors.offsets[task] ?? 0; at < (predecessors.offsets[task + 1] ?? 0); at++) {
      const source = range.first + (predecessors.sources[at] ?? 0) - range.firstTask;
      const isSibling = source >= range.first && source < range.first + range.count;
      if (isSibling && !isDone(statusOfNode(run, source))) range.open[place] = -1;
    }
  }
}

/** Returns whether an agent, a limit or a start refers to the node by its number. */
function isAtWork(node: Node): boolean {
  const { status } = node;
  const child = stateOfKind(node, "child");
  return (
    status === queued || status === running || (child?.limits.length ?? 0) > 0 || child?.startsAlone === true
  );
}

function failsWhenLost(node: Node): boolean {
  return node.range.plan.policy(node.range.plan.task(node.task)).retry?.failWhenLost === true;
}

/** Returns whether the source of its wait refers to the node by its id. */
function isNamed(node: Node): boolean {
  const { status, more } = node;
  const isChild = status === waiting || status === queued;
  return more?.question !== undefined || (isChild && (stateOfKind(node, "child")?.childId ?? "") !== "");
}

function mappingHint(id: string): string {
  return `name its successor with \`${id}=NEW\`, or drop it with \`${id}=\``;
}

function statusText(status: TaskStatus): string {
  return statusTexts[status] ?? "is under way";
}

const statusTexts: Readonly<Partial<Record<TaskStatus, string>>> = {
  [TaskStatus.TASK_STATUS_COMPLETED]: "completed",
  [TaskStatus.TASK_STATUS_FAILED]: "failed",
  [TaskStatus.TASK_STATUS_CANCELLED]: "was cancelled",
  [running]: "is running",
  [queued]: "is queued",
  [waiting]: "is waiting",
};

/** Returns whether a run with this status can be moved, as far as is known without its state. */
export function isMovable(status: WorkStatus): boolean {
  return (
    status === WorkStatus.WORK_STATUS_PENDING ||
    status === WorkStatus.WORK_STATUS_RUNNING ||
    status === WorkStatus.WORK_STATUS_PAUSED
  );
}
