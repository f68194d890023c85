/**
 * A run machine with a planted fault: in its plan, or in an event that it folds. Drawn runs that do not
 * detect the fault have a blind spot.
 */
import type { ApprovalAskedV1 } from "@tutti/contracts/workflow/v1";
import type { Plan, TaskPolicy, Work } from "@tutti/definitions";
import type { Machine, MachineEvent, Outstanding } from "@tutti/kernel";
import type { RunEffect } from "../../core/state/effects.ts";
import type { Run } from "../../core/state/state.ts";
import type { Feature } from "./draw/random.ts";

export interface RunWeakening {
  readonly name: string;
  /** Description of the fault. */
  readonly about: string;
  /** Features that drawn runs need to detect it. */
  readonly features: readonly Feature[];
  /** Maximum number of drawn runs, from any tried seed, until one detects it. */
  readonly foundWithin: number;
  /** Changes the plan that the machine executes. The interpreter reads the original definition. */
  plan?(plan: Plan): Plan;
  machine?(machine: RunMachine): RunMachine;
}

type RunMachine = Machine<Run, RunEffect>;

function withWorks(change: (work: Work) => Work): (plan: Plan) => Plan {
  return (plan) => ({ ...plan, works: plan.works.map(change) });
}

function withPolicies(change: (policy: TaskPolicy) => Partial<TaskPolicy>): (plan: Plan) => Plan {
  return (plan) => ({ ...plan, policies: plan.policies.map((policy) => ({ ...policy, ...change(policy) })) });
}

/** Returns an event with a changed fold. */
function folding(
  type: string,
  fold: (
    run: Run,
    body: never,
    outstanding: Outstanding<RunEffect>,
    inner: MachineEvent<Run, RunEffect>,
  ) => void,
): (machine: RunMachine) => RunMachine {
  return (machine) => {
    const changed = new Map<unknown, MachineEvent<Run, RunEffect>>();
    for (const event of machine.events)
      if (event.type === type)
        changed.set(event, {
          ...event,
          evolve: (run, body, outstanding) => fold(run as Run, body as never, outstanding, event),
        });
    const of = <E>(event: E): E => (changed.get(event) as E | undefined) ?? event;
    // Deciders emit events by reference, so the emitted events are replaced too.
    const commands = machine.commands.map((command) => ({
      ...command,
      decide: (state: never, body: never, step: never) => command.decide(state, body, exchanging(step, of)),
    }));
    const { expire } = machine;
    return {
      ...machine,
      commands: commands as unknown as RunMachine["commands"],
      events: machine.events.map(of),
      ...(expire === undefined
        ? {}
        : { expire: (state, timer, step) => expire(state, timer, exchanging(step as never, of)) }),
    };
  };
}

function exchanging(step: never, of: <E>(event: E) => E): never {
  return new Proxy(step as object, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "emit") return value.bind(target);
      return (event: unknown, body: unknown) => value.call(target, of(event), body);
    },
  }) as never;
}

export const runWeakenings: readonly RunWeakening[] = [
  {
    name: "anybody-approves",
    about: "people who are not approvers can decide",
    features: ["approve"],
    foundWithin: 60,
    plan: withWorks((work) => (work.kind === "approve" ? { ...work, by: [] } : work)),
  },
  {
    name: "forms-not-held",
    about: "an approval accepts any payload",
    features: ["approve"],
    foundWithin: 60,
    plan: withWorks((work) => (work.kind === "approve" ? { ...work, form: null } : work)),
  },
  {
    name: "outputs-not-checked",
    about: "an output is accepted even if its checks fail",
    features: ["checks"],
    foundWithin: 30,
    plan: withPolicies(() => ({ checks: [] })),
  },
  {
    name: "rules-not-asked",
    about: "an output is accepted without the approval that a rule requires",
    features: ["rules"],
    foundWithin: 30,
    machine: (machine) => ({
      ...machine,
      commands: machine.commands.map((command) =>
        command.type !== "complete_task"
          ? command
          : {
              ...command,
              decide: (state: never, body: object, step: never) =>
                command.decide(state, { ...body, questions: [] }, step),
            },
      ) as unknown as RunMachine["commands"],
    }),
  },
  {
    name: "rules-ask-anybody",
    about: "any person can decide, even if a rule names the approvers",
    features: ["rules"],
    foundWithin: 200,
    machine: folding("approval_asked", (run, body: ApprovalAskedV1, outstanding, inner) => {
      const { rule } = body;
      inner.evolve(run, { ...body, rule: rule && { ...rule, deciders: [] } }, outstanding);
    }),
  },
  {
    name: "additions-without-bound",
    about: "a result can add any number of tasks",
    features: ["spawn"],
    foundWithin: 400,
    plan: withWorks((work) => (work.kind === "spawn" ? { ...work, max: 1_000 } : work)),
  },
  {
    name: "guards-not-asked",
    about: "transitions happen even if their guards are false",
    features: ["states"],
    foundWithin: 30,
    plan: (plan) => ({
      ...plan,
      transitions: plan.transitions.map((transition) => ({ ...transition, when: -1 })),
    }),
  },
  {
    name: "updates-not-validated",
    about: "an update is accepted even if its condition is false",
    features: ["updates"],
    foundWithin: 90,
    plan: (plan) => ({ ...plan, entries: plan.entries.map((entry) => ({ ...entry, validate: -1 })) }),
  },
  {
    name: "timeouts-too-early",
    about: "a task has half of its timeout",
    features: ["timeouts"],
    foundWithin: 60,
    plan: withPolicies(({ timeouts }) => ({
      timeouts: { ...timeouts, totalMs: Math.ceil(timeouts.totalMs / 2) },
    })),
  },
  {
    name: "timeouts-forgotten",
    about: "the timeout of a task is ignored",
    features: ["timeouts"],
    foundWithin: 400,
    plan: withPolicies(({ timeouts }) => ({ timeouts: { ...timeouts, totalMs: 0 } })),
  },
  {
    name: "limits-not-asked-for",
    about: "a run starts without acquiring its limits",
    features: ["limits"],
    foundWithin: 20,
    plan: (plan) => ({ ...plan, run: { ...plan.run, limits: [] } }),
  },
  {
    name: "cache-by-capability",
    about: "the cache ignores the inputs",
    features: ["cache"],
    foundWithin: 100,
    plan: (plan) => {
      const key = plan.programs.length;
      const policies = plan.policies.map((policy) => ({
        ...policy,
        cache: policy.cache === null ? null : { ...policy.cache, key },
      }));
      return {
        ...plan,
        policies,
        programs: [...plan.programs, { form: "constant", source: "same", references: [] } as never],
      };
    },
  },
  {
    name: "pause-begins",
    about: "a paused run starts its ready tasks",
    features: ["pause"],
    foundWithin: 60,
    machine: folding("run_paused", () => {}),
  },
  {
    name: "exhausted-fails",
    about: "a task fails instead of waiting for a person when its retries are exhausted",
    features: ["pause"],
    foundWithin: 150,
    plan: withPolicies(({ retry }) => ({ retry: { ...retry, pauseWhenExhausted: false } })),
  },
  {
    name: "repair-goes-on",
    about: "dependents of a manually skipped task always continue",
    features: ["repair"],
    foundWithin: 200,
    machine: folding("task_repaired", (run, body: object, outstanding, inner) =>
      inner.evolve(run, { ...body, skipDependents: false }, outstanding),
    ),
  },
  {
    name: "reset-forgotten",
    about: "a run that is reset keeps its state",
    features: ["reset"],
    foundWithin: 30,
    machine: folding("run_reset", () => {}),
  },
  {
    name: "retry-leaves-out",
    about: "a retry leaves out the last failed task",
    features: ["retry"],
    foundWithin: 60,
    machine: folding("run_retried", (run, body: { readonly nodes: readonly number[] }, outstanding, inner) =>
      inner.evolve(run, { ...body, nodes: body.nodes.slice(0, -1) }, outstanding),
    ),
  },
  {
    name: "sent-back-once-more",
    about: "a gate sends work back one time too many",
    features: ["sendBack"],
    foundWithin: 600,
    plan: withWorks((work) => (work.kind === "gate" ? { ...work, times: work.times + 1 } : work)),
  },
  {
    name: "goes-on-with-the-same",
    about: "a run that continues as new keeps the old input",
    features: ["continue"],
    foundWithin: 60,
    plan: ({ run, ...plan }) => {
      const { continueAsNew } = run;
      return { ...plan, run: { ...run, continueAsNew: continueAsNew && { ...continueAsNew, input: -1 } } };
    },
  },
  {
    name: "undone-first-first",
    about: "compensations run in the order of completion",
    features: [],
    foundWithin: 60,
    machine: folding("task_completed", (run, body, outstanding, inner) => {
      const before = run.undo.length;
      inner.evolve(run, body, outstanding);
      if (run.undo.length > before) run.undo.unshift(run.undo.pop() as number);
    }),
  },
  {
    name: "progress-lost",
    about: "the saved state of an attempt is not passed to the next attempt",
    features: [],
    foundWithin: 180,
    machine: folding("progress_saved", () => {}),
  },
  {
    name: "children-left",
    about: "child runs continue when no task waits for them any more",
    features: [],
    foundWithin: 400,
    plan: withWorks((work) => (work.kind === "workflow" ? { ...work, parentClose: "abandon" } : work)),
  },
  {
    name: "signals-for-anybody",
    about: "a task accepts a signal even if its condition is false",
    features: [],
    foundWithin: 60,
    plan: withWorks((work) => (work.kind === "waitSignal" ? { ...work, where: -1 } : work)),
  },
];
