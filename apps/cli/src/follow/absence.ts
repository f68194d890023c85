import { RestError, type Standing } from "@tutti/rest/client";
import type { Shell } from "../effects/shell.ts";
import { safe } from "../terminal/text.ts";

/** A connection that is back by then is not reported: partitions move and gateways restart. */
const graceMs = 2_000;

interface Parts {
  readonly shell: Pick<Shell, "nowMs" | "pause">;
  /** That what is followed cannot be told, and why. */
  readonly onAway: (words: string) => void;
  readonly onBack: () => void;
}

interface Break {
  readonly sinceMs: number;
  readonly healed: AbortController;
  words: string;
  isTold: boolean;
}

/** Whether what is followed can be told at the moment, as far as that is worth a word. */
export class Absence {
  readonly #parts: Parts;
  #broken: Break | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Since when, where it is worth a word, and why. */
  get told(): Pick<Break, "sinceMs" | "words"> | undefined {
    return this.#broken?.isTold ? this.#broken : undefined;
  }

  stand(standing: Standing, error?: unknown): void {
    if (standing === "broken") {
      const words = wordsOf(error);
      if (this.#broken === undefined) void this.#tellIfItLasts(words);
      else this.#broken.words = words;
    } else if (standing === "open") {
      const { told } = this;
      this.end();
      if (told !== undefined) this.#parts.onBack();
    }
  }

  /** Nothing more is told. */
  end(): void {
    this.#broken?.healed.abort();
    this.#broken = undefined;
  }

  async #tellIfItLasts(words: string): Promise<void> {
    const { shell, onAway } = this.#parts;
    const broken = { sinceMs: shell.nowMs(), healed: new AbortController(), words, isTold: false };
    this.#broken = broken;
    await shell.pause(graceMs, broken.healed.signal);
    if (this.#broken !== broken) return;
    broken.isTold = true;
    onAway(broken.words);
  }
}

function wordsOf(error: unknown): string {
  // Without a status no server answered.
  return error instanceof RestError && error.status > 0
    ? `No events at the moment (${safe(error.code)}), retrying …`
    : "The platform is not reachable, retrying …";
}
