/**
 * Runs a step over and over until it says that it was the last. Between two steps all promises continue as far as they
 * can. The event loop empties the queue of microtasks after each immediate, so nothing has to be guessed. Asking for
 * many of them at once keeps it from looking for input in between, which costs ten times as much as the step's own
 * turn.
 */
export function runTurns(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = 0;
    let isOver = false;
    const turn = (): void => {
      left--;
      if (isOver) return;
      try {
        if (!step()) {
          isOver = true;
          resolve();
          return;
        }
      } catch (error) {
        isOver = true;
        reject(error);
        return;
      }
      if (left === 0) ask();
    };
    const ask = (): void => {
      left = turnsAtOnce;
      for (let turns = 0; turns < turnsAtOnce; turns++) setImmediate(turn);
    };
    ask();
  });
}

const turnsAtOnce = 64;
