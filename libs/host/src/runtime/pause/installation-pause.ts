/**
 * The paused work of the installation. Any process can answer, because it queries the owners of all partitions.
 *
 * 1. Every partition is in the answer. The query waits for a partition without an owner, because without it a paused
 *    installation could look released.
 */
import {
  type GetPauseReply,
  ListPausesRequest,
  type PartitionPause,
  type PauseState,
  type Release,
  ReleasePartitionRequest,
  type ReleaseWorkReply,
  type ReleaseWorkRequest,
  runtimeService,
  type ServicePause,
} from "@tutti/contracts/runtime/v1";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { hostErrors } from "../../errors.ts";
import { type PauseDependencies, type RuntimeClient, workServices } from "./dependencies.ts";

const fullShare = 100;

export async function getPause(
  { mesh }: Pick<PauseDependencies, "mesh">,
  context: CallContext,
): Promise<GetPauseReply> {
  const found = await Promise.all(
    workServices.map(async (service) =>
      servicePauseOf(service, await pausesOf(mesh.client(runtimeService, { service }), context)),
    ),
  );
  const services = found.filter((service) => service !== undefined);
  return { paused: services.some(({ partitions }) => partitions.length > 0), services };
}

export async function releaseWork(
  { mesh }: Pick<PauseDependencies, "mesh">,
  { ofNamespace, share, services, partitions, reason }: ReleaseWorkRequest,
  context: CallContext,
): Promise<ReleaseWorkReply> {
  const unknown = services.find((service) => !workServices.includes(service));
  if (unknown !== undefined)
    throw hostErrors.neverPaused({ service: unknown, known: workServices.join(", ") });
  const targets = services.length > 0 ? services : workServices;
  const release = { ofNamespace, share: share || fullShare, reason };
  await Promise.all(
    targets.map(async (service) => {
      const client = mesh.client(runtimeService, { service });
      const there = (await pausesOf(client, context)).map(({ partition }) => partition);
      const absent = partitions.find((partition) => !there.includes(partition));
      if (absent !== undefined)
        throw hostErrors.noSuchPartition({ service, partition: absent, partitions: there.length });
      const each = partitions.length > 0 ? partitions : there;
      await Promise.all(
        each.map((partition) =>
          client.releasePartition(ReleasePartitionRequest.create({ partition, ...release }), { context }),
        ),
      );
    }),
  );
  return { pause: await getPause({ mesh }, context) };
}

/** Queries one owner after the other, until the pause of every partition is known. */
async function pausesOf(client: RuntimeClient, context: CallContext): Promise<readonly PartitionPause[]> {
  const known = new Map<number, PartitionPause>();
  for (let total = 1, next = 0; next < total; ) {
    const request = ListPausesRequest.create({ partition: next });
    const { partitions, partitionsTotal } = await client.listPauses(request, { context });
    for (const partition of partitions) known.set(partition.partition, partition);
    total = partitionsTotal;
    while (known.has(next)) next++;
  }
  return [...known.values()].sort((one, other) => one.partition - other.partition);
}

/** Undefined for a service that was never paused. */
function servicePauseOf(service: string, all: readonly PartitionPause[]): ServicePause | undefined {
  const pauses = all.flatMap(({ pause }) => pause ?? []);
  const on = all.filter(({ pause }) => pause?.over === false);
  const latest = (on.length > 0 ? on.flatMap(({ pause }) => pause ?? []) : pauses).reduce<
    PauseState | undefined
  >((last, pause) => (last === undefined || pause.sinceMs > last.sinceMs ? pause : last), undefined);
  if (latest === undefined) return;
  return {
    service,
    partitions: on.map(({ partition }) => partition),
    partitionsTotal: all.length,
    name: latest.name,
    since: toTimestamp(latest.sinceMs),
    released: commonOf(on.flatMap(({ pause }) => pause ?? [])),
  };
}

/** Returns the releases that all of them have. */
function commonOf(pauses: readonly PauseState[]): Release[] {
  const [first, ...others] = pauses;
  return (first?.released ?? []).flatMap(({ namespace, share }) => {
    const shares = others.map(
      ({ released }) => released.find((entry) => entry.namespace === namespace)?.share ?? 0,
    );
    const least = Math.min(share, ...shares);
    return least === 0 ? [] : [{ ofNamespace: namespace, share: least }];
  });
}
