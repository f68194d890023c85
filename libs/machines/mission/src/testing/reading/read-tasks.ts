/**
 * The tasks of a board.
 *
 * 1. A task starts when all that it needs has ended as it has to, while the mission holds nothing back, and never while
 *    somebody has it.
 * 2. Attempts are counted one by one. Whoever ends, hands on, renews or releases a claim has it, in its present
 *    attempt, and its lease lasts. A lease runs out at its end and not before.
 * 3. What has ended stays as it ended. Parts end with what they belong to. What needs something that cannot come any
 *    more is skipped.
 */
import type { ReadAgents } from "./read-agents.ts";
import type { ReadEscrow } from "./read-escrow.ts";
import type { Find, ReadEvent } from "./read-event.ts";
import {
  claimIdOf,
  type Ending,
  isAtWork,
  isChild,
  isUnderWay,
  needsOf,
  newReadTask,
  type ReadTask,
  type Standing,
} from "./read-task.ts";
import { type Given, inWords, isAlike, plus } from "./sums.ts";

const leaseDefaultMs = 60_000;

export interface TasksParts {
  readonly agents: ReadAgents;
  readonly escrow: ReadEscrow;
  /** Why nothing new may start. Undefined when it may. */
  readonly held: () => string | undefined;
  readonly find: Find;
}

export class ReadTasks {
  readonly all: ReadTask[] = [];
  readonly #byId = new Map<string, ReadTask>();
  readonly #parts: TasksParts;

  constructor(parts: TasksParts) {
    this.#parts = parts;
  }

  // biome-ignore lint/suspicious/noExplicitAny: specifications as they were given
  add(specs: readonly any[], origin: Partial<ReadTask> = {}): ReadTask[] {
    const added = specs.map((spec) => {
      const task = newReadTask(this.all.length, spec, origin);
      if (this.#byId.has(spec.id)) this.#find(task, "is on the board already");
      this.all.push(task);
      this.#byId.set(spec.id, task);
      return task;
    });
    this.#skip();
    return added;
  }

  added({ body, command }: ReadEvent): void {
    const { tasks, parent = -1, authority, toAgent, fromAgent } = body;
    const [part] = this.add(tasks, { parent, authority, toAgent });
    if (part === undefined || authority === undefined) return;
    const above = this.all[parent];
    const { agents, escrow } = this.#parts;
    if (above === undefined || command?.type !== "delegate_task" || command.body.agentId !== fromAgent)
      this.#find(part, `was delegated by nobody, ${fromAgent} it says`);
    else this.#has(above, fromAgent, command.body.claimId, body.addMs);
    if (toAgent !== "" && !agents.roles.has(toAgent))
      this.#find(part, `goes to ${toAgent}, which takes no part`);
    this.#compareAuthority(part, above);
    if (authority?.budget !== undefined && part.ending === undefined)
      escrow.delegate(part.number, parent, authority.budget);
  }

  queued({ body: { node, attempt, reserved } }: ReadEvent): void {
    this.#begin(node, attempt, reserved, "queued");
  }

  childQueued({ body: { node, attempt, reserved } }: ReadEvent): void {
    this.#begin(node, attempt, reserved, "awaited");
  }

  begun({ body: { node, attempt, agent } }: ReadEvent): void {
    const task = this.#task(node);
    const { agents } = this.#parts;
    if (attempt !== task.attempt) this.#find(task, `is begun in attempt ${attempt}, not ${task.attempt}`);
    if (task.stands !== "queued" && task.stands !== "atWork")
      this.#find(task, `is begun while it is ${task.stands}`);
    agents.does(agent);
    task.stands = "atWork";
    task.agent = agent;
  }

  claimed({ body: { node, attempt, agent, claimMs, leaseMs, reserved }, command }: ReadEvent): void {
    const task = this.#task(node);
    const { agents, escrow, held } = this.#parts;
    const request = command?.type === "claim_board_tasks" ? command.body.request : undefined;
    if (request?.agentId !== agent) this.#find(task, `is claimed for ${agent}, which did not ask`);
    if (task.stands !== "queued")
      this.#find(task, `is claimed by ${agent} while it is ${task.stands} by ${task.agent}`);
    if (attempt !== task.attempt + 1)
      this.#find(task, `is claimed as attempt ${attempt} after ${task.attempt}`);
    if (leaseMs > (request?.leaseMs || leaseDefaultMs))
      this.#find(task, `is claimed for ${leaseMs} ms, longer than asked`);
    if (!agents.roles.has(agent)) this.#find(task, `is claimed by ${agent}, which takes no part`);
    const isFor =
      (task.toAgent === "" || task.toAgent === agent || task.toRole !== "") &&
      (task.toRole === "" || agents.roles.get(agent) === task.toRole);
    if (!isFor) this.#find(task, `is claimed by ${agent}, and is for ${task.toAgent || task.toRole}`);
    const why = held();
    if (why !== undefined) this.#find(task, `is claimed although ${why}`);
    escrow.setAside(node, reserved);
    Object.assign(task, { stands: "claimed", attempt, agent, leaseDueMs: claimMs + leaseMs });
  }

  renewed({ body: { agent, claims, renewMs, leaseMs }, command }: ReadEvent): void {
    const asked: { readonly claimId: string }[] = command?.body.renewals ?? [];
    for (const { node } of claims) {
      const task = this.#task(node);
      const isAsked =
        command?.type === "renew_claims" && asked.some(({ claimId }) => claimId === claimIdOf(task));
      this.#has(task, agent, isAsked ? claimIdOf(task) : "none that is renewed", renewMs);
      const heartbeatMs = task.spec.timeouts?.heartbeatMs ?? 0;
      if (task.stands === "claimed")
        task.leaseDueMs = renewMs + (heartbeatMs > 0 ? Math.min(heartbeatMs, leaseMs) : leaseMs);
    }
  }

  returned({ body: { node, attempt, lost, endMs }, command }: ReadEvent): void {
    const task = this.#task(node);
    if (attempt !== task.attempt) this.#find(task, `gives back attempt ${attempt}, not ${task.attempt}`);
    if (command?.type === "release_tasks")
      this.#has(task, command.body.agentId, this.#among(command.body.claimIds, task), endMs);
    else if (task.stands === "claimed" && command === undefined && endMs < task.leaseDueMs)
      this.#find(
        task,
        `is taken from ${task.agent} ${task.leaseDueMs - endMs} ms before the end of its lease`,
      );
    if (command === undefined && task.stands === "claimed" && !lost)
      this.#find(task, `comes back from ${task.agent}, which went silent, as if nothing was used up`);
    this.#reopen(task, lost);
  }

  handedOn({ body: { node, toAgent, toRole, handoff, handoffMs }, command }: ReadEvent): void {
    const task = this.#task(node);
    const { roles } = this.#parts.agents;
    this.#has(task, handoff.fromAgentId, command?.body.claimId, handoffMs);
    const asked = command?.body.to?.value;
    if (asked !== (toAgent || toRole))
      this.#find(task, `is handed on to ${toAgent || toRole || "anybody"}, and was to go to ${asked}`);
    if (toAgent !== "" && !roles.has(toAgent))
      this.#find(task, `is handed on to ${toAgent}, which takes no part`);
    this.#reopen(task, false);
    Object.assign(task, { toAgent, toRole });
  }

  attemptFailed(event: ReadEvent): void {
    const { node, attempt } = event.body;
    const task = this.#task(node);
    if (attempt !== task.attempt) this.#find(task, `fails in attempt ${attempt}, not ${task.attempt}`);
    this.#ended(task, event);
    this.#reopen(task, false);
  }

  /** Of a task that is over, or whose end a person decides about. */
  end(event: ReadEvent, ending: Ending): void {
    const task = this.#task(event.body.node);
    if (ending === "completed" || ending === "failed") this.#ended(task, event);
    else if (event.body.accounted === true) {
      this.#parts.escrow.book(task.number, event.body.used);
      this.#parts.escrow.giveBack(task.number, false);
    }
    this.#over(task, ending);
    this.#skip();
  }

  aside(event: ReadEvent, stands: "asked" | "paused"): void {
    const task = this.#task(event.body.node);
    this.#ended(task, event);
    this.#parts.escrow.giveBack(task.number, false);
    task.stands = stands;
  }

  withdrawn({ body: { nodes } }: ReadEvent): void {
    for (const node of nodes) {
      const task = this.#task(node);
      this.#parts.escrow.giveBack(node, false);
      task.stands = "withdrawn";
    }
  }

  resumed({ body: { node } }: ReadEvent): void {
    this.#task(node).stands = "open";
  }

  /** Nothing new starts: what waits for an agent is taken back. */
  takeBack(): void {
    for (const task of this.all) if (task.stands === "queued") this.#reopen(task, false);
  }

  /** The mission stops: all that is open ends. Children that are there are awaited, unless they end by force. */
  stop(isByForce: boolean): void {
    for (const task of this.all) {
      if (task.ending !== undefined) continue;
      if (!isByForce && this.started.has(task.number) && task.stands === "awaited") continue;
      this.#over(task, "cancelled");
      this.#skip();
    }
  }

  /** Numbers of tasks whose children are there, in their present attempts. */
  readonly started = new Set<number>();

  #begin(node: number, attempt: number, reserved: Given, stands: Standing): void {
    const task = this.#task(node);
    if (task.stands !== "open")
      this.#find(task, `begins while it is ${task.stands} by ${task.agent || "nobody"}`);
    if (attempt !== task.attempt + 1) this.#find(task, `begins attempt ${attempt} after ${task.attempt}`);
    if (needsOf(task, this.#byId) !== "met") this.#find(task, "begins before what it needs has ended");
    const why = this.#parts.held();
    if (why !== undefined) this.#find(task, `begins although ${why}`);
    this.started.delete(node);
    this.#parts.escrow.setAside(node, reserved);
    Object.assign(task, { stands, attempt, agent: "" });
  }

  /** An attempt ended, by whom it was given to. */
  #ended(task: ReadTask, { type, body, command, saidUsed }: ReadEvent): void {
    const { agents, escrow } = this.#parts;
    const { agent, used } = body;
    if (command?.type === "complete_tasks") this.#endedClaim(task, command.body, body);
    else if (command?.type === "complete_judged_tasks") this.#endedClaim(task, command.body.ends, body);
    else if (saidUsed !== undefined && !isAlike(saidUsed, used))
      this.#find(task, `used up ${inWords(used)}, and its agent says ${inWords(saidUsed)}`);
    if (type === "task_completed" && command?.type !== "decide_mission_question" && !isAtWork(task)) {
      // What ended at once was not said to have started, and what was brought in from outside never was.
      const isBroughtIn = command?.type === "bring_in_outcomes" && task.stands === "withdrawn";
      if (task.stands !== "queued" && task.stands !== "awaited" && !isBroughtIn)
        this.#find(task, `completes while it is ${task.stands}`);
    }
    agents.does(agent);
    if (agent !== "") task.agent = agent;
    escrow.book(task.number, used);
  }

  // biome-ignore lint/suspicious/noExplicitAny: a request as it was made, and an end as it was told
  #endedClaim(task: ReadTask, { agentId, ends }: any, { endMs, used }: any): void {
    const claimId = claimIdOf(task);
    // biome-ignore lint/suspicious/noExplicitAny: a request as it was made
    const end = ends.find((each: any) => each.claimId === claimId);
    this.#has(task, agentId, end === undefined ? "another" : claimId, endMs);
    if (end !== undefined && !isAlike(end.used, used))
      this.#find(task, `used up ${inWords(used)}, and ${agentId} said ${inWords(end.used)}`);
  }

  /** Somebody has a task, by this claim, at this moment. */
  #has(task: ReadTask, agent: string, claimId: string, atMs: number): void {
    const claim = claimIdOf(task);
    if (!isAtWork(task) || task.agent !== agent)
      this.#find(task, `is ${task.stands} by ${task.agent || "nobody"}, and ${agent} acts on it`);
    else if (claimId !== claim) this.#find(task, `has the claim ${claim}, and ${agent} acts by ${claimId}`);
    else if (task.stands === "claimed" && atMs >= task.leaseDueMs)
      this.#find(task, `is acted on by ${agent} ${atMs - task.leaseDueMs} ms after the end of its lease`);
  }

  #among(claimIds: readonly string[], task: ReadTask): string {
    return claimIds.includes(claimIdOf(task)) ? claimIdOf(task) : "another";
  }

  #reopen(task: ReadTask, isUnknown: boolean): void {
    if (task.ending !== undefined) this.#find(task, `goes on after it has ${task.ending}`);
    this.#parts.escrow.giveBack(task.number, isUnknown);
    task.stands = "open";
    this.started.delete(task.number);
  }

  #over(task: ReadTask, ending: Ending): void {
    const { escrow } = this.#parts;
    if (task.ending !== undefined) this.#find(task, `is ${ending} after it has ${task.ending}`);
    escrow.giveBack(task.number, ending === "cancelled" && isUnderWay(task));
    const above = this.all[task.parent];
    escrow.over(task.number, task.parent, above !== undefined && isAtWork(above));
    Object.assign(task, { stands: "over", ending });
    for (const part of this.all)
      if (part.parent === task.number && part.ending === undefined) this.#over(part, "cancelled");
  }

  /** What needs something that cannot come any more does not start. */
  #skip(): void {
    for (let isMoving = true; isMoving; ) {
      isMoving = false;
      for (const task of this.all) {
        if (task.ending !== undefined || task.stands !== "open" || task.attempt > 0) continue;
        if (needsOf(task, this.#byId) !== "lost") continue;
        this.#over(task, "skipped");
        isMoving = true;
      }
    }
  }

  #compareAuthority({ authority: given, ...part }: ReadTask, above: ReadTask | undefined): void {
    const own = above?.authority;
    if (own === undefined || given === undefined) return;
    const isWider =
      given.capabilities.some((each: string) => !own.capabilities.includes(each)) ||
      given.actions.some((each: string) => !own.actions.includes(each)) ||
      !own.mayDelegate;
    if (isWider) this.#find({ ...part, authority: given }, "may do more than who delegated it");
  }

  #task(node: number): ReadTask {
    const task = this.all[node];
    if (task === undefined) throw new Error(`there is no task ${node}`);
    return task;
  }

  #find({ spec: { id } }: ReadTask, problem: string): void {
    this.#parts.find(`the task ${id} ${problem}`);
  }

  /** What is set aside for tasks that are over: nothing may be. */
  get leftAside(): Given {
    return this.all
      .filter(({ ending }) => ending !== undefined)
      .map(({ number }) => this.#parts.escrow.tasks.get(number))
      .reduce((sum, each) => plus(sum, each), plus({}, {}));
  }

  isLeft(): boolean {
    return this.all.some(({ ending }) => ending === undefined);
  }

  hasChildren(): boolean {
    return this.all.some((task) => isChild(task) && task.stands === "awaited");
  }
}
