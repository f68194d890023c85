/**
 * Settings of ownership, and the reasons for their defaults.
 *
 * A partition must be without an owner for less than 2 s after a crash. A process notices a lease time after the last
 * renewal it heard of, and hears of renewals whenever it renews its own lease. Sealing and loading take the rest. Three
 * renewals fit into a lease, so one lost renewal and one slow renewal cost nothing. An owner stops answering reads from
 * memory a margin before its lease is over, which allows its clock to run 15 % slower than those of the others.
 */
import { defineSection, kernelErrors } from "@tutti/kernel";
import * as z from "zod";

const milliseconds = (defaultMs: number) => z.number().int().min(1).max(600_000).default(defaultMs);
const share = (value: number) => z.number().min(0).max(1).default(value);

const balance = z.strictObject({
  roundMs: milliseconds(1_000).describe("How often it is looked whether partitions should move."),
  movesMax: z.number().int().min(1).default(2).describe("Partitions that start to move in one round."),
  gapMin: share(0.15).describe(
    "Partitions move for load only between processes whose loads are further apart than this share of a core.",
  ),
  benefitMin: share(0.05).describe(
    "A move has to bring the busier of the two at least this share of a core below where it was.",
  ),
  idleMax: share(0.03).describe(
    "A partition with less load counts as idle: idle ones are spread by number, busy ones by load.",
  ),
  settleMs: milliseconds(5_000).describe(
    "How long after a move the load from before counts, until the new owner's measurements mean something.",
  ),
  restMs: milliseconds(30_000).describe("How long a partition stays where load has moved it."),
});

const behaviour = z.strictObject({
  hold: z
    .boolean()
    .default(false)
    .describe(
      "Keeps what a new release brings from coming into force, though every process has it: so long one can go back to the release before.",
    ),
  raiseAfterMs: z
    .number()
    .int()
    .min(0)
    .max(86_400_000)
    .default(60_000)
    .describe(
      "How long every process of a service must have been of the new release before what it brings comes into force.",
    ),
});

const schema = z.strictObject({
  kind: z
    .enum(["sole", "leased"])
    .default("sole")
    .describe(
      "sole: this process owns everything. leased: the processes of a cluster share, by way of NATS.",
    ),
  partitions: z
    .number()
    .int()
    .min(1)
    .max(4_096)
    .optional()
    .describe("Partitions of each service, fixed for ever with the first start: 16 alone, 8 in a cluster."),
  renewMs: milliseconds(300).describe("How often a process of a cluster renews its lease."),
  leaseMs: milliseconds(1_200).describe(
    "A process that has not renewed for so long, as watched by another that could, loses its partitions.",
  ),
  marginMs: milliseconds(200).describe(
    "So long before the end of its lease a process stops answering from memory without asking the journal.",
  ),
  retryMaxMs: milliseconds(1_000).describe("Longest pause between attempts while NATS does not answer."),
  prepareMs: z
    .number()
    .int()
    .min(0)
    .max(600_000)
    .default(5_000)
    .describe(
      "So long an owner waits with a planned move until the process that the partition goes to has a copy of its archive.",
    ),
  replicas: z
    .number()
    .int()
    .min(1)
    .max(5)
    .default(1)
    .describe("Copies of the table in NATS. 3 in a cluster."),
  balance,
  behaviour,
});

/** The section `ownership` of the configuration. */
export const ownershipSection = defineSection({
  scope: "integration",
  name: "ownership",
  description: "Ownership of the partitions of services that host machines: leases, takeover, balance.",
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
