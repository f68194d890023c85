import { type Clock, errorFromUnknown } from "@tutti/kernel";
import type { Target } from "../routing/target.ts";
import type { LinkStream } from "../transport/link.ts";
import type { ClientCall } from "./client-call.ts";

/** A stream whose first reply, or whose end, has arrived. */
export interface OpenedStream {
  readonly first: IteratorResult<unknown, undefined>;
  readonly rest: LinkStream;
  /** The instance that sends it, until it is released. */
  readonly target: Target;
}

/** The end of the pipeline of attempts: sends the call to its target. */
export function exchange(clock: Clock): (call: ClientCall) => Promise<unknown> {
  return async (call) => {
    const { target, method } = call;
    if (target === undefined) throw new Error(`no step of the pipeline chose a target for ${method.label}`);
    const startedMs = clock.monotonic();
    const input = method.rpc.requestStream ? call.requests.attempt() : call.input;
    target.started();
    try {
      if (method.rpc.replyStream) return await open(call, target, input);
      const reply = await target.link.unary(call, input);
      target.succeeded(startedMs, clock.monotonic());
      return reply;
    } catch (thrown) {
      target.failed(startedMs, clock.monotonic());
      throw errorFromUnknown(thrown);
    }
  };
}

async function open(call: ClientCall, target: Target, input: unknown): Promise<OpenedStream> {
  call.established = undefined;
  const rest = target.link.stream(call, input);
  call.established = rest.established;
  const first = await rest.next();
  if (call.method.rpc.requestStream) call.requests.accept();
  return { first, rest, target };
}
