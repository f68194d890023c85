/** An agent that takes part in a mission: its claims, messages, entries and votes have its name. */
import type { Authority, BoardTask } from "@tutti/contracts/swarm/v1";
import { ErrorDetail } from "@tutti/contracts/types/v1";
import { fromErrorDetail, toTimestamp } from "@tutti/kernel";
import { sdkErrors } from "../../errors.ts";
import {
  date,
  flag,
  number,
  type OptionNames,
  requireKnown,
  requireOne,
  text,
  wholeNumber,
} from "../../options.ts";
import { payloadOf, valueIn } from "../payloads.ts";
import { type IdempotencyOptions, idempotencyNames } from "../work/paging.ts";
import { type AmountsOptions, amountNames, amountsOf, taskSpecOf } from "../work/task.ts";
import { Blackboard } from "./blackboard.ts";
import { MissionBudget } from "./budget.ts";
import { Conversation } from "./conversation.ts";
import type { BoardPlace, MissionParts } from "./parts.ts";
import type { MissionTask } from "./spec.ts";
import { Votes } from "./votes.ts";

export interface ClaimOptions extends IdempotencyOptions {
  /** Claims only these tasks. Default: any that its capabilities fit. */
  readonly tasks?: readonly string[];
  /** Number of tasks. Default: 1. */
  readonly count?: number;
  /** Duration of a claim without renewal. Default: a minute. */
  readonly leaseMs?: number;
  /** Time to wait for the first task. Default: no wait. */
  readonly waitMs?: number;
}

const claimNames: OptionNames<ClaimOptions> = {
  ...idempotencyNames,
  tasks: [text],
  count: wholeNumber(0),
  leaseMs: number(0),
  waitMs: number(0),
};

/** To an agent, or to the agent in a role. */
export type Successor = { readonly agent: string } | { readonly role: string };

const successorNames: OptionNames<Successor> = { agent: text, role: text };

export interface HandOffOptions extends IdempotencyOptions {
  /** Context for the next agent. */
  readonly context?: unknown;
  readonly reason?: string;
}

const handOffNames: OptionNames<HandOffOptions> = { ...idempotencyNames, context: true, reason: text };

export function requireHandOff(to: Successor, options: HandOffOptions): void {
  requireOne("task.handOff.to", to, successorNames);
  requireKnown("task.handOff", options, handOffNames);
}

/** Rights of a delegate: never more than those of the agent that delegates. */
export interface DelegateOptions extends IdempotencyOptions {
  /** Agent that executes the task. Default: any that can. */
  readonly to?: string;
  readonly actions?: readonly string[];
  readonly capabilities?: readonly string[];
  /** Reserved from the budget of the agent that delegates. */
  readonly budget?: AmountsOptions;
  readonly until?: Date;
  readonly mayDelegate?: boolean;
}

const delegateNames: OptionNames<DelegateOptions> = {
  ...idempotencyNames,
  to: text,
  actions: [text],
  capabilities: [text],
  budget: amountNames,
  until: date,
  mayDelegate: flag,
};

export function requireDelegation(options: DelegateOptions): void {
  requireKnown("task.delegate", options, delegateNames);
}

interface AddTasksOptions extends IdempotencyOptions {
  /** Task whose parts they are. */
  readonly parent?: string;
}

const addTasksNames: OptionNames<AddTasksOptions> = { ...idempotencyNames, parent: text };

interface EndOptions {
  /** Used amounts. */
  readonly used?: AmountsOptions;
}

const endNames: OptionNames<EndOptions> = { used: amountNames };

interface RenewOptions {
  readonly leaseMs?: number;
  readonly progress?: number;
  readonly message?: string;
}

const renewNames: OptionNames<RenewOptions> = { leaseMs: number(0), progress: number(0), message: text };

export class Participation {
  readonly missionId: string;
  readonly agentId: string;
  readonly board: Blackboard;
  readonly messages: Conversation;
  readonly votes: Votes;
  readonly budget: MissionBudget;
  readonly #parts: MissionParts;
  readonly #place: BoardPlace;

  constructor(parts: MissionParts, place: BoardPlace) {
    this.missionId = place.missionId;
    this.agentId = place.agentId;
    this.board = new Blackboard(parts, place);
    this.messages = new Conversation(parts, place);
    this.votes = new Votes(parts, place);
    this.budget = new MissionBudget(parts, place);
    this.#parts = parts;
    this.#place = place;
  }

  /** Claims tasks that the agent can do, the most urgent first. No other agent gets them while the claims last. */
  async claim(options: ClaimOptions = {}): Promise<readonly ClaimedTask[]> {
    requireKnown("participant.claim", options, claimNames);
    const { tasks = [], count = 1, leaseMs = 0, waitMs = 0, idempotencyKey = "" } = options;
    const request = { ...this.#place, taskIds: [...tasks], count, leaseMs, waitMs, idempotencyKey };
    const found = await this.#parts.board.claimTasks(request, { timeoutMs: waitMs + roundTripMs });
    return found.tasks.map((task) => new ClaimedTask(this.#parts, this.#place, task));
  }

  /** Returns a task of this agent. Undefined if it has none with this id. */
  async claimed(taskId: string): Promise<ClaimedTask | undefined> {
    const { namespace, missionId, agentId: claimedBy } = this.#place;
    const request = { namespace, missionId, claimedBy, statuses: [], parentTaskId: "", text: taskId };
    const { tasks } = await this.#parts.board.listTasks({ ...request, page: { size: 1_000, token: "" } });
    const found = tasks.find(({ spec, claim }) => spec?.id === taskId && claim !== undefined);
    return found && new ClaimedTask(this.#parts, this.#place, found);
  }

  /** Adds tasks to the board of a running mission, optionally as parts of another task. */
  async addTasks(tasks: readonly MissionTask[], options: AddTasksOptions = {}): Promise<void> {
    requireKnown("participant.addTasks", options, addTasksNames);
    const { parent = "", idempotencyKey = "" } = options;
    await this.#parts.board.addTasks({
      ...this.#place,
      tasks: tasks.map(taskSpecOf),
      parentTaskId: parent,
      idempotencyKey,
    });
  }

  /** Leaves the mission. Its claimed tasks are free again. */
  async leave(reason = ""): Promise<void> {
    await this.#parts.board.leaveMission({ ...this.#place, reason });
  }
}

/** Time that a call may take in addition to its wait. */
const roundTripMs = 15_000;

/** A claimed task, until it ends, is handed off or released, or the claim expires. */
export class ClaimedTask {
  readonly id: string;
  readonly claimId: string;
  /** The task on the board. */
  readonly task: BoardTask;
  readonly #parts: MissionParts;
  readonly #place: BoardPlace;

  constructor(parts: MissionParts, place: BoardPlace, task: BoardTask) {
    this.#parts = parts;
    this.#place = place;
    this.task = task;
    this.id = task.spec?.id ?? "";
    this.claimId = task.claim?.claimId ?? "";
  }

  /** Input of the task. */
  get input(): unknown {
    return valueIn(this.task.spec?.input);
  }

  /** The note of the previous agent. Undefined if there is none. */
  get context(): unknown {
    return valueIn(this.task.handoffs.at(-1)?.context);
  }

  /** Completes the task with an output. Rejects if the claim has expired. */
  async complete(output?: unknown, options: EndOptions = {}): Promise<void> {
    requireKnown("task.complete", options, endNames);
    const value = payloadOf(output ?? null, "the output") ?? { body: undefined, mediaType: "" };
    await this.#close({ $case: "output", value }, options.used);
  }

  /** Fails this attempt with an error. */
  async fail(
    error: { readonly code: string; readonly message: string },
    options: EndOptions = {},
  ): Promise<void> {
    requireKnown("task.fail", options, endNames);
    await this.#close({ $case: "failed", value: ErrorDetail.fromPartial(error) }, options.used);
  }

  /** Renews the claim. False if the claim has expired: stop the work. */
  async renew(options: RenewOptions = {}): Promise<boolean> {
    requireKnown("task.renew", options, renewNames);
    const { leaseMs = 0, progress = 0, message = "" } = options;
    const renewals = [{ claimId: this.claimId, progress, message }];
    const { lostClaimIds } = await this.#parts.board.renewClaims({ ...this.#place, renewals, leaseMs });
    return !lostClaimIds.includes(this.claimId);
  }

  /** Releases the task without a result. */
  async release(reason = ""): Promise<void> {
    await this.#parts.board.releaseTasks({ ...this.#place, claimIds: [this.claimId], reason });
  }

  /** Hands the task to another agent, with context for it. */
  async handOff(to: Successor, options: HandOffOptions = {}): Promise<void> {
    requireHandOff(to, options);
    const { context, reason = "", idempotencyKey = "" } = options;
    await this.#parts.board.handOffTask({
      ...this.#place,
      claimId: this.claimId,
      reason,
      idempotencyKey,
      to: "agent" in to ? { $case: "toAgentId", value: to.agent } : { $case: "toRole", value: to.role },
      context: payloadOf(context, "context"),
    });
  }

  /** Delegates a part of the task, with fewer rights. The claim stays. */
  async delegate(task: MissionTask, options: DelegateOptions = {}): Promise<void> {
    requireDelegation(options);
    const { to = "", idempotencyKey = "" } = options;
    await this.#parts.board.delegateTask({
      ...this.#place,
      claimId: this.claimId,
      task: taskSpecOf(task),
      toAgentId: to,
      idempotencyKey,
      authority: authorityOf(options),
    });
  }

  async #close(
    outcome:
      | { readonly $case: "output"; readonly value: NonNullable<ReturnType<typeof payloadOf>> }
      | { readonly $case: "failed"; readonly value: ErrorDetail },
    used: AmountsOptions | undefined,
  ): Promise<void> {
    const end = { claimId: this.claimId, outcome, used: used && amountsOf(used), modelCalls: undefined };
    const { receipts } = await this.#parts.board.completeTasks({ ...this.#place, ends: [end] });
    const [receipt] = receipts;
    if (receipt === undefined) throw sdkErrors.replyIncomplete({ about: `the end of task ${this.id}` });
    if (receipt.refusal !== undefined) throw fromErrorDetail(receipt.refusal);
  }
}

function authorityOf(options: DelegateOptions): Authority {
  const { actions = [], capabilities = [], budget, until, mayDelegate = false } = options;
  return {
    actions: [...actions],
    capabilities: [...capabilities],
    mayDelegate,
    budget: budget && amountsOf(budget),
    expireTime: until && toTimestamp(until.getTime()),
  };
}
