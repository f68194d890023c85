/** Values by key, each with a version: what a write comes to is worked out from what was asked for, one write after the other. */
import type { Find, ReadEvent } from "./read-event.ts";

interface Value {
  version: number;
  text: string | undefined;
}

export class ReadBoard {
  readonly values = new Map<string, Value>();
  readonly #find: Find;

  constructor(find: Find) {
    this.#find = find;
  }

  written({ body, command }: ReadEvent): void {
    const found = body.entries.map(shown);
    if (command?.type !== "put_entries") this.#find(`values were written by nobody: ${found.join(", ")}`);
    else {
      const expected = this.#outcome(command.body);
      if (expected.join() !== found.join())
        this.#find(`of a write of ${expected.join(", ") || "nothing"} came ${found.join(", ")}`);
    }
    for (const { key, value } of body.entries) {
      const version = (this.values.get(key)?.version ?? 0) + 1;
      this.values.set(key, { version, text: textOf(value) });
    }
  }

  /** Which of the writes have what they ask for. */
  // biome-ignore lint/suspicious/noExplicitAny: a request as it was made
  #outcome({ writes, allOrNone }: any): string[] {
    const now = new Map([...this.values].map(([key, value]) => [key, { ...value }]));
    const written: string[] = [];
    let isDenied = false;
    for (const { key, value, ifVersion } of writes) {
      const before = now.get(key);
      const version = before?.text === undefined ? 0 : before.version;
      if (ifVersion !== undefined && ifVersion !== version) isDenied = true;
      else if (value !== undefined || version > 0) {
        written.push(shown({ key, value }));
        now.set(key, { version: (before?.version ?? 0) + 1, text: textOf(value) });
      }
    }
    return allOrNone === true && isDenied ? [] : written;
  }
}

interface Written {
  readonly key: string;
  // biome-ignore lint/suspicious/noExplicitAny: a payload
  readonly value: any;
}

function shown({ key, value }: Written): string {
  return `${key}=${textOf(value) ?? "(none)"}`;
}

function textOf(value: Written["value"]): string | undefined {
  if (value === undefined) return undefined;
  return value.body?.$case === "inline" ? Buffer.from(value.body.value).toString() : JSON.stringify(value);
}
