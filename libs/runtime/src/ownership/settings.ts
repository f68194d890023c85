/**
 * Settings of ownership, and the reasons for their defaults.
 *
 * A partition must be without an owner for less than 2 s after a crash. A process notices a lease time after the last
 * renewal that it has seen. It sees renewals whenever it renews its own lease. Sealing and loading take the rest. Three
 * renewals fit into a lease, so one lost renewal and one slow renewal cost nothing. An owner stops answering reads from
 * memory a margin before its lease is over. So its clock may run 15 % slower than those of the others.
 */
import { defineSection, kernelErrors } from "@tutti/kernel";
import * as z from "zod";

const milliseconds = (defaultMs: number) => z.number().int().min(1).max(600_000).default(defaultMs);
const share = (value: number) => z.number().min(0).max(1).default(value);

const balance = z.strictObject({
  roundMs: milliseconds(1_000).describe("Interval at which the balance of partitions is checked."),
  movesMax: z
    .number()
    .int()
    .min(1)
    .default(2)
    .describe("Maximum number of partitions that start to move in one round."),
  gapMin: share(0.15).describe(
    "Minimum difference in load between two processes, in cores, before partitions move because of load.",
  ),
  benefitMin: share(0.05).describe(
    "Minimum reduction in load of the busier process, in cores, that a move must achieve.",
  ),
  idleMax: share(0.03).describe(
    "Load below which a partition counts as idle. Idle partitions are balanced by number, busy partitions by load.",
  ),
  settleMs: milliseconds(5_000).describe(
    "Time after a move in which the load that the previous owner measured still counts.",
  ),
  restMs: milliseconds(30_000).describe("Minimum time between two moves of a partition because of load."),
});

const behaviour = z.strictObject({
  hold: z
    .boolean()
    .default(false)
    .describe(
      "Keeps the features of a new release disabled although every process has it, so a rollback to the previous release stays possible.",
    ),
  raiseAfterMs: z
    .number()
    .int()
    .min(0)
    .max(86_400_000)
    .default(60_000)
    .describe(
      "How long every process of a service must run the new release before its features are enabled.",
    ),
});

const schema = z.strictObject({
  kind: z
    .enum(["sole", "leased"])
    .default("sole")
    .describe(
      "`sole`: this process owns all partitions. `leased`: the processes of a cluster share them through NATS.",
    ),
  partitions: z
    .number()
    .int()
    .min(1)
    .max(4_096)
    .optional()
    .describe(
      "Number of partitions of each service. It cannot change after the first start. Default: 16 for `sole`, 8 for `leased`.",
    ),
  renewMs: milliseconds(300).describe("Interval at which a process of a cluster renews its lease."),
  leaseMs: milliseconds(1_200).describe(
    "Lease duration. A process loses its partitions if another process, whose own renewals succeed, sees no renewal for this time.",
  ),
  marginMs: milliseconds(200).describe(
    "Safety margin at the end of the lease. During this time, a process answers reads only after the journal has confirmed its ownership.",
  ),
  retryMaxMs: milliseconds(1_000).describe("Maximum backoff while NATS does not answer."),
  prepareMs: z
    .number()
    .int()
    .min(0)
    .max(600_000)
    .default(5_000)
    .describe("Maximum time a planned move waits until the new owner has a copy of the archive."),
  replicas: z
    .number()
    .int()
    .min(1)
    .max(5)
    .default(1)
    .describe("Copies of the ownership table in NATS. Use 3 in a cluster."),
  balance,
  behaviour,
});

/** The section `ownership` of the configuration. */
export const ownershipSection = defineSection({
  scope: "integration",
  name: "ownership",
  description: "Ownership of partitions: leases, takeover and balance.",
  schema,
});

export type OwnershipValues = z.output<typeof schema>;

export interface BalanceSettings {
  readonly roundMs: number;
  readonly movesMax: number;
  readonly gapMin: number;
  readonly benefitMin: number;
  readonly idleMax: number;
  readonly settleMs: number;
  readonly restMs: number;
}

interface BehaviourSettings {
  readonly hold: boolean;
  readonly raiseAfterMs: number;
}

export interface OwnershipSettings {
  readonly kind: "sole" | "leased";
  readonly partitions: number;
  readonly renewMs: number;
  readonly leaseMs: number;
  readonly marginMs: number;
  readonly retryMaxMs: number;
  readonly prepareMs: number;
  readonly replicas: number;
  readonly balance: BalanceSettings;
  readonly behaviour: BehaviourSettings;
}

const lenient = schema.extend({ balance: balance.prefault({}), behaviour: behaviour.prefault({}) });

/** Returns the section's values, or its defaults, checked for contradictions. */
export function ownershipSettings(values: z.input<typeof lenient> = {}): OwnershipSettings {
  const { partitions, ...settings } = lenient.parse(values);
  const { kind, renewMs, leaseMs, marginMs } = settings;
  const problems: string[] = [];
  if (leaseMs < 3 * renewMs) {
    problems.push(
      `expected ownership.leaseMs to be at least three times ownership.renewMs (${renewMs}), got ${leaseMs}; a single lost renewal would end the lease`,
    );
  }
  if (marginMs >= leaseMs - renewMs) {
    problems.push(
      `expected ownership.marginMs to be less than ownership.leaseMs - ownership.renewMs (${leaseMs - renewMs}), got ${marginMs}; no read would ever be answered from memory`,
    );
  }
  if (problems.length > 0) throw kernelErrors.configurationInvalid({ problems });
  return { ...settings, partitions: partitions ?? (kind === "sole" ? 16 : 8) };
}
