/**
 * Agents that come to the boards of missions by themselves, and people. Each acts step by step, by its memory
 * of earlier answers, however old. An agent that dies forgets everything.
 */
import type { Chance } from "@tutti/kernel";
import { specOf } from "@tutti/machine-mission/testing";
import type { MissionCheck } from "./mission-check.ts";
import type { PlannedActor } from "./work-plan.ts";

/** Makes a request as a client. Its outcome is reported once, or never. */
export type SendRequest = (
  mission: string,
  command: string,
  body: object,
  // biome-ignore lint/suspicious/noExplicitAny: replies of many commands, each read by who asked
  answered: (reply: any) => void,
  /** Called after an answer or a refusal. */
  ended?: () => void,
) => void;

export interface ActorParts {
  readonly plan: PlannedActor;
  readonly does: readonly string[];
  readonly chance: Chance;
  readonly request: SendRequest;
  /** Missions that exist and have not ended. */
  readonly open: () => readonly MissionCheck[];
}

interface Claim {
  readonly claimId: string;
  readonly taskId: string;
  /** Whether its own definition names its agents. */
  readonly isPlaced: boolean;
}

interface Memory {
  hasJoined: boolean;
  tries: number;
  readonly claims: Claim[];
  /** Earlier claims: the agent may try to use one again. */
  readonly old: Claim[];
  readonly versions: Map<string, number>;
  readonly reservations: string[];
}

const payload = (value: unknown) => ({
  body: { $case: "inline" as const, value: new TextEncoder().encode(JSON.stringify(value)) },
  mediaType: "",
});

export class Actor {
  readonly id: string;
  readonly #parts: ActorParts;
  readonly #memories = new Map<string, Memory>();
  #count = 0;

  constructor(parts: ActorParts) {
    this.#parts = parts;
    this.id = parts.plan.id;
  }

  /** Simulates a death: the agent returns without any memory. */
  loseMemory(): void {
    this.#memories.clear();
  }

  /** Executes one random action. In calm times it only works on open tasks. */
  act(isFaultFree: boolean): void {
    const { chance, open } = this.#parts;
    const missions = open();
    const mission = missions[Math.floor(chance.random() * missions.length)];
    if (mission === undefined) return;
    const memory = this.#memoryOf(mission.id);
    if (!memory.hasJoined || this.#draw() < 0.02) this.#join(mission, memory);
    else if (isFaultFree) this.#workOff(mission, memory);
    else this.#anything(mission, memory);
  }

  #memoryOf(mission: string): Memory {
    let memory = this.#memories.get(mission);
    if (memory === undefined) {
      memory = { hasJoined: false, tries: 0, claims: [], old: [], versions: new Map(), reservations: [] };
      this.#memories.set(mission, memory);
    }
    return memory;
  }

  #draw(): number {
    return this.#parts.chance.random();
  }

  #pick<T>(of: readonly T[]): T | undefined {
    return of[Math.floor(this.#draw() * of.length)];
  }

  #join(mission: MissionCheck, memory: Memory): void {
    const { does } = this.#parts;
    const capabilities = does.map((name) => ({ name, version: "1.0.0" }));
    // The agent in the role can do every task that is handed off to it.
    const isAble = does.length === 3 && specOf(mission.state).roles.length > 0;
    // The role may be full: then the agent joins without it.
    const role = isAble && memory.tries++ % 2 === 0 ? "editor" : "";
    this.#request(
      mission,
      "join_board",
      {
        request: { agentId: this.id, role, topics: ["news"] },
        offering: { capabilities, labels: {}, resources: {} },
      },
      () => {
        memory.hasJoined = true;
      },
    );
  }

  #workOff(mission: MissionCheck, memory: Memory): void {
    if (memory.claims.length > 0) this.#complete(mission, memory, memory.claims, true);
    else this.#claim(mission, memory, 3);
  }

  #anything(mission: MissionCheck, memory: Memory): void {
    const draw = this.#draw();
    const claim = this.#pick(memory.claims);
    if (claim === undefined || draw < 0.2)
      this.#withoutClaim(mission, memory, draw < 0.2 ? draw / 0.2 : draw);
    else if (draw < 0.62) this.#complete(mission, memory, [claim], this.#draw() < 0.75);
    else if (draw < 0.7) this.#renew(mission, memory);
    else if (draw < 0.76) this.#release(mission, claim, memory);
    else if (draw < 0.84 && !claim.isPlaced) this.#handOff(mission, claim, memory);
    else if (draw < 0.93) this.#delegate(mission, claim);
    else this.#complete(mission, memory, memory.old.slice(-2), true);
  }

  #withoutClaim(mission: MissionCheck, memory: Memory, draw: number): void {
    if (draw < 0.4) this.#claim(mission, memory, 1 + Math.floor(this.#draw() * 3));
    else if (draw < 0.6) this.#putEntries(mission, memory);
    else if (draw < 0.66) this.#send(mission);
    else if (draw < 0.78) this.#vote(mission);
    else if (draw < 0.9) this.#spend(mission, memory);
    else if (draw < 0.95) this.#add(mission);
    else if (draw < 0.97 && !specOf(mission.state).budget?.maxAgents) this.#leave(mission, memory);
    else if (memory.old.length > 0) this.#complete(mission, memory, memory.old.slice(-2), true);
    else this.#request(mission, "hear_participants", { agentIds: [this.id] }, () => {});
  }

  #claim(mission: MissionCheck, memory: Memory, count: number): void {
    const leaseMs = this.#pick([1_000, 2_500, 6_000, 20_000]) ?? 0;
    const request = { agentId: this.id, taskIds: [], count, leaseMs, waitMs: 0 };
    this.#request(mission, "claim_board_tasks", { request, offering: undefined }, ({ tasks }) => {
      for (const { claim, spec } of tasks)
        memory.claims.push({
          claimId: claim.claimId,
          taskId: spec.id,
          isPlaced: spec.placement !== undefined,
        });
    });
  }

  #complete(mission: MissionCheck, memory: Memory, claims: readonly Claim[], isWell: boolean): void {
    const ends = claims.map(({ claimId }) => ({
      claimId,
      outcome: isWell
        ? { $case: "output" as const, value: payload({ luck: this.#draw(), by: this.id }) }
        : { $case: "failed" as const, value: { code: "work.broken", message: "it broke" } },
      used: this.#used(),
    }));
    this.#forgetClaims(memory, claims);
    this.#request(mission, "complete_tasks", { agentId: this.id, ends }, () => {});
  }

  #used(): object {
    return { tokens: Math.floor(this.#draw() * 5), money: this.#draw() < 0.2 ? 0.25 : 0, timeMs: 0 };
  }

  #forgetClaims(memory: Memory, claims: readonly Claim[]): void {
    for (const claim of claims) {
      const at = memory.claims.indexOf(claim);
      if (at < 0) continue;
      memory.claims.splice(at, 1);
      memory.old.push(claim);
    }
  }

  #renew(mission: MissionCheck, memory: Memory): void {
    const renewals = [...memory.claims, ...memory.old.slice(-1)].map(({ claimId }) => ({
      claimId,
      progress: 0.5,
      message: "",
    }));
    this.#request(
      mission,
      "renew_claims",
      { agentId: this.id, renewals, leaseMs: 3_000 },
      ({ lostClaimIds }) => {
        this.#forgetClaims(
          memory,
          memory.claims.filter(({ claimId }) => lostClaimIds.includes(claimId)),
        );
      },
    );
  }

  #release(mission: MissionCheck, claim: Claim, memory: Memory): void {
    this.#forgetClaims(memory, [claim]);
    this.#request(
      mission,
      "release_tasks",
      { agentId: this.id, claimIds: [claim.claimId], reason: "" },
      () => {},
    );
  }

  #handOff(mission: MissionCheck, claim: Claim, memory: Memory): void {
    const isToRole = specOf(mission.state).roles.length > 0 && this.#draw() < 0.5;
    // To an agent that can do everything.
    const to = isToRole
      ? { $case: "toRole" as const, value: "editor" }
      : { $case: "toAgentId" as const, value: this.#draw() < 0.5 ? "agent-0" : "agent-1" };
    this.#request(
      mission,
      "hand_off_task",
      { agentId: this.id, claimId: claim.claimId, to, context: undefined, reason: "" },
      () => this.#forgetClaims(memory, [claim]),
    );
  }

  #delegate(mission: MissionCheck, { claimId }: Claim): void {
    const mayDelegate = this.#draw() < 0.5;
    const budget = this.#draw() < 0.4 ? { tokens: 1, money: 0, timeMs: 0 } : undefined;
    const task = this.#task("a");
    const authority = { actions: [], capabilities: ["a"], budget, expireTime: undefined, mayDelegate };
    const toAgentId = this.#draw() < 0.7 ? "" : "agent-0";
    this.#request(
      mission,
      "delegate_task",
      { agentId: this.id, claimId, task, toAgentId, authority },
      () => {},
    );
  }

  #task(capability: string): object {
    this.#count += 1;
    const estimate = this.#draw() < 0.5 ? { tokens: 1 } : undefined;
    const id = `${this.id}.${this.#count}`;
    return { id, work: { $case: "capability" as const, value: capability }, estimate };
  }

  #putEntries(mission: MissionCheck, memory: Memory): void {
    const key = this.#pick(["x", "y", "z"]) ?? "x";
    const isBlind = this.#draw() < 0.2;
    const ifVersion = isBlind ? undefined : (memory.versions.get(key) ?? 0);
    const value = this.#draw() < 0.15 ? undefined : payload(Math.floor(this.#draw() * 100));
    const writes = [{ key, value, ...(ifVersion !== undefined && { ifVersion }) }];
    if (this.#draw() < 0.3)
      writes.push({ key: "x", value: payload(this.id), ifVersion: memory.versions.get("x") ?? 0 });
    const body = { agentId: this.id, writes, allOrNone: this.#draw() < 0.5 };
    this.#request(mission, "put_entries", body, ({ receipts }) => {
      for (const receipt of receipts) memory.versions.set(receipt.key, receipt.entry?.version ?? 0);
    });
  }

  #send(mission: MissionCheck): void {
    const to = { target: { $case: "topic" as const, value: "news" } };
    const messages = [{ to, body: payload(Math.floor(this.#draw() * 2)) }];
    this.#request(mission, "send_messages", { agentId: this.id, messages }, () => {});
  }

  #vote(mission: MissionCheck): void {
    const voteId = this.#pick(["v", "w"]) ?? "v";
    const isOpen = mission.state.votes.has(voteId);
    const draw = this.#draw();
    if (!isOpen) {
      const options = ["yes", "no", "maybe"].map((option) => ({ option, description: "" }));
      const vote = {
        voteId,
        question: "Which?",
        options,
        rule: Math.floor(this.#draw() * 6),
        tie: Math.floor(this.#draw() * 5),
        quorum: this.#pick([0, 0, 0.5]) ?? 0,
        timeoutMs: this.#pick([0, 2_000, 6_000]) ?? 0,
        weights: this.#draw() < 0.4 ? { "agent-0": 2 } : {},
      };
      this.#request(mission, "open_vote", { agentId: this.id, vote }, () => {});
    } else if (draw < 0.9) {
      const ranking = [this.#pick(["yes", "no", "maybe"]) ?? "yes"];
      this.#request(mission, "cast_vote", { agentId: this.id, voteId, ranking, reason: "" }, () => {});
    } else this.#request(mission, "close_vote", { agentId: this.id, voteId, reason: "" }, () => {});
  }

  #spend(mission: MissionCheck, memory: Memory): void {
    const [reservationId] = memory.reservations;
    const amounts = { tokens: 1 + Math.floor(this.#draw() * 3), money: 0, timeMs: 0 };
    if (reservationId === undefined) {
      const leaseMs = this.#pick([0, 3_000]) ?? 0;
      this.#request(
        mission,
        "reserve_budget",
        { agentId: this.id, taskId: "", amounts, leaseMs },
        ({ reservation }) => {
          if (reservation !== undefined) memory.reservations.push(reservation.reservationId);
        },
      );
    } else if (this.#draw() < 0.6)
      this.#request(mission, "spend_budget", { agentId: this.id, reservationId, amounts }, () => {});
    else {
      memory.reservations.shift();
      this.#request(mission, "return_budget", { agentId: this.id, reservationId }, () => {});
    }
  }

  #add(mission: MissionCheck): void {
    this.#request(
      mission,
      "add_tasks",
      { agentId: this.id, tasks: [this.#task("a")], parentTaskId: "" },
      () => {},
    );
  }

  #leave(mission: MissionCheck, memory: Memory): void {
    memory.hasJoined = false;
    this.#forgetClaims(memory, [...memory.claims]);
    this.#request(mission, "leave_mission", { agentId: this.id, reason: "" }, () => {});
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  #request({ id }: MissionCheck, command: string, body: object, answered: (reply: any) => void): void {
    this.#parts.request(id, command, body, answered);
  }
}
