/** Joins the listeners of one service: each receives the events of its own machines. */
import type { MachineEvent } from "@tutti/kernel";
import type { MachineEventListener, NoteFactory } from "@tutti/runtime";

/** Notes of all listeners of an event. */
interface CombinedNotes {
  readonly by: readonly { readonly listener: MachineEventListener; readonly note: unknown }[];
}

export function combinedListeners(all: readonly MachineEventListener[]): MachineEventListener {
  const takers = new Map<MachineEvent<never>, { listener: MachineEventListener; toNote: NoteFactory }[]>();
  for (const listener of all)
    for (const [event, toNote] of listener.notes)
      takers.set(event, [...(takers.get(event) ?? []), { listener, toNote }]);
  const notes = new Map<MachineEvent<never>, NoteFactory>();
  for (const [event, those] of takers)
    notes.set(event, (happening): CombinedNotes | undefined => {
      const by = those
        .map(({ listener, toNote }) => ({ listener, note: toNote(happening) }))
        .filter(({ note }) => note !== undefined);
      return by.length === 0 ? undefined : { by };
    });
  return {
    notes,
    handle(received) {
      for (const listener of all) {
        const own: unknown[] = [];
        for (const entry of received) {
          // A failed note goes to the first listener, which logs it.
          if (entry instanceof Error) {
            if (listener === all[0]) own.push(entry);
          } else
            for (const { listener: by, note } of (entry as CombinedNotes).by)
              if (by === listener) own.push(note);
        }
        if (own.length > 0) listener.handle(own);
      }
    },
  };
}
