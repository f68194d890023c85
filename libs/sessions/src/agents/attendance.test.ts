import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode, MonitoringLevel, TaskNote } from "@tutti/contracts/session/v1";
import { Agent } from "@tutti/contracts/swarm/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { VirtualTime } from "@tutti/kernel/testing";
import { agentNotes, noteAgents, noteTasks } from "@tutti/machine-session";
import { accepted, SessionScene, taskSpec } from "@tutti/machine-session/testing";
import { recordOf } from "../mode/record.ts";
import type { SessionCommands } from "../session/session-commands.ts";
import { Attendance } from "./attendance.ts";
import { Fleet } from "./fleet.ts";

const logger = { debug: () => {} } as unknown as ConstructorParameters<
  typeof Attendance
>[0]["foundation"]["logger"];

function agent(agentId: string, attempts = 0, slots = 2): Agent {
  return Agent.fromPartial({
    ...{ agentId, attempts, pool: "default" },
    offering: { slots, capabilities: [{ name: agentId === "cook" ? "soup" : "work", version: "1.0.0" }] },
  });
}

/** A running session of two tasks, with agents that join and leave. */
class Stage {
  readonly scene: SessionScene;
  readonly time = new VirtualTime();
  agents: Agent[] = [];
  readonly #attendance: Attendance;

  constructor(level: MonitoringLevel = MonitoringLevel.MONITORING_LEVEL_STANDARD) {
    const scene = SessionScene.of(Mode.MODE_SWARM, [taskSpec("a"), taskSpec("b")], { monitoring: { level } });
    scene.confirm();
    this.scene = scene;
    const commands = {
      view: async () => scene.state,
      submit: async (_: unknown, { body }: { body: object }) =>
        accepted(scene.driver.execute(scene.key, noteAgents, body as never)),
    } as unknown as SessionCommands;
    const listAgents = async () => ({ agents: this.agents, page: undefined });
    const fleet = new Fleet({ agents: { listAgents } as never, clock: this.time });
    this.#attendance = new Attendance({ commands, fleet, foundation: { clock: this.time, logger } });
  }

  /** Reads after a delay. Returns all records so far. */
  async read(afterMs: number): Promise<readonly string[]> {
    this.time.advance(afterMs);
    this.#attendance.handle(this.scene.key, this.scene.state);
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    return agentNotes(this.scene.state).flatMap(({ agents }) =>
      agents.map((note) => `${note.agent} ${note.taken}/${note.slots}`),
    );
  }
}

describe("the attendance of a session", () => {
  it("is recorded when it changes, at most once a second, without agents that can do none of the tasks", async () => {
    const stage = new Stage();
    stage.agents = [agent("anna"), agent("cook")];
    assert.deepEqual(await stage.read(0), ["anna 0/2"]);
    assert.deepEqual(await stage.read(1_000), ["anna 0/2"]);
    stage.agents = [agent("anna"), agent("bert")];
    assert.deepEqual(await stage.read(500), ["anna 0/2"], "too soon");
    assert.deepEqual(await stage.read(600), ["anna 0/2", "bert 0/2"]);
    stage.agents = [agent("bert")];
    assert.deepEqual(await stage.read(1_100), ["anna 0/2", "bert 0/2", "anna 0/0"]);
  });

  it("counts a slot as used by others if two reads show it, without tasks of the session", async () => {
    const stage = new Stage();
    const { scene } = stage;
    stage.agents = [agent("anna", 1)];
    assert.deepEqual(await stage.read(0), ["anna 0/2"], "it may have been gone already");
    assert.deepEqual(await stage.read(400), ["anna 0/2", "anna 1/2"]);
    const running = TaskNote.fromPartial({
      ...{ task: 0, status: TaskStatus.TASK_STATUS_RUNNING, agent: "anna", attempts: 1, startMs: 1 },
    });
    accepted(scene.driver.execute(scene.key, noteTasks, { part: 0, notes: [running], openApprovals: 0 }));
    assert.deepEqual(await stage.read(1_100), ["anna 0/2", "anna 1/2", "anna 0/2"]);
  });

  it("is read more often with detailed monitoring", async () => {
    const stage = new Stage(MonitoringLevel.MONITORING_LEVEL_DETAILED);
    stage.agents = [agent("anna")];
    assert.deepEqual(await stage.read(0), ["anna 0/2"]);
    stage.agents = [agent("anna"), agent("bert")];
    assert.deepEqual(await stage.read(400), ["anna 0/2", "bert 0/2"]);
  });

  it("is not read if monitoring is off", async () => {
    const stage = new Stage(MonitoringLevel.MONITORING_LEVEL_MINIMAL);
    stage.agents = [agent("anna")];
    assert.deepEqual(await stage.read(0), []);
  });
});

describe("the record of a session", () => {
  it("has agents with their slots, their join times, and the times when others used slots", () => {
    const scene = SessionScene.of(Mode.MODE_SWARM, [taskSpec("a"), taskSpec("b")]);
    scene.confirm();
    const { beginMs } = scene.state;
    const recordAgents = (ms: number, agents: readonly { agent: string; slots: number; taken: number }[]) =>
      scene.driver.execute(scene.key, noteAgents, {
        ...{ seeMs: beginMs + ms, agents: agents.map((each) => ({ ...each, unable: [] })) },
      });
    recordAgents(300, [{ agent: "anna", slots: 2, taken: 1 }]);
    recordAgents(2_000, [{ agent: "bert", slots: 1, taken: 0 }]);
    recordAgents(4_000, [{ agent: "anna", slots: 2, taken: 0 }]);
    recordAgents(6_000, [{ agent: "bert", slots: 0, taken: 0 }]);
    const task = (number: number, startMs: number, endMs: number) =>
      TaskNote.fromPartial({
        ...{ task: number, status: TaskStatus.TASK_STATUS_COMPLETED, agent: "anna", attempts: 1 },
        ...{ startMs: beginMs + startMs, endMs: beginMs + endMs, used: { money: 2 } },
      });
    // With two clocks, the second task starts before the first has ended.
    const notes = [task(0, 10, 1_000), task(1, 998, 2_008)];
    scene.driver.execute(scene.key, noteTasks, { part: 0, notes, openApprovals: 0 });
    const { agents, tasks } = recordOf(scene.state);
    assert.deepEqual(
      agents.map(({ id, slots, joinMs, taken: spans, moneyPerMs }) => ({
        id,
        slots,
        joinMs,
        spans,
        moneyPerMs,
      })),
      [
        { id: "anna", slots: 2, joinMs: 0, spans: [{ fromMs: 0, untilMs: 4_000 }], moneyPerMs: 0.002 },
        {
          ...{ id: "bert", slots: 1, joinMs: 2_000, moneyPerMs: undefined },
          spans: [{ fromMs: 6_000, untilMs: Number.POSITIVE_INFINITY }],
        },
      ],
    );
    assert.deepEqual(
      tasks.map(({ id, startMs, workMs }) => [id, startMs, workMs]),
      [
        ["a", 10, 990],
        ["b", 998, 1_010],
      ],
    );
  });

  it("without records shows the agents that ran tasks, and tolerates small differences of clocks", () => {
    const scene = SessionScene.of(Mode.MODE_SWARM, [taskSpec("a"), taskSpec("b")]);
    scene.confirm();
    const { beginMs } = scene.state;
    const notes = [0, 1].map((task) =>
      TaskNote.fromPartial({
        ...{ task, status: TaskStatus.TASK_STATUS_COMPLETED, agent: "anna", attempts: 1 },
        ...{ startMs: beginMs + 1_000 * task - task, endMs: beginMs + 1_000 * (task + 1) },
      }),
    );
    scene.driver.execute(scene.key, noteTasks, { part: 0, notes, openApprovals: 0 });
    assert.deepEqual(
      recordOf(scene.state).agents.map(({ id, slots }) => [id, slots]),
      [["anna", 1]],
    );
  });
});
