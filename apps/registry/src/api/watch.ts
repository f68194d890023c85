/**
 * A watch holds no queue of its own: each watcher is a position in the one history of changes and reads on from there
 * at its own pace. One that falls behind what is remembered gets a new snapshot. The others do not notice.
 */
import type { Change, Instance, Position, WatchReply, WatchRequest } from "@tutti/contracts/registry/v1";
import { type Entry, instanceOf } from "../directory/entry.ts";
import { inPieces, weightOf } from "../directory/weight.ts";
import type { RegistryDependencies } from "./dependencies.ts";

/** Of instances or changes in one reply. */
const itemsMax = 200;

export async function* watch(
  dependencies: RegistryDependencies,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchReply> {
  const { registrar, settings, instruments } = dependencies;
  const wanted = wantedBy(request);
  let seen = request.after;
  let { round } = registrar.freshFigures;
  let toldComplete: boolean | undefined;
  instruments.watchers.add(1);
  try {
    while (!signal.aborted) {
      const { directory, complete } = registrar;
      const { position } = directory;
      // Fixed before the first part goes out: what happens while a reply is read comes as changes after it.
      const stand: Stand = { position, complete };
      const changes = seen?.history === position.history ? directory.changesAfter(seen.revision) : undefined;
      seen = position;
      if (changes === undefined) {
        const entries = directory.entries().filter(({ instance }) => wanted.service(instance.service));
        yield* snapshot(stand, entries, wanted.form);
      } else {
        const news = changes.filter(wanted.change).map(wanted.formOfChange);
        if (news.length > 0) yield* repliesWith(stand, news);
        else if (toldComplete !== complete) yield { ...stand, news: undefined };
      }
      toldComplete = complete;
      const fresh = registrar.freshFigures;
      if (request.withFigures && fresh.round !== round) {
        const ids = fresh.ids.filter((id) => wanted.service(directory.get(id)?.service));
        if (ids.length > 0) yield { ...stand, news: { $case: "figures", value: directory.figures(ids) } };
      }
      round = fresh.round;
      // Nothing may be awaited between this look and the wait, or a ring in between would be missed.
      const now = registrar.position;
      if (now.revision !== position.revision || now.history !== position.history) continue;
      const rung = await registrar.bell.wait(settings.signOfLifeMs, signal);
      // A long silence is broken by a reply without news.
      if (!rung) toldComplete = undefined;
    }
  } finally {
    instruments.watchers.add(-1);
    // One that ends reads no more: only a stream that broke off says that its process may be gone.
    if (signal.aborted) registrar.brokeOff(request.instanceIds);
  }
}

/** Where a watcher stands once it has taken a reply in. */
interface Stand {
  readonly position: Position;
  readonly complete: boolean;
}

/** Brought into form part by part: a watcher that reads slowly holds on to no copies. */
function* snapshot(
  stand: Stand,
  entries: readonly Entry[],
  form: (instance: Instance) => Instance,
): Iterable<WatchReply> {
  let left = entries.length;
  for (const instances of inPieces(formed(entries, form), { weightOf, itemsMax })) {
    left -= instances.length;
    const last = left === 0;
    const news: WatchReply["news"] = { $case: "snapshot", value: { instances: [...instances], last } };
    // Only a copy that is complete has a position, and knows all.
    yield last ? { ...stand, news } : { position: undefined, complete: false, news };
  }
}

function* formed(entries: readonly Entry[], form: (instance: Instance) => Instance): Generator<Instance> {
  for (const entry of entries) yield form(instanceOf(entry));
}

/** Changes in as many replies as they take. Each is at the last one that it tells. */
function* repliesWith({ position, complete }: Stand, changes: readonly Change[]): Iterable<WatchReply> {
  let left = changes.length;
  for (const piece of inPieces(changes, { weightOf: weightOfChange, itemsMax })) {
    left -= piece.length;
    const news: WatchReply["news"] = { $case: "changes", value: { changes: [...piece] } };
    const revision = piece.at(-1)?.revision ?? position.revision;
    yield left === 0
      ? { position, complete, news }
      : { position: { ...position, revision }, complete: false, news };
  }
}

function weightOfChange({ what }: Change): number {
  return what?.$case === "put" ? weightOf(what.value) : 300;
}

/** What a watcher wants to hear of, and in which form. */
function wantedBy({ services, withSchemas, withFigures }: WatchRequest) {
  const names = new Set(services);
  const service = (name: string | undefined) => names.size === 0 || names.has(name ?? "");
  const form = (instance: Instance): Instance => ({
    ...instance,
    ...(!withFigures && { load: undefined, host: undefined }),
    ...(!withSchemas && { offers: instance.offers.map(withoutSchemas) }),
  });
  return {
    service,
    change: ({ what }: Change) => service(what?.value.service),
    form,
    formOfChange: (change: Change): Change =>
      change.what?.$case === "put"
        ? { ...change, what: { $case: "put", value: form(change.what.value) } }
        : change,
  };
}

function withoutSchemas(offer: Instance["offers"][number]): Instance["offers"][number] {
  const { capability } = offer;
  if (capability === undefined) return offer;
  return { ...offer, capability: { ...capability, inputSchema: "", outputSchema: "" } };
}
