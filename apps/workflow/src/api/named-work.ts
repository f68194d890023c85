/** Lists and watches of schedules and triggers: the index names them, and each is read by its id. */
import type { LabelSelector } from "@tutti/contracts/types/v1";
import { conditionsOf } from "@tutti/host";
import { allEntries, type MachineDependencies, type Named } from "@tutti/host/serving";

/** The common part of the filters of both lists. */
interface WorkFilter {
  readonly definitions: readonly string[];
  readonly labels: LabelSelector | undefined;
  readonly paused?: boolean | undefined;
  /** Part of the id or of the description. */
  readonly text: string;
}

interface NamedWork<Item> {
  readonly kind: string;
  readonly namespace: string;
  readonly filter: WorkFilter;
  /** The error of `find` for an unknown id. */
  readonly missing: { is(error: unknown): boolean };
  find(id: string): Promise<Item>;
}

/** Returns the active schedules or triggers that match a filter. */
export function namedWork<Item extends { readonly paused: boolean; readonly description: string }>(
  dependencies: MachineDependencies,
  { kind, namespace, filter, missing, find }: NamedWork<Item>,
): Named<Item> {
  const { definitions, labels, paused, text } = filter;
  return {
    async entries() {
      const entries = await allEntries(dependencies, {
        namespace,
        kinds: [kind],
        labels: labels === undefined ? [] : conditionsOf(labels),
      });
      const matching = entries.filter(
        ({ definition, endMs }) =>
          endMs === 0 && (definitions.length === 0 || definitions.includes(definition)),
      );
      return new Map(matching.map((entry) => [entry.key.id, entry]));
    },
    async find(id) {
      try {
        const found = await find(id);
        const isMatch = paused === undefined || found.paused === paused;
        return isMatch && `${id}\n${found.description}`.toLowerCase().includes(text.toLowerCase())
          ? found
          : undefined;
      } catch (error) {
        if (missing.is(error)) return undefined;
        throw error;
      }
    },
  };
}
