/** The records of a mission. */
import { Record } from "@tutti/contracts/runtime/v1";
import { whenOwned } from "@tutti/host";
import type { MachineDesk } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { keyOf } from "./desk.ts";

const recordsPage = 500;

export interface Recorded {
  readonly event: number;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly timeMs: number;
  readonly traceparent: string;
}

/** Those behind a number, page by page. */
export async function* recordsOf(
  desk: MachineDesk,
  id: string,
  after: number,
  context: CallContext,
): AsyncGenerator<Recorded, void> {
  const key = keyOf(context.namespace, id);
  for (let last = after; ; ) {
    const page = await whenOwned(desk, key, context, () => desk.runtime.history(key, last, recordsPage));
    for (const { event, record, timeMs } of page) {
      const { type, payload, cause } = Record.decode(record);
      yield { event, type, payload, timeMs, traceparent: cause?.traceparent ?? "" };
      last = event;
    }
    if (page.length < recordsPage) return;
  }
}

/** Number of the first event behind another that is this one; 0 where there is none. */
export async function eventBehind(
  desk: MachineDesk,
  id: string,
  { after, is }: { readonly after: number; readonly is: (type: string, payload: Uint8Array) => boolean },
  context: CallContext,
): Promise<number> {
  for await (const { event, type, payload } of recordsOf(desk, id, after, context))
    if (is(type, payload)) return event;
  return 0;
}
