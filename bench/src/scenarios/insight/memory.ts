/** Memory of insight as a separate process, idle and with 10,000 incoming series, relative to an empty Node. */
import { setTimeout as pause } from "node:timers/promises";
import { Client, credentials } from "@grpc/grpc-js";
import { MetricKind, metricService, RecordMeasuresRequest } from "@tutti/contracts/insight/v1";
import { bundleServices } from "../../../../tools/bundle.mjs";
import { tuttiEnvironment } from "../../../../tools/images/root.mjs";
import { rounded } from "../../measure/statistics.ts";
import { startChild } from "../../processes/child.ts";
import { memoryOf } from "../../processes/figures.ts";
import { temporaryDirectory } from "../../processes/platform.ts";
import type { Result } from "../../scenario.ts";

export const idleLine = "memory of insight, idle";
export const manyLine = "memory of insight, 10,000 series";

const slotMs = 10_000;
const metrics = 10;
const seriesOfMetric = 1_000;
/** The interval at which workers send metrics. */
const sendEveryMs = 30_000;
const settleMs = 60_000;
/** Until then the requests of the start to journal and archive are done, and their threads have ended. */
const idleSettleMs = 160_000;
/** Readings of one minute, because rules are evaluated and series recorded once a minute. The metrics include both. */
const samples = 12;
const sampleEveryMs = 5_000;

export async function* memory(): AsyncIterable<Result> {
  const directory = await temporaryDirectory();
  await bundleServices(["insight"], directory);
  const flags = ["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--log.format=json", "--log.level=info"];
  await using insight = await startChild(
    [`${directory}/insight.mjs`, ...flags, `--insight.dataDirectory=${directory}/data`],
    {
      cwd: directory,
      // As in the image, no compiled code is kept between starts.
      environment: { ...(await tuttiEnvironment()), NODE_DISABLE_COMPILE_CACHE: "1" },
      until: (line) => {
        const { msg, grpc } = line.startsWith("{") ? JSON.parse(line) : {};
        return msg === "ready" ? String(grpc) : undefined;
      },
    },
  );
  await using empty = await startChild(["-e", "console.log('up'); setInterval(() => {}, 1e8)"], {
    until: (line) => line || undefined,
  });
  await pause(idleSettleMs);
  yield { variant: idleLine, ...(await above(insight.pid, empty.pid)) };
  const over = new AbortController();
  const sent = sendSeries(insight.output, over.signal);
  await pause(settleMs + sendEveryMs);
  yield { variant: manyLine, series: metrics * seriesOfMetric, ...(await above(insight.pid, empty.pid)) };
  over.abort();
  await sent;
}

/** Returns the mean and the maximum of a minute, because threads start and end. */
async function above(pid: number, emptyPid: number) {
  const deltas: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    await pause(sampleEveryMs);
    deltas.push(memoryOf(pid).pssMiB - memoryOf(emptyPid).pssMiB);
  }
  const deltaMiB = deltas.reduce((sum, delta) => sum + delta, 0) / deltas.length;
  return {
    deltaMiB: rounded(deltaMiB),
    leastMiB: rounded(Math.min(...deltas)),
    mostMiB: rounded(Math.max(...deltas)),
  };
}

async function sendSeries(address: string, signal: AbortSignal): Promise<void> {
  const client = new Client(address, credentials.createInsecure());
  const { path, request, reply } = metricService.methods.recordMeasures;
  let sequence = 0;
  while (!signal.aborted) {
    const toMs = Math.floor(Date.now() / slotMs) * slotMs;
    for (let metric = 0; metric < metrics; metric++) {
      const measures = Array.from({ length: seriesOfMetric }, (_, shop) => ({
        name: `orders_open_${metric}`,
        kind: MetricKind.METRIC_KIND_GAUGE,
        labels: { shop: `shop-${shop}` },
        value: Math.round(1_000 + 100 * Math.sin(sequence + shop)),
      }));
      const batch = { worker: "bench", fromMs: toMs - sendEveryMs, toMs, measures };
      const message = Buffer.from(request.encode(RecordMeasuresRequest.fromPartial(batch)));
      await new Promise<void>((resolve, reject) => {
        const done = (error: unknown) => (error === null ? resolve() : reject(error));
        client.makeUnaryRequest(path, (bytes: Buffer) => bytes, reply.decode, message, done);
      });
    }
    sequence++;
    await pause(sendEveryMs, undefined, { signal }).catch(() => {});
  }
  client.close();
}
