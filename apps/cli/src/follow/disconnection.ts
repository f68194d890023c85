import { type ConnectionState, RestError } from "@tutti/rest/client";
import type { Context } from "../command/declaration.ts";
import type { Shell } from "../effects/shell.ts";
import { safe } from "../terminal/text.ts";

/** A reconnection within this time is not reported, because partitions move and gateways restart. */
const graceMs = 2_000;

interface Parts {
  readonly shell: Pick<Shell, "nowMs" | "pause">;
  /** Called with the reason. */
  readonly onDisconnect: (reason: string) => void;
  readonly onReconnect: () => void;
}

interface Break {
  readonly sinceMs: number;
  readonly reconnected: AbortController;
  words: string;
  isReported: boolean;
}

/** Reports a stream that stays disconnected. */
export class DisconnectionReporter {
  readonly #parts: Parts;
  #broken: Break | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Start and reason of a reported disconnection. Undefined: connected, or disconnected for a moment. */
  get reported(): Pick<Break, "sinceMs" | "words"> | undefined {
    return this.#broken?.isReported ? this.#broken : undefined;
  }

  update(state: ConnectionState, error?: unknown): void {
    if (state === "broken") {
      const words = reasonOf(error);
      if (this.#broken === undefined) void this.#reportLater(words);
      else this.#broken.words = words;
    } else if (state === "open") {
      const { reported } = this;
      this.close();
      if (reported !== undefined) this.#parts.onReconnect();
    }
  }

  /** Reports nothing after this call. */
  close(): void {
    this.#broken?.reconnected.abort();
    this.#broken = undefined;
  }

  async #reportLater(words: string): Promise<void> {
    const { shell, onDisconnect } = this.#parts;
    const broken = { sinceMs: shell.nowMs(), reconnected: new AbortController(), words, isReported: false };
    this.#broken = broken;
    await shell.pause(graceMs, broken.reconnected.signal);
    if (this.#broken !== broken) return;
    broken.isReported = true;
    onDisconnect(broken.words);
  }
}

/** Reports on standard error that the platform is not reachable, and the reconnection. */
export function disconnectionReporter({
  shell,
  print,
}: Pick<Context, "shell" | "print">): DisconnectionReporter {
  const { errorStyle: style } = print;
  return new DisconnectionReporter({
    shell,
    onDisconnect: (reason) => print.errorLines([style.yellow(reason)]),
    onReconnect: () => print.errorLines([style.green("Reconnected.")]),
  });
}

function reasonOf(error: unknown): string {
  // Without a status no server answered.
  if (error instanceof RestError && error.status > 0)
    return `No events at the moment (${safe(error.code)}), retrying …`;
  const url = error instanceof RestError ? error.details["url"] : undefined;
  return `The platform${url === undefined ? "" : ` at ${safe(url)}`} is not reachable, retrying …`;
}
