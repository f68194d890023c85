/** Runs the adapters that files describe in this process, each as a separate worker. */
import { type AdapterDocument, referencesIn } from "@tutti/definitions";
import { counted } from "@tutti/kernel";
import { type Adapter, addAdapter, type OpenApiAdapter } from "@tutti/sdk/adapters";
import { Worker } from "@tutti/sdk/worker";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { readDefinition, type SourceFile } from "../../local/definition-file.ts";
import { keyOf, serverAddress } from "../../server/address.ts";
import { failureOf, warningsOf } from "../../server/messages.ts";
import { safe } from "../../terminal/text.ts";
import { adapterVariable } from "./launched.ts";
import { adapterOf } from "./systems.ts";

/** Runs until Ctrl-C. If one adapter fails permanently, all end. */
export async function runAdapters(context: Context): Promise<Result> {
  const documents = await adaptersIn(context);
  const workers = await Promise.all(documents.map((document) => workerOf(context, document)));
  const { interrupted } = context.shell;
  return {
    follow: async () => {
      const stop = () => workers.map(({ worker }) => worker.stop());
      const ended = workers.map(({ worker }) => worker.stopped.finally(stop));
      interrupted.addEventListener("abort", stop, { once: true });
      if (interrupted.aborted) stop();
      const linked = workers.map(async ({ worker, names }) => {
        await worker.start();
        context.print.note(`${names.length === 0 ? "" : `${names.map(safe).join(", ")}: ready`}`);
      });
      const results = await Promise.allSettled([...ended, ...linked]);
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined && !interrupted.aborted) throw failureOf(failed.reason);
      return exitCodes.completed;
    },
  };
}

async function workerOf(context: Context, document: AdapterDocument) {
  const { shell } = context;
  const key = await keyOf(context);
  const { pool, slots } = document;
  const isLaunched = shell.environment["TUTTI_ADDRESS"] !== undefined;
  const worker = new Worker(
    {
      handleSignals: false,
      secrets: [...referencesIn(document)],
      description: `Adapter ${document.adapter}`,
      ...(pool !== undefined && { pool }),
      ...(slots !== undefined && { slots }),
    },
    {
      variables: isLaunched
        ? shell.environment
        : {
            ...shell.environment,
            TUTTI_URL: serverAddress(context),
            ...(key !== undefined && { TUTTI_API_KEY: key }),
          },
      logger: warningsOf(context),
    },
  );
  try {
    const adapter = await adapterOf(document);
    for (const { operation, reason } of refusedOf(adapter))
      context.print.note(safe(`${document.adapter}: \`${operation}\` is not imported: ${reason}`));
    return { worker, names: addAdapter(worker, adapter) };
  } catch (error) {
    throw failureOf(error);
  }
}

/** Returns the operations of a contract, such as an OpenAPI document, that cannot be imported. */
function refusedOf(adapter: Adapter & Partial<Pick<OpenApiAdapter, "refused">>) {
  return adapter.refused ?? [];
}

/** Returns the adapters of the files. Without files, the adapter of the environment variable that `tutti apply` sets. */
async function adaptersIn({ values, shell }: Context): Promise<readonly AdapterDocument[]> {
  const { checkAdapters } = await import("../../local/check.ts");
  const fileNames = values.manyArguments("FILE");
  const applied = shell.environment[adapterVariable];
  if (fileNames.length === 0 && applied === undefined)
    throw usageFailure("Pass a file.", [["tutti adapter run shop.yaml", "runs the adapter of the file"]]);
  const files: readonly SourceFile[] =
    fileNames.length > 0
      ? await Promise.all(fileNames.map((file) => readDefinition(file, shell)))
      : [{ format: "json", text: applied ?? "", fileName: adapterVariable }];
  const checked = files.flatMap(checkAdapters);
  const problems = checked.flatMap(({ file: { text }, problems: found }) =>
    found.filter(({ severity }) => severity === "error").map((problem) => ({ problem, text })),
  );
  if (problems.length > 0)
    throw new Failure(`${counted(problems.length, "problem")} in the adapters.`, {
      problems,
      exitCode: exitCodes.usage,
      code: "adapter_invalid",
    });
  const documents = checked.flatMap(({ adapter }) => adapter ?? []);
  const names = documents.map(({ adapter }) => adapter);
  const duplicate = names.find((name, at) => names.indexOf(name) !== at);
  if (duplicate !== undefined)
    throw usageFailure(`The files have several adapters with the name \`${duplicate}\`.`);
  return documents;
}
