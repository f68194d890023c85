/**
 * The stream of a relaying host at the owner of the pool: requests go to the exchange, replies to the host.
 */
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { RelayReply, RelayRequest } from "@tutti/contracts/swarm/v1";
import { type CallContext, Notifier, type Timers } from "@tutti/kernel";
import { Reading } from "../../offers/reading.ts";
import { defaultPool } from "../../pools/pool-directory.ts";
import { RelayExchange, type RelayExchangeParts } from "./relay-exchange.ts";

export interface RelayDependencies
  extends Pick<RelayExchangeParts, "pools" | "now" | "owner" | "onReoffered"> {
  readonly timers: Timers;
  /** Maximum interval of messages to the host. */
  readonly keepaliveMs: number;
}

export async function* serveRelay(
  dependencies: RelayDependencies,
  requests: AsyncIterable<RelayRequest>,
  context: Pick<CallContext, "signal" | "ownerEpoch">,
): AsyncGenerator<RelayReply> {
  const { signal } = context;
  const incoming = requests[Symbol.asyncIterator]();
  const first = await incoming.next();
  if (first.done === true) return;
  const { namespace = "", pool: name = "" } = first.value.hello ?? {};
  const pool = await dependencies.pools.admitted(namespace || defaultNamespace, name || defaultPool, context);
  const bell = new Notifier();
  const epoch = context.ownerEpoch ?? 0;
  const exchange = new RelayExchange(
    { ...dependencies, pool, epoch, wake: () => bell.notify() },
    first.value,
  );
  const reading = new Reading<RelayRequest>(bell);
  const abort = () => reading.finish(undefined);
  signal.addEventListener("abort", abort, { once: true });
  const sign = dependencies.timers.every(dependencies.keepaliveMs, () => exchange.keepAlive());
  try {
    reading.run(incoming, exchange);
    while (!signal.aborted) {
      const reply = exchange.next();
      if (reply !== undefined) yield reply;
      else if (reading.isOver || exchange.isOver) break;
      else await bell.notified();
    }
  } finally {
    sign.cancel();
    signal.removeEventListener("abort", abort);
    reading.finish(undefined);
    exchange.close();
    incoming.return?.()?.then(undefined, () => {});
  }
  if (reading.error !== undefined) throw reading.error;
}
