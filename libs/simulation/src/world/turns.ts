/**
 * Runs a step repeatedly until it returns that it was the last. Between two steps all promises continue as
 * far as they can: the event loop empties the queue of microtasks after each immediate. Many immediates at a
 * time prevent polls for input in between, which cost ten times as much as the turn itself.
 */
export function runTurns(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let remaining = 0;
    let isOver = false;
    const turn = (): void => {
      remaining--;
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
      if (remaining === 0) scheduleTurns();
    };
    const scheduleTurns = (): void => {
      remaining = turnsAtOnce;
      for (let turns = 0; turns < turnsAtOnce; turns++) setImmediate(turn);
    };
    scheduleTurns();
  });
}

const turnsAtOnce = 64;
