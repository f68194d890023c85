/**
 * A link on the stream that carries it: incoming frames go to the link table, outgoing frames leave as fast as the
 * agent reads. For a slow agent, contents gather in the link in larger frames.
 */
import type { AgentFrame, HostFrame } from "@tutti/contracts/agent/v1";
import { errorFromUnknown, Notifier, notOwnerOf, type Timers, type TuttiError } from "@tutti/kernel";
import { swarmErrors } from "../errors.ts";
import type { PoolTime } from "../pools/pool-time.ts";
import { redirection, refusal } from "./greeting.ts";
import type { LinkInstruments } from "./instruments.ts";
import type { Greeted, GreetingContext, LinkTable } from "./link-table.ts";
import type { LinkedAgent } from "./linked-agent.ts";
import type { Carrier } from "./protocol/host-link.ts";

export interface LinkStreamParts {
  readonly linkTable: LinkTable;
  readonly now: PoolTime;
  readonly timers: Timers;
  readonly greetingMs: number;
  readonly instruments: LinkInstruments;
  /** Called when the agent is refused: at its greeting, or for a later frame. */
  readonly onRefused: (error: TuttiError) => void;
}

export async function* serveLink(
  parts: LinkStreamParts,
  requests: AsyncIterable<AgentFrame>,
  context: GreetingContext,
): AsyncGenerator<HostFrame> {
  const { linkTable, now, instruments } = parts;
  const carrier = new StreamCarrier();
  const frames = requests[Symbol.asyncIterator]();
  const greeted = await greet(parts, frames, context, carrier);
  if (greeted === undefined) return;
  if (!("agent" in greeted)) {
    yield greeted.answer;
    if (greeted.error !== undefined) throw refused(parts, greeted.error);
    return;
  }
  const { agent } = greeted;
  // A local flag: to read the signal of the call for each frame is slower.
  let isOver = false;
  const disconnect = () => {
    isOver = true;
    carrier.close(undefined);
  };
  context.signal.addEventListener("abort", disconnect, { once: true });
  if (context.signal.aborted) disconnect();
  instruments.streams.add(1);
  try {
    yield greeted.answer;
    read(linkTable, agent, carrier, frames);
    while (!isOver) {
      const frame = agent.link.next(carrier, now());
      if (frame !== undefined) {
        instruments.framesSent.add();
        yield frame;
      } else if (carrier.isClosed) break;
      else await carrier.waken();
    }
  } finally {
    instruments.streams.add(-1);
    context.signal.removeEventListener("abort", disconnect);
    linkTable.broken(agent, carrier, undefined);
    frames.return?.()?.then(undefined, () => {});
  }
  if (carrier.error !== undefined) throw refused(parts, carrier.error);
}

function refused({ onRefused }: LinkStreamParts, error: TuttiError): TuttiError {
  onRefused(error);
  return error;
}

/** Returns undefined for a stream that ends before it has started. */
async function greet(
  { linkTable, instruments, timers, greetingMs }: LinkStreamParts,
  frames: AsyncIterator<AgentFrame>,
  context: GreetingContext,
  carrier: Carrier,
): Promise<Greeted | RefusedGreeting | undefined> {
  const greetingAbort = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = timers.after(greetingMs, () => reject(swarmErrors.greetingLate({ waitedMs: greetingMs })));
  let first: AgentFrame | undefined;
  try {
    const next = await Promise.race([frames.next(), late]);
    if (next.done === true) return undefined;
    first = next.value;
    const greeting = {
      principal: context.principal,
      signal: AbortSignal.any([context.signal, greetingAbort.signal]),
    };
    return await Promise.race([linkTable.greet(first, carrier, greeting), late]);
  } catch (thrown) {
    const error = errorFromUnknown(thrown);
    // A welcome after that would find no stream.
    greetingAbort.abort();
    if (context.signal.aborted) throw error;
    return refuseGreeting(first, error, instruments);
  } finally {
    timer.cancel();
  }
}

/** A stream that ends with its greeting. */
interface RefusedGreeting {
  readonly answer: HostFrame;
  readonly error: TuttiError | undefined;
}

function refuseGreeting(
  first: AgentFrame | undefined,
  error: TuttiError,
  { redirected, refused }: LinkInstruments,
): RefusedGreeting {
  const otherOwner = first && notOwnerOf(error);
  const answer = otherOwner && first && redirection(first, otherOwner.owner);
  if (answer !== undefined) {
    redirected.add();
    return { answer, error: undefined };
  }
  refused.add();
  const visibleError =
    otherOwner === undefined
      ? error
      : swarmErrors.poolElsewhere(
          { owner: otherOwner.owner?.address ?? "" },
          { cause: error, retryAfterMs: 1_000 },
        );
  return { answer: refusal(visibleError), error: visibleError };
}

/** Reads in parallel with sending, until the end of the stream. */
function read(
  linkTable: LinkTable,
  agent: LinkedAgent,
  carrier: StreamCarrier,
  frames: AsyncIterator<AgentFrame>,
): void {
  const readAll = async (): Promise<void> => {
    for (;;) {
      const next = await frames.next();
      if (next.done === true || carrier.isClosed) return;
      linkTable.receive(agent, carrier, next.value);
    }
  };
  readAll().then(
    () => linkTable.broken(agent, carrier, undefined),
    (thrown: unknown) => linkTable.broken(agent, carrier, errorFromUnknown(thrown)),
  );
}

class StreamCarrier implements Carrier {
  readonly #bell = new Notifier();
  #isClosed = false;
  #error: TuttiError | undefined;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The error that ends the stream. */
  get error(): TuttiError | undefined {
    return this.#error;
  }

  wake(): void {
    this.#bell.notify();
  }

  close(error: TuttiError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    this.#bell.notify();
  }

  /** Resolves when there may be something to send since the last call. */
  waken(): Promise<void> {
    return this.#bell.notified();
  }
}
