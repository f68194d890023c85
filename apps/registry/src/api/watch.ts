/**
 * A watch has no queue of its own: each watcher is a position in the common history of changes, and reads at
 * its own pace. A watcher that falls behind the stored changes gets a new snapshot. The others are not
 * affected.
 */
import type { Change, Instance, Position, WatchReply, WatchRequest } from "@tutti/contracts/registry/v1";
import { type Entry, instanceOf } from "../directory/entry.ts";
import { inPieces, weightOf } from "../directory/weight.ts";
import type { RegistryDependencies } from "./dependencies.ts";

/** Maximum of instances or changes in one reply. */
const itemsMax = 200;

export async function* watch(
  dependencies: RegistryDependencies,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchReply> {
  const { registrar, settings, instruments } = dependencies;
  const { clock } = dependencies.foundation;
  const filter = filterOf(request);
  let lastSent = request.after;
  let { round } = registrar.freshFigures;
  let sentComplete: boolean | undefined;
  let sentAtMs = clock.monotonic();
  instruments.watchers.add(1);
  try {
    while (!signal.aborted) {
      const { directory, complete } = registrar;
      const { position } = directory;
      // Fixed before the first part is sent: later events follow as changes.
      const state: ReplyState = { position, complete };
      const changes =
        lastSent?.history === position.history ? directory.changesAfter(lastSent.revision) : undefined;
      lastSent = position;
      const isNews = sentComplete !== complete;
      for (const reply of repliesAfter(changes, { state, isNews, filter, directory })) {
        yield reply;
        sentAtMs = clock.monotonic();
      }
      sentComplete = complete;
      const fresh = registrar.freshFigures;
      if (request.withFigures && fresh.round !== round) {
        const ids = fresh.ids.filter((id) => filter.service(directory.get(id)?.service));
        if (ids.length > 0) {
          yield { ...state, news: { $case: "figures", value: directory.figures(ids) } };
          sentAtMs = clock.monotonic();
        }
      }
      round = fresh.round;
      // Nothing may be awaited between this check and the wait, or a ring in between would be missed.
      const now = registrar.position;
      if (now.revision !== position.revision || now.history !== position.history) continue;
      // A long silence is broken by an empty reply. A change that is not for this watcher does not break it.
      const leftMs = sentAtMs + settings.keepaliveMs - clock.monotonic();
      const hasChanged = leftMs > 0 && (await registrar.changes.wait(leftMs, signal));
      if (!hasChanged) sentComplete = undefined;
    }
  } finally {
    instruments.watchers.add(-1);
    // A watcher that ends stops reading: only a broken stream shows that its process may have died.
    if (signal.aborted) registrar.brokeOff(request.instanceIds);
  }
}

/** The position of a watcher after a reply. */
interface ReplyState {
  readonly position: Position;
  readonly complete: boolean;
}

/** Returns the replies for changes. Undefined changes: a snapshot. */
function repliesAfter(
  changes: readonly Change[] | undefined,
  {
    state,
    isNews,
    filter,
    directory,
  }: {
    readonly state: ReplyState;
    /** Whether the state alone is worth a reply. */
    readonly isNews: boolean;
    readonly filter: ReturnType<typeof filterOf>;
    readonly directory: RegistryDependencies["registrar"]["directory"];
  },
): Iterable<WatchReply> {
  if (changes === undefined) {
    const entries = directory.entries().filter(({ instance }) => filter.service(instance.service));
    return snapshot(state, entries, filter.form);
  }
  const selected = changes.filter(filter.change).map(filter.formOfChange);
  if (selected.length > 0) return repliesWith(state, selected);
  return isNews ? [{ ...state, news: undefined }] : [];
}

/** Yields the snapshot part by part: a slow watcher keeps no copies in memory. */
function* snapshot(
  state: ReplyState,
  entries: readonly Entry[],
  form: (instance: Instance) => Instance,
): Iterable<WatchReply> {
  let remaining = entries.length;
  for (const instances of inPieces(formed(entries, form), { weightOf, itemsMax })) {
    remaining -= instances.length;
    const last = remaining === 0;
    const news: WatchReply["news"] = { $case: "snapshot", value: { instances: [...instances], last } };
    // Only the last part has a position, and completes the snapshot.
    yield last ? { ...state, news } : { position: undefined, complete: false, news };
  }
}

function* formed(entries: readonly Entry[], form: (instance: Instance) => Instance): Generator<Instance> {
  for (const entry of entries) yield form(instanceOf(entry));
}

/** Yields changes in as few replies as possible. The position of each is that of its last change. */
function* repliesWith({ position, complete }: ReplyState, changes: readonly Change[]): Iterable<WatchReply> {
  let remaining = changes.length;
  for (const piece of inPieces(changes, { weightOf: weightOfChange, itemsMax })) {
    remaining -= piece.length;
    const news: WatchReply["news"] = { $case: "changes", value: { changes: [...piece] } };
    const revision = piece.at(-1)?.revision ?? position.revision;
    yield remaining === 0
      ? { position, complete, news }
      : { position: { ...position, revision }, complete: false, news };
  }
}

function weightOfChange({ what }: Change): number {
  return what?.$case === "put" ? weightOf(what.value) : 300;
}

/** Returns the wanted services of a watcher, and the form of its replies. */
function filterOf({ services, withSchemas, withFigures }: WatchRequest) {
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
