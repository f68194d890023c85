/**
 * Claimable tasks, found without reading tasks that an agent cannot do: by capability, then by their other
 * requirements, most urgent first. A claim costs the agent's capabilities, the kinds of tasks of these, and
 * the logarithm of the tasks of one kind.
 */
import type { AgentOffering } from "@tutti/contracts/swarm/v1";
import type { Amounts } from "@tutti/contracts/types/v1";
import { Heap, type ReadOnly } from "@tutti/kernel";
import { isOffered } from "@tutti/machine-work";
import type { BoardProfile } from "./effects.ts";
import { hasOwnBudget } from "./own-budget.ts";

/** Fields of a task that the index needs: the agents it is for. */
export interface Claimable {
  readonly number: number;
  rank: number;
  order: number;
  place: number;
  readonly profile: BoardProfile | undefined;
  toRole: string;
  onlyAgents: readonly string[];
  notAgents: readonly string[];
  /** A task with its own budget takes nothing from the budget of the mission. */
  authority: { readonly budget?: Amounts | undefined } | undefined;
}

/** A participant that requests work. */
export interface Claimant {
  readonly agent: string;
  readonly pool: string;
  readonly role: string;
  readonly offering: ReadOnly<AgentOffering> | undefined;
}

interface Kind {
  readonly key: string;
  readonly field: string;
  readonly heap: Heap<Claimable>;
  readonly sample: Claimable;
}

export class ClaimIndex {
  /** Kinds by receiver and capability. */
  readonly #fields = new Map<string, Map<string, Kind>>();
  readonly #kinds = new Map<number, Kind>();

  get size(): number {
    return this.#kinds.size;
  }

  has({ number }: Pick<Claimable, "number">): boolean {
    return this.#kinds.has(number);
  }

  add(task: Claimable): void {
    const field = fieldOf(task);
    let kinds = this.#fields.get(field);
    if (kinds === undefined) {
      kinds = new Map();
      this.#fields.set(field, kinds);
    }
    const key = kindKey(task);
    let kind = kinds.get(key);
    if (kind === undefined) {
      kind = { key, field, heap: new Heap(), sample: task };
      kinds.set(key, kind);
    }
    kind.heap.add(task);
    this.#kinds.set(task.number, kind);
  }

  remove(task: Claimable): void {
    const kind = this.#kinds.get(task.number);
    if (kind === undefined) return;
    this.#kinds.delete(task.number);
    kind.heap.remove(task);
    if (kind.heap.size > 0) return;
    const kinds = this.#fields.get(kind.field);
    kinds?.delete(kind.key);
    if (kinds?.size === 0) this.#fields.delete(kind.field);
  }

  /** All claimable tasks, in no order. */
  *numbers(): Iterable<number> {
    yield* this.#kinds.keys();
  }

  /**
   * Returns the most urgent task that an agent may do, or the most urgent with its own budget. Undefined if
   * there is none.
   */
  first(claimant: Claimant, { ownBudget = false } = {}): number | undefined {
    let first: Claimable | undefined;
    for (const capability of new Set(claimant.offering?.capabilities.map(({ name }) => name)))
      for (const field of fieldsOf(capability, claimant)) {
        for (const { heap, sample } of this.#fields.get(field)?.values() ?? []) {
          const next = heap.first;
          if (next === undefined || (ownBudget && !hasOwnBudget(sample)) || !isFor(sample, claimant))
            continue;
          if (first === undefined || isSooner(next, first)) first = next;
        }
      }
    return first?.number;
  }
}

function isSooner(one: Claimable, other: Claimable): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.order < other.order);
}

/** Returns whether an agent may do a task that can be claimed. */
export function isFor(
  task: ReadOnly<Pick<Claimable, "profile" | "toRole" | "onlyAgents" | "notAgents">>,
  claimant: Claimant,
): boolean {
  const { profile, toRole, onlyAgents, notAgents } = task;
  if (profile === undefined || !isOffered(profile, claimant)) return false;
  if (notAgents.includes(claimant.agent)) return false;
  if (toRole !== "") return claimant.role === toRole;
  return onlyAgents.length === 0 || onlyAgents.includes(claimant.agent);
}

/** Tasks for one agent or one role have a field of their own: other agents do not read them. */
function fieldOf({ profile, toRole, onlyAgents }: Claimable): string {
  const capability = profile?.capability ?? "";
  if (toRole !== "") return `${capability} role ${toRole}`;
  return onlyAgents.length === 1 ? `${capability} agent ${onlyAgents[0] ?? ""}` : capability;
}

function fieldsOf(capability: string, { agent, role }: Claimant): string[] {
  const fields = [capability, `${capability} agent ${agent}`];
  if (role !== "") fields.push(`${capability} role ${role}`);
  return fields;
}

const numbers = new WeakMap<BoardProfile, number>();
let profileCount = 0;

function kindKey(task: Claimable): string {
  const { profile, onlyAgents, notAgents } = task;
  if (profile === undefined) return "";
  let number = numbers.get(profile);
  if (number === undefined) {
    number = ++profileCount;
    numbers.set(profile, number);
  }
  const kind = hasOwnBudget(task) ? `${number} own` : String(number);
  return onlyAgents.length + notAgents.length === 0
    ? kind
    : `${kind} ${JSON.stringify([onlyAgents, notAgents])}`;
}
