import type { AgentFrame, Bye, Held, HostFrame } from "@tutti/contracts/agent/v1";
import type { Refusal } from "@tutti/kernel";

/** Where what one agent is to be sent goes: one link. */
export interface AgentOutlet {
  /** Whether the agent asks for each task and sleeps in between. */
  readonly isPolled?: boolean;
  /**
   * A batch. `sequence`, `acknowledged` and `answer` are the caller's to fill in. The frame is reused: encode
   * or copy it before this returns. It comes once a turn, and at once before an end.
   */
  send(frame: HostFrame): void;

  /** The pool is done with this link: it was replaced, lost or sent away. Nothing is sent after it. Comes at once. */
  end(bye: Bye): void;
}

/** An agent was taken in: what its welcome says. */
export interface Joined {
  readonly link: AgentLink;
  readonly agentId: string;
  /** `name@version` → number, for all that it offers. */
  readonly capabilityNumbers: Readonly<Record<string, number>>;
  /** Tokens among those it named that it can forget. */
  readonly unwanted: readonly Uint8Array[];
  readonly held: Held | undefined;
}

/**
 * One link of an agent, as its pool sees it: whether it ends here or at another host does not matter. Frames arrive
 * without gaps and once. Numbering, acknowledging and resuming streams is the host's.
 */
export interface AgentLink {
  readonly agentId: string;
  /** False once either side has ended it: later messages are ignored. */
  readonly open: boolean;

  /**
   * Takes in all of a frame but its greeting and its numbers, in the order of the fields' numbers. A refusal means that
   * the link has to be ended, by `end`: its agent broke the rules.
   */
  take(frame: AgentFrame, nowMs: number): Refusal | undefined;

  /** The stream broke. The agent is given nothing more until it resumes, and is gone when it does not in time. */
  cut(nowMs: number): void;

  /** A new stream continues with this link. */
  resume(nowMs: number): void;

  /** The link is over without a goodbye. What the agent has is given to others at once. */
  end(reason: string, nowMs: number): void;
}
