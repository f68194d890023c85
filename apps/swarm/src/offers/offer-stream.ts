/** The stream of a sender, on any transport: requests go to the exchange, replies leave as the sender reads. */
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { OfferReply, OfferRequest } from "@tutti/contracts/swarm/v1";
import { type CallContext, Notifier, type Timers } from "@tutti/kernel";
import { defaultPool } from "../pools/pool-directory.ts";
import type { OfferInstruments } from "./instruments.ts";
import { OfferExchange, type OfferExchangeParts } from "./offer-exchange.ts";
import { Reading } from "./reading.ts";

export interface OfferDependencies extends Omit<OfferExchangeParts, "wake"> {
  readonly timers: Timers;
  /** Maximum interval of messages to the sender. */
  readonly keepaliveMs: number;
  readonly instruments: OfferInstruments;
}

export async function* serveOffers(
  dependencies: OfferDependencies,
  requests: AsyncIterable<OfferRequest>,
  context: Pick<CallContext, "signal" | "ownerEpoch">,
): AsyncGenerator<OfferReply> {
  const { signal } = context;
  const incoming = requests[Symbol.asyncIterator]();
  const first = await incoming.next();
  if (first.done === true) return;
  const { namespace = "", pool = "" } = first.value.hello ?? {};
  await dependencies.pools.admitted(namespace || defaultNamespace, pool || defaultPool, context);
  await openPools(dependencies, first.value, signal);
  const bell = new Notifier();
  const exchange = new OfferExchange({ ...dependencies, wake: () => bell.notify() }, first.value);
  const reading = new Reading<OfferRequest>(bell);
  const abort = () => reading.finish(undefined);
  signal.addEventListener("abort", abort, { once: true });
  const sign = dependencies.timers.every(dependencies.keepaliveMs, () => exchange.keepAlive());
  dependencies.instruments.streams.add(1);
  try {
    reading.run(incoming, {
      receive(request) {
        if (request.pools.length === 0) return exchange.receive(request);
        return openPools(dependencies, request, signal).then(() => exchange.receive(request));
      },
    });
    while (!signal.aborted) {
      const reply = exchange.next();
      if (reply !== undefined) {
        dependencies.instruments.results.add(reply.results.length);
        yield reply;
      } else if (reading.isOver) break;
      else await bell.notified();
    }
  } finally {
    dependencies.instruments.streams.add(-1);
    sign.cancel();
    signal.removeEventListener("abort", abort);
    reading.finish(undefined);
    exchange.close();
    incoming.return?.()?.then(undefined, () => {});
  }
  if (reading.error !== undefined) throw reading.error;
}

/**
 * Opens the pools of a request that are owned here. The sender is informed of the others when the request is
 * processed.
 */
async function openPools(
  { pools }: OfferDependencies,
  request: OfferRequest,
  signal: AbortSignal,
): Promise<void> {
  const opening = request.pools.map(async ({ namespace, pool }) => {
    const [of, name] = [namespace || defaultNamespace, pool || defaultPool];
    if (pools.holds(of, name)) await pools.admitted(of, name, { signal }).catch(() => undefined);
  });
  await Promise.all(opening);
}
