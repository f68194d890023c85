/** A mission without a runtime and without checks: decided, encoded and folded as fast as it goes. What the bench measures with. */
import {
  ClaimBoardTasks,
  CompleteTasksRequest,
  JoinBoard,
  type MissionOrder,
  PutEntriesRequest,
} from "@tutti/contracts/swarm/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import type { Command, MachineEvent, Outstanding, ReadOnly } from "@tutti/kernel";
import type { MissionEffect } from "../effects.ts";
import { beginMission, claimTasks, completeTasks, joinBoard, putEntries } from "../index.ts";
import { expire } from "../life/expire.ts";
import { missionTimers, theMission, timerNumber } from "../numbers.ts";
import { hasEnded, type Mission, type MissionEventStep, newMission } from "../state.ts";
import { json, missionKey } from "./mission-scene.ts";

const ignored: Outstanding<MissionEffect> = { effect() {}, settled() {}, timer() {}, cleared() {} };
const cause = { actor: undefined, traceparent: "", decision: "", reason: "" };
const writerKeptBytes = 64 * 1024 * 1024;
const writer = new FlatWriter(writerKeptBytes);
const startMs = 1_767_225_600_000;

export class PlainMission {
  #state = newMission(missionKey);
  #nowMs = startMs;
  /** Of all events so far. */
  bytes = 0;
  readonly #step: MissionEventStep;

  constructor() {
    const emit = <Body>(event: MachineEvent<Mission, MissionEffect, Body>, body: Body) => {
      const before = writer.position;
      event.codec.encode(body, writer);
      this.bytes += writer.position - before;
      if (writer.position > writerKeptBytes / 2) writer.reset();
      event.evolve(this.#state, body, ignored);
    };
    const now = () => this.#nowMs;
    this.#step = {
      key: missionKey,
      events: 1,
      get nowMs() {
        return now();
      },
      cause,
      behaviour: 1,
      settles: undefined,
      random: () => 0.5,
      emit,
      send() {},
    };
  }

  get state(): ReadOnly<Mission> {
    return this.#state;
  }

  #execute<Body, Reply>(command: Command<Mission, Body, Reply, MissionEffect>, body: Body): Reply {
    return command.decide(this.#state, body, this.#step) as Reply;
  }

  /** Starts again. What is put off is done at once. */
  begin(order: MissionOrder, agents: readonly string[]): void {
    this.#state = newMission(missionKey);
    this.#execute(beginMission, { order });
    while (this.#state.putOffMs > 0) {
      this.#nowMs += 1;
      expire(this.#state, timerNumber(theMission, missionTimers.putOff), this.#step);
    }
    const offering = { capabilities: [{ name: "work", version: "1.0.0" }] };
    for (const agentId of agents)
      this.#execute(joinBoard, JoinBoard.fromPartial({ request: { agentId }, offering }));
  }

  /** Returns an agent claims a task and completes it. False when there was none. */
  work(agentId: string): boolean {
    if (hasEnded(this.#state)) return false;
    const { tasks } = this.#execute(claimTasks, ClaimBoardTasks.fromPartial({ request: { agentId } }));
    const [task] = tasks;
    if (task === undefined) return false;
    const claimId = task.claim?.claimId ?? "";
    const ends = [{ claimId, outcome: { $case: "output" as const, value: output } }];
    this.#execute(completeTasks, CompleteTasksRequest.fromPartial({ agentId, ends }));
    return true;
  }

  write(key: string): void {
    this.#execute(putEntries, PutEntriesRequest.fromPartial({ writes: [{ key, value: output }] }));
  }
}

const output = json({ text: "x".repeat(89) });
