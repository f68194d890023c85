/** Planted faults of sessions and their environment, to test that they are noticed. */
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { type Any, altered } from "../weakenings/altered.ts";
import type { Weakening } from "../weakenings/weakening.ts";

const anotherOutcome = {
  result: {
    $case: "completed",
    value: {
      body: { $case: "inline", value: Buffer.from(JSON.stringify({ value: 1, by: "" })) },
      mediaType: "",
    },
  },
};

/** Searched in sessions. */
export const sessionsWeakenings: readonly Weakening[] = [
  {
    name: "moves-at-once",
    about: "a task moves to another part although its holder has not released it",
    foundWithin: 100,
    machine: altered({
      receives: {
        confirm_operation: (body, { tasks }) => ({
          ...body,
          withdrawnTaskIds: tasks.map(({ spec }: Any) => spec.id),
        }),
      },
    }),
  },
  {
    name: "needs-nothing-planned",
    about: "planned tasks start before their dependencies have ended",
    foundWithin: 100,
    machine: altered({
      folds: {
        mode_chosen(state) {
          for (const task of state.tasks) task.open = 0;
        },
      },
    }),
  },
  {
    name: "ends-twice",
    about: "the end of a task is recorded twice",
    foundWithin: 10,
    machine: altered({
      folds: {
        tasks_noted(state, { notes }) {
          for (const { task } of notes)
            if (state.tasks[task].status === TaskStatus.TASK_STATUS_COMPLETED && state.remaining > 1)
              state.tasks[task].status = TaskStatus.TASK_STATUS_RUNNING;
        },
      },
    }),
  },
  {
    name: "forgives-failures",
    about: "a failure without a dependent task counts as skipped",
    foundWithin: 100,
    machine: altered({
      emits: {
        tasks_noted: (body) => ({
          ...body,
          notes: body.notes.map((note: Any) =>
            note.status === TaskStatus.TASK_STATUS_FAILED
              ? { ...note, status: TaskStatus.TASK_STATUS_SKIPPED }
              : note,
          ),
        }),
      },
    }),
  },
  {
    name: "waits-for-nobody",
    about: "a session starts while sessions that it depends on still run",
    foundWithin: 100,
    machine: altered({
      folds: {
        session_accepted(state) {
          state.dependencies.fill(WorkStatus.WORK_STATUS_COMPLETED);
        },
      },
    }),
  },
  {
    name: "takes-no-locks",
    about: "a session continues without its locks",
    foundWithin: 100,
    session: (effect) => (effect.kind === "hold_locks" ? { ...effect, locks: [] } : effect),
  },
  {
    name: "locks-two",
    about: "a held lock is granted to a second holder",
    foundWithin: 300,
    machine: altered({
      folds: {
        permits_taken(state) {
          state.heldAlone = 0;
        },
      },
    }),
  },
  {
    name: "tokens-again",
    about: "a lock grants the same token again",
    foundWithin: 300,
    machine: altered({
      folds: {
        permits_released(state) {
          state.lastNumber = 0;
        },
      },
      emits: { permits_taken: (body) => ({ ...body, hold: { ...body.hold, token: 1_000 } }) },
    }),
  },
  {
    name: "closes-early",
    about: "a session ends while its parts still run",
    foundWithin: 100,
    machine: altered({
      folds: {
        part_confirmed(state) {
          state.openParts = 0;
        },
      },
    }),
  },
  {
    name: "gives-twice",
    about: "parts get twice the remaining budget",
    foundWithin: 100,
    machine: altered({
      emits: {
        mode_chosen: (body) => ({
          ...body,
          parts: body.parts.map((part: Any) => ({
            ...part,
            budget: part.budget && { ...part.budget, tokens: 2 * part.budget.tokens },
          })),
        }),
      },
    }),
  },
  {
    name: "reads-another",
    about: "a task gets the output of another task",
    foundWithin: 100,
    machine: altered({
      receives: {
        bring_in_outcomes: (body) => ({
          ...body,
          outcomes: body.outcomes.map(({ taskId, outcome, ...rest }: Any) => ({
            ...rest,
            taskId,
            outcome: outcome?.result?.$case === "completed" ? anotherOutcome : outcome,
          })),
        }),
      },
    }),
  },
  {
    name: "retries-half",
    about: "tasks that depend on a retried task are not retried",
    foundWithin: 300,
    machine: altered({ emits: { session_retried: (body) => ({ ...body, tasks: body.tasks.slice(0, 1) }) } }),
  },
];
