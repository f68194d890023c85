/**
 * Imports the event history of a Temporal workflow as the workflow that ran: a task for each activity, timer, child and
 * signal. A task needs every task that had ended when the workflow code scheduled it. So nothing starts earlier than it
 * did.
 *
 * Data of the run alone, such as times and ids, is listed once for each key.
 */
import type { Json } from "@tutti/expressions";
import { seconds, UnsupportedConstruct } from "./cel.ts";
import {
  entryOf,
  ForeignDocument,
  isMembers,
  listIn,
  type Members,
  membersIn,
  type Path,
  textIn,
} from "./foreign-document.ts";
import {
  firstFree,
  type Imported,
  NotImported,
  nameFrom,
  nameFromCamelCase,
  type Reason,
} from "./imported.ts";
import { inputOf, type Origin, Origins, valuesOf } from "./temporal-values.ts";

interface Event {
  readonly id: number;
  readonly type: string;
  readonly path: Path;
  readonly attributes: Members;
  /** Path of the attributes. */
  readonly at: Path;
}

interface Task {
  readonly id: string;
  readonly event: Event;
  readonly tree: Record<string, Json>;
  /** Preceding tasks, including those of its needs. */
  readonly before: Set<Task>;
  readonly needs: readonly Task[];
  endedAt?: number;
  hasFailed?: boolean;
  output?: Json;
  isOmitted?: boolean;
}

export function importTemporal(text: string): Imported {
  const source = new ForeignDocument(text);
  const [events, at] = Array.isArray(source.root["events"])
    ? [source.root["events"], ["events"]]
    : [listIn(membersIn(source.root, "history"), "events"), ["history", "events"]];
  const first = isMembers(events[0]) ? typeOf(events[0]) : "";
  if (first !== "WorkflowExecutionStarted")
    throw new NotImported("it has no `events`, of which the first is WorkflowExecutionStarted");
  new History(source, events, at).add();
  return source.finish();
}

function typeOf(event: Members): string {
  const text = textIn(event, "eventType").replace(/^EVENT_TYPE_/, "");
  if (!/^[A-Z_]+$/.test(text)) return text;
  return text
    .split("_")
    .map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
    .join("");
}

function numberIn(members: Members, key: string): number {
  const value = members[key];
  return typeof value === "string" && /^\d+$/.test(value)
    ? Number(value)
    : typeof value === "number"
      ? value
      : 0;
}

const noCounterpart = "it has no counterpart";

/** Keys of the run alone, and why they are left out. */
const keysOfRuns: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    "Tutti assigns its own":
      "eventTime taskId version workflowId runId identity requestId activityId timerId namespace namespaceId originalExecutionRunId firstExecutionRunId continuedExecutionRunId newExecutionRunId originalEventId originalEventRequestId workerMayIgnore",
    "it describes the worker of this run":
      "taskQueue workerVersion sdkMetadata meteringMetadata historySizeBytes binaryChecksum useWorkflowBuildId inheritBuildId useCompatibleVersion buildIdRedirectCounter workerDeploymentName workerDeploymentVersion versioningBehavior deploymentVersion suggestContinueAsNew",
    "it describes the progress of this run":
      "attempt startedEventId scheduledEventId lastFailure failure retryState initiator prevAutoResetPoints continuedFailure lastCompletionResult firstWorkflowTaskBackoff parentInitiatedEventId parentInitiatedEventVersion newExecutionRunId",
    "Tutti has no workflow tasks": "workflowTaskTimeout",
    [noCounterpart]:
      "header workflowIdReusePolicy control eagerExecutionAccepted requestEagerExecution priority",
  }).flatMap(([reason, keys]) => keys.split(" ").map((key) => [key, reason])),
);

/** Events that only describe the progress of the run. */
const runEvents =
  /^(WorkflowTask(Scheduled|Started|Completed|TimedOut|Failed)|ActivityTaskStarted|ActivityTaskCancelRequested|ChildWorkflowExecutionStarted|ExternalWorkflowExecutionSignaled)$/;
const endings =
  /^(ActivityTask|ChildWorkflowExecution|StartChildWorkflowExecution|Timer)(Completed|Fired|Failed|TimedOut|Canceled|Terminated)$/;

interface Started {
  readonly workflow: Record<string, Json>;
  readonly cron: string;
  readonly input: Json | undefined;
}

class History {
  readonly #source: ForeignDocument;
  readonly #events: readonly Event[];
  readonly #tasks: Task[] = [];
  readonly #byEvent = new Map<number, Task>();
  readonly #ids = new Set<string>();
  /** Listed keys and capabilities. */
  readonly #listed = new Set<string>();
  readonly #name: string;
  readonly #origin: Origin[] = [];
  #output: Json | undefined;
  #end: Event | undefined;

  constructor(source: ForeignDocument, events: readonly unknown[], at: Path) {
    this.#source = source;
    this.#events = events.map((each, index) => {
      const path = [...at, index];
      const members = isMembers(each) ? each : {};
      const type = typeOf(members);
      const key = Object.keys(members).find((name) => name.endsWith("EventAttributes")) ?? "";
      const expectedKey = `${type.slice(0, 1).toLowerCase()}${type.slice(1)}EventAttributes`;
      const [id, expected] = [numberIn(members, "eventId"), index + 1];
      if (id !== expected)
        throw new NotImported(`line ${source.lineOf(path)}: expected the event ${expected}, got ${id}`);
      if (key !== "" && key !== expectedKey)
        throw new NotImported(`line ${source.lineOf(path)}: an event ${type} has no \`${key}\``);
      this.#passOver(members, path);
      return { id, type, path, attributes: membersIn(members, key), at: [...path, key] };
    });
    const name = textIn(membersIn(this.#events[0]?.attributes ?? {}, "workflowType"), "name");
    this.#name = source.collector.freeName(nameFromCamelCase(name));
  }

  /** Reads the data of the run alone, and lists each key once. */
  #passOver(members: Members, path: Path): void {
    for (const key of Object.keys(members)) {
      const reason = entryOf(keysOfRuns, key);
      if (reason === undefined) continue;
      readAll(members[key], (inner, at) => Reflect.get(inner, at));
      this.#reportOnce([...path, key], key, reason === noCounterpart ? reason : { bookkeeping: reason });
    }
  }

  #reportOnce(path: Path, construct: string, reason: Reason): void {
    if (this.#listed.has(construct)) return;
    this.#listed.add(construct);
    this.#source.collector.report(this.#source.lineOf(path), construct, reason);
  }

  add(): void {
    const [first] = this.#events;
    if (first === undefined) return;
    const about = this.#start(first);
    for (const event of this.#events.slice(1)) {
      this.#passOver(event.attributes, event.at);
      try {
        this.#read(event);
      } catch (error) {
        if (!(error instanceof UnsupportedConstruct)) throw error;
        this.#source.report(event.path, `${event.type} ${event.id}`, error.message);
      }
    }
    const tasks = this.#written();
    if (Object.keys(tasks).length === 0) tasks["nothing"] = { set: null };
    this.#source.collector.add(
      {
        workflow: this.#name,
        ...about.workflow,
        tasks,
        ...(this.#output !== undefined && { output: this.#output }),
      },
      this.#source.lineOf(first.path),
    );
    if (about.cron !== "")
      this.#source.collector.add(
        {
          schedule: this.#name,
          workflow: this.#name,
          cron: about.cron,
          // Each run of a cron workflow has the input of the first one.
          ...(about.input !== undefined && { input: about.input }),
        },
        this.#source.lineOf([...first.at, "cronSchedule"]),
      );
  }

  #start({ attributes, at }: Event): Started {
    this.#passOver(attributes, at);
    let input: Json | undefined;
    if (attributes["input"] !== undefined) {
      try {
        input = inputOf(valuesOf(attributes["input"], [...at, "input"]));
        if (input !== undefined) this.#origin.push({ expression: "input", value: input });
      } catch (error) {
        if (!(error instanceof UnsupportedConstruct)) throw error;
      }
      this.#source.report([...at, "input"], "input", { bookkeeping: "it is the input of this run" });
    }
    if (isMembers(attributes["retryPolicy"]))
      this.#source.report([...at, "retryPolicy"], "retryPolicy", "Tutti retries tasks, not runs");
    const limit = [
      this.#duration(attributes, at, "workflowExecutionTimeout"),
      this.#duration(attributes, at, "workflowRunTimeout"),
    ];
    return {
      workflow:
        limit.find((each) => each !== undefined) === undefined
          ? {}
          : { timeout: limit.find((each) => each !== undefined) ?? "" },
      cron: textIn(attributes, "cronSchedule"),
      input,
    };
  }

  #read(event: Event): void {
    const { type, attributes, at } = event;
    if (runEvents.test(type)) {
      readAll(attributes, (inner, key) => Reflect.get(inner, key));
      this.#reportOnce(at, String(at.at(-1)), { bookkeeping: "Tutti records its own history" });
    } else if (endings.test(type)) this.#readEnd(event);
    else
      switch (type) {
        case "ActivityTaskScheduled":
          this.#activity(event);
          break;
        case "TimerStarted":
          this.#task(event, "timer", { wait: this.#needed(attributes, at, "startToFireTimeout") });
          break;
        case "StartChildWorkflowExecutionInitiated":
          this.#child(event);
          break;
        case "WorkflowExecutionSignaled":
          this.#signal(event);
          break;
        case "MarkerRecorded":
          this.#marker(event);
          break;
        case "WorkflowExecutionCompleted":
          this.#completed(event);
          break;
        case "WorkflowExecutionFailed":
          this.#end = event;
          throw new UnsupportedConstruct("the run failed here");
        default:
          throw new UnsupportedConstruct("it has no counterpart");
      }
  }

  #activity(event: Event): void {
    const { attributes, at } = event;
    const type = textIn(membersIn(attributes, "activityType"), "name");
    const uses = nameFromCamelCase(type);
    this.#reportOnce([...at, "activityType"], type, `a worker has to offer the capability \`${uses}\``);
    const limits = {
      queue: this.#duration(attributes, at, "scheduleToStartTimeout"),
      run: this.#duration(attributes, at, "startToCloseTimeout"),
      heartbeat: this.#duration(attributes, at, "heartbeatTimeout"),
      total: this.#duration(attributes, at, "scheduleToCloseTimeout"),
    };
    const timeout = Object.fromEntries(
      Object.entries(limits).filter(([, limit]) => limit !== undefined),
    ) as Json;
    this.#task(event, uses, {
      uses,
      ...(Object.keys(timeout as object).length > 0 && { timeout }),
      ...(isMembers(attributes["retryPolicy"]) && { retry: this.#retry(event, attributes["retryPolicy"]) }),
    });
  }

  #retry({ at }: Event, policy: Members): Json {
    const path = [...at, "retryPolicy"];
    const [most, factor] = [numberIn(policy, "maximumAttempts"), policy["backoffCoefficient"]];
    const first = this.#duration(policy, path, "initialInterval") ?? "1s";
    const longest = this.#duration(policy, path, "maximumInterval");
    const codes = listIn(policy, "nonRetryableErrorTypes").map(String);
    return {
      attempts: most === 0 ? 1_000_000 : Math.min(most, 1_000_000),
      backoff: longest === undefined ? first : `${first}..${longest}`,
      ...(typeof factor === "number" && { factor: Math.min(Math.max(factor, 1), 100) }),
      ...(codes.length > 0 && { notOn: codes }),
    };
  }

  #child(event: Event): void {
    const { attributes, at } = event;
    const type = textIn(membersIn(attributes, "workflowType"), "name");
    const workflow = nameFromCamelCase(type);
    this.#reportOnce([...at, "workflowType"], type, `the workflow \`${workflow}\` has to be registered`);
    const policy = textIn(attributes, "parentClosePolicy")
      .replace(/^PARENT_CLOSE_POLICY_/, "")
      .toLowerCase();
    const closes: Readonly<Record<string, string>> = {
      terminate: "terminate",
      abandon: "abandon",
      request_cancel: "cancel",
      requestcancel: "cancel",
    };
    const parentClose = entryOf(closes, policy);
    if (parentClose === undefined && policy !== "")
      this.#source.report(
        [...at, "parentClosePolicy"],
        `parentClosePolicy: ${policy}`,
        "this policy is unknown",
      );
    const limit =
      this.#duration(attributes, at, "workflowExecutionTimeout") ??
      this.#duration(attributes, at, "workflowRunTimeout");
    this.#duration(attributes, at, "workflowRunTimeout");
    this.#task(event, workflow, {
      workflow,
      ...(parentClose !== undefined && { parentClose }),
      ...(limit !== undefined && { timeout: limit }),
    });
  }

  #signal(event: Event): void {
    const { attributes, at } = event;
    const name = textIn(attributes, "signalName");
    const before = this.#tasks.findLast(
      ({ tree }) => isMembers(tree["wait"]) && tree["wait"]["signal"] === name,
    );
    const task = this.#add(
      event,
      nameFrom(nameFromCamelCase(name)),
      { wait: { signal: name } },
      before === undefined ? [] : [before],
    );
    task.endedAt = event.id;
    if (attributes["input"] === undefined) return;
    try {
      task.output = inputOf(valuesOf(attributes["input"], [...at, "input"])) ?? null;
    } catch (error) {
      if (!(error instanceof UnsupportedConstruct)) throw error;
    }
    this.#source.report([...at, "input"], `${name}: input`, {
      bookkeeping: "it is the input of this signal",
    });
  }

  /** Handles a local activity. Other markers are not translated. */
  #marker(event: Event): void {
    const { attributes, at } = event;
    const marker = textIn(attributes, "markerName");
    const details = membersIn(attributes, "details");
    const data = /^(core_local_activity|LocalActivity)$/.test(marker)
      ? valuesOf(details["data"], [...at, "details", "data"])[0]
      : undefined;
    const type = isMembers(data) ? (data["activity_type"] ?? data["ActivityType"]) : undefined;
    if (typeof type !== "string") throw new UnsupportedConstruct(`a marker \`${marker}\` has no counterpart`);
    const uses = nameFromCamelCase(type);
    this.#source.report(
      [...at, "details"],
      `${type}: details`,
      `a worker has to offer the capability \`${uses}\`. Its input is not in the history`,
    );
    const task = this.#add(event, uses, { uses }, this.#needsOf(event));
    task.endedAt = event.id;
    if (details["result"] !== undefined)
      task.output = inputOf(valuesOf(details["result"], [...at, "details", "result"])) ?? null;
  }

  #completed(event: Event): void {
    const { attributes, at } = event;
    this.#end = event;
    const value =
      attributes["result"] === undefined
        ? undefined
        : inputOf(valuesOf(attributes["result"], [...at, "result"]));
    const needs = this.#needsOf(event);
    if (value === undefined) return;
    this.#output = this.#referring(
      "output",
      value,
      [...at, "result"],
      new Set(needs.flatMap((each) => [each, ...each.before])),
    );
  }

  #readEnd(event: Event): void {
    const { type, attributes, at } = event;
    const of = ["scheduledEventId", "initiatedEventId", "startedEventId"].find((key) =>
      this.#byEvent.has(numberIn(attributes, key)),
    );
    const task = this.#byEvent.get(numberIn(attributes, of ?? ""));
    if (task === undefined)
      throw new NotImported(`line ${this.#source.lineOf(at)}: the event ends no known task`);
    readAll(attributes, (inner, key) => Reflect.get(inner, key));
    this.#reportOnce(at, String(at.at(-1)), { bookkeeping: "it describes the progress of this run" });
    task.endedAt = event.id;
    if (type === "TimerCanceled") {
      this.#source.report(
        task.event.path,
        `timer ${task.id}`,
        "the timer was cancelled. Set a timeout on the task that it guarded",
      );
      task.isOmitted = true;
    } else if (type.endsWith("Completed")) {
      try {
        task.output = inputOf(valuesOf(attributes["result"], [...at, "result"])) ?? null;
      } catch (error) {
        if (!(error instanceof UnsupportedConstruct)) throw error;
        this.#source.report([...at, "result"], `${task.id}: result`, error.message);
      }
    } else if (type !== "TimerFired") task.hasFailed = true;
  }

  #task(event: Event, id: string, tree: Record<string, Json>): void {
    const needs = this.#needsOf(event);
    const task = this.#add(event, id, tree, needs);
    const input = event.attributes["input"];
    if (input === undefined) return;
    const path = [...event.at, "input"];
    try {
      const value = inputOf(valuesOf(input, path));
      if (value !== undefined) task.tree["with"] = this.#referring(task.id, value, path, task.before);
    } catch (error) {
      if (!(error instanceof UnsupportedConstruct)) throw error;
      this.#source.report(error.path ?? path, `${task.id}: input`, error.message, path);
    }
  }

  #referring(of: string, value: Json, path: Path, before: ReadonlySet<Task>): Json {
    const outputs = this.#tasks
      .filter((each) => before.has(each) && each.output !== undefined)
      .toSorted((one, other) => (other.endedAt ?? 0) - (one.endedAt ?? 0))
      .map(({ id, output }) => ({
        expression: `tasks[${JSON.stringify(id)}].output`,
        value: output ?? null,
      }));
    const found = new Origins([...outputs, ...this.#origin]).referring(value);
    if (found.fixed > 0)
      this.#source.report(path, of, "it contains values of this run. Replace them with expressions");
    return found.value;
  }

  #add(event: Event, proposed: string, tree: Record<string, Json>, needs: readonly Task[]): Task {
    const id = firstFree(proposed, (each) => this.#ids.has(each));
    this.#ids.add(id);
    const before = new Set(needs.flatMap((each) => [each, ...each.before]));
    const task: Task = { id, event, tree, needs, before };
    this.#tasks.push(task);
    this.#byEvent.set(event.id, task);
    return task;
  }

  /** Returns the tasks that had ended when the workflow code decided, without their predecessors. */
  #needsOf({ id, attributes, at }: Event): readonly Task[] {
    const decided = this.#events[numberIn(attributes, "workflowTaskCompletedEventId") - 1];
    if (decided === undefined || decided.type !== "WorkflowTaskCompleted" || decided.id >= id)
      throw new NotImported(
        `line ${this.#source.lineOf(at)}: \`workflowTaskCompletedEventId\` names no completed task`,
      );
    const startedId = numberIn(decided.attributes, "startedEventId");
    const ended = this.#tasks.filter(
      ({ endedAt = Number.POSITIVE_INFINITY, event, isOmitted }) =>
        isOmitted !== true &&
        (endedAt < startedId || (event.type === "MarkerRecorded" && endedAt > decided.id && endedAt < id)),
    );
    const earlier = new Set(ended.flatMap(({ before }) => [...before]));
    return ended.filter((each) => !earlier.has(each));
  }

  #written(): Record<string, Json> {
    const tasks: Record<string, Json> = {};
    for (const task of this.#tasks) {
      const { id, tree, needs, event, endedAt, hasFailed, isOmitted } = task;
      if (isOmitted === true) continue;
      if (endedAt === undefined && event.type === "TimerStarted") {
        this.#source.report(event.path, `timer ${id}`, "the run ended before it");
        continue;
      }
      const isAwaited = this.#tasks.some((each) => each.needs.includes(task));
      const mayFail = hasFailed === true && (isAwaited || this.#end?.type !== "WorkflowExecutionFailed");
      const before = needs.map(
        (each): Json => (each.hasFailed === true ? { task: each.id, on: "failure" } : each.id),
      );
      tasks[id] = { ...tree, ...(before.length > 0 && { needs: before }), ...(mayFail && { mayFail }) };
    }
    return tasks;
  }

  #needed(members: Members, at: Path, key: string): string {
    const found = this.#duration(members, at, key);
    if (found === undefined) throw new UnsupportedConstruct(`\`${key}\` is missing`);
    return found;
  }

  /** Returns a duration. Undefined for none, which is `0s`. */
  #duration(members: Members, at: Path, key: string): string | undefined {
    const value = members[key];
    if (value === undefined || value === null || value === "") return undefined;
    const [, count] = /^(\d+(?:\.\d+)?)s$/.exec(String(value)) ?? [];
    if (count === undefined) {
      this.#source.report([...at, key], `${key}: ${String(value)}`, "expected seconds");
      return undefined;
    }
    return Number(count) === 0 ? undefined : seconds(Number(count));
  }
}

function readAll(value: unknown, read: (inner: object, key: string) => unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) readAll(read(value, key), read);
}
