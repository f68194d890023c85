/** Applies an event of a run to the states of its tasks. */
import type { EventFacts } from "@tutti/rest/history";
import { numberOfState } from "../model/task-state.ts";
import type { PastPhase, PastRun } from "./past-run.ts";

type Fold = (run: PastRun, place: number, event: EventFacts) => void;

const compensating = numberOfState("compensating");
const queued = numberOfState("queued");
const running = numberOfState("running");

const becomes =
  (state: Parameters<typeof numberOfState>[0]): Fold =>
  (run, place) =>
    run.set(place, numberOfState(state));

/** An attempt of a compensation does not change the state of its task. */
const becomesUnlessUndone =
  (state: string): Fold =>
  (run, place) => {
    if (run.stateAt(place) !== compensating) run.set(place, numberOfState(state));
  };

const ends =
  (state: string): Fold =>
  (run, place) => {
    run.dropPartsOf(place);
    run.finish(place, numberOfState(state));
  };

/** Events about a task. */
const ofTasks: Readonly<Record<string, Fold>> = {
  task_queued: becomes("queued"),
  attempt_queued: becomesUnlessUndone("queued"),
  child_queued: becomes("queued"),
  child_started: becomes("waiting"),
  attempt_started(run, place) {
    if (run.stateAt(place) === queued) run.set(place, running);
  },
  attempt_failed: becomesUnlessUndone("retrying"),
  offer_returned: becomesUnlessUndone("retrying"),
  task_completed: (run, place) => run.finish(place, numberOfState("completed")),
  task_failed: ends("failed"),
  task_skipped: (run, place) => run.finish(place, numberOfState("skipped"), "passed"),
  task_cancelled: ends("cancelled"),
  task_held: becomes("held"),
  task_paused(run, place) {
    run.dropPartsOf(place);
    run.set(place, numberOfState("paused"));
  },
  task_resumed: becomes("held"),
  entries_begun(run, place) {
    run.set(place, numberOfState("waiting"));
    run.activate(run.shape.parts.get(idAt(run, place)) ?? []);
  },
  round_begun(run, place, { details }) {
    run.set(place, numberOfState("waiting"));
    const prefix = `${idAt(run, place)}#${Number(details["round"] ?? 1)}.`;
    const parts = run.shape.parts.get(idAt(run, place)) ?? [];
    run.activate(parts.filter((part) => idAt(run, part).startsWith(prefix)));
  },
  task_waiting: becomes("waiting"),
  signal_taken: (run, place) => run.finish(place, numberOfState("completed")),
  approval_asked: becomes("waiting"),
  approval_decided(run, place, { details }) {
    const verdict = statusName(details["verdict"]);
    if (verdict === "" || verdict === "unspecified") return;
    run.finish(place, numberOfState(verdict === "approved" ? "completed" : "failed"));
  },
  cache_asked: becomes("waiting"),
  cache_awaited: becomes("waiting"),
  undo_queued: becomes("compensating"),
  undo_completed: becomes("compensated"),
  undo_failed: becomes("completed"),
  task_repaired(run, place, { details }) {
    if (run.hasEnded(place)) run.reopen([place]);
    run.dropPartsOf(place);
    const state = statusName(details["status"]);
    const countsAs = state === "skipped" && details["skipDependents"] !== true ? "completed" : undefined;
    run.finish(place, numberOfState(state), countsAs);
  },
  work_sent_back(run, place, { details }) {
    const target = run.shape.place(String(details["target"] ?? ""));
    if (target === undefined) return;
    const isEntry = /\]$/.test(idAt(run, place)) && target !== place;
    const holder = isEntry ? (run.shape.place(run.shape.tasks[place]?.parentId ?? "") ?? place) : place;
    run.sendBack(target, holder);
  },
};

/** Events about the run. */
const ofRuns: Readonly<Record<string, (run: PastRun, event: EventFacts) => void>> = {
  run_started(run, { details, timeMs }) {
    const { order, limits } = details as { order?: { startMs?: number }; limits?: readonly string[] };
    const isBlocked = (limits?.length ?? 0) > 0 || (order?.startMs ?? 0) > timeMs;
    run.phase = isBlocked ? "waiting" : "going";
    const [first] = run.shape.parts.get("") ?? [];
    if (first !== undefined && !run.shape.isSequence) run.activate(run.shape.together(first));
  },
  actions_begun: (run) => run.activateNext(),
  run_begun(run) {
    run.phase = "going";
  },
  run_paused(run) {
    run.isPaused = true;
  },
  run_resumed(run) {
    run.isPaused = false;
  },
  run_stopped(run, { details }) {
    run.dropAll();
    run.phase = "undoing";
    run.isPaused = false;
    run.ending = statusName(details["status"]);
  },
  run_completed: (run) => endRun(run, "completed"),
  run_failed: (run) => endRun(run, "failed"),
  run_cancelled: (run) => endRun(run, "cancelled"),
  run_terminated(run) {
    run.dropAll();
    endRun(run, "terminated");
  },
  run_continued: (run) => endRun(run, "continued"),
  run_retried(run, { details }) {
    run.phase = "going";
    run.isPaused = false;
    run.ending = "";
    run.reopen(placesOf(run, details["tasks"]));
  },
  tasks_added(run, { task, details }) {
    const owner = run.shape.place(task);
    if (owner !== undefined && !run.hasEnded(owner)) run.set(owner, numberOfState("waiting"));
    run.activate(placesOf(run, details["tasks"]));
  },
};

/** A reset is not among them: it is the state of an earlier event. */
export function foldEvent(run: PastRun, event: EventFacts): void {
  const ofRun = ofRuns[event.type];
  if (ofRun !== undefined) {
    ofRun(run, event);
    return;
  }
  const place = run.shape.place(event.task);
  if (event.task !== "" && place !== undefined) ofTasks[event.type]?.(run, place, event);
}

function endRun(run: PastRun, ending: string): void {
  run.phase = "ended" satisfies PastPhase;
  run.isPaused = false;
  run.ending = ending;
}

function idAt(run: PastRun, place: number): string {
  return run.shape.tasks[place]?.id ?? "";
}

function placesOf(run: PastRun, ids: unknown): readonly number[] {
  if (!Array.isArray(ids)) return [];
  return ids.flatMap((id) => run.shape.place(String(id)) ?? []);
}

/** `VERDICT_APPROVED` and `approved` are the same. */
function statusName(value: unknown): string {
  return typeof value === "string"
    ? value.replace(/^(VERDICT|TASK_STATUS|WORK_STATUS)_/, "").toLowerCase()
    : "";
}
