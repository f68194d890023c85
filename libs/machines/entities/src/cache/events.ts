import { OutputForgottenV1, OutputStoredV1 } from "@tutti/contracts/workflow/v1";
import { type CacheEvent, timer } from "./state.ts";

export const outputStored: CacheEvent<OutputStoredV1> = {
  type: "output_stored",
  version: 1,
  codec: OutputStoredV1,
  blobs: ({ output }) => (output?.body?.$case === "blob" ? [output.body.value.sha256] : []),
  described: true,
  evolve(entry, { output, storeMs, dueMs }, outstanding) {
    Object.assign(entry, { used: true, present: true, output, storeMs, dueMs });
    outstanding.timer(timer, dueMs);
  },
};

/** The entry has ended; another output begins it anew. */
export const outputForgotten: CacheEvent<OutputForgottenV1> = {
  type: "output_forgotten",
  version: 1,
  codec: OutputForgottenV1,
  described: true,
  evolve(entry, _, outstanding) {
    Object.assign(entry, { present: false, output: undefined, storeMs: 0, dueMs: 0 });
    outstanding.cleared(timer);
  },
};
