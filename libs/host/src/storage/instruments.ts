/** Metrics of journal, archives and runtimes. Counted per synced group, or sampled. Never per item. */
import type { CommittedGroup } from "@tutti/journal";
import type { GaugeCell, Metrics } from "@tutti/kernel";
import type { PartitionStatus } from "@tutti/runtime";

const service = ["service"] as const;
const groupBytes = [4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];
const groupBatches = [1, 2, 4, 8, 16, 32, 64];

export class StorageInstruments {
  readonly journalBytes: GaugeCell;
  /** Without a series until it is known: 0 would be a full disk. */
  readonly freeBytes: Pick<GaugeCell, "set">;
  readonly #metrics: Metrics;
  readonly #committed: (group: CommittedGroup) => void;
  readonly #services = new Map<string, ServiceInstruments>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    this.journalBytes = metrics
      .gauge({ name: "tutti_journal_size_bytes", help: "Size of the journal files on disk." })
      .with({});
    const free = metrics.gauge({
      name: "tutti_journal_disk_free_bytes",
      help: "Free space on the disk of the data directory.",
    });
    this.freeBytes = { set: (bytes) => free.with({}).set(bytes) };
    const groups = metrics
      .counter({
        name: "tutti_journal_groups_total",
        help: "Groups of batches, each made durable by one sync.",
      })
      .with({});
    const batches = metrics
      .counter({ name: "tutti_journal_batches_total", help: "Durable batches of all partitions." })
      .with({});
    const written = metrics
      .counter({ name: "tutti_journal_written_bytes_total", help: "Bytes of durable groups." })
      .with({});
    const sizes = metrics
      .histogram({
        name: "tutti_journal_group_bytes",
        help: "Size of a group of batches.",
        buckets: groupBytes,
      })
      .with({});
    const counts = metrics
      .histogram({ name: "tutti_journal_group_batches", help: "Batches per sync.", buckets: groupBatches })
      .with({});
    this.#committed = (group) => {
      groups.add();
      batches.add(group.batches);
      written.add(group.bytes);
      sizes.observe(group.bytes);
      counts.observe(group.batches);
    };
  }

  get committed(): (group: CommittedGroup) => void {
    return this.#committed;
  }

  ofService(name: string): ServiceInstruments {
    let instruments = this.#services.get(name);
    if (instruments === undefined) {
      instruments = new ServiceInstruments(this.#metrics, name);
      this.#services.set(name, instruments);
    }
    return instruments;
  }
}

export class ServiceInstruments {
  readonly #loaded: GaugeCell;
  readonly #live: GaugeCell;
  readonly #quarantined: GaugeCell;
  readonly #inbox: GaugeCell;
  readonly #running: GaugeCell;
  readonly #paused: GaugeCell;
  readonly #lag: GaugeCell;
  readonly #archive: GaugeCell;

  constructor(metrics: Metrics, name: string) {
    const gauge = (metric: string, help: string) =>
      metrics.gauge({ name: metric, help, labels: service }).with({ service: name });
    this.#loaded = gauge("tutti_runtime_machines_loaded", "Machines in memory.");
    this.#live = gauge("tutti_runtime_machines_live", "Machines that have not ended.");
    this.#quarantined = gauge("tutti_runtime_machines_quarantined", "Quarantined machines.");
    this.#inbox = gauge("tutti_runtime_inbox_commands", "Commands queued in all inboxes.");
    this.#running = gauge(
      "tutti_runtime_partitions_running",
      "Partitions of this process that accept commands.",
    );
    this.#paused = gauge(
      "tutti_runtime_partitions_paused",
      "Partitions of this process with work that is not yet released after a pause.",
    );
    this.#lag = gauge("tutti_runtime_index_lag_seconds", "Lag of the search index behind the journal.");
    this.#archive = gauge("tutti_runtime_archive_bytes", "Size of snapshots, history and index on disk.");
  }

  figures(statuses: readonly PartitionStatus[], archiveBytes: number): void {
    const sum = (of: (status: PartitionStatus) => number): number =>
      statuses.reduce((total, status) => total + of(status), 0);
    this.#loaded.set(sum(({ loaded }) => loaded));
    this.#live.set(sum(({ live }) => live));
    this.#quarantined.set(sum(({ quarantined }) => quarantined));
    this.#inbox.set(sum(({ inbox }) => inbox));
    this.#running.set(sum(({ state }) => (state === "running" ? 1 : 0)));
    this.#paused.set(sum(({ isPaused }) => (isPaused ? 1 : 0)));
    this.#lag.set(Math.max(0, ...statuses.map(({ indexLagMs }) => indexLagMs)) / 1_000);
    this.#archive.set(archiveBytes);
  }
}
