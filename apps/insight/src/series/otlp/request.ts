/**
 * The metrics of an ExportMetricsServiceRequest, in protobuf or JSON, with the names of opentelemetry-proto.
 *
 * Parts are counted before they are read. An empty part has two or three bytes. gzip makes four megabytes of empty parts
 * out of four kilobytes, and reading them would take seconds and a gigabyte.
 */
import {
  doubleAt,
  messagesAt,
  numberAt,
  packedDoubles,
  packedFixed64,
  readFields,
  textAt,
} from "@tutti/telemetry/protobuf";

type Attributes = Readonly<Record<string, string>>;

export interface OtlpPoint {
  readonly attributes: Attributes;
  readonly startMs: number;
  readonly timeMs: number;
  /** Only for a gauge or a sum. */
  readonly value: number;
  /** Only for a histogram. */
  readonly counts: readonly number[];
  readonly bounds: readonly number[];
}

export interface OtlpMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly kind: "gauge" | "sum" | "histogram" | "other";
  readonly isMonotonic: boolean;
  readonly isDelta: boolean;
  readonly points: readonly OtlpPoint[];
  /** Attributes of the resource. */
  readonly resource: Attributes;
}

const deltaTemporality = 1;
const empty = new Uint8Array();

/** Maximum of resources, scopes, metrics, points and attributes of a request. */
const partsMax = 300_000;

/** Returns a function that passes lists through until the request has too many parts. */
function counting(): <T>(parts: readonly T[]) => readonly T[] {
  let count = 0;
  return (parts) => {
    count += parts.length;
    if (count > partsMax) throw new Error(`expected at most ${partsMax} metrics, points and attributes`);
    return parts;
  };
}
type Counted = ReturnType<typeof counting>;

export function metricsOfProtobuf(request: Uint8Array): readonly OtlpMetric[] {
  const counted = counting();
  return counted(messagesAt(request, 1)).flatMap((resourceMetrics) => {
    const resource = attributesAt(counted, messagesAt(resourceMetrics, 1)[0] ?? empty, 1);
    const scopes = counted(messagesAt(resourceMetrics, 2));
    const metrics = scopes.flatMap((scope) => counted(messagesAt(scope, 2)));
    return metrics.map((metric) => metricOfMessage(counted, metric, resource));
  });
}

const dataFields = [
  [5, "gauge"],
  [7, "sum"],
  [9, "histogram"],
  [10, "other"],
  [11, "other"],
] as const;

function metricOfMessage(counted: Counted, metric: Uint8Array, resource: Attributes): OtlpMetric {
  const [number, kind] = dataFields.find(([field]) => messagesAt(metric, field).length > 0) ?? [0, "other"];
  const data = messagesAt(metric, number)[0] ?? empty;
  return {
    name: textAt(metric, 1),
    description: textAt(metric, 2),
    unit: textAt(metric, 3),
    kind,
    resource,
    isMonotonic: kind === "sum" && numberAt(data, 3) === 1,
    isDelta: kind !== "gauge" && numberAt(data, 2) === deltaTemporality,
    points: counted(messagesAt(data, 1)).map((point) => pointOfMessage(counted, point, kind === "histogram")),
  };
}

function pointOfMessage(counted: Counted, point: Uint8Array, isHistogram: boolean): OtlpPoint {
  const times = { startMs: numberAt(point, 2) / 1e6, timeMs: numberAt(point, 3) / 1e6 };
  if (!isHistogram) {
    const whole = readFields(point).find((field) => field.number === 6);
    const value = whole?.wire === "fixed64" ? Number(BigInt.asIntN(64, whole.value)) : doubleAt(point, 4);
    return { ...times, value, counts: [], bounds: [], attributes: attributesAt(counted, point, 7) };
  }
  const counts = packedFixed64(messagesAt(point, 6)[0] ?? empty);
  const bounds = packedDoubles(messagesAt(point, 7)[0] ?? empty);
  return { ...times, value: numberAt(point, 4), counts, bounds, attributes: attributesAt(counted, point, 9) };
}

function attributesAt(counted: Counted, message: Uint8Array, number: number): Attributes {
  return Object.fromEntries(
    counted(messagesAt(message, number)).map((pair) => [
      textAt(pair, 1),
      textOfValue(messagesAt(pair, 2)[0] ?? empty),
    ]),
  );
}

function textOfValue(value: Uint8Array): string {
  const [field] = readFields(value);
  if (field === undefined) return "";
  if (field.number === 1) return textAt(value, 1);
  if (field.number === 2) return String(numberAt(value, 2) === 1);
  if (field.number === 3 && field.wire === "varint") return String(BigInt.asIntN(64, field.value));
  return field.number === 4 ? String(doubleAt(value, 4)) : "";
}

type Json = Readonly<Record<string, unknown>>;

export function metricsOfJson(request: unknown): readonly OtlpMetric[] {
  const counted = counting();
  return counted(listAt(request, "resourceMetrics")).flatMap((resourceMetrics) => {
    const resource = attributesIn(counted, objectAt(resourceMetrics, "resource"));
    const scopes = counted(listAt(resourceMetrics, "scopeMetrics"));
    const metrics = scopes.flatMap((scope) => counted(listAt(scope, "metrics")));
    return metrics.map((metric): OtlpMetric => {
      const kind = (["gauge", "sum", "histogram"] as const).find((name) => metric[name] !== undefined);
      const data = objectAt(metric, kind ?? "");
      const temporality = data["aggregationTemporality"];
      return {
        name: String(metric["name"] ?? ""),
        description: String(metric["description"] ?? ""),
        unit: String(metric["unit"] ?? ""),
        kind: kind ?? "other",
        resource,
        isMonotonic: data["isMonotonic"] === true,
        isDelta: temporality === deltaTemporality || temporality === "AGGREGATION_TEMPORALITY_DELTA",
        points: counted(listAt(data, "dataPoints")).map((point) => pointOfJson(counted, point)),
      };
    });
  });
}

function pointOfJson(counted: Counted, point: Json): OtlpPoint {
  return {
    attributes: attributesIn(counted, point),
    startMs: Number(point["startTimeUnixNano"] ?? 0) / 1e6,
    timeMs: Number(point["timeUnixNano"] ?? 0) / 1e6,
    value: Number(point["asDouble"] ?? point["asInt"] ?? point["count"] ?? 0),
    counts: numbersAt(point, "bucketCounts"),
    bounds: numbersAt(point, "explicitBounds"),
  };
}

function attributesIn(counted: Counted, owner: Json): Attributes {
  return Object.fromEntries(
    counted(listAt(owner, "attributes")).map((pair) => {
      const [value] = Object.values(objectAt(pair, "value"));
      return [String(pair["key"] ?? ""), typeof value === "object" ? "" : String(value ?? "")];
    }),
  );
}

function listAt(owner: unknown, name: string): readonly Json[] {
  const list = isObject(owner) ? owner[name] : undefined;
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function objectAt(owner: Json, name: string): Json {
  const value = owner[name];
  return isObject(value) ? value : {};
}

function numbersAt(owner: Json, name: string): number[] {
  const list = owner[name];
  return Array.isArray(list) ? list.map(Number) : [];
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
