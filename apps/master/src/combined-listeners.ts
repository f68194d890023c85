/** Several that hear of the events of one service's machines, each of its own. */
import type { MachineEvent } from "@tutti/kernel";
import type { MachineEventListener, TakeNote } from "@tutti/runtime";

/** A note, with who took it. */
interface TakenNote {
  readonly by: MachineEventListener;
  readonly note: unknown;
}

export function combinedListeners(all: readonly MachineEventListener[]): MachineEventListener {
  const notes = new Map<MachineEvent<never>, TakeNote>();
  for (const by of all)
    for (const [event, take] of by.notes)
      notes.set(event, (happening): TakenNote | undefined => {
        const note = take(happening);
        return note === undefined ? undefined : { by, note };
      });
  return {
    notes,
    handle(taken) {
      for (const by of all) {
        const own: unknown[] = [];
        for (const one of taken) {
          // One that could not be taken is told to the first, which logs it.
          if (one instanceof Error) {
            if (by === all[0]) own.push(one);
          } else if ((one as TakenNote).by === by) own.push((one as TakenNote).note);
        }
        if (own.length > 0) by.handle(own);
      }
    },
  };
}
