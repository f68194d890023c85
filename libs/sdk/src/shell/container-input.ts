/** The input of a container task, and the options of its worker. */
import { isAbsolute } from "node:path";
import { matchesWildcard } from "@tutti/kernel";
import type { HandleOptions } from "../task/handlers.ts";
import type { StoredFile } from "../task/stored-file.ts";
import { requireKnownKeys, shellErrors } from "./errors.ts";
import type { ShellOutput } from "./shell.ts";

export interface ContainerInput {
  /** Image with a tag or a digest: `docker.io/library/python:3.13-slim`. */
  readonly image: string;
  /** Default: the command of the image. */
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** Files by their paths in the container: texts, or files of other tasks. */
  readonly files?: Readonly<Record<string, unknown>>;
  /** A folder of the container that it may write. Its files are results. */
  readonly outputs?: string;
  /** Default: the maximum of the worker. */
  readonly memoryBytes?: number;
  readonly cpus?: number;
  /** Whether it uses the network of the worker's options. Default: false. */
  readonly network?: boolean;
  /** Exit codes that are success. Default: 0. */
  readonly ok?: readonly number[];
  /** Exit codes after which another attempt is useless. */
  readonly final?: readonly number[];
}

export interface ContainerOutput extends ShellOutput {
  /** Id of the image that ran. */
  readonly image: string;
  /** Files below `outputs`, by path relative to that folder. */
  readonly files: Readonly<Record<string, StoredFile>>;
}

export interface ContainerOptions {
  /** The engine and its own arguments. Default: `podman`. */
  readonly engine?: readonly string[];
  /** Images that tasks may use, with `*` for any text. Default: all. */
  readonly images?: readonly string[];
  /** The network for tasks that request one. If not set, such tasks are refused. */
  readonly network?: string;
  /** Default: 512 MiB. */
  readonly memoryBytes?: number;
  /** Default: 1. */
  readonly cpus?: number;
  /** Default: 512. */
  readonly processes?: number;
  /** Default: `missing`. */
  readonly pull?: "always" | "missing" | "never";
  /** More arguments of `run`, such as `--userns=auto`. */
  readonly runArguments?: readonly string[];
  /** How long it may take to end after SIGTERM, in milliseconds. Default: 5,000. */
  readonly graceMs?: number;
  /** Bytes of each output that the result keeps. Default: 65,536. */
  readonly keptBytes?: number;
  /**
   * Number of started containers that wait for tasks with the image, limits and paths of earlier tasks. Default: 0. No
   * effect with `pull: "always"`.
   */
  readonly warm?: number;
  /** Runs each task as a Kubernetes Job instead of a container on this machine. Use `{}` for a worker in a pod. */
  readonly kubernetes?: KubernetesOptions;
}

/** Options for tasks that run as Jobs. The service account needs rights for Jobs, Secrets, pods and their logs. */
export interface KubernetesOptions {
  /** URL of the API. Default: the API of this pod's cluster. */
  readonly server?: string;
  /** A folder with `token`, `ca.crt` and `namespace`. Default: the service account of this pod. */
  readonly credentials?: string;
  /** Namespace of the Jobs. Default: the namespace in `credentials`. */
  readonly namespace?: string;
  /** The pod of this worker: the cluster removes its Jobs with it. Default: `POD_NAME` and `POD_UID` of the environment. */
  readonly pod?: { readonly name: string; readonly uid: string };
  /** After this time the cluster ends a Job, also without its worker. A task with a timeout ends earlier. Default: 86,400,000. */
  readonly deadlineMs?: number;
  /** After this time the cluster removes a Job that has ended without its worker. Default: 600,000. */
  readonly keepMs?: number;
  /** The image with `/bin/sh` that reads the files of `outputs`. Default: the image of the task. */
  readonly outputsImage?: string;
}

/** Options of the capability: `worker.handle("container", container(), containerOptions)`. */
export const containerOptions: HandleOptions = {
  description: "Runs a container on the worker's machine.",
  inputSchema: {
    type: "object",
    properties: {
      image: { type: "string" },
      command: { type: "array", items: { type: "string" } },
      env: { type: "object", additionalProperties: { type: "string" } },
      cwd: { type: "string" },
      stdin: { type: "string" },
      files: { type: "object" },
      outputs: { type: "string" },
      memoryBytes: { type: "integer" },
      cpus: { type: "number" },
      network: { type: "boolean" },
      ok: { type: "array", items: { type: "integer" } },
      final: { type: "array", items: { type: "integer" } },
    },
    required: ["image"],
  },
};

const imageForm = /^[\w][\w./:@-]{0,254}$/;

/** Returns the validated input. Throws if the worker does not run such a container. */
export function checkedInput(input: unknown, options: ContainerOptions): ContainerInput {
  const fields = (typeof input === "object" && input !== null ? input : {}) as ContainerInput;
  requireKnownKeys(fields, containerOptions);
  const {
    image,
    command = [],
    env = {},
    files = {},
    outputs = "/outputs",
    cwd = "/",
    network = false,
  } = fields;
  const wrong = (expected: string) => shellErrors.inputInvalid({ expected });
  if (typeof image !== "string" || !imageForm.test(image)) throw wrong("`image`, the name of an image");
  const isText = (part: unknown) => typeof part === "string" && !part.includes("\0");
  if (!Array.isArray(command) || !command.every(isText)) throw wrong("`command`, a list of texts");
  const isLine = ([name, value]: readonly [string, unknown]) =>
    /^\w+$/.test(name) && typeof value === "string" && !/[\n\0]/.test(value);
  if (!Object.entries(env).every(isLine)) throw wrong("`env`, names with texts of one line");
  const isPath = (path: unknown) => typeof path === "string" && isAbsolute(path) && !/[:,\0]/.test(path);
  if (![...Object.keys(files), outputs, cwd].every(isPath))
    throw wrong("absolute paths without `:` and `,` in `files`, `outputs` and `cwd`");
  const { images } = options;
  if (images !== undefined && !images.some((pattern) => matchesWildcard(pattern, image)))
    throw shellErrors.notAllowed({ what: `The image \`${image}\``, allowed: images.join(", ") });
  if (network && options.network === undefined)
    throw shellErrors.notAllowed({ what: "A network", allowed: "containers without one" });
  return fields;
}
