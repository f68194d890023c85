/** Starts runs that wait and sends them a signal: node live-process.ts ADDRESS */
import { type ClientDuplexStream, credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import {
  runService,
  SignalRunsReply,
  SignalRunsRequest,
  StartRunsReply,
  StartRunsRequest,
} from "@tutti/contracts/workflow/v1";
import { serveQuestions } from "../../processes/conversation.ts";
import { channelOptions, streams } from "../chains/chain.ts";

export interface LiveQuestion {
  readonly runs: number;
}

export interface LiveFigures {
  readonly startsPerSec: number;
  readonly signalsPerSec: number;
}

interface Receipts {
  readonly receipts: readonly { readonly refusal: { readonly message: string } | undefined }[];
}

/** Maximum of concurrent items. More would only wait in inboxes, and be rejected there. */
const inFlightMax = 10_000;
const batchMax = 1_000;

const [address = ""] = process.argv.slice(2);
const signalRuns = { ...streams.startRuns, path: runService.methods.signalRuns.path };
const Client = makeGenericClientConstructor({ startRuns: streams.startRuns, signalRuns }, "runs");
const channel = new Client(address, credentials.createInsecure(), channelOptions);
let started = 0;

/** Sends items in batches. Resolves when each has its receipt, with the items per second. */
function sendAll(
  count: number,
  path: string,
  request: (from: number, items: number) => Uint8Array,
  read: (bytes: Uint8Array) => Receipts,
): Promise<number> {
  const stream: ClientDuplexStream<Uint8Array, Uint8Array> = channel.makeBidiStreamRequest(
    path,
    streams.startRuns.requestSerialize,
    streams.startRuns.responseDeserialize,
  );
  const startMs = performance.now();
  let sent = 0;
  let answered = 0;
  return new Promise((resolve, reject) => {
    const send = () => {
      while (sent < count && sent - answered <= inFlightMax - batchMax) {
        const items = Math.min(batchMax, count - sent);
        stream.write(request(sent, items));
        sent += items;
      }
    };
    stream.on("error", reject);
    stream.on("data", (bytes) => {
      for (const { refusal } of read(bytes).receipts) {
        if (refusal !== undefined) reject(new Error(refusal.message));
        answered++;
      }
      send();
      if (answered < count) return;
      resolve((count * 1_000) / (performance.now() - startMs));
      stream.end();
    });
    send();
  });
}

const nameOf = (number: number): string => `live-${number}`;

async function start(runs: number): Promise<number> {
  const specs = [{ what: { $case: "definition" as const, value: { name: "waiting" } } }];
  const perSec = await sendAll(
    runs,
    streams.startRuns.path,
    (from, count) => {
      const items = Array.from({ length: count }, (_, at) => ({
        spec: 1,
        runId: nameOf(started + from + at),
        input: { $case: "inlineInput" as const, value: Buffer.from("1") },
      }));
      const first = from === 0 ? { specs } : {};
      return StartRunsRequest.encode(StartRunsRequest.fromPartial({ ...first, items })).finish();
    },
    (bytes) => StartRunsReply.decode(bytes),
  );
  started += runs;
  return perSec;
}

function signal(runs: number): Promise<number> {
  return sendAll(
    runs,
    signalRuns.path,
    (from, count) => {
      const at = started - runs + from;
      const items = Array.from({ length: count }, (_, each) => ({ runId: nameOf(at + each), signal: "go" }));
      return SignalRunsRequest.encode(SignalRunsRequest.fromPartial({ items })).finish();
    },
    (bytes) => SignalRunsReply.decode(bytes),
  );
}

let startsPerSec = 0;
serveQuestions<LiveQuestion & { readonly what: "start" | "signal" }>({}, async ({ what, runs }) => {
  if (what === "start") startsPerSec = await start(runs);
  return { startsPerSec, signalsPerSec: what === "start" ? 0 : await signal(runs) } satisfies LiveFigures;
});
