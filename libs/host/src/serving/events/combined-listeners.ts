/** Joins the listeners of one service: each receives the events of its own machines. */
import type { MachineEvent } from "@tutti/kernel";
import type { MachineEventListener, TakeNote } from "@tutti/runtime";

/** Notes of all listeners of an event. */
interface TakenNotes {
  readonly by: readonly { readonly listener: MachineEventListener; readonly note: unknown }[];
}

export function combinedListeners(all: readonly MachineEventListener[]): MachineEventListener {
  const takers = new Map<MachineEvent<never>, { listener: MachineEventListener; take: TakeNote }[]>();
  for (const listener of all)
    for (const [event, take] of listener.notes)
      takers.set(event, [...(takers.get(event) ?? []), { listener, take }]);
  const notes = new Map<MachineEvent<never>, TakeNote>();
  for (const [event, those] of takers)
    notes.set(event, (happening): TakenNotes | undefined => {
      const by = those
        .map(({ listener, take }) => ({ listener, note: take(happening) }))
        .filter(({ note }) => note !== undefined);
      return by.length === 0 ? undefined : { by };
    });
  return {
    notes,
    handle(taken) {
      for (const listener of all) {
        const own: unknown[] = [];
        for (const one of taken) {
          // A failed note goes to the first listener, which logs it.
          if (one instanceof Error) {
            if (listener === all[0]) own.push(one);
          } else
            for (const { listener: by, note } of (one as TakenNotes).by) if (by === listener) own.push(note);
        }
        if (own.length > 0) listener.handle(own);
      }
    },
  };
}
