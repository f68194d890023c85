import { RestError, type Standing } from "@tutti/rest/client";
import type { Context } from "../command/declaration.ts";
import type { Shell } from "../effects/shell.ts";
import { safe } from "../terminal/text.ts";

/** A reconnection within this time is not reported, because partitions move and gateways restart. */
const graceMs = 2_000;

interface Parts {
  readonly shell: Pick<Shell, "nowMs" | "pause">;
  /** Called with the reason. */
  readonly onAway: (words: string) => void;
  readonly onBack: () => void;
}

interface Break {
  readonly sinceMs: number;
  readonly reconnected: AbortController;
  words: string;
  isReported: boolean;
}

/** Reports a stream that stays disconnected. */
export class Absence {
  readonly #parts: Parts;
  #broken: Break | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Start and reason of a reported disconnection. Undefined: connected, or disconnected for a moment. */
  get reported(): Pick<Break, "sinceMs" | "words"> | undefined {
    return this.#broken?.isReported ? this.#broken : undefined;
  }

  stand(standing: Standing, error?: unknown): void {
    if (standing === "broken") {
      const words = wordsOf(error);
      if (this.#broken === undefined) void this.#reportLater(words);
      else this.#broken.words = words;
    } else if (standing === "open") {
      const { reported } = this;
      this.close();
      if (reported !== undefined) this.#parts.onBack();
    }
  }

  /** Reports nothing after this call. */
  close(): void {
    this.#broken?.reconnected.abort();
    this.#broken = undefined;
  }

  async #reportLater(words: string): Promise<void> {
    const { shell, onAway } = this.#parts;
    const broken = { sinceMs: shell.nowMs(), reconnected: new AbortController(), words, isReported: false };
    this.#broken = broken;
    await shell.pause(graceMs, broken.reconnected.signal);
    if (this.#broken !== broken) return;
    broken.isReported = true;
    onAway(broken.words);
  }
}

/** Reports on standard error that the platform is not reachable, and the reconnection. */
export function absenceNotes({ shell, print }: Pick<Context, "shell" | "print">): Absence {
  const { errorStyle: style } = print;
  return new Absence({
    shell,
    onAway: (words) => print.errorLines([style.yellow(words)]),
    onBack: () => print.errorLines([style.green("Reconnected.")]),
  });
}

function wordsOf(error: unknown): string {
  // Without a status no server answered.
  return error instanceof RestError && error.status > 0
    ? `No events at the moment (${safe(error.code)}), retrying …`
    : "The platform is not reachable, retrying …";
}
