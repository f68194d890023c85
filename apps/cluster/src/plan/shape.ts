/** The processes of a cluster on one machine. */

/** Services that can run as separate processes, in the order of their start. */
export const services = [
  "registry",
  "governance",
  "workflow",
  "swarm",
  "master",
  "insight",
  "gateway",
] as const;

export type ServiceName = (typeof services)[number];

export interface Shape {
  /** NATS servers: 1, or at least 3, of which any minority may fail. */
  readonly nats: number;
  /** Processes of each service. Insight has one or none, because it has files of its own. */
  readonly processes: Readonly<Record<ServiceName, number>>;
  /** Partitions of each service. */
  readonly partitions: number;
  /** Whether services authenticate each other. */
  readonly isProtected: boolean;
}

export const usualShape: Shape = {
  nats: 3,
  processes: { registry: 2, governance: 2, workflow: 2, swarm: 2, master: 2, insight: 1, gateway: 1 },
  partitions: 8,
  isProtected: true,
};

/** Returns the number of replicas of NATS data. */
export function replicasOf({ nats }: Pick<Shape, "nats">): number {
  return nats >= 3 ? 3 : 1;
}

/** Returns the members of a shape. Their names are stable: `workflow-1`, `workflow-2`. */
export function membersOf(shape: Shape): readonly { readonly service: ServiceName; readonly name: string }[] {
  return services.flatMap((service) =>
    Array.from({ length: shape.processes[service] }, (_, index) => ({
      service,
      name: `${service}-${index + 1}`,
    })),
  );
}

export function natsMembersOf({ nats }: Pick<Shape, "nats">): readonly string[] {
  return Array.from({ length: nats }, (_, index) => `nats-${index + 1}`);
}
