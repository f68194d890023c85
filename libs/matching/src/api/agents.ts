import type { AgentFrame, Bye, Held, HostFrame } from "@tutti/contracts/agent/v1";
import type { Refusal } from "@tutti/kernel";

/** The messages to one agent: one link. */
export interface AgentOutlet {
  /** Whether the agent asks for each task and sleeps in between. */
  readonly isPolled?: boolean;
  /**
   * Sends a batch. The caller fills in `sequence`, `acknowledged` and `answer`. The frame is reused: encode
   * or copy it before this returns. Called once a turn, and immediately before an end.
   */
  send(frame: HostFrame): void;

  /** Ends the link for the pool: replaced, lost or closed. Nothing is sent after it. Called at once. */
  close(bye: Bye): void;
}

/** The content of the welcome of an accepted agent. */
export interface Joined {
  readonly link: AgentLink;
  readonly agentId: string;
  /** `name@version` → number, for the whole offering. */
  readonly capabilityNumbers: Readonly<Record<string, number>>;
  /** Reported tokens that the agent can forget. */
  readonly unwanted: readonly Uint8Array[];
  readonly held: Held | undefined;
}

/**
 * One link of an agent, as its pool sees it, at this host or another one. Frames arrive without gaps and
 * once. The host numbers and acknowledges frames, and resumes streams.
 */
export interface AgentLink {
  readonly agentId: string;
  /** False once either side has ended it: later messages are ignored. */
  readonly open: boolean;

  /**
   * Accepts a frame without its greeting and its numbers, in the order of the fields' numbers. A refusal
   * means that the agent broke the rules: the caller has to end the link with `end`.
   */
  receive(frame: AgentFrame, nowMs: number): Refusal | undefined;

  /** Records that the stream broke. The agent gets nothing more, and leaves if it does not resume in time. */
  markDisconnected(nowMs: number): void;

  /** A new stream continues with this link. */
  resume(nowMs: number): void;

  /** Ends the link without a goodbye. The tasks of the agent go to others at once. */
  terminate(reason: string, nowMs: number): void;
}
