/**
 * The worker of large files: `worker-process.ts ADDRESS`. Prints `linked`. Its outputs have the duration of each part.
 */
import { silentLogger } from "@tutti/kernel";
import { type StoredFile, Worker } from "@tutti/sdk/worker";

const [, , address = ""] = process.argv;
const part = Buffer.alloc(1_048_576, "tutti");
const worker = new Worker({ address }, { logger: silentLogger });
worker.handle("film.make", ({ mebibytes }: { readonly mebibytes: number }, task) =>
  task.store(
    function* () {
      for (let number = 0; number < mebibytes; number++) {
        // Unique parts, because content that is already stored may be stored faster.
        part.writeDoubleLE(Date.now() + number, 0);
        yield part;
      }
    },
    { mediaType: "video/mp4" },
  ),
);
worker.handle("film.take", async (film: StoredFile) => {
  let bytes = 0;
  for await (const { length } of film.stream()) bytes += length;
  return bytes;
});
await worker.start();
console.log("linked");
