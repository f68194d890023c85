import { RestError, type Standing } from "@tutti/rest/client";
import type { Shell } from "../effects/shell.ts";
import { safe } from "../terminal/text.ts";

/** A line that is there again by then is nobody's news: partitions move, gateways are restarted. */
const graceMs = 2_000;

interface Parts {
  readonly shell: Pick<Shell, "nowMs" | "pause">;
  /** That what is followed cannot be told, and why. */
  readonly onAway: (words: string) => void;
  readonly onBack: () => void;
}

/** Whether what is followed can be told at the moment, as far as that is worth a word. */
export class Absence {
  readonly #parts: Parts;
  #broken: { readonly sinceMs: number; readonly healed: AbortController } | undefined;
  #words = "";
  #isTold = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Since when, where it is worth a word, and why. */
  get told(): { readonly sinceMs: number; readonly words: string } | undefined {
    return this.#isTold && this.#broken !== undefined
      ? { sinceMs: this.#broken.sinceMs, words: this.#words }
      : undefined;
  }

  stand(standing: Standing, error?: unknown): void {
    if (standing === "broken") {
      this.#words = wordsOf(error);
      if (this.#broken === undefined) void this.#tellIfItLasts();
    } else if (standing === "open") {
      const wasTold = this.#isTold;
      this.end();
      if (wasTold) this.#parts.onBack();
    }
  }

  /** Nothing more is told. */
  end(): void {
    this.#broken?.healed.abort();
    this.#broken = undefined;
    this.#isTold = false;
  }

  async #tellIfItLasts(): Promise<void> {
    const { shell, onAway } = this.#parts;
    const healed = new AbortController();
    this.#broken = { sinceMs: shell.nowMs(), healed };
    await shell.pause(graceMs, healed.signal);
    if (healed.signal.aborted) return;
    this.#isTold = true;
    onAway(this.#words);
  }
}

function wordsOf(error: unknown): string {
  // Without a status nobody answered.
  return error instanceof RestError && error.status > 0
    ? `No news at the moment (${safe(error.code)}), trying again …`
    : "The platform is away, trying again …";
}
