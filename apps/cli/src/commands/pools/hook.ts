import type {
  Hook,
  HookFailure,
  HookInput,
  HookMoment,
  HookRetry,
  HookVerdictInput,
} from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printDurationMs } from "../../terminal/time.ts";
import { listed } from "../listing.ts";
import { deletedOutcome } from "../outcome.ts";
import { poolOf, reasonOf } from "../request.ts";

export function listHooks(context: Context): Promise<Result> {
  return listed(context, {
    name: "hooks",
    fetchPage: async (server, page) => {
      const query = { ...server.namespace, ...poolOf(context), ...page };
      const { hooks, ...rest } = await server.call("hooks.list", { query });
      return { ...rest, entries: hooks };
    },
    idOf: ({ hookId }) => hookId,
    columns: [
      { title: "hook", widthMin: 8 },
      { title: "pool", yields: 2, widthMin: 7 },
      { title: "runs" },
      { title: "condition", yields: 1, widthMin: 12 },
      { title: "effect", yields: 2, widthMin: 10 },
    ],
    row: (hook) => [
      { text: hook.hookId, tone: hook.disabled === true ? "dim" : "bold" },
      { text: hook.pool ?? "", tone: "dim" },
      hook.disabled === true ? { text: "‖ disabled", tone: "magenta" } : (hook.moment ?? ""),
      { text: hook.when ?? "", tone: "dim" },
      { text: effectOf(hook), tone: "cyan" },
    ],
    empty: "No hooks yet. Create one: tutti hook create ID before_assign --set-priority 'task.priority + 1'",
  });
}

export async function showHook(context: Context): Promise<Result> {
  const { print } = context;
  const hook = await found(context);
  return {
    json: hook,
    draw: () => {
      const state =
        hook.disabled === true ? print.style.magenta("‖ disabled") : print.style.green("● enabled");
      print.line(`${print.style.bold(safe(hook.hookId))}  ${state}`);
      print.line("");
      print.facts([
        ["about", hook.description],
        ["pool", hook.pool],
        ["runs", `${hook.moment}, order ${hook.order ?? 0}`],
        ["condition", hook.when],
        ["effect", effectOf(hook)],
        ["on failure", hook.onFailure === "unspecified" ? "pass" : hook.onFailure],
        ["changed by", hook.updateCause?.actor?.id],
        ["revision", hook.revision],
      ]);
    },
  };
}

function effectOf({ rule, listener, webhook }: Hook): string {
  const waits = (blocking: boolean | undefined, timeoutMs = 0) =>
    blocking === true ? `, timeout ${printDurationMs(timeoutMs || 1_000)}` : "";
  if (listener !== undefined) return `notifies a listener${waits(listener.blocking, listener.timeoutMs)}`;
  if (webhook !== undefined) return `calls ${webhook.url ?? ""}${waits(webhook.blocking, webhook.timeoutMs)}`;
  const { deny, priority = "", labels = {}, delayMs = 0, retry = "unspecified" } = rule?.verdict ?? {};
  const parts = [
    ...(deny === undefined ? [] : [`denies: ${deny.message ?? ""}`]),
    ...(priority === "" ? [] : [`priority ${priority}`]),
    ...Object.entries(labels).map(([name, value]) => `label ${name}=${value}`),
    ...(delayMs > 0 ? [`delays ${printDurationMs(delayMs)}`] : []),
    ...(retry === "unspecified" ? [] : [`try ${retry}`]),
  ];
  return parts.join(", ");
}

export async function createHook(context: Context): Promise<Result> {
  const { values } = context;
  const order = values.integer("order");
  const [when, failure] = [values.text("when"), values.text("on-failure")];
  const server = await connect(context);
  const { hook, existed } = await server.call("hooks.create", {
    query: server.namespace,
    body: {
      hookId: values.argument("ID"),
      pool: values.text("pool") ?? "default",
      // The platform rejects an unknown moment and lists the known ones.
      moment: values.argument("MOMENT") as HookMoment,
      ...actionOf(context),
      ...(order === undefined ? {} : { order }),
      ...(when === undefined ? {} : { when }),
      ...(failure === undefined ? {} : { onFailure: failure as HookFailure }),
    },
  });
  return hookOutcome(context, hook, existed === true ? "already exists" : "created");
}

function actionOf({ values }: Context): Pick<HookInput, "rule" | "listener" | "webhook"> {
  const waitMs = values.durationMs("timeout");
  const waits = waitMs === undefined ? {} : { blocking: true, timeoutMs: waitMs };
  const url = values.text("webhook");
  const secret = values.text("secret");
  if (url !== undefined) return { webhook: { url, ...(secret === undefined ? {} : { secret }), ...waits } };
  if (values.flag("listen")) return { listener: waits };
  const verdict = verdictOf(values);
  if (Object.keys(verdict).length === 0)
    throw usageFailure(
      "Set one of --deny, --set-priority, --add-label, --delay, --retry, --listen or --webhook.",
    );
  return { rule: { verdict } };
}

function verdictOf(values: Context["values"]): HookVerdictInput {
  const [deny, priority, reason] = [values.text("deny"), values.text("set-priority"), values.text("because")];
  const retry = values.text("retry");
  const delayMs = values.durationMs("delay");
  const labels = values.labels("add-label");
  return {
    ...(deny === undefined ? {} : { deny: { message: deny } }),
    ...(priority === undefined ? {} : { priority }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(retry === undefined ? {} : { retry: retry as HookRetry }),
    ...(reason === undefined ? {} : { reason }),
  };
}

export function disableHook(context: Context): Promise<Result> {
  return setDisabled(context, true, "is disabled");
}

export function enableHook(context: Context): Promise<Result> {
  return setDisabled(context, false, "is enabled");
}

async function setDisabled(context: Context, disabled: boolean, text: string): Promise<Result> {
  const { hookId, pool = "default", moment, rule, listener, webhook } = await found(context);
  const server = await connect(context);
  const hook = await server.call("hooks.update", {
    params: { id: hookId },
    query: { ...server.namespace, ...reasonOf(context) },
    body: {
      hookId,
      pool,
      moment,
      disabled,
      ...(rule === undefined ? {} : { rule: rule as HookInput["rule"] }),
      ...(listener === undefined ? {} : { listener }),
      ...(webhook?.url === undefined ? {} : { webhook: { ...webhook, url: webhook.url } }),
    } as HookInput,
  });
  return hookOutcome(context, hook, text);
}

export async function deleteHook(context: Context): Promise<Result> {
  const { values } = context;
  const id = values.argument("ID");
  const server = await connect(context);
  const reply = await server.call("hooks.delete", {
    params: { id },
    query: { ...server.namespace, ...poolOf(context), ...reasonOf(context) },
  });
  return deletedOutcome(context, reply, id);
}

async function found(context: Context): Promise<Hook> {
  const server = await connect(context);
  const params = { id: context.values.argument("ID") };
  return server.call("hooks.get", { params, query: { ...server.namespace, ...poolOf(context) } });
}

function hookOutcome({ print }: Context, hook: Hook | undefined, text: string): Outcome {
  return {
    json: hook ?? {},
    quiet: hook === undefined ? [] : [hook.hookId],
    draw: () => {
      if (hook === undefined) return;
      print.line(`${print.style.green("✓")} ${safe(hook.hookId)} ${text}`);
    },
  };
}
