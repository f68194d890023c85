/** The ceiling of a journal: the same bytes, one write and one sync per group, and nothing else. */
import { openCeilingLog } from "../ceiling/log.ts";

export async function openBytes(path: string) {
  const filling = new Uint8Array(fillingBytes);
  let length = 0;
  let waiting: (() => void)[] = [];
  let flying: (() => void)[] = [];
  let isFlying = false;
  let isLeaving = false;
  const log = await openCeilingLog(path, () => {
    for (const done of flying) done();
    flying = [];
    isFlying = false;
    if (length > 0) leaveSoon();
  });
  const leave = () => {
    isLeaving = false;
    log.write(filling.subarray(0, length));
    isFlying = true;
    flying = waiting;
    waiting = [];
    length = 0;
  };
  /** Late enough that those who are answered now come along. */
  const leaveSoon = () => {
    if (isFlying || isLeaving) return;
    isLeaving = true;
    queueMicrotask(() => queueMicrotask(() => queueMicrotask(leave)));
  };
  return {
    append: (records: Uint8Array) => {
      filling.set(records, length);
      length += records.length;
      return new Promise<void>((resolve) => {
        waiting.push(resolve);
        leaveSoon();
      });
    },
    close: async () => {
      await log.close();
    },
  };
}

const fillingBytes = 8 * 1024 * 1024;
