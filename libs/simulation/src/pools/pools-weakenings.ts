/** Planted faults around a pool, to test that the checks notice them. */
import type { AgentFrame, Hello, HostFrame } from "@tutti/contracts/agent/v1";
import type { OfferRequest } from "@tutti/contracts/swarm/v1";

export interface PoolWeakening {
  readonly name: string;
  /** Description of the fault. */
  readonly about: string;
  /** From any seed on, one of this many seeds finds it. */
  readonly foundWithin: number;
  /** Changes the greeting of an agent. */
  hello?(hello: Hello): Hello;
  /** Changes a frame of an agent. */
  sent?(frame: AgentFrame): AgentFrame;
  /** Changes a frame to an agent. */
  received?(frame: HostFrame): HostFrame;
  /** Changes a request of a sender. */
  offered?(request: OfferRequest): OfferRequest;
  /** Agents accept new tasks before the marks of their results. */
  readonly isRash?: boolean;
  /** Senders report results as durable before they are. */
  readonly isHasty?: boolean;
  /** Senders withdraw tasks that another process owns from now on. */
  readonly endsReleased?: boolean;
}

const seldom = (token: Uint8Array): boolean => (token[3] ?? 0) % 32 === 7;

export const poolWeakenings: readonly PoolWeakening[] = [
  {
    name: "forgets-tokens",
    about: "a new owner does not learn which attempts its agents run",
    foundWithin: 400,
    hello: (hello) => ({ ...hello, running: [] }),
  },
  {
    name: "one-slot-more",
    about: "agents report one slot more than they have",
    foundWithin: 50,
    hello: (hello) => ({
      ...hello,
      offering: hello.offering && { ...hello.offering, slots: hello.offering.slots + 1 },
    }),
    sent: (frame) => ({ ...frame, credit: frame.credit > 0 ? frame.credit + 1 : 0 }),
  },
  {
    name: "loses-results",
    about: "some results do not reach the pool",
    foundWithin: 50,
    sent: (frame) => ({ ...frame, results: frame.results.filter(({ token }) => !seldom(token)) }),
  },
  {
    name: "loses-assignments",
    about: "some assignments do not reach their agents",
    foundWithin: 50,
    received: (frame) => ({ ...frame, assignments: frame.assignments.filter(({ token }) => !seldom(token)) }),
  },
  {
    name: "durable-too-early",
    about: "senders report results as durable before they are",
    foundWithin: 50,
    isHasty: true,
  },
  {
    name: "assignments-first",
    about: "agents accept new tasks before the confirmations of their results",
    foundWithin: 1_500,
    isRash: true,
  },
  {
    name: "one-party",
    about: "all senders count as one namespace, so the first sender gets all agents",
    foundWithin: 50,
    offered: (request) => ({
      ...request,
      profiles: request.profiles.map((profile) => ({ ...profile, namespace: "everybody" })),
    }),
  },
];

const strong: PoolWeakening = { name: "none", about: "no fault is planted", foundWithin: 0 };

export function poolWeakeningOf(name: string): PoolWeakening {
  const found = [strong, ...poolWeakenings].find((weakening) => weakening.name === name);
  if (found !== undefined) return found;
  const names = poolWeakenings.map((weakening) => weakening.name).join(", ");
  throw new RangeError(`expected a weakening of pools (${names}), got ${name}`);
}
