/** Which processes a cluster of one machine has. */

/** Every service that can run by itself, in the order in which they are started. */
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
  /** NATS servers: 1, or 3 and more of which any minority may die. */
  readonly nats: number;
  /** Insight has files of its own: one process, or none. */
  readonly processes: Readonly<Record<ServiceName, number>>;
  /** Partitions of each service. */
  readonly partitions: number;
  /** Whether services prove to each other who they are. */
  readonly isProtected: boolean;
}

export const usualShape: Shape = {
  nats: 3,
  processes: { registry: 2, governance: 2, workflow: 2, swarm: 2, master: 2, insight: 1, gateway: 1 },
  partitions: 8,
  isProtected: true,
};

/** Copies of everything that NATS keeps. */
export function replicasOf({ nats }: Pick<Shape, "nats">): number {
  return nats >= 3 ? 3 : 1;
}

/** The same members get the same names whenever the shape is looked at: `workflow-1`, `workflow-2`. */
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
