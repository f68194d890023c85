/**
 * The locks of this process by the works that hold or want them. A restart forgets them: their leases expire.
 */
import type { WorkReference } from "@tutti/contracts/types/v1";
import { type InstanceKey, textOf } from "@tutti/kernel";

/** Maximum of remembered works. */
const worksMax = 10_000;

type WorkKey = Pick<WorkReference, "namespace" | "kind" | "id">;

interface Counted {
  readonly key: InstanceKey;
  count: number;
}

export class LockWorks {
  readonly #works = new Map<string, Map<string, Counted>>();

  add(key: InstanceKey, work: WorkKey): void {
    const name = nameOf(work);
    const locks = this.#works.get(name) ?? new Map<string, Counted>();
    if (locks.size === 0 && this.#works.size >= worksMax) return;
    this.#works.set(name, locks);
    const known = locks.get(textOf(key));
    if (known === undefined) locks.set(textOf(key), { key, count: 1 });
    else known.count++;
  }

  remove(key: InstanceKey, work: WorkKey): void {
    const name = nameOf(work);
    const locks = this.#works.get(name);
    const known = locks?.get(textOf(key));
    if (locks === undefined || known === undefined) return;
    known.count--;
    if (known.count === 0) locks.delete(textOf(key));
    if (locks.size === 0) this.#works.delete(name);
  }

  locksOf(work: WorkKey): readonly InstanceKey[] {
    return [...(this.#works.get(nameOf(work))?.values() ?? [])].map(({ key }) => key);
  }
}

function nameOf({ namespace, kind, id }: WorkKey): string {
  return `${namespace}/${kind}/${id}`;
}
