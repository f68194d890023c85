/**
 * A second reading of what becomes durable of one mission: who had which task and until when, what was spent, who chose
 * what, which values there are and who leads. It shares nothing with the machine but the form of its events, keeps
 * nothing that could be counted, and says what may not have happened. It does not say what a mission should do next,
 * nor why it waits.
 */
import { ReadAgents } from "./read-agents.ts";
import { ReadBoard } from "./read-board.ts";
import { ReadEscrow } from "./read-escrow.ts";
import type { ReadEvent } from "./read-event.ts";
import { ReadTasks } from "./read-tasks.ts";
import { ReadVotes } from "./read-votes.ts";
import { inWords, isAlike, plus } from "./sums.ts";

/** Of each a command makes one at most, wherever its letters lead. */
const ofOneCommand = new Set([
  "task_claimed",
  "tasks_added",
  "task_handed_on",
  "entries_written",
  "vote_opened",
  "ballot_cast",
  "budget_reserved",
  "budget_spent",
]);

interface OpenQuestion {
  readonly number: number;
  readonly kind: number;
  readonly subject: string;
  /** What may be chosen. */
  readonly options: readonly string[];
}

export class MissionReading {
  readonly id: string;
  readonly findings: string[] = [];
  readonly board = new ReadBoard((problem) => this.#find(problem));
  readonly votes = new ReadVotes((problem) => this.#find(problem));
  readonly questions = new Map<number, OpenQuestion>();
  #agents: ReadAgents | undefined;
  #escrow: ReadEscrow | undefined;
  #tasks: ReadTasks | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: as below
  #spec: any;
  messages = 0;
  isPaused = false;
  isOver = false;
  #isUsedUp = false;
  #isTroubled = false;
  #isStopping = false;
  #hasConditions = false;
  /** When the effect of each command started to be durable, by its number and the event. */
  readonly #effects = new Map<string, number>();

  constructor(id: string) {
    this.id = id;
  }

  get tasks(): ReadTasks {
    return this.#there(this.#tasks);
  }

  get agents(): ReadAgents {
    return this.#there(this.#agents);
  }

  get escrow(): ReadEscrow {
    return this.#there(this.#escrow);
  }

  /** What it was started with. */
  // biome-ignore lint/suspicious/noExplicitAny: a specification as it was given
  get spec(): any {
    return this.#there(this.#spec);
  }

  /** Whether there is a mission to speak of. */
  get hasBegun(): boolean {
    return this.#tasks !== undefined;
  }

  /** What is open of it. */
  get inWords(): string {
    if (!this.hasBegun) return "it has not begun";
    const open = this.tasks.all.filter(({ ending }) => ending === undefined);
    const tasks = open.map(({ spec, stands, toAgent, toRole }) => `${spec.id} ${stands} ${toAgent}${toRole}`);
    return [
      ...tasks,
      ...[...this.questions.values()].map(({ kind }) => `question ${kind}`),
      this.#held() ?? "",
    ].join("; ");
  }

  /** @param batch numbers what became durable together */
  event(event: ReadEvent, batch: number): void {
    const { type, command } = event;
    if (this.isOver && type !== "mission_removed") this.#find(`${type} happens after its end`);
    if (command !== undefined && ofOneCommand.has(type)) this.#takesEffect(command.number, type, batch);
    readers[type]?.(this, event);
    this.#escrow?.check();
  }

  /** @param projection the state of the machine, as it projects it */
  // biome-ignore lint/suspicious/noExplicitAny: plain JSON
  compare(projection: any): void {
    if (!this.hasBegun) return;
    const { tasks, escrow, board } = this;
    const told: readonly { readonly status?: string }[] = projection.tasks ?? [];
    for (const { number, spec, ending } of tasks.all) {
      const status = (told[number]?.status ?? "").replace("TASK_STATUS_", "").toLowerCase();
      const isOver = ["completed", "failed", "skipped", "cancelled"].includes(status);
      if (ending !== undefined ? status !== ending : isOver)
        this.#find(`the task ${spec.id} is ${status}, expected ${ending ?? "it to be open"}`);
    }
    if (told.length !== tasks.all.length)
      this.#find(`it has ${told.length} tasks, expected ${tasks.all.length}`);
    for (const [name, expected] of [
      ["spent", escrow.spent],
      ["overrun", escrow.overrun],
    ] as const)
      if (!isAlike(projection[name], expected))
        this.#find(`${name} is ${inWords(projection[name])}, expected ${inWords(expected)}`);
    if (!isAlike(projection.follows?.reserved, escrow.reserved))
      this.#find(
        `${inWords(projection.follows?.reserved)} are set aside, expected ${inWords(escrow.reserved)}`,
      );
    const entries: readonly { readonly key: string; readonly version: number }[] = projection.entries ?? [];
    for (const { key, version } of entries)
      if (board.values.get(key)?.version !== version)
        this.#find(`${key} has version ${version}, expected ${board.values.get(key)?.version ?? "none"}`);
    if (entries.length !== board.values.size)
      this.#find(`it has ${entries.length} values, expected ${board.values.size}`);
    const messages = projection.messageNumber ?? 0;
    if (messages !== this.messages) this.#find(`${messages} messages were sent, expected ${this.messages}`);
  }

  started({ order }: ReadEvent["body"]): void {
    const { spec, parentBudget } = order;
    const find = (problem: string): void => this.#find(problem);
    this.#spec = spec;
    this.#agents = new ReadAgents(spec, find);
    this.#escrow = new ReadEscrow(spec.budget?.amounts, parentBudget, find);
    const { agents, escrow } = this;
    this.#tasks = new ReadTasks({ agents, escrow, find, held: () => this.#held() });
    this.#hasConditions = spec.stopConditions.length > 0;
    this.tasks.add(spec.tasks);
  }

  hold(what: "paused" | "usedUp" | "trouble", isHeld: boolean): void {
    if (what === "paused") this.isPaused = isHeld;
    else if (what === "usedUp") this.#isUsedUp = isHeld;
    else this.#isTroubled = isHeld;
    if (isHeld && what !== "usedUp") this.tasks.takeBack();
  }

  stop(isByForce: boolean): void {
    this.#isStopping = true;
    this.tasks.stop(isByForce);
    this.#close();
  }

  over(type: string): void {
    this.isOver = true;
    if (!this.hasBegun) return;
    if (type === "mission_completed" && this.tasks.isLeft()) this.#find("it completes while tasks are open");
    if (type === "mission_completed" && !this.#isStopping && this.#hasConditions)
      this.#find("it completes before its conditions say so");
    this.#close();
    const { reserved } = this.escrow;
    if (!isAlike(reserved, {})) this.#find(`${inWords(reserved)} stay set aside after its end`);
  }

  asked({ question }: ReadEvent["body"]): void {
    const { number, kind, subject } = question;
    // biome-ignore lint/suspicious/noExplicitAny: a vote as it was asked
    const vote: any = this.votes.asked.get(subject)?.vote;
    const options = (vote?.options ?? []).map(({ option }: { option: string }) => option);
    this.questions.set(number, { number, kind, subject, options });
  }

  returned({ body: { number }, command, timeMs }: ReadEvent): void {
    const aside = this.escrow.asides.get(number);
    if (command === undefined && aside !== undefined && !(aside.expireMs > 0 && timeMs >= aside.expireMs))
      this.#find(`the reservation r${number} is returned by itself before its time`);
    this.escrow.asides.delete(number);
  }

  reserved({ number, node, agent, amounts, expireMs }: ReadEvent["body"]): void {
    this.escrow.reserve(number, { task: node ?? -1, agent, amounts, expireMs });
  }

  spent({ body: { number, amounts }, command }: ReadEvent): void {
    const said = command?.type === "spend_budget" ? command.body : undefined;
    if (said?.reservationId !== `r${number}` || !isAlike(said.amounts, amounts))
      this.#find(`${inWords(amounts)} are spent of r${number}, and ${inWords(said?.amounts)} were said`);
    this.escrow.spend(number, amounts);
  }

  raise(amounts: object): void {
    this.escrow.raised = plus(this.escrow.raised, amounts);
    this.#isUsedUp = false;
  }

  #close(): void {
    this.isPaused = false;
    this.#isUsedUp = false;
    this.#isTroubled = false;
    this.questions.clear();
    this.agents.over();
    this.escrow.close();
  }

  #held(): string | undefined {
    if (this.isPaused) return "the mission is paused";
    if (this.#isUsedUp) return "the budget is used up";
    if (this.#isTroubled) return "the mission goes in circles";
    return this.#isStopping ? "the mission has stopped" : undefined;
  }

  #takesEffect(number: number, type: string, batch: number): void {
    const name = `${number} ${type}`;
    const before = this.#effects.get(name);
    this.#effects.set(name, batch);
    if (before !== undefined && before !== batch)
      this.#find(`command ${number} takes effect (${type}) in batch ${before} and in batch ${batch}`);
  }

  #there<Part>(part: Part | undefined): Part {
    if (part === undefined) throw new Error(`nothing is known of ${this.id} yet`);
    return part;
  }

  #find(problem: string): void {
    this.findings.push(problem);
  }
}

type Reader = (mission: MissionReading, event: ReadEvent) => void;

const over: Reader = (mission, { type }) => mission.over(type);

/** What each event says. Of what is not here nothing is to be checked. */
const readers: Readonly<Record<string, Reader>> = {
  mission_started: (mission, { body }) => mission.started(body),
  mission_paused: (mission) => mission.hold("paused", true),
  mission_resumed: (mission) => mission.hold("paused", false),
  mission_stopped: (mission) => mission.stop(false),
  mission_terminated: (mission, { type }) => {
    mission.stop(true);
    mission.over(type);
  },
  mission_completed: over,
  mission_failed: over,
  mission_cancelled: over,
  mission_withdrawn: over,
  tasks_added: (mission, event) => mission.tasks.added(event),
  tasks_withdrawn: (mission, event) => mission.tasks.withdrawn(event),
  task_queued: (mission, event) => mission.tasks.queued(event),
  task_completed: (mission, event) => mission.tasks.end(event, "completed"),
  task_failed: (mission, event) => mission.tasks.end(event, "failed"),
  task_skipped: (mission, event) => mission.tasks.end(event, "skipped"),
  task_cancelled: (mission, event) => mission.tasks.end(event, "cancelled"),
  task_paused: (mission, event) => mission.tasks.aside(event, "paused"),
  task_resumed: (mission, event) => mission.tasks.resumed(event),
  output_questioned: (mission, event) => mission.tasks.aside(event, "asked"),
  attempt_begun: (mission, event) => mission.tasks.begun(event),
  task_claimed: (mission, event) => mission.tasks.claimed(event),
  claims_renewed: (mission, event) => mission.tasks.renewed(event),
  attempt_returned: (mission, event) => mission.tasks.returned(event),
  task_handed_on: (mission, event) => mission.tasks.handedOn(event),
  attempt_failed: (mission, event) => mission.tasks.attemptFailed(event),
  child_queued: (mission, event) => mission.tasks.childQueued(event),
  child_started: (mission, { body }) => void mission.tasks.started.add(body.node),
  entries_written: (mission, event) => mission.board.written(event),
  messages_sent: (mission, { body }) => {
    mission.messages += body.messages.length;
  },
  participant_joined: (mission, event) => mission.agents.joined(event),
  participant_left: (mission, event) => mission.agents.left(event),
  participants_heard: (mission, event) => mission.agents.heard(event),
  leader_elected: (mission, event) => mission.agents.elected(event),
  vote_opened: (mission, event) => mission.votes.opened(event),
  ballot_cast: (mission, event) => mission.votes.cast(event),
  vote_closed: (mission, event) => mission.votes.closed(event),
  budget_reserved: (mission, { body }) => mission.reserved(body),
  budget_spent: (mission, event) => mission.spent(event),
  budget_returned: (mission, event) => mission.returned(event),
  budget_used_up: (mission, { body }) => mission.hold("usedUp", body.approvalId !== ""),
  budget_raised: (mission, { body }) => mission.raise(body.amounts),
  question_asked: (mission, { body }) => mission.asked(body),
  // While others have to say yes too it stays open.
  question_decided: (mission, { body }) => void (body.verdict > 0 && mission.questions.delete(body.number)),
  trouble_found: (mission, { body }) => mission.hold("trouble", body.holds),
  trouble_ended: (mission) => mission.hold("trouble", false),
};
