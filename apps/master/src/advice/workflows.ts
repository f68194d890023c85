/** Workflows as advice sees them: documents, recorded runs, and the division of new runs. */
import {
  type estimateService,
  PredictRequest,
  type Recommendation,
  type TrialSample,
} from "@tutti/contracts/intelligence/v1";
import { type Payload, WorkStatus } from "@tutti/contracts/types/v1";
import {
  ConvertDefinitionRequest,
  type Definition,
  DefinitionKind,
  type definitionService,
  GetDefinitionRequest,
  ListDefinitionsRequest,
  ListRunsRequest,
  ListTasksRequest,
  RegisterDefinitionRequest,
  RollOutDefinitionRequest,
  type Run,
  type runService,
  SourceFormat,
  type Task,
  type taskService,
} from "@tutti/contracts/workflow/v1";
import { type advise, type RecordedData, type RecordedRun, readText } from "@tutti/definitions";
import { type CallContext, fromTimestamp, toTimestamp } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";

export interface WorkflowClients {
  readonly definitions: Pick<
    Client<typeof definitionService>,
    "getDefinition" | "listDefinitions" | "convertDefinition" | "registerDefinition" | "rollOutDefinition"
  >;
  readonly runs: Pick<Client<typeof runService>, "listRuns">;
  readonly tasks: Pick<Client<typeof taskService>, "listTasks">;
  readonly estimates: Pick<Client<typeof estimateService>, "predict">;
}

export type Document = Parameters<typeof advise>[0];

/** The caller. Without a context it is this service. */
export interface Caller {
  readonly namespace: string;
  readonly context?: CallContext;
}

/** The result of a search: the version or strategy that it is based on, and the amount of data. */
export interface Found {
  readonly baseHash: string;
  readonly runs: number;
  readonly found: readonly Recommendation[];
}

const togetherMax = 8;
const trialRunsMax = 500;
const { WORK_STATUS_COMPLETED: completed, WORK_STATUS_FAILED: failed } = WorkStatus;

export class Workflows {
  readonly #clients: WorkflowClients;

  constructor(clients: WorkflowClients) {
    this.#clients = clients;
  }

  /** The latest version. */
  async latest({ namespace, ...options }: Caller, name: string): Promise<Definition | undefined> {
    const request = GetDefinitionRequest.fromPartial({
      namespace,
      definition: { name },
      withSource: true,
      withoutLiveCount: true,
    });
    return (await this.#clients.definitions.getDefinition(request, options)).definition;
  }

  /** Returns undefined for a definition without tasks, such as a function. */
  async document({ namespace, ...options }: Caller, definition: Definition): Promise<Document | undefined> {
    const { name, hash, kind, source: stored } = definition;
    if (kind !== DefinitionKind.DEFINITION_KIND_TASKS) return undefined;
    let source = stored;
    if (
      source?.format !== SourceFormat.SOURCE_FORMAT_YAML &&
      source?.format !== SourceFormat.SOURCE_FORMAT_JSON
    ) {
      const reference = { name, version: { $case: "hash", value: hash } } as const;
      const request = ConvertDefinitionRequest.fromPartial({
        namespace,
        subject: { $case: "definition", value: reference },
        format: SourceFormat.SOURCE_FORMAT_YAML,
      });
      ({ source } = await this.#clients.definitions.convertDefinition(request, options));
    }
    const format = source?.format === SourceFormat.SOURCE_FORMAT_JSON ? "json" : "yaml";
    const { value } = readText({ format, text: source?.text ?? "", fileName: name });
    // The cast: it was checked when it was registered.
    return value as unknown as Document | undefined;
  }

  async names({ namespace, ...options }: Caller, max: number): Promise<readonly string[]> {
    const request = ListDefinitionsRequest.fromPartial({ namespace, page: { size: max } });
    const { definitions } = await this.#clients.definitions.listDefinitions(request, options);
    return definitions
      .filter(({ kind }) => kind === DefinitionKind.DEFINITION_KIND_TASKS)
      .map(({ name }) => name);
  }

  /** Returns completed runs of a version, the newest first. */
  async recorded(
    caller: Caller,
    { hash, count, sinceMs }: { readonly hash: string; readonly count: number; readonly sinceMs: number },
  ): Promise<{ readonly runs: readonly RecordedRun[]; readonly data: readonly RecordedData[] }> {
    const ended = sinceMs === 0 ? undefined : { from: toTimestamp(sinceMs) };
    const found = await this.#runs(caller, { definitionHash: hash, statuses: [completed], ended }, count);
    const { namespace, ...options } = caller;
    const lists: (readonly Task[])[] = [];
    for (let first = 0; first < found.length; first += togetherMax)
      lists.push(
        ...(await Promise.all(
          found.slice(first, first + togetherMax).map(async ({ runId }) => {
            const request = ListTasksRequest.fromPartial({
              namespace,
              runId,
              withPayloads: true,
              page: { size: 1_000 },
            });
            return (await this.#clients.tasks.listTasks(request, options)).tasks;
          }),
        )),
      );
    const usual = await this.#usual(caller, lists.flat());
    return {
      runs: lists.map((tasks, at) => ({
        runId: found[at]?.runId ?? "",
        tasks: tasks.filter(isOwn).flatMap((task) => timesOf(task, usual)),
        entries: tasks.flatMap(entryOf),
      })),
      data: lists.flatMap(recordedData),
    };
  }

  /** Returns a sample of ended runs of a version that were accepted since a time. */
  async sample(caller: Caller, hash: string, sinceMs: number): Promise<TrialSample> {
    const filter = {
      definitionHash: hash,
      statuses: [completed, failed],
      created: { from: toTimestamp(sinceMs) },
    };
    const runs = await this.#runs(caller, filter, trialRunsMax);
    return {
      ended: 0,
      runMs: runs.filter(({ status }) => status === completed).flatMap(lengthMs),
      failed: runs.filter(({ status }) => status === failed).length,
      money: runs.map(({ used }) => used?.money ?? 0),
    };
  }

  /** Registers a version. Returns its hash. */
  async register(
    { namespace, ...options }: Caller,
    name: string,
    text: string,
    rolloutPercent: number,
  ): Promise<string> {
    const request = RegisterDefinitionRequest.fromPartial({
      namespace,
      rolloutPercent,
      source: { format: SourceFormat.SOURCE_FORMAT_YAML, text, fileName: `${name}.yaml` },
    });
    const { definition } = await this.#clients.definitions.registerDefinition(request, options);
    return definition?.hash ?? "";
  }

  async rollOut(
    { namespace, ...options }: Caller,
    change: Pick<RollOutDefinitionRequest, "name" | "version" | "percent" | "reason">,
  ): Promise<void> {
    const request = RollOutDefinitionRequest.fromPartial({ namespace, ...change });
    await this.#clients.definitions.rollOutDefinition(request, options);
  }

  /** Returns the usual running time in milliseconds of each capability with attempts that recorded no start. */
  async #usual(
    { namespace, ...options }: Caller,
    tasks: readonly Task[],
  ): Promise<ReadonlyMap<string, number>> {
    const capabilities = [...new Set(tasks.filter(isShort).map(capabilityOf))];
    if (capabilities.length === 0) return new Map();
    const subjects = capabilities.map((capability) => ({ capability }));
    const request = PredictRequest.fromPartial({ namespace, subjects });
    const { estimates } = await this.#clients.estimates.predict(request, options);
    return new Map(
      estimates.flatMap(({ subject, basis, samples, p50Ms }) =>
        samples > 0 && basis?.capability === subject?.capability ? [[subject?.capability ?? "", p50Ms]] : [],
      ),
    );
  }

  #runs(
    { namespace, ...options }: Caller,
    filter: Parameters<typeof ListRunsRequest.fromPartial>[0]["filter"],
    count: number,
  ): Promise<readonly Run[]> {
    return newest(count, async (token, size) => {
      const request = ListRunsRequest.fromPartial({ namespace, filter, page: { size, token } });
      const { runs, page } = await this.#clients.runs.listRuns(request, options);
      return { items: runs, nextToken: page?.nextToken ?? "" };
    });
  }
}

async function newest<Item>(
  count: number,
  read: (
    token: string,
    size: number,
  ) => Promise<{ readonly items: readonly Item[]; readonly nextToken: string }>,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  let token = "";
  do {
    const { items, nextToken } = await read(token, Math.min(100, count - all.length));
    all.push(...items);
    token = nextToken;
  } while (token !== "" && all.length < count);
  return all;
}

/** Returns whether the task is not an entry, a round or an addition of another task. */
const isOwn = ({ parentTaskId }: Task): boolean => parentTaskId === "";

function entryOf({
  parentTaskId: parent,
  startTime,
  readyTime,
  endTime,
}: Task): NonNullable<RecordedRun["entries"]> {
  const from = startTime ?? readyTime;
  if (parent === "" || from === undefined || endTime === undefined) return [];
  return [{ parent, runMs: fromTimestamp(endTime) - fromTimestamp(from) }];
}

/** @param usual the usual running times of capabilities, in milliseconds */
export function timesOf(task: Task, usual: ReadonlyMap<string, number>): RecordedRun["tasks"] {
  const { taskId, readyTime, startTime, endTime, attempts } = task;
  if (readyTime === undefined || endTime === undefined) return [];
  const own = attempts.filter(({ doubled, compensation }) => !doubled && !compensation);
  const runMs = own.at(-1) && attemptMs(own.at(-1));
  const [queuedMs, endedMs] = [fromTimestamp(readyTime), fromTimestamp(endTime)];
  const usualMs = isShort(task) ? usual.get(capabilityOf(task)) : undefined;
  const estimatedMs = usualMs === undefined ? undefined : Math.max(queuedMs, endedMs - usualMs);
  const startedMs = startTime === undefined ? estimatedMs : fromTimestamp(startTime);
  return [
    {
      task: taskId,
      queuedMs,
      endedMs,
      ...(startedMs !== undefined && { startedMs }),
      ...(runMs !== undefined && { runMs }),
      lostMs: own.slice(0, -1).flatMap((attempt) => attemptMs(attempt) ?? []),
    },
  ];
}

/** Returns whether its one attempt ended before it reported its start: see `swarm.links.startedAfterMs`. */
function isShort({ uses, startTime, attempts }: Task): boolean {
  return uses !== "" && startTime === undefined && attempts.length === 1;
}

/** Returns the capability without its range of versions. */
const capabilityOf = ({ uses }: Task): string => uses.replace(/@.*$/, "");

/** Returns the duration. Undefined if no agent started it. */
function attemptMs({ startTime, endTime }: Partial<Task["attempts"][number]> = {}): number | undefined {
  if (startTime === undefined || endTime === undefined) return undefined;
  return fromTimestamp(endTime) - fromTimestamp(startTime);
}

/**
 * Returns inputs and outputs of the tasks of a run. An output from the cache was not computed. The data of a `forEach` is
 * that of its entries: the task itself has no input.
 */
export function recordedData(
  tasks: readonly Pick<Task, "taskId" | "parentTaskId" | "input" | "outcome" | "fromCache">[],
): readonly RecordedData[] {
  const parents = new Set(tasks.map(({ parentTaskId }) => parentTaskId));
  return tasks.flatMap(({ taskId, parentTaskId, input, outcome, fromCache }) => {
    if (outcome?.result?.$case !== "completed" || fromCache || parents.has(taskId)) return [];
    return [{ task: parentTaskId || taskId, input: textOf(input), output: textOf(outcome.result.value) }];
  });
}

function textOf(payload: Payload | undefined): string {
  const { body } = payload ?? {};
  if (body === undefined) return "";
  return Buffer.from(body.$case === "inline" ? body.value : body.value.sha256).toString("latin1");
}

function lengthMs({ createTime, startTime, endTime }: Run): number[] {
  const from = startTime ?? createTime;
  return from === undefined || endTime === undefined ? [] : [fromTimestamp(endTime) - fromTimestamp(from)];
}
