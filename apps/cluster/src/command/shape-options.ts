import { clusterErrors } from "../errors.ts";
import type { Ports } from "../plan/plan.ts";
import { type ServiceName, type Shape, services } from "../plan/shape.ts";

/** Requested numbers, as typed. */
export type Counts = Readonly<Partial<Record<ServiceName | "nats" | "partitions", string | undefined>>>;

const natsCounts = [1, 3, 5];
const processesMax = 64;
const partitionsMax = 4_096;
const usualPort = 7_400;

/** Returns the shape with the typed counts. */
export function shapeWith(shape: Shape, counts: Counts): Shape {
  const { nats, partitions, ...processes } = counts;
  const natsCount = nats === undefined ? shape.nats : numberIn("nats", nats, 1, 5);
  if (!natsCounts.includes(natsCount))
    throw clusterErrors.shapeWrong({ expected: `1, 3 or 5 NATS servers`, found: `${natsCount}` });
  return {
    ...shape,
    nats: natsCount,
    partitions:
      partitions === undefined ? shape.partitions : numberIn("partitions", partitions, 1, partitionsMax),
    processes: Object.fromEntries(
      services.map((service) => {
        const typed = processes[service];
        return [
          service,
          typed === undefined
            ? shape.processes[service]
            : numberIn(
                service,
                typed,
                service === "insight" ? 0 : 1,
                service === "insight" ? 1 : processesMax,
              ),
        ];
      }),
    ) as Shape["processes"],
  };
}

/** Returns the HTTP port of the first gateway. A cluster keeps the port of its last start. */
export function frontPortOf(port: string | undefined, last: Pick<Ports, "services"> | undefined): number {
  return port === undefined ? (last?.services["gateway-1"]?.http ?? usualPort) : Number(port);
}

/** Parses counts such as `workflow=3` and `swarm=1`. */
export function countsIn(args: readonly string[]): Counts {
  const counts: Record<string, string> = {};
  for (const arg of args) {
    const [name = "", count] = arg.split("=");
    if (count === undefined || !(services as readonly string[]).includes(name))
      throw clusterErrors.shapeWrong({
        expected: `a service and a number, such as workflow=3 (services are ${services.join(", ")})`,
        found: arg,
      });
    counts[name] = count;
  }
  return counts;
}

function numberIn(name: string, typed: string, min: number, max: number): number {
  const number = Number(typed);
  if (!/^\d+$/.test(typed) || number < min || number > max)
    throw clusterErrors.shapeWrong({
      expected: `${name} to be a number from ${min} to ${max}`,
      found: typed,
    });
  return number;
}
