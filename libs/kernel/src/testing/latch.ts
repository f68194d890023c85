/** A latch that opens once: a test blocks a racing party with it, or waits until a point was reached. */
export interface Latch {
  readonly isOpen: boolean;
  /** Resolves when the latch is open. */
  readonly opened: Promise<void>;
  open(): void;
}

export function latch(): Latch {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isOpen = false;
  return {
    get isOpen() {
      return isOpen;
    },
    opened: promise,
    open() {
      isOpen = true;
      resolve();
    },
  };
}

/** A gate at which parties wait until a test lets them through, one by one or all. Closed at first. */
export interface Gate {
  /** Called by the racing party. */
  pass(): Promise<void>;
  /** Resolves when this many have arrived at the gate since it was created, waiting or through. */
  arrivals(count: number): Promise<void>;
  /** Number of waiting parties. */
  readonly waiting: number;
  /** Lets this many waiting parties continue, in the order of their arrival. */
  release(count?: number): void;
  /** Lets all waiting parties continue, and all that arrive until it is closed. */
  open(): void;
  close(): void;
}

export function gate(): Gate {
  const queue: (() => void)[] = [];
  let watchers: { readonly count: number; readonly wake: () => void }[] = [];
  let arrived = 0;
  let isOpen = false;
  const release = (count = 1): void => {
    for (const resume of queue.splice(0, count)) resume();
  };
  return {
    get waiting() {
      return queue.length;
    },
    pass() {
      const passed = isOpen ? Promise.resolve() : new Promise<void>((resolve) => queue.push(resolve));
      arrived++;
      for (const watcher of watchers) if (arrived >= watcher.count) watcher.wake();
      watchers = watchers.filter((watcher) => arrived < watcher.count);
      return passed;
    },
    arrivals(count) {
      if (arrived >= count) return Promise.resolve();
      return new Promise((resolve) => watchers.push({ count, wake: resolve }));
    },
    release,
    open() {
      isOpen = true;
      release(queue.length);
    },
    close() {
      isOpen = false;
    },
  };
}
