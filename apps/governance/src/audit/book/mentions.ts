/** The namespaces, actors and actions in the summary of a block, by which a search can skip it. */
import { Cause } from "@tutti/contracts/types/v1";
import { RecordScanner } from "@tutti/journal/batches";
import { aboutRecord, actorText, decodedRecord, isRefusal } from "./record.ts";

/** Collects mentions. Most records repeat those of others: each distinct one is read once. */
export class Mentions {
  readonly namespaces = new Set<string>();
  readonly actors = new Set<string>();
  readonly actions = new Set<string>();
  /** Whether records with this beginning and type have to be read completely. */
  readonly #known = new Map<string, boolean>();
  readonly #causes = new Set<string>();
  readonly #scanner = new RecordScanner();

  add(encoded: Uint8Array): void {
    const scanner = this.#scanner;
    scanner.only(encoded);
    const isComplete = this.#known.get(scanner.kindText + scanner.type) ?? this.#classify();
    if (isComplete) {
      const { namespace, cause, action } = aboutRecord(decodedRecord({ encoded }));
      this.namespaces.add(namespace);
      this.actions.add(action);
      this.actors.add(actorText(cause));
      return;
    }
    const { causeText } = scanner;
    if (this.#causes.has(causeText)) return;
    this.#causes.add(causeText);
    this.actors.add(actorText(Cause.decode(scanner.cause)));
  }

  #classify(): boolean {
    const { key, type, kindText } = this.#scanner;
    const { namespace, kind } = key;
    const isComplete = isRefusal({ kind, type });
    this.#known.set(kindText + type, isComplete);
    if (!isComplete) {
      this.namespaces.add(namespace);
      this.actions.add(`${kind}.${type}`);
    }
    return isComplete;
  }
}
