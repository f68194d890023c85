/**
 * The one place of the page where time comes from. Everything else takes moments as numbers, so that what
 * formats and patches can be tested at any time.
 */
export function nowMs(): number {
  return Date.now();
}

/** Calls once after a delay. Returns a function that cancels the call. */
export function after(delayMs: number, act: () => void): () => void {
  const timer = setTimeout(act, delayMs);
  return () => clearTimeout(timer);
}

/** Calls repeatedly. Returns a function that stops it. */
export function every(periodMs: number, act: () => void): () => void {
  const timer = setInterval(act, periodMs);
  return () => clearInterval(timer);
}
