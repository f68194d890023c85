/** Tasks, events and spans for tests, with what a test does not say filled in. */
import type { RunFacts, SpanFacts, TaskFacts } from "../model/facts.ts";

export function task(
  id: string,
  changes: Partial<Omit<TaskFacts, "needs">> & { needs?: readonly string[] } = {},
): TaskFacts {
  const { needs = [], ...rest } = changes;
  return {
    id,
    title: "",
    kind: "uses",
    uses: "test.work",
    gang: "",
    parentId: "",
    state: "pending",
    reason: "",
    input: undefined,
    output: undefined,
    hasOutput: false,
    failure: undefined,
    attempts: [],
    attemptCount: 0,
    nextMs: 0,
    readyMs: 0,
    startMs: 0,
    endMs: 0,
    child: undefined,
    compensates: "",
    labels: {},
    priority: 0,
    ...{ fromCache: false, sentBack: 0, used: undefined },
    needs: needs.map((name) => {
      const [needed = "", condition = "success"] = name.split(":");
      return { task: needed, condition: condition as "success" };
    }),
    ...rest,
  };
}

export function placesOf(tasks: readonly TaskFacts[]): ReadonlyMap<string, number> {
  return new Map(tasks.map(({ id }, place) => [id, place]));
}

export function spanOf(about: string, kind: SpanFacts["kind"], changes: Partial<SpanFacts> = {}): SpanFacts {
  const id = `${about}/${kind}/${changes.startMs ?? 0}`;
  const nothing = { attempt: 0, agent: "", startMs: 0, endMs: 0, parentId: "", modelCall: undefined };
  return { task: about, kind, id, ...nothing, ...changes };
}

export function runFacts(changes: Partial<RunFacts> = {}): RunFacts {
  return {
    ...{ id: "r1", namespace: "default", definition: "order", definitionHash: "", versionLabel: "latest" },
    kind: "tasks",
    state: "running",
    reason: "",
    input: undefined,
    parameters: undefined,
    output: undefined,
    failure: undefined,
    continuedAs: undefined,
    labels: {},
    priority: 0,
    pool: "",
    counts: { total: 0 },
    ...{ states: [], progress: 0, openApprovals: 0, parent: undefined, root: undefined, incarnation: 1 },
    ...{ eventCount: 0, createMs: 0, startMs: 0, endMs: 0, startedBy: undefined, used: undefined },
    ...changes,
  };
}
