/** A mission, as its client steers and reads it. */
import { Offering } from "@tutti/contracts/agent/v1";
import type { BoardEntry, BoardTask, Mission, MissionMessage, Vote } from "@tutti/contracts/swarm/v1";
import {
  type Approval,
  ApprovalFilter,
  type Explanation,
  type TaskStatus,
  Verdict,
} from "@tutti/contracts/types/v1";
import { sdkErrors } from "../../errors.ts";
import { labels, type OptionNames, requireKnown, text, wholeNumber } from "../../options.ts";
import { type WorkState, withState } from "../handle.ts";
import { payloadOf } from "../payloads.ts";
import { type DecideOptions, decideNames } from "../run.ts";
import { followed, type WatchOptions, watchNames } from "../work/followed.ts";
import { outputOf, type ResultOptions } from "../work/outcome.ts";
import { type IdempotencyOptions, idempotencyNames, pages } from "../work/paging.ts";
import { taskSpecOf } from "../work/task.ts";
import { Blackboard } from "./blackboard.ts";
import { MissionBudget } from "./budget.ts";
import { Conversation } from "./conversation.ts";
import { Participation } from "./participation.ts";
import type { BoardPlace, MissionParts } from "./parts.ts";
import type { MissionTask } from "./spec.ts";
import { Votes } from "./votes.ts";

/** A change of a mission: the mission if it changed, and its new and changed parts. */
export interface MissionChange {
  readonly mission: Mission | undefined;
  readonly tasks: readonly BoardTask[];
  readonly entries: readonly BoardEntry[];
  readonly messages: readonly MissionMessage[];
  readonly votes: readonly Vote[];
}

export interface JoinOptions {
  /** Pool of the agent. Default: `default`. */
  readonly pool?: string;
  readonly role?: string;
  /** Topics it listens to. */
  readonly topics?: readonly string[];
  /** Capabilities of an agent that is in no pool: names, or names with versions, such as `text.write@1.2.0`. */
  readonly offers?: readonly string[];
  /** Its labels, for an agent that is in no pool. */
  readonly labels?: Readonly<Record<string, string>>;
}

const joinNames: OptionNames<JoinOptions> = {
  pool: text,
  role: text,
  topics: [text],
  offers: [text],
  labels,
};

export class MissionHandle {
  readonly id: string;
  /** Whether it existed before this start. */
  readonly existed: boolean;
  readonly board: Blackboard;
  readonly messages: Conversation;
  readonly votes: Votes;
  readonly budget: MissionBudget;
  readonly #parts: MissionParts;

  constructor(parts: MissionParts, id: string, existed = false) {
    this.#parts = parts;
    this.id = id;
    this.existed = existed;
    const place = this.#placeOf("");
    this.board = new Blackboard(parts, place);
    this.messages = new Conversation(parts, place);
    this.votes = new Votes(parts, place);
    this.budget = new MissionBudget(parts, place);
  }

  /** Returns the current mission. `state` is its status as a word. */
  async get(): Promise<Mission & { readonly state: WorkState }> {
    const { mission } = await this.#parts.missions.getMission({ ...this.#which, atEvent: 0 });
    return withState(this.#there(mission));
  }

  /**
   * Returns its output, as soon as it has ended well. Rejects with its error when it has failed, was cancelled or
   * terminated.
   */
  async result<Output = unknown>(options: ResultOptions = {}): Promise<Output> {
    const { missions, namespace } = this.#parts;
    const output = await outputOf(
      this.id,
      async ({ id: missionId, waitMs }, call) => {
        const { mission } = await missions.awaitMission(
          { namespace, missionId, waitMs, afterEvent: 0 },
          call,
        );
        return this.#there(mission).outcome;
      },
      options,
      this.#parts.ports,
    );
    // The caller sets the type of the output.
    return output as Output;
  }

  /** Follows it until it ends or the signal aborts: first everything, then the changes. */
  async *watch(options: WatchOptions = {}): AsyncGenerator<MissionChange, void, void> {
    requireKnown("mission.watch", options, watchNames);
    const { signal } = options;
    const all = { withTasks: true, withEntries: true, withMessages: true, withVotes: true };
    const request = { ...this.#which, ...all };
    const open = (cursor: string) => this.#parts.missions.watchMission({ ...request, cursor }, { signal });
    for await (const reply of followed({ open, signal }, this.#parts.ports)) {
      const { mission, tasks, entries, messages, votes } = reply;
      if (mission !== undefined || tasks.length + entries.length + messages.length + votes.length > 0)
        yield { mission, tasks, entries, messages, votes };
    }
  }

  /** Returns its tasks in the order in which they were added. `statuses` filters them. */
  async tasks(options: TasksOptions = {}): Promise<readonly BoardTask[]> {
    requireKnown("mission.tasks", options, tasksNames);
    const { statuses = [], claimedBy = "" } = options;
    const request = { ...this.#which, statuses: [...statuses], claimedBy, parentTaskId: "", text: "" };
    const found: BoardTask[] = [];
    for await (const task of pages<BoardTask>(async (page) => {
      const reply = await this.#parts.board.listTasks({ ...request, page });
      return { items: reply.tasks, token: reply.page?.nextToken };
    }))
      found.push(task);
    return found;
  }

  /** Adds tasks to the board of a running mission, all or none. */
  async addTasks(tasks: readonly MissionTask[], options: IdempotencyOptions = {}): Promise<void> {
    requireKnown("mission.addTasks", options, idempotencyNames);
    const { idempotencyKey = "" } = options;
    await this.#parts.board.addTasks({
      ...this.#placeOf(""),
      tasks: tasks.map(taskSpecOf),
      parentTaskId: "",
      idempotencyKey,
    });
  }

  /** Adds an agent to the mission. */
  async join(agentId: string, options: JoinOptions = {}): Promise<Participation> {
    requireKnown("mission.join", options, joinNames);
    const { pool = "", role = "", topics = [], offers } = options;
    const offering =
      offers &&
      Offering.fromPartial({ capabilities: offers.map(capabilityOf), labels: { ...options.labels } });
    const place = this.#placeOf(agentId);
    await this.#parts.board.joinMission({ ...place, pool, role, topics: [...topics], offering });
    return this.participant(agentId);
  }

  /** Returns a handle of an agent that takes part already. Sends no request. */
  participant(agentId: string): Participation {
    return new Participation(this.#parts, this.#placeOf(agentId));
  }

  /** Sends a signal: all subscribers of the topic receive it. */
  async signal(topic: string, payload?: unknown, options: IdempotencyOptions = {}): Promise<void> {
    requireKnown("mission.signal", options, idempotencyNames);
    const { idempotencyKey = "" } = options;
    await this.#parts.missions.signalMission({
      ...this.#which,
      signal: topic,
      payload: payloadOf(payload, "payload"),
      idempotencyKey,
    });
  }

  /** Pauses. Running tasks finish, and no task starts. */
  async pause(reason = ""): Promise<void> {
    await this.#parts.missions.pauseMission({ ...this.#which, reason, idempotencyKey: "" });
  }

  async resume(reason = ""): Promise<void> {
    await this.#parts.missions.resumeMission({ ...this.#which, reason, idempotencyKey: "" });
  }

  /** Cancels the mission: running tasks are stopped, children are cancelled. */
  async cancel(reason = ""): Promise<void> {
    await this.#parts.missions.cancelMission({ ...this.#which, reason });
  }

  /** Terminates the mission at once. */
  async terminate(reason = ""): Promise<void> {
    await this.#parts.missions.terminateMission({ ...this.#which, reason });
  }

  /** Deletes it after its end. False if it does not exist. */
  async delete(reason = ""): Promise<boolean> {
    return (await this.#parts.missions.deleteMission({ ...this.#which, reason })).removed;
  }

  /** Explains the status of the mission, or of one of its tasks. */
  async why(taskId = ""): Promise<Explanation> {
    const { explanation } = await this.#parts.missions.explainMission({ ...this.#which, taskId });
    if (explanation === undefined) throw sdkErrors.replyIncomplete({ about: `mission ${this.id}` });
    return explanation;
  }

  /** Lists the open approvals. */
  async approvals(): Promise<readonly Approval[]> {
    const filter = ApprovalFilter.fromPartial({ workId: this.id });
    const { namespace } = this.#parts;
    return (await this.#parts.missions.listMissionApprovals({ namespace, filter, page: undefined }))
      .approvals;
  }

  /** Approves a question. */
  async approve(question: string, options: DecideOptions = {}): Promise<void> {
    requireKnown("mission.approve", options, decideNames);
    await this.#decide(question, Verdict.VERDICT_APPROVED, options);
  }

  /** Rejects. */
  async reject(question: string, options: DecideOptions = {}): Promise<void> {
    requireKnown("mission.reject", options, decideNames);
    await this.#decide(question, Verdict.VERDICT_REJECTED, options);
  }

  async #decide(approvalId: string, verdict: Verdict, { data, reason = "" }: DecideOptions): Promise<void> {
    const payload = payloadOf(data, "data");
    await this.#parts.missions.decideMissionApproval({
      ...this.#which,
      approvalId,
      verdict,
      data: payload,
      reason,
    });
  }

  get #which(): { readonly namespace: string; readonly missionId: string } {
    return { namespace: this.#parts.namespace, missionId: this.id };
  }

  #placeOf(agentId: string): BoardPlace {
    return { ...this.#which, agentId };
  }

  #there(mission: Mission | undefined): Mission {
    if (mission === undefined) throw sdkErrors.replyIncomplete({ about: `mission ${this.id}` });
    return mission;
  }
}

function capabilityOf(offer: string): { readonly name: string; readonly version: string } {
  const [name = "", version = ""] = offer.split("@");
  return { name, version: version || "1.0.0" };
}

interface TasksOptions {
  readonly statuses?: readonly TaskStatus[];
  /** Those that this agent has. */
  readonly claimedBy?: string;
}

const tasksNames: OptionNames<TasksOptions> = { statuses: [wholeNumber(0)], claimedBy: text };
