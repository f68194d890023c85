/**
 * Registers the workflow files of a folder when the platform serves, and again when they change.
 *
 * It uses the platform from outside, like any client. A wrong file is reported and changes nothing.
 */
import { type FSWatcher, watch } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { documentsOf, isWorkflowText } from "@tutti/definitions";
import { type Component, counted, errorFromUnknown, type Foundation, type Timer } from "@tutti/kernel";
import { connect, type Tutti } from "@tutti/sdk/client";
import { isModuleName, mayExportWorkflows, workflowsOfModule } from "@tutti/validation/modules";

export interface WorkflowFilesOptions {
  readonly foundation: Foundation;
  readonly folder: string;
  /** Returns the address for clients. Known after the start. */
  readonly address: () => string;
  /** Prints a text for people. Returns false if there is no terminal. */
  readonly print: (text: string) => boolean;
}

interface WorkflowFile {
  readonly name: string;
  readonly text: string;
}

/** Editors write a file in several steps. */
const settleMs = 100;

export class WorkflowFiles implements Component {
  readonly #options: WorkflowFilesOptions;
  /** The content that was last registered or refused, by file, and for modules by export. */
  readonly #known = new Map<string, string>();
  /** The registered workflow and its file, by file and document or export. */
  readonly #registered = new Map<string, { readonly workflow: string; readonly file: string }>();
  /** The names of the files at the latest read. */
  #files: ReadonlySet<string> = new Set();
  #tutti: Tutti | undefined;
  #watcher: FSWatcher | undefined;
  #settled: Timer | undefined;
  #reading: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(options: WorkflowFilesOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#tutti = await connect({ address: this.#options.address(), namespace: "default" });
    this.#watch();
    this.#read();
    await this.#reading;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#watcher?.close();
    this.#settled?.cancel();
    await this.#reading;
    await this.#tutti?.close();
  }

  #watch(): void {
    const { folder, foundation } = this.#options;
    const { timers, logger } = foundation;
    try {
      this.#watcher = watch(folder, { persistent: false }, () => {
        this.#settled?.cancel();
        this.#settled = timers.after(settleMs, () => this.#read());
      });
      this.#watcher.on("error", (error) => logger.warn("the folder is no longer watched", { folder, error }));
    } catch (error) {
      logger.warn("the folder cannot be watched: changes need a restart", {
        folder,
        error: errorFromUnknown(error),
      });
    }
  }

  /** Reads the folder after all earlier reads, so that the newest content is registered last. */
  #read(): void {
    this.#reading = this.#reading.then(() => this.#registerChanged());
  }

  async #registerChanged(): Promise<void> {
    const { folder, foundation, print } = this.#options;
    const { logger } = foundation;
    try {
      const files = await workflowFilesIn(folder);
      this.#files = new Set(files.map(({ name }) => name));
      for (const file of files) {
        if (this.#isStopping) return;
        if (isModuleName(file.name)) await this.#registerModule(file.name);
        else await this.#registerDocuments(file);
      }
    } catch (error) {
      const { message } = errorFromUnknown(error);
      logger.warn("workflow files could not be registered", { folder, reason: message });
      print(`  Workflow files could not be registered: ${message}`);
    }
  }

  /** Registers the documents of a file. A file may have several, as for `tutti apply`. */
  async #registerDocuments({ name, text }: WorkflowFile): Promise<void> {
    const documents = documentsIn({ name, text });
    const others = documents.filter((document) => !isWorkflowText(document)).length;
    for (const [index, document] of documents.entries()) {
      if (!isWorkflowText(document)) continue;
      // Blank lines preserve the line numbers in errors.
      const lines = "\n".repeat(document.linesBefore ?? 0);
      await this.#registerText({ name, text: lines + document.text }, `${name} ${index}`);
    }
    const state = `${others}`;
    if (others === 0 || this.#known.get(name) === state) return;
    this.#known.set(name, state);
    const { print, foundation } = this.#options;
    foundation.logger.info("documents that are no workflows are not applied", { file: name, others });
    print(`  ${name} has ${counted(others, "document")} of another kind. Run \`npx tutti apply ${name}\`.`);
  }

  /** Runs a module again after each change of the folder, because one of its imports may have changed. */
  async #registerModule(name: string): Promise<void> {
    const { folder, foundation } = this.#options;
    const { texts, failure } = await workflowsOfModule(join(folder, name), foundation.timers);
    for (const [index, text] of texts.entries()) await this.#registerText({ name, text }, `${name} ${index}`);
    if (failure !== undefined && failure !== this.#known.get(name)) this.#refused(name, failure);
    this.#known.set(name, failure ?? "");
  }

  async #registerText(file: WorkflowFile, key: string): Promise<void> {
    if (this.#known.get(key) === file.text) return;
    await this.#register(file, key);
    this.#known.set(key, file.text);
  }

  async #register({ name, text }: WorkflowFile, key: string): Promise<void> {
    const { foundation, print } = this.#options;
    try {
      const definition = await this.#tutti?.workflows.register(text, { fileName: name });
      foundation.logger.info("workflow file registered", { file: name, workflow: definition?.name });
      print(`  Registered ${definition?.name} from ${name}.`);
      this.#warnOfSecond(definition?.name ?? "", name, key);
    } catch (error) {
      const failure = errorFromUnknown(error);
      // A call to an unavailable platform can be retried with the same content, a wrong file cannot.
      if (failure.retryable) throw error;
      // The text of a module is built: a line of it is not one of the file.
      const isBuilt = isModuleName(name);
      const mistakes = failure.violations.map(({ field, message }) =>
        isBuilt ? message : `${field}: ${message}`,
      );
      this.#refused(name, mistakes.length === 0 ? failure.message : mistakes.join("\n"));
    }
  }

  /** Warns if another file of the folder defines the same workflow, because each replaces the definition of the other. */
  #warnOfSecond(workflow: string, file: string, key: string): void {
    const other = [...this.#registered.values()].find(
      (each) => each.workflow === workflow && each.file !== file && this.#files.has(each.file),
    );
    this.#registered.set(key, { workflow, file });
    if (other === undefined) return;
    const { print, foundation } = this.#options;
    const isPrinted = print(
      `  ${other.file} and ${file} both define the workflow ${workflow}. The definition of ${file} counts now. Rename one.`,
    );
    foundation.logger[isPrinted ? "info" : "warn"]("two files define one workflow", {
      workflow,
      file,
      replaced: other.file,
    });
  }

  #refused(name: string, reason: string): void {
    const { print, foundation } = this.#options;
    const [first = "", ...more] = reason.split("\n");
    const isPrinted = print(
      more.length === 0
        ? `  ${name} was not registered: ${first}`
        : [`  ${name} was not registered:`, first, ...more].join("\n    "),
    );
    // A terminal shows warnings of the log too, so the user would read the reason twice.
    foundation.logger[isPrinted ? "info" : "warn"]("workflow file refused", { file: name, reason });
  }
}

/** Returns the texts of workflows in files of a folder, in the order of the names of the files. */
async function workflowFilesIn(folder: string): Promise<readonly WorkflowFile[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter(({ name }) => isTextName(name) || isModuleName(name))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
  const files = await Promise.all(
    names.map(async (name) => ({ name, text: await readFile(join(folder, name), "utf8") })),
  );
  return files.filter(hasWorkflow);
}

function isTextName(name: string): boolean {
  return /\.(ya?ml|json)$/i.test(name);
}

function hasWorkflow({ name, text }: WorkflowFile): boolean {
  if (isModuleName(name)) return mayExportWorkflows(text);
  return documentsIn({ name, text }).some(isWorkflowText);
}

function documentsIn({ name, text }: WorkflowFile) {
  return documentsOf({ format: /\.json$/i.test(name) ? "json" : "yaml", text, fileName: name });
}
