/** People who look after sessions: they act at random while there are faults, and do the rest afterwards. */
import { Mode } from "@tutti/contracts/session/v1";
import { TaskSpec, TaskStatus } from "@tutti/contracts/types/v1";
import { Draw } from "../work/draw.ts";
import type { World } from "../world/world.ts";
import { drawTask } from "./draw-sessions.ts";
import type { SessionCheck } from "./session-check.ts";
import type { SessionsPlan } from "./sessions-plan.ts";

export interface SessionPeopleParts {
  readonly world: World;
  readonly plan: SessionsPlan;
  readonly request: (sessionId: string, command: string, body: object) => void;
  readonly sessions: () => readonly SessionCheck[];
}

const minuteMs = 60_000;
const attendMs = 700;

export class SessionPeople {
  readonly #parts: SessionPeopleParts;
  readonly #draw: Draw;
  #added = 0;

  constructor(parts: SessionPeopleParts) {
    this.#parts = parts;
    this.#draw = new Draw(parts.world.chanceFor("people"));
  }

  start(): void {
    const { plan, world, sessions } = this.#parts;
    const { busyMs } = plan.pool;
    const count = Math.round((plan.peoplePerMinute * busyMs) / minuteMs);
    const moments = world.chanceFor("people's moments");
    for (let planted = 0; planted < count; planted++)
      world.at(moments.random() * busyMs, () => {
        const there = sessions().filter(({ hasStarted }) => hasStarted);
        const session = there[Math.floor(moments.random() * there.length)];
        if (session !== undefined) this.#intervene(session);
      });
  }

  /** Resumes paused sessions as an operator, until none is paused. */
  settleDown(): void {
    const { world, sessions, request } = this.#parts;
    for (const { id, state } of sessions())
      if (state.pauseMs > 0) request(id, "resume_session", { reason: "" });
    world.after(attendMs, () => this.settleDown());
  }

  #intervene(session: SessionCheck): void {
    const { request } = this.#parts;
    const draw = this.#draw;
    const { id } = session;
    const kind = draw.share();
    if (kind < 0.4) request(id, "move_tasks", this.#moving(session));
    else if (kind < 0.55) request(id, "pause_session", { reason: "" });
    else if (kind < 0.7) request(id, "resume_session", { reason: "" });
    else if (kind < 0.78) request(id, "add_tasks", { tasks: [this.#another(session)] });
    else if (kind < 0.86) request(id, "signal_session", { signal: "go", partId: "" });
    else if (kind < 0.95) request(id, "retry_session", { taskIds: this.#some(session, 1), reason: "" });
    else if (kind < 0.98) request(id, "cancel_session", { reason: "" });
    else request(id, "terminate_session", { reason: "" });
  }

  #moving(session: SessionCheck): object {
    const { MODE_WORKFLOW: workflow, MODE_SWARM: swarm, MODE_INTELLIGENCE: planned } = Mode;
    const waiting = session.state.tasks.filter(
      ({ status }) => status === TaskStatus.TASK_STATUS_PENDING || status === TaskStatus.TASK_STATUS_QUEUED,
    );
    const start = this.#draw.upTo(Math.max(1, waiting.length));
    const taskIds = waiting.slice(start, start + 1 + this.#draw.upTo(3)).map(({ spec }) => spec.id);
    return { taskIds, mode: this.#draw.pick(workflow, swarm, planned), reason: "it is better there" };
  }

  #some(session: SessionCheck, most: number): string[] {
    const { tasks: all } = session.state;
    return all.slice(0, this.#draw.upTo(most + 1)).map(({ spec }) => spec.id);
  }

  /** Returns another task. It may need any existing task. */
  #another(session: SessionCheck): TaskSpec {
    const count = session.state.tasks.filter(({ spec }) => spec.id.startsWith("t")).length;
    const taskJson = drawTask(this.#draw, count, `more-${this.#added++}`);
    return TaskSpec.fromJSON(taskJson);
  }
}
