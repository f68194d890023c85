/** Publishes events of definitions, runs, schedules and limits on the bus. */
import type { Bus, EventInput } from "@tutti/bus";
import {
  type EventMapper,
  failureIn,
  MachineEventPublisher,
  type NoteHead,
  type PublishedMachine,
  type PublisherOptions,
  StateLog,
} from "@tutti/host/serving";
import type { Foundation, InstanceKey } from "@tutti/kernel";
import { showApprovals, showRun } from "@tutti/machine-run";
import type { RuntimeOfService } from "@tutti/runtime";
import { eventOf, type QuestionNote, type WorkflowNote } from "./note.ts";

const approvalsMax = 1_000;
const runPrefix = "tutti.workflow.run.";
const usual: ReadonlySet<string> = new Set(["accepted", "started", "completed", "continued"]);

type MachineQueries = Pick<RuntimeOfService, "query">;
type Note = WorkflowNote | QuestionNote;

class WorkflowEventMapper implements EventMapper<Note> {
  runtime: MachineQueries | undefined;
  readonly #logger: Foundation["logger"];
  readonly #states: StateLog;

  constructor(foundation: Pick<Foundation, "logger" | "clock">) {
    this.#logger = foundation.logger;
    this.#states = new StateLog(foundation, { noun: "run", prefix: runPrefix, usual });
  }

  isEnd(note: Note): boolean {
    return note.kind === "event" && ends.has(note.type);
  }

  onNote(note: Note): void {
    if (note.kind === "event") this.#states.changed(note, failureIn(note.body));
  }

  eventOf(note: Note): EventInput | Promise<EventInput> {
    if (note.kind === "question") return this.#question(note);
    return eventOf(note);
  }

  async progressOf({ key, event, timeMs, cause }: NoteHead): Promise<EventInput | undefined> {
    const body = { withPayloads: false };
    const run = await this.#query(() => this.runtime?.query({ key, query: showRun, body }));
    if (run === undefined || !("tasks" in run) || run.endTime !== undefined) return undefined;
    const { total = 0, completed = 0, skipped = 0, failed = 0, running = 0 } = run.tasks ?? {};
    const counts = {
      tasksTotal: total,
      tasksCompleted: completed + skipped,
      tasksFailed: failed,
      tasksRunning: running,
    };
    const head = { key, event, timeMs, cause, part: 0 };
    return eventOf({ ...head, type: "tutti.workflow.run.progressed", body: counts });
  }

  async #question({ approvalId, ...head }: QuestionNote): Promise<EventInput> {
    const { namespace, id } = head.key;
    const body = { from: 0, size: approvalsMax };
    const reply = await this.#query(() => this.runtime?.query({ key: head.key, query: showApprovals, body }));
    const found = reply !== undefined && "approvals" in reply ? reply.approvals : [];
    const approval = found.find((candidate) => candidate.approvalId === approvalId);
    const about = approval?.about ?? { namespace, kind: "run", id, task: "" };
    const { title = "", deciders = [], expireTime } = approval ?? {};
    const question = { approvalId, about, title, deciders: [...deciders], expireTime };
    return eventOf({ ...head, type: "tutti.workflow.approval.requested", body: question, part: 0 });
  }

  /** Undefined if the partition has moved: its new owner publishes later events. */
  async #query<T>(question: () => Promise<T> | undefined): Promise<T | undefined> {
    try {
      return await question();
    } catch (error) {
      this.#logger.debug("failed to read pending notifications", { error });
      return undefined;
    }
  }
}

export class WorkflowEventPublisher extends MachineEventPublisher<Note> {
  readonly #mapper: WorkflowEventMapper;

  constructor(
    { bus, foundation }: { readonly bus: Pick<Bus, "publish">; readonly foundation: Foundation },
    sources: readonly PublishedMachine[],
    { ended, ...options }: Partial<PublisherOptions> & { readonly ended?: (key: InstanceKey) => void } = {},
  ) {
    const mapper = new WorkflowEventMapper(foundation);
    const dropped = foundation.metrics
      .counter({
        name: "tutti_workflow_events_left_out_total",
        help: "Run events dropped because the publish queue was full.",
      })
      .with({});
    const count = endCounter(foundation.metrics);
    const hasEnded = (key: InstanceKey, note: Note) => {
      if (note.kind === "event") count(note.type);
      ended?.(key);
    };
    super({ bus, foundation, sources, mapper, dropped, ended: hasEnded }, options);
    this.#mapper = mapper;
  }

  /** Sets the runtime. Some events need its data, and it needs this publisher to start. */
  setRuntime(runtime: MachineQueries): void {
    this.#mapper.runtime = runtime;
  }
}

const statuses = ["completed", "failed", "cancelled", "terminated", "continued"];
const ends: ReadonlySet<string> = new Set(statuses.map((end) => `tutti.workflow.run.${end}`));

function endCounter(metrics: Foundation["metrics"]): (type: string) => void {
  const counter = metrics.counter({
    name: "tutti_workflow_runs_ended_total",
    help: "Runs that ended, by status.",
    labels: ["status"],
  });
  const cells = new Map(statuses.map((status) => [`tutti.workflow.run.${status}`, counter.with({ status })]));
  return (type) => cells.get(type)?.add(1);
}
