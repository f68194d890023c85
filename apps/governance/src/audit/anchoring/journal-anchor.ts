/**
 * The last checkpoint, as an event in the journal: the journal proves the state of the audit, and the audit
 * that of the journal.
 *
 * 1. It is anchored after the book has it. So a book that ends before its anchor was cut.
 * 2. Its machine is in the first partition of the service: of several processes the owner of that one anchors
 *    and checks.
 */
import type { Checkpoint } from "@tutti/contracts/governance/v1";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import { whenOwned } from "@tutti/host";
import { type MachineDependencies, orIfAbsent } from "@tutti/host/serving";
import type { InstanceKey } from "@tutti/kernel";
import { anchorCheckpoint, anchored, anchorKind, giveUpBook } from "@tutti/machine-entities/anchor";
import { systemNamespace } from "@tutti/policy/audit";

export type AnchorDependencies = Pick<MachineDependencies, "runtime" | "partitionOwner">;

const partition = 0;

export class JournalAnchor {
  readonly #dependencies: AnchorDependencies;
  readonly #key: InstanceKey;

  constructor(dependencies: AnchorDependencies) {
    this.#dependencies = dependencies;
    this.#key = keyIn(dependencies.runtime);
  }

  /** Whether this process anchors. */
  get isHere(): boolean {
    const { partitionOwner, runtime } = this.#dependencies;
    return partitionOwner.owns(runtime.service, partition);
  }

  /** Waits until this process owns it. Undefined before the first checkpoint. */
  last(signal: AbortSignal): Promise<Checkpoint | undefined> {
    return whenOwned(this.#dependencies, this.#key, { signal }, () => this.lastNow());
  }

  /** Returns it at once. Fails if another process owns it. */
  async lastNow(): Promise<Checkpoint | undefined> {
    const { runtime } = this.#dependencies;
    const found = await orIfAbsent(
      runtime.query({ key: this.#key, query: anchored, body: undefined }),
      undefined,
    );
    return found === undefined || found.number === 0 ? undefined : found;
  }

  put(checkpoint: Checkpoint): Promise<Checkpoint> {
    return this.#execute(anchorCheckpoint, checkpoint, "its checkpoint was signed");
  }

  /** Allows a new book from now on. */
  giveUp(last: Checkpoint): Promise<Checkpoint> {
    return this.#execute(giveUpBook, last, "audit.giveUpCheckpoint names its last checkpoint");
  }

  #execute(
    command: typeof anchorCheckpoint | typeof giveUpBook,
    body: Checkpoint,
    reason: string,
  ): Promise<Checkpoint> {
    const { runtime } = this.#dependencies;
    const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: runtime.service };
    const cause: Cause = { actor, traceparent: "", decision: "", reason };
    return runtime.execute({ key: this.#key, command, body: { ...body, heads: [] }, cause });
  }
}

function keyIn(runtime: AnchorDependencies["runtime"]): InstanceKey {
  let key = { namespace: systemNamespace, kind: anchorKind, id: "book" };
  for (let number = 1; runtime.partitionOf(key) !== partition; number++)
    key = { ...key, id: `book.${number}` };
  return key;
}
