/**
 * Metrics that a test can read. They refuse everything that a scrape would refuse: bad names, undeclared labels, a
 * counter that falls, one name with two meanings.
 */
import type { LabelValues, MetricDescription, Metrics } from "../ports/metrics.ts";

type Kind = "counter" | "gauge" | "histogram";

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
  readonly observations: number[];
  read: (() => number) | undefined;
}

interface Family {
  readonly kind: Kind;
  readonly help: string;
  readonly labels: readonly string[];
  readonly series: Map<string, Series>;
}

export interface RecordingMetrics extends Metrics {
  /**
   * Returns the value of a counter or gauge, or the number of observations of a histogram. 0 for a series never
   * written.
   */
  value(name: string, labels?: Readonly<Record<string, string>>): number;
  /** Returns the observations of a histogram, in order. */
  observations(name: string, labels?: Readonly<Record<string, string>>): readonly number[];
  /** Returns every series written so far as `name{label="value"}`, sorted. */
  series(): string[];
}

export function recordingMetrics(): RecordingMetrics {
  const families = new Map<string, Family>();

  function familyOf(kind: Kind, description: MetricDescription<string>): Family {
    const { name, help } = description;
    const labels = description.labels ?? [];
    refuseBadName(kind, name);
    const known = families.get(name);
    if (known !== undefined) {
      if (known.kind !== kind || known.help !== help || known.labels.join() !== labels.join()) {
        throw new Error(`the metric ${name} is already declared as another ${known.kind}`);
      }
      return known;
    }
    const family: Family = { kind, help, labels, series: new Map() };
    families.set(name, family);
    return family;
  }

  function read(name: string, labels: Readonly<Record<string, string>> = {}): Series | undefined {
    const family = families.get(name);
    if (family === undefined) {
      throw new Error(`expected a metric ${name}; declared are ${[...families.keys()].join(", ") || "none"}`);
    }
    return family.series.get(keyOf(family.labels, labels));
  }

  return {
    counter(description) {
      const family = familyOf("counter", description);
      return {
        with(labels) {
          const series = seriesOf(description.name, family, labels);
          return {
            add(amount = 1) {
              if (!(amount >= 0)) throw new Error(`the counter ${description.name} cannot grow by ${amount}`);
              series.value += amount;
            },
          };
        },
      };
    },
    gauge(description) {
      const family = familyOf("gauge", description);
      return {
        with(labels) {
          const series = seriesOf(description.name, family, labels);
          return {
            set(value) {
              series.value = value;
            },
            add(amount) {
              series.value += amount;
            },
          };
        },
        observe(labels, readNow) {
          const series = seriesOf(description.name, family, labels);
          series.read = readNow;
          return () => {
            if (series.read === readNow) series.read = undefined;
          };
        },
      };
    },
    histogram(description) {
      const family = familyOf("histogram", description);
      return {
        with(labels) {
          const series = seriesOf(description.name, family, labels);
          return { observe: (value) => series.observations.push(value) };
        },
      };
    },
    value(name, labels) {
      const series = read(name, labels);
      if (series === undefined) return 0;
      if (families.get(name)?.kind === "histogram") return series.observations.length;
      return series.read === undefined ? series.value : series.read();
    },
    observations: (name, labels) => read(name, labels)?.observations ?? [],
    series() {
      const all = [...families].flatMap(([name, family]) =>
        [...family.series.keys()].map((key) => (key === "" ? name : `${name}{${key}}`)),
      );
      return all.sort();
    },
  };
}

function refuseBadName(kind: Kind, name: string): void {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) throw new Error(`the metric ${name} is not in snake case`);
  if ((kind === "counter") !== name.endsWith("_total")) {
    throw new Error(`the ${kind} ${name}: counters, and they alone, end with _total`);
  }
}

function seriesOf(name: string, family: Family, labels: LabelValues<string>): Series {
  const passed = Object.keys(labels);
  if (passed.length !== family.labels.length || !family.labels.every((label) => label in labels)) {
    throw new Error(`the metric ${name} has the labels [${family.labels.join()}], given [${passed.join()}]`);
  }
  const key = keyOf(family.labels, labels);
  let series = family.series.get(key);
  if (series === undefined) {
    series = { labels, value: 0, observations: [], read: undefined };
    family.series.set(key, series);
  }
  return series;
}

function keyOf(names: readonly string[], labels: Readonly<Record<string, string>>): string {
  return names.map((name) => `${name}="${labels[name]}"`).join(",");
}
