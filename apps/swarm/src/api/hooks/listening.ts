/** The stream of a listener to a hook: occasions as it reads, verdicts as it sends them. */
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { ListenToHookReply, ListenToHookRequest } from "@tutti/contracts/swarm/v1";
import { Bell, type CallContext } from "@tutti/kernel";
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
  const bell = new Bell();
  const listening = dependencies.hooks.listen(pool, hookId, () => bell.ring());
  if (listening === undefined) throw poolErrors.notListened({ hook: hookId });
  const { listener } = listening;
  const reading = new Reading<ListenToHookRequest>(bell);
  const leave = () => reading.end(undefined);
  signal.addEventListener("abort", leave, { once: true });
  const left = dependencies.pools.onLeft((gone) => {
    if (gone === pool) leave();
  });
  let isSignDue = true;
  const sign = dependencies.foundation.timers.every(dependencies.settings.signOfLifeMs, () => {
    isSignDue = true;
    bell.ring();
  });
  try {
    reading.run(incoming, { take: ({ answers }) => listening.answer(listener.answer(answers)) });
    while (!signal.aborted && listening.isOpen) {
      const occasions = listener.take();
      if (occasions.length > 0 || isSignDue) {
        isSignDue = false;
        yield { occasions };
      } else if (reading.isOver) break;
      else await bell.rung();
    }
  } finally {
    sign.cancel();
    left();
    signal.removeEventListener("abort", leave);
    reading.end(undefined);
    listening.end();
    incoming.return?.()?.then(undefined, () => {});
  }
  if (reading.error !== undefined) throw reading.error;
}
