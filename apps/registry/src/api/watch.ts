/**
 * A watch holds no queue of its own: each watcher is a position in the one history of changes and reads on from there
 * at its own pace. One that falls behind what is remembered gets a new snapshot; nobody else notices.
 */
import type { Change, Instance, WatchReply, WatchRequest } from "@tutti/contracts/registry/v1";
import type { Desk } from "./handlers.ts";

const snapshotPartMax = 200;

export async function* watch(
  desk: Desk,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchReply> {
  const { registrar, settings, instruments } = desk;
  const wanted = wantedBy(request);
  let revision = request.after?.history === registrar.position.history ? request.after.revision : undefined;
  let { round } = registrar.freshFigures;
  let complete: boolean | undefined;
  instruments.watchers.add(1);
  try {
    while (!signal.aborted) {
      const { directory } = registrar;
      const changes = revision === undefined ? undefined : directory.changesAfter(revision);
      if (changes === undefined) {
        // Fixed before the first part goes out: what happens while the parts are read comes as changes after them.
        revision = directory.revision;
        yield* snapshot(desk, [...directory.instances()].filter(wanted.instance).map(wanted.form), revision);
      } else {
        revision = directory.revision;
        const news = changes.filter(wanted.change).map(wanted.formOfChange);
        if (news.length > 0) {
          yield reply(desk, revision, { $case: "changes", value: { changes: news } });
        } else if (complete !== registrar.complete) {
          yield reply(desk, revision, undefined);
        }
      }
      complete = registrar.complete;
      const fresh = registrar.freshFigures;
      if (request.withFigures && fresh.round !== round) {
        const ids = fresh.ids.filter((id) => wanted.service(directory.get(id)?.service));
        if (ids.length > 0) yield reply(desk, revision, { $case: "figures", value: directory.figures(ids) });
      }
      round = fresh.round;
      // Nothing may be awaited between this look and the wait, or a ring in between would be missed.
      if (registrar.directory.revision !== revision) continue;
      const rung = await registrar.bell.wait(settings.signOfLifeMs, signal);
      // A long silence is broken by a reply without news.
      if (!rung) complete = undefined;
    }
  } finally {
    instruments.watchers.add(-1);
  }
}

function* snapshot(desk: Desk, instances: readonly Instance[], revision: number): Iterable<WatchReply> {
  for (let from = 0; ; from += snapshotPartMax) {
    const part = instances.slice(from, from + snapshotPartMax);
    const last = from + snapshotPartMax >= instances.length;
    const news = reply(desk, revision, { $case: "snapshot", value: { instances: part, last } });
    yield last ? news : { ...news, position: undefined };
    if (last) return;
  }
}

function reply({ registrar }: Desk, revision: number, news: WatchReply["news"]): WatchReply {
  return { position: { history: registrar.position.history, revision }, complete: registrar.complete, news };
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
    instance: (instance: Instance) => service(instance.service),
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
