import { after } from "../effects/time.ts";
import type { Tone } from "../score/states.ts";

/** Notices of completed actions and errors, shown once at the edge of the page and announced to screen readers. */
export interface Notice {
  readonly id: number;
  readonly tone: Tone;
  readonly text: string;
}

const visibleMs = 7_000;
const most = 4;

let notices: readonly Notice[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function show(next: readonly Notice[]): void {
  notices = next;
  for (const listen of listeners) listen();
}

export function notify({ tone, text }: { tone: Tone; text: string }): void {
  lastId += 1;
  const id = lastId;
  show([...notices, { id, tone, text }].slice(-most));
  // An error stays until the user dismisses it: the user may have looked elsewhere.
  if (tone !== "wrong") after(visibleMs, () => dismiss(id));
}

export function dismiss(id: number): void {
  show(notices.filter((notice) => notice.id !== id));
}

export function subscribeNotices(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function currentNotices(): readonly Notice[] {
  return notices;
}
