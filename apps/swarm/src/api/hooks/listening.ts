/** The stream of a listener to a hook: occasions as it reads, verdicts as it sends them. */
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { ListenToHookReply, ListenToHookRequest } from "@tutti/contracts/swarm/v1";
import { type CallContext, Notifier } from "@tutti/kernel";
import { poolErrors } from "@tutti/machine-entities/pool";
import type { Hooks } from "../../hooks/hooks.ts";
import { Reading } from "../../offers/reading.ts";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { PoolDependencies } from "../dependencies.ts";

export async function* serveListener(
  dependencies: Pick<PoolDependencies, "pools" | "settings" | "foundation"> & { readonly hooks: Hooks },
  requests: AsyncIterable<ListenToHookRequest>,
  context: CallContext,
): AsyncGenerator<ListenToHookReply> {
  const { signal } = context;
  const incoming = requests[Symbol.asyncIterator]();
  const first = await incoming.next();
  if (first.done === true) return;
  const { namespace, pool: name, hookId } = first.value;
  const pool = await dependencies.pools.admitted(namespace || defaultNamespace, name || defaultPool, context);
  const bell = new Notifier();
  const listening = dependencies.hooks.listen(pool, hookId, () => bell.notify());
  if (listening === undefined) throw poolErrors.notListened({ hook: hookId });
  const { listener } = listening;
  const reading = new Reading<ListenToHookRequest>(bell);
  const abort = () => reading.finish(undefined);
  signal.addEventListener("abort", abort, { once: true });
  const unsubscribe = dependencies.pools.onReleased((released) => {
    if (released === pool) abort();
  });
  let isSignDue = true;
  const sign = dependencies.foundation.timers.every(dependencies.settings.keepaliveMs, () => {
    isSignDue = true;
    bell.notify();
  });
  try {
    reading.run(incoming, { receive: ({ answers }) => listening.reply(listener.repliesTo(answers)) });
    while (!signal.aborted && listening.isOpen) {
      const occasions = listener.drain();
      if (occasions.length > 0 || isSignDue) {
        isSignDue = false;
        yield { occasions };
      } else if (reading.isOver) break;
      else await bell.notified();
    }
  } finally {
    sign.cancel();
    unsubscribe();
    signal.removeEventListener("abort", abort);
    reading.finish(undefined);
    listening.close();
    incoming.return?.()?.then(undefined, () => {});
  }
  if (reading.error !== undefined) throw reading.error;
}
