/**
 * Runs a step repeatedly until it returns that it was the last. Between two steps all promises continue as
 * far as they can: the event loop empties the queue of microtasks after each immediate. Many immediates at a
 * time prevent polls for input in between, which cost ten times as much as the turn itself.
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
