import { type NeedCondition, type Problem, Severity } from "@tutti/contracts/types/v1";
import {
  DefinitionKind,
  Definition as DefinitionMessage,
  EntryKind,
  GraphNode,
  TaskKind,
} from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import type { Definition } from "../check/checker.ts";
import type { WorkflowDocument } from "../language/document.ts";
import type { PlanKindWord } from "../language/task-shape.ts";
import type { Plan, PlanEntry, PlanTask, Work } from "../plan/plan.ts";
import type { DefinitionProblem } from "../problem.ts";

/** Messages of the contracts for checked definitions. Fields that only the service knows keep their defaults. */

export function problemMessage({ severity, ...problem }: DefinitionProblem): Problem {
  return { ...problem, severity: severity === "error" ? Severity.SEVERITY_ERROR : Severity.SEVERITY_WARNING };
}

export function definitionMessage({ document, plan, hash }: Definition): DefinitionMessage {
  return DefinitionMessage.fromPartial({
    name: document.workflow,
    hash,
    kind:
      document.states === undefined
        ? DefinitionKind.DEFINITION_KIND_TASKS
        : DefinitionKind.DEFINITION_KIND_STATES,
    description: document.description ?? "",
    inputSchema: schemaText(document.input?.schema),
    outputSchema: schemaText(document.outputSchema),
    parameterSchema: schemaText(document.parameters?.schema),
    entries: plan === undefined ? entriesOf(document) : plan.entries.map(entryOf),
    uses: plan === undefined ? [] : [...usedBy(plan)],
    taskCount: plan?.tasks.length ?? Object.keys(document.tasks ?? {}).length,
    labels: { ...document.labels },
  });
}

function schemaText(schema: Json | undefined): string {
  return schema === undefined || schema === null ? "" : JSON.stringify(schema);
}

function entryOf({ kind, name, description, inputSchema, outputSchema }: PlanEntry) {
  return {
    name,
    kind: entryKinds[kind],
    description,
    inputSchema: schemaText(inputSchema),
    outputSchema: schemaText(outputSchema),
  };
}

const entryKinds = {
  signal: EntryKind.ENTRY_KIND_SIGNAL,
  query: EntryKind.ENTRY_KIND_QUERY,
  update: EntryKind.ENTRY_KIND_UPDATE,
} as const;

function entriesOf({ signals = {}, queries = {}, updates = {} }: WorkflowDocument) {
  const groups = [
    ["signal", signals],
    ["query", queries],
    ["update", updates],
  ] as const;
  return groups.flatMap(([kind, entries]) =>
    Object.entries(entries).map(([name, { description = "", schema, ...more }]) => ({
      name,
      kind: entryKinds[kind],
      description,
      inputSchema: schemaText(schema),
      outputSchema: "outputSchema" in more ? schemaText(more.outputSchema as Json | undefined) : "",
    })),
  );
}

/** Returns the capabilities and definitions that a plan uses, without duplicates. */
export function usedBy(plan: Plan): readonly string[] {
  const used = new Set<string>();
  for (const work of plan.works) {
    if (work.kind === "uses" || work.kind === "function")
      for (const { capability } of work.among?.capabilities ?? [work]) used.add(capability);
    if (work.kind === "workflow" || work.kind === "mission") used.add(work.definition);
  }
  for (const { compensate } of plan.policies) if (compensate !== null) used.add(compensate.capability);
  return [...used].sort();
}

/**
 * Returns the tasks, those without needs first and each after its needs, with their levels. For a definition of
 * states, the states. Code that knows durations adds times and the critical path.
 */
export function graphNodes(plan: Plan): GraphNode[] {
  return plan.kind === "states" ? stateNodes(plan) : taskNodes(plan);
}

function taskNodes(plan: Plan): GraphNode[] {
  const { edges, tasks } = plan;
  const needs = tasks.map((): { task: string; condition: NeedCondition }[] => []);
  const missing = tasks.map((task) => task.needs);
  const levels = new Array<number>(tasks.length).fill(0);
  const order = tasks.flatMap((task, number) => (task.needs === 0 ? [number] : []));
  for (let next = 0; next < order.length; next++) {
    const from = order[next] ?? 0;
    for (let at = edges.offsets[from] ?? 0; at < (edges.offsets[from + 1] ?? 0); at++) {
      const to = edges.targets[at] ?? 0;
      needs[to]?.push({ task: tasks[from]?.id ?? "", condition: conditionOf(edges.conditions[at] ?? 0) });
      levels[to] = Math.max(levels[to] ?? 0, (levels[from] ?? 0) + 1);
      missing[to] = (missing[to] ?? 0) - 1;
      if (missing[to] === 0) order.push(to);
    }
  }
  return order.map((number) => nodeOf(plan, number, needs[number] ?? [], levels[number] ?? 0));
}

/** The values of the contract are one more than those of the plan. */
function conditionOf(condition: number): NeedCondition {
  return (condition + 1) as NeedCondition;
}

function nodeOf(
  plan: Plan,
  number: number,
  needs: { task: string; condition: NeedCondition }[],
  level: number,
): GraphNode {
  const task = plan.tasks[number];
  const work = plan.works[task?.work ?? -1];
  const policy = plan.policies[task?.policy ?? -1];
  const backTo = [
    work?.kind === "gate" ? work.sendBack : -1,
    ...(policy?.checks ?? []).map(({ sendBackTo }) => sendBackTo),
  ];
  return GraphNode.fromPartial({
    taskId: idIn(plan, task),
    title: task?.title ?? "",
    kind: task === undefined ? TaskKind.TASK_KIND_UNSPECIFIED : planKinds[task.kind],
    uses: usesOf(work),
    needs,
    backTo: backTo
      .filter((target) => target >= 0 && target !== number)
      .map((target) => idIn(plan, plan.tasks[target])),
    level,
    expectedMs: policy?.estimate.durationMs ?? 0,
    forEach: (task?.forEach ?? -1) >= 0,
    compensated: policy?.compensate != null,
  });
}

/** A task inside a loop has the name of the loop before its own. */
function idIn(plan: Plan, task: PlanTask | undefined): string {
  const owner = plan.tasks[plan.scopes[task?.scope ?? 0]?.owner ?? -1];
  return owner === undefined ? (task?.id ?? "") : `${idIn(plan, owner)}/${task?.id ?? ""}`;
}

/** Returns the names of a capability. A computed one lists all candidates: `mail.send | chat.post@^2`. */
export function capabilityNames(work: Extract<Work, { readonly kind: "uses" | "function" }>): string {
  return (work.among?.capabilities ?? [work])
    .map(({ capability, versionRange }) =>
      versionRange === "" ? capability : `${capability}@${versionRange}`,
    )
    .join(" | ");
}

function usesOf(work: Work | undefined): string {
  switch (work?.kind) {
    case "uses":
    case "function":
      return capabilityNames(work);
    case "workflow":
    case "mission":
      return work.label || work.hash ? `${work.definition}@${work.label || work.hash}` : work.definition;
    default:
      return "";
  }
}

/** Kinds of tasks of a plan, as in the contract. */
export const planKinds: Readonly<Record<PlanKindWord, TaskKind>> = {
  uses: TaskKind.TASK_KIND_USES,
  function: TaskKind.TASK_KIND_FUNCTION,
  workflow: TaskKind.TASK_KIND_WORKFLOW,
  mission: TaskKind.TASK_KIND_MISSION,
  wait: TaskKind.TASK_KIND_WAIT,
  approve: TaskKind.TASK_KIND_APPROVE,
  gate: TaskKind.TASK_KIND_GATE,
  set: TaskKind.TASK_KIND_SET,
  loop: TaskKind.TASK_KIND_LOOP,
  spawn: TaskKind.TASK_KIND_SPAWN,
};

function stateNodes({ states, transitions }: Plan): GraphNode[] {
  return states.map((state) => {
    const outgoing = [
      ...state.onDone,
      ...state.onFailed,
      ...state.always,
      ...[...state.on, ...state.after].flatMap((leading) => leading.transitions),
    ];
    const targets = new Set(
      outgoing.map((transition) => transitions[transition]?.to ?? -1).filter((to) => to >= 0),
    );
    return GraphNode.fromPartial({
      taskId: state.name,
      title: state.title,
      kind: TaskKind.TASK_KIND_STATE,
      backTo: [...targets].map((to) => states[to]?.name ?? ""),
    });
  });
}
