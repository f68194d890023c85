/** Steps for workflows and their variants, with the runs that stay on earlier versions. */
import { type Difference, differencesOf } from "@tutti/definitions/differences";
import type { Definition } from "@tutti/rest/types";
import { type Applied, type AppliedVariant, documentIn } from "../../local/check-applied.ts";
import { shortName } from "../../local/definition-file.ts";
import type { Server } from "../../server/calls.ts";
import { readAll } from "../../server/pages.ts";
import { calling, registerVariants, rollOut } from "../variants/variants.ts";
import { nothingApplied } from "./folder.ts";
import { versionLabelOf } from "./owner.ts";
import { unlessMissing } from "./resources.ts";
import {
  type ApplyOptions,
  activeRuns,
  type Drift,
  driftOf,
  outcomeOf,
  requireOwn,
  type Step,
} from "./step.ts";
import { readVariants } from "./variants.ts";

function definitionThere(server: Server, name: string): Promise<Definition | undefined> {
  const query = { ...server.namespace, withoutLiveCount: true, withSource: true };
  return unlessMissing(server.call("workflows.get", { params: { name }, query }));
}

function documentThere({ source }: Definition, fileName: string) {
  if (source?.text === undefined) return undefined;
  return documentIn({ format: source.format === "json" ? "json" : "yaml", text: source.text, fileName });
}

export async function workflowStep(
  server: Server,
  applied: Extract<Applied, { kind: "workflow" }>,
  options: ApplyOptions,
): Promise<Step> {
  const { id, file } = applied;
  const { format, text, fileName } = file;
  const params = { name: id };
  const found = await definitionThere(server, id);
  const sets = (found?.versionLabels ?? []).filter((label) => label.startsWith(versionLabelOf("")));
  const [setThere] = sets.map((label) => label.slice(versionLabelOf("").length));
  requireOwn("workflow", id, setThere, options);
  const label = options.set === undefined ? undefined : versionLabelOf(options.set);
  const base = { kind: "workflow", id, fileName } as const;
  const register = async (): Promise<void> => {
    if (found?.archived === true) await restore();
    await server.call("workflows.register", {
      query: server.namespace,
      body: {
        format,
        text,
        fileName: shortName(file),
        ...(label !== undefined && { versionLabels: [label] }),
      },
    });
  };
  const restore = () =>
    server.call("workflows.archive", { params, query: server.namespace, body: { restore: true } });
  if (found === undefined) return { ...base, outcome: "created", differences: [], write: register };
  const isSame = found.hash === applied.hash || found.hash === (await hashThere(server, applied));
  const isMarked = label === undefined || found.versionLabels.includes(label);
  const marks = [
    ...(found.archived === true ? [{ path: "archived", before: true, after: false }] : []),
    ...(isMarked ? [] : [{ path: "set", before: setThere, after: options.set }]),
  ];
  const drift = label === undefined || isMarked ? undefined : await workflowDrift(server, found, label);
  if (isSame)
    return {
      ...base,
      differences: marks,
      drift,
      outcome: outcomeOf(found, marks),
      live: [],
      write: async () => {
        if (found.archived === true) await restore();
        if (label !== undefined && !isMarked)
          await server.call("workflows.label", {
            params: { name: id, label },
            query: server.namespace,
            body: { hash: found.hash ?? "" },
          });
      },
    };
  const differences = [...differencesOf(documentThere(found, id) ?? {}, documentIn(file) ?? {}), ...marks];
  const runs = await liveRuns(server, id);
  return {
    ...base,
    drift,
    outcome: "updated",
    write: register,
    // A version of the same content under another hash: the defaults of the platform changed.
    differences:
      differences.length > 0 ? differences : [{ path: "hash", before: found.hash, after: applied.hash }],
    liveRuns: runs,
    live: activeRuns(runs),
  };
}

/**
 * Returns the step of two variants, which are two versions of a workflow. A set marks the version of the new variant. If
 * a file has no percentage, the percentage of the platform stays.
 */
export async function variantStep(
  server: Server,
  { id, file, variant }: AppliedVariant,
  options: ApplyOptions,
): Promise<Step> {
  const params = { name: id };
  const latest = await unlessMissing(
    server.call("workflows.get", { params, query: { ...server.namespace, withoutLiveCount: true } }),
  );
  const found = await readVariants(server, id);
  if (latest !== undefined && found === undefined && !options.isForced)
    throw nothingApplied(`The workflow \`${id}\` exists and has no variants.`, {
      next: ["Choose another name, or give it variants with --force."],
    });
  const prefix = versionLabelOf("");
  const marked = found?.versions.find(({ versionLabels }) =>
    versionLabels.some((label) => label.startsWith(prefix)),
  );
  const setThere = marked?.versionLabels.find((label) => label.startsWith(prefix))?.slice(prefix.length);
  requireOwn("variant", id, setThere, options);
  const set = options.set ?? setThere;
  const label = set === undefined ? undefined : versionLabelOf(set);
  const percent = variant.percent ?? found?.percent ?? 0;
  const { old, new: young, compare: compares } = variant;
  const described = { old, new: young, compare: compares };
  const content = found === undefined ? [] : differencesOf(found.spec ?? {}, described);
  const isMarked = set === setThere && (set === undefined || marked?.hash === found?.current.hash);
  const differences: Difference[] = [
    ...content,
    ...(found === undefined || found.percent === percent
      ? []
      : [{ path: "percent", before: found.percent, after: percent }]),
    ...(latest?.archived === true ? [{ path: "archived", before: true, after: false }] : []),
    ...(found === undefined || isMarked ? [] : [{ path: "set", before: setThere, after: set }]),
  ];
  const isDrifted = marked !== undefined && found !== undefined && marked.hash !== found.current.hash;
  // A percentage affects only later runs.
  const runs = content.length > 0 ? await liveRuns(server, id) : undefined;
  return {
    kind: "variant",
    id,
    fileName: file.fileName,
    differences,
    outcome: outcomeOf(found, differences),
    ...(isDrifted && { drift: driftOf(found.current.createCause) }),
    ...(runs !== undefined && { liveRuns: runs }),
    live: activeRuns(runs),
    write: async () => {
      if (latest?.archived === true)
        await server.call("workflows.archive", { params, query: server.namespace, body: { restore: true } });
      const isWritten = found === undefined || content.length > 0 || !isMarked;
      const both = { old: calling(old), new: calling(young) };
      if (isWritten) await registerVariants(server, id, both, { percent, compares, label });
      else await rollOut(server, id, "new", percent);
    },
  };
}

/** Returns the cause of the version that follows the applied version of the set. */
async function workflowDrift(server: Server, found: Definition, label: string): Promise<Drift | undefined> {
  const { name, createCause, createTimeMs } = found;
  const applied = await unlessMissing(
    server.call("workflows.get", {
      params: { name },
      query: { ...server.namespace, label, withoutLiveCount: true },
    }),
  );
  if (applied === undefined) return undefined;
  return { ...driftOf(createCause), ...(createTimeMs !== undefined && { timeMs: createTimeMs }) };
}

export async function liveRuns(server: Server, name: string): Promise<number> {
  const versions = await readAll(
    (page) =>
      server.call("workflows.versions", {
        params: { name },
        query: { ...server.namespace, liveOnly: true, ...page },
      }),
    (reply) => reply.versions,
  );
  return versions.reduce((sum, { liveCount = 0 }) => sum + liveCount, 0);
}

/** Returns the hash on the platform. A version has the platform's retry defaults, so the local hash may differ. */
async function hashThere(server: Server, { file }: Applied): Promise<string | undefined> {
  const { format, text, fileName } = file;
  const { definition } = await server.call("workflows.check", {
    query: server.namespace,
    body: { format, text, fileName },
  });
  return definition?.hash;
}
