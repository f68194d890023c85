/** An agent of a replay. It keeps each task for the recorded time and uses the pool as agents do. */
import { AgentFrame, type Bye, Hello, type HostFrame, type Result } from "@tutti/contracts/agent/v1";
import { ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import { isRefusal } from "@tutti/kernel";
import type { AgentLink, AgentOutlet } from "../api/agents.ts";
import type { Pool } from "../api/pool.ts";
import type { JobPart } from "./prepare.ts";
import type { RecordedAgent } from "./recording.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface ReplayedAgentParts {
  readonly pool: Pool;
  readonly time: VirtualTime;
  readonly described: RecordedAgent;
  /** Returns the factor by which an agent is slower than others. */
  readonly slownessOf: (agentId: string) => number;
  /** Returns the next part of the job with this token. */
  readonly start: (token: Uint8Array) => JobPart;
  /** Called when the agent no longer has the task. `isStopped`: it did not end by itself. */
  readonly endAttempt: (token: Uint8Array, running: RunningPart, endedMs: number, isStopped: boolean) => void;
  /** Called when the agent leaves with the task. */
  readonly lose: (token: Uint8Array, running: RunningPart) => void;
}

export interface RunningPart {
  readonly agentId: string;
  readonly part: JobPart;
  readonly assignedMs: number;
}

/** Interval of the heartbeats of an agent. Without them its pool regards it as lost. */
const soundEveryMs = 1_800_000;
const emptyFrame = AgentFrame.create();
const output = { $case: "inlineOutput" as const, value: new Uint8Array() };
const failure = {
  $case: "failed" as const,
  value: ErrorDetail.fromPartial({ retry: RetryClass.RETRY_CLASS_NEVER }),
};
const busy = { $case: "busy" as const, value: { retryAfterMs: 0, message: "", capabilities: [] } };

export class ReplayedAgent implements AgentOutlet {
  readonly #parts: ReplayedAgentParts;
  readonly #running = new Map<Uint8Array, RunningPart>();
  #link: AgentLink | undefined;

  constructor(parts: ReplayedAgentParts) {
    this.#parts = parts;
  }

  join(): void {
    const { pool, time, described } = this.#parts;
    const { agentId, slots, labels, resources } = described;
    const capabilities = described.capabilities.map(({ name, version, money }) => ({
      name,
      version,
      cost: { money },
    }));
    const hello = Hello.fromPartial({
      agentId,
      incarnation: "1",
      offering: { capabilities, labels: { ...labels }, slots, resources: { ...resources } },
    });
    const joined = pool.join(hello, "what-if", this, time.nowMs);
    if (isRefusal(joined)) return;
    this.#link = joined.link;
    this.#send({ credit: slots });
    this.#sendHeartbeats();
  }

  disconnect(): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#link = undefined;
    link.terminate("it left", this.#parts.time.nowMs);
    for (const [token, running] of this.#running) this.#parts.lose(token, running);
    this.#running.clear();
  }

  send({ assignments, cancels }: HostFrame): void {
    const { time, described, slownessOf, start } = this.#parts;
    for (const { token } of assignments) {
      const part = start(token);
      const running = { agentId: described.agentId, part, assignedMs: time.nowMs };
      this.#running.set(token, running);
      const occupiedMs = part.occupiedMs * (slownessOf(described.likeId) / slownessOf(part.agentId));
      time.at(time.nowMs + occupiedMs, () => this.#done(token, running, false));
    }
    for (const { token } of cancels) {
      const [own, running] = [...this.#running].find(([each]) => isSame(each, token)) ?? [];
      if (own !== undefined && running !== undefined)
        time.at(time.nowMs, () => this.#done(own, running, true));
    }
  }

  close(_: Bye): void {
    this.#link = undefined;
  }

  #done(token: Uint8Array, running: RunningPart, isStopped: boolean): void {
    if (this.#running.get(token) !== running) return;
    this.#running.delete(token);
    const { time } = this.#parts;
    const { status, hopMs } = running.part;
    this.#parts.endAttempt(token, running, time.nowMs, isStopped);
    const outcome: Result["outcome"] = isStopped
      ? { $case: "stopped", value: { message: "" } }
      : status === "completed"
        ? output
        : status === "busy" || status === "yielded"
          ? busy
          : failure;
    const result = { token, outcome, runMs: 0, used: undefined, modelCalls: undefined };
    this.#send({ results: [result] });
    if (hopMs <= 0) this.#send({ credit: 1 });
    else time.at(time.nowMs + hopMs, () => this.#send({ credit: 1 }));
  }

  #sendHeartbeats(): void {
    const { time } = this.#parts;
    time.at(time.nowMs + soundEveryMs, () => {
      if (this.#link === undefined) return;
      this.#send({});
      this.#sendHeartbeats();
    });
  }

  #send(frame: Partial<AgentFrame>): void {
    this.#link?.receive({ ...emptyFrame, ...frame }, this.#parts.time.nowMs);
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
