/** Reads the log of events, oldest first. */
import { allNamespaces, type Bus, type BusEvent, placeOf } from "@tutti/bus";

/** Passes every event of a namespace in the log at the time of the call. Waits for `visit` after each. */
export async function readPast(
  bus: Pick<Bus, "subscribe" | "tail">,
  namespace: string,
  visit: (event: BusEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const end = placeOf(await bus.tail());
  if (end === undefined || end.sequence === 0) return;
  const over = Promise.withResolvers<void>();
  const stop = () => over.resolve();
  signal.addEventListener("abort", stop, { once: true });
  await using _ = await bus.subscribe({
    // All namespaces, so that the last event of the log is among them.
    pattern: ">",
    namespace: allNamespaces,
    start: "first",
    inOrder: "all",
    label: "triggers-past",
    handle: {
      each: (event, { position }) => {
        const place = placeOf(position);
        if (event.namespace === namespace && (place?.sequence ?? 0) <= end.sequence) visit(event);
        if (place === undefined || place.log !== end.log || place.sequence >= end.sequence) over.resolve();
      },
    },
  });
  await over.promise;
  signal.removeEventListener("abort", stop);
  signal.throwIfAborted();
}
