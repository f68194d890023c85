/** Runs the sources that files describe in this process. They turn messages of other systems into events. */
import { counted, errorFromUnknown } from "@tutti/kernel";
import type { CloudEventInput } from "@tutti/rest/types";
import type { Source } from "@tutti/sdk/adapters";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import { readDefinition } from "../../local/definition-file.ts";
import { failureOf, openedReference, warningsOf } from "../../server/messages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { EventPosts } from "./event-posts.ts";
import { sourceOf } from "./source-systems.ts";

/** Runs until Ctrl-C. If one source fails permanently, all end. */
export async function runSources(context: Context): Promise<Result> {
  const { shell, print } = context;
  const sources = await sourcesIn(context);
  const server = await connect(context);
  await server.call("whoami");
  return {
    follow: async (emit) => {
      const ended = new AbortController();
      const signal = AbortSignal.any([shell.interrupted, ended.signal]);
      const running = sources.map(async ({ name, type, source }) => {
        const posts = new EventPosts(server, {
          name,
          type,
          posted: (record) => emit(recordOf(context, record)),
        });
        print.note(`${safe(name)} posts ${safe(type)}`);
        try {
          const secret = (reference: string) => openedReference(context, reference);
          await source.run({ tutti: posts, signal, secret, logger: warningsOf(context) });
        } finally {
          ended.abort();
        }
      });
      const results = await Promise.allSettled(running);
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failureOf(failed.reason);
      return exitCodes.completed;
    },
  };
}

export async function checkSources(context: Context): Promise<Result> {
  const { print, shell } = context;
  const sources = await sourcesIn(context);
  const found = await Promise.all(
    sources.map(async ({ name, type, source }) => {
      const secret = (reference: string) => openedReference(context, reference);
      try {
        await source.check({ signal: shell.interrupted, secret, idempotencyKey: `check-${name}` });
        return { name, type, error: undefined };
      } catch (thrown) {
        const { message } = thrown instanceof Failure ? thrown : errorFromUnknown(thrown);
        return { name, type, error: message };
      } finally {
        source.close?.();
      }
    }),
  );
  const isWell = found.every(({ error }) => error === undefined);
  return {
    json: { sources: found },
    quiet: found.filter(({ error }) => error === undefined).map(({ name }) => name),
    exitCode: isWell ? exitCodes.completed : exitCodes.failed,
    draw: () => {
      for (const { name, error } of found)
        if (error === undefined) print.line(`${print.style.green("✓")} ${safe(name)} can be read`);
        else print.line(`${print.style.red("✗")} ${safe(name)}: ${safe(error)}`);
    },
  };
}

interface NamedSource {
  readonly name: string;
  readonly type: string;
  readonly source: Source;
}

async function sourcesIn({ values, shell }: Context): Promise<readonly NamedSource[]> {
  const { checkSources: check } = await import("../../local/check.ts");
  const files = await Promise.all(values.manyArguments("FILE").map((file) => readDefinition(file, shell)));
  const checked = files.flatMap(check);
  const problems = checked.flatMap(({ file: { text }, problems: found }) =>
    found.filter(({ severity }) => severity === "error").map((problem) => ({ problem, text })),
  );
  if (problems.length > 0)
    throw new Failure(`${counted(problems.length, "problem")} in the sources.`, {
      problems,
      exitCode: exitCodes.usage,
      code: "source_invalid",
    });
  const documents = checked.flatMap(({ source }) => source ?? []);
  const names = documents.map(({ source }) => source);
  const duplicate = names.find((name, at) => names.indexOf(name) !== at);
  if (duplicate !== undefined)
    throw usageFailure(`The files have several sources with the name \`${duplicate}\`.`);
  return documents.map((document) => ({
    name: document.source,
    type: document.event ?? `source.${document.source}`,
    source: sourceOf(document),
  }));
}

function recordOf({ print }: Context, { id, type, subject }: CloudEventInput): Outcome {
  return {
    json: { id, type, subject },
    quiet: [id],
    draw: () => print.line(`${print.style.dim(safe(type))}  ${safe(id)}  ${safe(subject ?? "")}`.trimEnd()),
  };
}
