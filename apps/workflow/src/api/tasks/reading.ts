/** Reads tasks of a run, in their present or past states. */
import type {
  GetTaskRequest,
  ListFilesReply,
  ListFilesRequest,
  ListTasksReply,
  ListTasksRequest,
  RunFile,
  Task,
} from "@tutti/contracts/workflow/v1";
import { type MachineDependencies, placeOfToken, sizeOf, tokenOfPlace } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { type FilesPage, showFiles, showTask, showTasks, type TasksPage } from "@tutti/machine-run";
import { queryRun } from "../runs/dependencies.ts";

/** Maximum of answers of the machine for one page, if few of many tasks match. */
const answersMax = 10;

export async function listTasks(
  dependencies: MachineDependencies,
  { runId, page, atEvent, ...selection }: ListTasksRequest,
  context: CallContext,
): Promise<ListTasksReply> {
  const { statuses, parentTaskId, topOnly, text, withPayloads } = selection;
  const size = sizeOf(page);
  const tasks: Task[] = [];
  let from = placeOfToken(page?.token ?? "");
  for (let answers = 0; answers < answersMax && tasks.length < size && from >= 0; answers++) {
    const body = { statuses, parentTaskId, topOnly, text, withPayloads, from, size: size - tasks.length };
    const reply = (await queryRun(
      dependencies,
      runId,
      { query: showTasks, body, atEvent },
      context,
    )) as TasksPage;
    tasks.push(...reply.tasks);
    from = reply.next;
  }
  return { tasks, page: { nextToken: from < 0 ? "" : tokenOfPlace(from) } };
}

export async function listFiles(
  dependencies: MachineDependencies,
  { runId, page }: ListFilesRequest,
  context: CallContext,
): Promise<ListFilesReply> {
  const size = sizeOf(page);
  const files: RunFile[] = [];
  let from = placeOfToken(page?.token ?? "");
  for (let answers = 0; answers < answersMax && files.length < size && from >= 0; answers++) {
    const body = { from, size: size - files.length };
    const reply = (await queryRun(dependencies, runId, { query: showFiles, body }, context)) as FilesPage;
    files.push(...reply.files);
    from = reply.next;
  }
  return { files, page: { nextToken: from < 0 ? "" : tokenOfPlace(from) } };
}

export async function taskNamed(
  dependencies: MachineDependencies,
  { runId, taskId, atEvent }: Pick<GetTaskRequest, "runId" | "taskId" | "atEvent">,
  context: CallContext,
): Promise<Task> {
  return (await queryRun(
    dependencies,
    runId,
    { query: showTask, body: { taskId }, atEvent },
    context,
  )) as Task;
}

const tasksPage = 1_000;

/** Returns all tasks of a run without payloads. The number of each node is its index. */
export async function allTasks(
  dependencies: MachineDependencies,
  runId: string,
  context: CallContext,
): Promise<Task[]> {
  const all: Task[] = [];
  for (let from = 0; from >= 0; ) {
    const body = {
      statuses: [],
      parentTaskId: "",
      topOnly: false,
      text: "",
      withPayloads: false,
      from,
      size: tasksPage,
    };
    const reply = (await queryRun(dependencies, runId, { query: showTasks, body }, context)) as TasksPage;
    for (const task of reply.tasks) all.push(task);
    from = reply.next;
  }
  return all;
}
