// @ts-check

// Runs pods of manifests as podman containers on a separate network, with the same images, arguments, environment,
// files, user and capabilities. This file replaces Kubernetes for probes, names of services and claims, and restarts
// ended containers.

import { execFile, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { workloadsOf } from "./rendered.mjs";

/** @typedef {import("./rendered.mjs").Manifest} Manifest */
/** @typedef {{ name: string, app: string, address: string, workload: Manifest }} Pod */

const run = promisify(execFile);
const subnet = "10.93.41";
const user = 65532;
const triesToRemove = 10;

// Machines that are containers themselves allow no higher limits, and only some runtimes.
const limits = ["--ulimit", "nofile=1024:20000", "--ulimit", "nproc=1024:1024"];

export class Containers {
  #folder;
  #network;
  #engine;

  /** @param {string} folder for all temporary files */
  constructor(folder) {
    this.#folder = folder;
    this.#network = `tutti-${process.pid}`;
    const storage = ["--root", join(folder, "images"), "--runroot", join(folder, "running")];
    this.#engine = ["--storage-driver", "vfs", ...storage];
  }

  /** Why containers cannot run here. False if they can. */
  static get missing() {
    const wanted = ["podman", "buildah", "runc", "iptables"];
    const lacking = wanted.filter((program) => spawnSync(program, ["--version"]).status !== 0);
    if (lacking.length > 0)
      return `${lacking.join(", ")} missing: apt-get install podman buildah runc netavark aardvark-dns iptables`;
    return process.getuid?.() === 0 ? false : "not root: networks of containers need it";
  }

  /**
   * @param {string} layout
   * @param {string} image
   */
  async build(layout, image) {
    const words = ["build", "--isolation", "chroot", "--timestamp", "0", "--tag", image, "."];
    await run("buildah", [...this.#engine, ...words], { cwd: layout, maxBuffer: 2 ** 26 });
  }

  /** @param {string[]} words */
  async podman(...words) {
    const runtime = ["--runtime", "runc", "--cgroup-manager", "cgroupfs"];
    const { stdout, stderr } = await run("podman", [...this.#engine, ...runtime, ...words], {
      maxBuffer: 2 ** 26,
    });
    return stdout.trim() || stderr.trim();
  }

  /**
   * Starts a pod for each replica of the workloads.
   *
   * @param {readonly Manifest[]} manifests
   * @param {Record<string, string>} images by the name of the workload; "" for all others
   * @returns {Promise<Pod[]>}
   */
  async start(manifests, images) {
    await this.podman("network", "create", "--subnet", `${subnet}.0/24`, this.#network);
    const pods = workloadsOf(manifests)
      .filter(({ metadata: { name } }) => name !== "jaeger")
      .flatMap((workload) => podsOf(workload, manifests))
      .map((pod, index) => ({ ...pod, address: `${subnet}.${index + 10}` }));
    for (const pod of pods) {
      const image = images[pod.app] ?? images[""] ?? "";
      await this.podman(
        "run",
        "--detach",
        "--restart",
        "always",
        ...this.#wordsOf(pod, pods, manifests, image),
      );
    }
    return pods;
  }

  /** @param {Pod} pod */
  logs({ name }) {
    return this.podman("logs", "--tail", "30", name);
  }

  async stop() {
    await this.#removeAll();
    await this.podman("network", "rm", "--force", this.#network);
    await this.podman("volume", "rm", "--all", "--force");
    await this.podman("rmi", "--all", "--force");
  }

  /**
   * Removes all containers. Retries, because podman fails with "container state improper" if a container ends by itself
   * meanwhile.
   */
  async #removeAll() {
    for (let tries = 1; ; tries++) {
      try {
        await this.podman("rm", "--force", "--all", "--time", "1");
        return;
      } catch (error) {
        if (tries === triesToRemove) throw error;
        await pause(1_000);
      }
    }
  }

  /**
   * @param {Pod} pod
   * @param {readonly Pod[]} pods
   * @param {readonly Manifest[]} manifests
   * @param {string} image
   */
  #wordsOf(pod, pods, manifests, image) {
    const { spec } = pod.workload.spec.template;
    const [container] = spec.containers;
    const { securityContext: own } = container;
    const environment = environmentOf(container, pod, manifests);
    return [
      ...[
        "--name",
        pod.name,
        "--hostname",
        pod.name,
        "--network",
        this.#network,
        "--ip",
        pod.address,
        ...limits,
      ],
      ...["--user", `${spec.securityContext.runAsUser}:${spec.securityContext.runAsGroup}`],
      ...(own.readOnlyRootFilesystem ? ["--read-only", "--read-only-tmpfs=false"] : []),
      ...own.capabilities.drop.flatMap((/** @type {string} */ name) => ["--cap-drop", name]),
      ...(own.allowPrivilegeEscalation ? [] : ["--security-opt", "no-new-privileges"]),
      ...namesOf(pods).flatMap(([name, address]) => ["--add-host", `${name}:${address}`]),
      ...environment.flatMap(([name, value]) => ["--env", `${name}=${value}`]),
      ...this.#mounts(pod, manifests).flatMap((mount) => ["--volume", mount]),
      ...(container.command ? ["--entrypoint", JSON.stringify(container.command)] : []),
      ...[image, ...(container.args ?? [])],
    ];
  }

  /**
   * @param {Pod} pod
   * @param {readonly Manifest[]} manifests
   * @returns {string[]}
   */
  #mounts({ name, workload }, manifests) {
    const { spec } = workload.spec.template;
    return spec.containers[0].volumeMounts.map((/** @type {{ name: string, mountPath: string }} */ mount) => {
      const volume =
        spec.volumes.find((/** @type {{ name: string }} */ one) => one.name === mount.name) ?? {};
      const folder = join(this.#folder, "volumes", name, mount.name);
      mkdirSync(folder, { recursive: true });
      const source = volume.secret?.secretName ?? volume.configMap?.name;
      if (source === undefined) {
        chownSync(folder, user, user);
        return `${folder}:${mount.mountPath}`;
      }
      for (const [file, content] of Object.entries(contentOf(source, manifests))) {
        const path = join(folder, file);
        writeFileSync(path, content);
        chmodSync(path, volume.secret?.defaultMode ?? 0o444);
        chownSync(path, 0, user);
      }
      return `${folder}:${mount.mountPath}:ro`;
    });
  }
}

/**
 * @param {Manifest} workload
 * @param {readonly Manifest[]} manifests
 */
function podsOf(workload, manifests) {
  const { name } = workload.metadata;
  const scaler = manifests.find(
    ({ kind, spec }) => kind === "HorizontalPodAutoscaler" && spec.scaleTargetRef.name === name,
  );
  const count = workload.spec.replicas ?? scaler?.spec.minReplicas ?? 1;
  return Array.from({ length: count }, (_, index) => ({ name: `${name}-${index}`, app: name, workload }));
}

/**
 * Returns the names that the cluster's DNS server would know.
 *
 * @param {readonly Pod[]} pods
 * @returns {[string, string][]}
 */
function namesOf(pods) {
  return pods.flatMap(({ name, app, address }) => {
    /** @type {[string, string][]} */
    const names = [[`${name}.${app}`, address]];
    return name.endsWith("-0") ? [...names, [app, address]] : names;
  });
}

/**
 * @param {{ env?: { name: string, value?: string, valueFrom?: any }[] }} container
 * @param {Pod} pod
 * @param {readonly Manifest[]} manifests
 * @returns {[string, string][]}
 */
function environmentOf({ env = [] }, pod, manifests) {
  /** @type {Map<string, string>} */
  const values = new Map();
  for (const { name, value, valueFrom } of env) {
    const { fieldRef, secretKeyRef } = valueFrom ?? {};
    if (value !== undefined) {
      values.set(
        name,
        value.replace(/\$\((\w+)\)/g, (_, other) => values.get(other) ?? ""),
      );
    } else if (fieldRef !== undefined) {
      values.set(name, fieldRef.fieldPath === "status.podIP" ? pod.address : pod.name);
    } else {
      const found = contentOf(secretKeyRef.name, manifests)[secretKeyRef.key];
      if (found === undefined) throw new Error(`the secret ${secretKeyRef.name} has no ${secretKeyRef.key}`);
      values.set(name, found.toString());
    }
  }
  return [...values];
}

/**
 * @param {string} name of a secret or of a config map
 * @param {readonly Manifest[]} manifests
 * @returns {Record<string, Buffer>}
 */
function contentOf(name, manifests) {
  const found = manifests.find(
    ({ kind, metadata }) => (kind === "Secret" || kind === "ConfigMap") && metadata.name === name,
  );
  if (found === undefined) throw new Error(`expected a secret or a map ${name}, got none`);
  const encoding = found.kind === "Secret" ? "base64" : "utf8";
  return Object.fromEntries(
    Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]),
  );
}
