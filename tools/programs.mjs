// @ts-check

// Finds or downloads programs that some tests need and npm does not have.
//
// A program is searched on PATH, then in a cache folder, then downloaded into that folder with apt's tools. Lists and
// source are private, so that the system's configuration is neither used nor changed. apt checks signatures as usual. A
// partial download is never visible: a program appears in the cache by one rename.
//
//   node tools/programs.mjs NAME …   finds each program, and prints its path
//
// A test that needs one:
//
//   const nats = await needsProgram("nats-server");
//   describe("…", { skip: nats.skip }, () => { … spawn(nats.path) … });

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { apt, aptTimeoutMs, cacheFolder, expectApt, privateApt, reasonOf } from "./debian.mjs";
import { withLock } from "./lock.mjs";

const run = promisify(execFile);

/**
 * @typedef {object} Program
 * @property {string} package the Debian package
 * @property {string[]} [modules] packages that it also needs, downloaded with their dependencies that the system lacks
 * @property {string} file its path in the package
 * @property {string[]} versionArguments
 * @property {string} atLeast the oldest usable version
 * @property {boolean} requiredInCi with CI=true its absence is a failure, not a skip
 * @property {string} [besides] pattern of the path where Debian installs it outside of PATH
 * @property {string} [launcher] a script at `file` that starts the system's program with the downloaded parts
 * @property {string} [instead] a replacement, if this program is not available
 */

// Debian 13 for all programs. Its nats-server is the first without the race that the bus and the registry refuse to run
// on. Equal versions everywhere make a failure repeatable. They need at least libc6 2.34.
const suite = "trixie";

/** Finds the unpacked packages next to it, in any folder, and replaces its process by the system's Python. */
const pythonLauncher = `#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
for folder in "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*; do
  [ -d "$folder" ] && LD_LIBRARY_PATH="$folder\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
PYTHONPATH="$root/usr/lib/python3/dist-packages\${PYTHONPATH:+:$PYTHONPATH}"
export LD_LIBRARY_PATH PYTHONPATH
exec /usr/bin/python3 "$@"
`;

/** The same as for Python. Uses the fonts next to it if the system has none. @param {string} name */
const chromiumLauncher = (name) => `#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
for folder in "$root"/usr/lib/*-linux-gnu* "$root"/usr/lib/*-linux-gnu*/pulseaudio "$root"/lib/*-linux-gnu*; do
  [ -d "$folder" ] && LD_LIBRARY_PATH="$folder\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH
if [ ! -e /etc/fonts/fonts.conf ]; then
  FONTCONFIG_FILE="$root/etc/fonts/fonts.conf"
  XDG_DATA_HOME="$root/usr/share"
  export FONTCONFIG_FILE XDG_DATA_HOME
fi
exec "$root/usr/lib/chromium/${name}" "$@"
`;

/** Starts a server with the libraries next to it. @param {string} path */
const serverLauncher = (path) => `#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
for folder in "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*; do
  [ -d "$folder" ] && LD_LIBRARY_PATH="$folder\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH
exec "$root/${path}" "$@"
`;

/**
 * Starts a program with fixed paths in a mount namespace, in which its parts are below `/usr`. Only root can create
 * one.
 *
 * @param {string} name
 * @param {string} path
 * @param {string} [before]
 */
const usrLauncher = (name, path, before = "") => `#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
${before}mount="mount -t overlay overlay -o lowerdir=$root/usr:/usr /usr"
exec unshare --mount sh -c "$mount && exec ${path} \\"\\$@\\"" ${name} "$@"
`;
const dovecotLauncher = usrLauncher("dovecot", "/usr/sbin/dovecot");
/** It reads templates below /usr. If they are installed, or a namespace cannot be created, it starts without one. */
const alertmanagerLauncher = usrLauncher(
  "prometheus-alertmanager",
  "/usr/bin/prometheus-alertmanager",
  `if [ -e /usr/share/prometheus/alertmanager/default.tmpl ] ||
  ! unshare --mount mount -t overlay overlay -o lowerdir="$root"/usr:/usr /usr 2> /dev/null; then
  exec "$root/usr/bin/prometheus-alertmanager" "$@"
fi
`,
);
/** The first word `server` starts the server. */
const rabbitmqLauncher = usrLauncher(
  "rabbitmq",
  "/usr/lib/rabbitmq/bin/$program",
  `program=rabbitmqctl
if [ "$1" = server ]; then program=rabbitmq-server; shift; fi
`,
);

/** Starts the server, or the program next to it that the first argument names: `initdb`. */
const postgresLauncher = `#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
for folder in "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*; do
  [ -d "$folder" ] && LD_LIBRARY_PATH="$folder\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH
program=postgres
if [ "$1" = initdb ]; then program=$1; shift; fi
exec "$root"/usr/lib/postgresql/*/bin/"$program" "$@"
`;

/** The configuration has the paths of its parts. It needs its own absolute path, to start itself again. */
const sshdLauncher = `#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
for folder in "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*; do
  [ -d "$folder" ] && LD_LIBRARY_PATH="$folder\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH
[ "$1" = -V ] && exec "$root/usr/sbin/sshd" -V
parts=$root/usr/lib/openssh
[ -x "$parts/sshd-session" ] || exec "$root/usr/sbin/sshd" "$@"
exec "$root/usr/sbin/sshd" -o SshdSessionPath="$parts/sshd-session" -o SshdAuthPath="$parts/sshd-auth" "$@"
`;

/** @type {Record<string, Program>} */
export const programs = {
  "nats-server": {
    package: "nats-server",
    file: "usr/sbin/nats-server",
    versionArguments: ["--version"],
    atLeast: "2.10.27",
    requiredInCi: true,
  },
  prometheus: {
    package: "prometheus",
    file: "usr/bin/prometheus",
    versionArguments: ["--version"],
    atLeast: "2.42.0",
    requiredInCi: true,
  },
  promtool: {
    package: "promtool",
    file: "usr/bin/promtool",
    versionArguments: ["--version"],
    atLeast: "2.42.0",
    requiredInCi: true,
  },
  amtool: {
    package: "prometheus-alertmanager",
    file: "usr/bin/amtool",
    versionArguments: ["--version"],
    atLeast: "0.25.0",
    requiredInCi: true,
  },
  "prometheus-alertmanager": {
    package: "prometheus-alertmanager",
    file: "bin/prometheus-alertmanager",
    versionArguments: ["--version"],
    atLeast: "0.25.0",
    requiredInCi: true,
    launcher: alertmanagerLauncher,
  },
  // Python with gRPC and protobuf. A module fits only the Python that it was built for, so its release is the system's.
  python3: {
    package: "python3-grpcio",
    modules: ["python3-protobuf"],
    file: "bin/python3",
    versionArguments: ["-c", "import google.protobuf, grpc.aio; print(grpc.__version__)"],
    atLeast: "1.51.0",
    requiredInCi: false,
    launcher: pythonLauncher,
  },
  // The same with FastAPI and its server.
  "python3-fastapi": {
    package: "python3-fastapi",
    modules: ["python3-uvicorn", "python3-grpcio", "python3-protobuf"],
    file: "bin/python3-fastapi",
    versionArguments: [
      "-c",
      "import google.protobuf, grpc.aio, uvicorn, fastapi; print(fastapi.__version__)",
    ],
    atLeast: "0.92.0",
    requiredInCi: false,
    launcher: pythonLauncher,
  },
  // Python with the library of agents that use a WebSocket without our SDK.
  "python3-websockets": {
    package: "python3-websockets",
    modules: [],
    file: "bin/python3-websockets",
    versionArguments: ["-c", "import websockets; print(websockets.__version__)"],
    atLeast: "10.0",
    requiredInCi: false,
    launcher: pythonLauncher,
  },
  // Its dependencies differ between releases, so it is of the system's release, with all missing dependencies.
  chromium: {
    package: "chromium",
    modules: [],
    file: "bin/chromium",
    versionArguments: ["--version"],
    atLeast: "120.0.0",
    requiredInCi: true,
    launcher: chromiumLauncher("chromium"),
  },
  // The same engine without desktop windows, with half of the CPU time for a page.
  "chromium-headless-shell": {
    package: "chromium-headless-shell",
    modules: [],
    file: "bin/chromium-headless-shell",
    versionArguments: ["--version"],
    atLeast: "120.0.0",
    requiredInCi: true,
    launcher: chromiumLauncher("chromium-headless-shell"),
    instead: "chromium",
  },
  postgres: {
    package: "postgresql",
    modules: [],
    file: "bin/postgres",
    versionArguments: ["--version"],
    atLeast: "13.0",
    requiredInCi: false,
    launcher: postgresLauncher,
    besides: "/usr/lib/postgresql/*/bin",
  },
  "redis-server": {
    package: "redis-server",
    modules: ["redis-tools"],
    file: "bin/redis-server",
    versionArguments: ["--version"],
    atLeast: "7.0.0",
    requiredInCi: false,
    launcher: serverLauncher("usr/bin/redis-server"),
  },
  dovecot: {
    package: "dovecot-imapd",
    modules: ["dovecot-core"],
    file: "bin/dovecot",
    versionArguments: ["--version"],
    atLeast: "2.3.0",
    requiredInCi: false,
    launcher: dovecotLauncher,
  },
  // The server has no option for its version.
  rabbitmqctl: {
    package: "rabbitmq-server",
    modules: [],
    file: "bin/rabbitmqctl",
    versionArguments: ["version"],
    atLeast: "3.8.0",
    requiredInCi: false,
    launcher: rabbitmqLauncher,
  },
  // Python with the library that includes a Kafka cluster for tests.
  "python3-kafka": {
    package: "librdkafka1",
    modules: [],
    file: "bin/python3-kafka",
    versionArguments: [
      "-c",
      'import ctypes; get = ctypes.CDLL("librdkafka.so.1").rd_kafka_version_str; get.restype = ctypes.c_char_p; print(get().decode())',
    ],
    atLeast: "2.0.2",
    requiredInCi: false,
    launcher: pythonLauncher,
  },
  sshd: {
    package: "openssh-server",
    modules: ["openssh-sftp-server"],
    file: "bin/sshd",
    versionArguments: ["-V"],
    atLeast: "9.0.0",
    requiredInCi: false,
    launcher: sshdLauncher,
  },
};

/**
 * A virtual machine takes seconds to start on a busy machine. A downloaded program that seems unusable is replaced, also
 * under a test that runs it, so its version is recorded once.
 */
const versionTimeoutMs = 60_000;

/** @type {Map<string, Promise<{ path: string } | { reason: string }>>} */
const found = new Map();

/**
 * Returns the path of a program. Undefined if it is not available. The reason is printed.
 *
 * @param {string} name one of `programs`
 * @returns {Promise<string | undefined>}
 */
export async function findProgram(name) {
  const result = await look(name);
  if ("path" in result) return result.path;
  console.error(`MISSING PROGRAM ${name}: ${result.reason}`);
  return undefined;
}

/**
 * Returns the path of a program, or why a test is skipped. With CI=true a missing required program is an error, because
 * a CI that skips silently proves nothing.
 *
 * @param {string} name one of `programs`
 * @returns {Promise<{ path: string, skip: string | false }>}
 */
export async function needsProgram(name) {
  const result = await look(name);
  if ("path" in result) return { path: result.path, skip: false };
  const skip = `${name} is missing: ${result.reason}`;
  if (process.env["CI"] === "true" && programs[name]?.requiredInCi)
    throw new Error(`${skip}; with CI=true its tests must run`);
  return { path: "", skip };
}

/** @param {string} name */
function look(name) {
  let result = found.get(name);
  if (result === undefined) {
    result = locate(name);
    found.set(name, result);
  }
  return result;
}

/**
 * @param {string} name
 * @returns {Promise<{ path: string } | { reason: string }>}
 */
async function locate(name) {
  const program = programs[name];
  if (program === undefined)
    throw new Error(`unknown program ${name}: expected one of ${Object.keys(programs).join(", ")}`);
  const refused = [];
  for (const path of [...onPath(name), ...besides(name, program), cached(program)]) {
    const version = await versionOf(path, program);
    if (version === undefined) continue;
    if (isAtLeast(version, program.atLeast)) return { path };
    refused.push(`${path} is ${version}`);
  }
  try {
    await withLock(join(cacheFolder(), "apt.lock"), () => bring(program));
  } catch (error) {
    if (program.instead !== undefined) return look(program.instead);
    const old =
      refused.length > 0 ? ` (${refused.join(", ")}, and ${program.atLeast} or newer is needed)` : "";
    return {
      reason: `${reasonOf(error)}${old}. Install ${name} ${program.atLeast} or newer and put it on PATH`,
    };
  }
  return { path: cached(program) };
}

/** @param {string} name */
function onPath(name) {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name));
}

/**
 * Returns the installed paths, newest first.
 *
 * @param {string} name
 * @param {Program} program
 */
function besides(name, { besides: pattern }) {
  if (pattern === undefined) return [];
  const [before = "", after = ""] = pattern.split("*");
  const versions = existsSync(before) ? readdirSync(before) : [];
  versions.sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  return versions.map((version) => join(before, version, after, name));
}

/**
 * Returns the path of a downloaded program, if it exists. Does not search or download it.
 *
 * @param {string} name
 */
export function foundInCache(name) {
  const program = programs[name];
  if (program === undefined) throw new Error(`unknown program ${name}`);
  return cached(program);
}

/** @param {Program} program */
function cached(program) {
  return join(folderOf(program), program.file);
}

/** @param {Program} program */
function folderOf(program) {
  return join(cacheFolder(), `${suiteOf(program)}-${program.package}`);
}

/**
 * Returns the Debian release of a program.
 *
 * @param {Program} program
 */
function suiteOf({ modules }) {
  return modules === undefined ? suite : ownSuite();
}

function ownSuite() {
  const file = "/etc/os-release";
  const release = existsSync(file) ? readFileSync(file, "utf8") : "";
  const isDebian = /^ID=debian$/m.test(release);
  return (isDebian && /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1]) || "unknown";
}

/**
 * @param {string} path
 * @param {Program} program
 */
async function versionOf(path, program) {
  if (!existsSync(path)) return undefined;
  const record = path === cached(program) ? join(folderOf(program), "version") : undefined;
  if (record !== undefined && existsSync(record)) return readFileSync(record, "utf8").trim();
  try {
    const { stdout, stderr } = await run(path, program.versionArguments, { timeout: versionTimeoutMs });
    const version = /\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0];
    if (record !== undefined && version !== undefined) await writeFile(record, `${version}\n`);
    return version;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} version
 * @param {string} least
 */
export function isAtLeast(version, least) {
  return version.localeCompare(least, "en", { numeric: true }) >= 0;
}

/** @param {Program} program */
async function bring(program) {
  // Another process may have downloaded it while this one waited for the lock.
  if ((await versionOf(cached(program), program)) !== undefined) return;
  expectApt();
  const folder = cacheFolder();
  await removeLeftovers(folder);
  const part = await mkdtemp(join(folder, "part-"));
  try {
    const options = await privateApt(folder, suiteOf(program));
    await apt([...options, "update"], part);
    await apt([...options, "download", ...(await packagesOf(program, options, part))], part);
    const debs = (await readdir(part)).filter((file) => file.endsWith(".deb"));
    if (debs.length === 0) throw new Error(`apt-get did not download ${program.package}`);
    for (const deb of debs)
      await run("dpkg-deb", ["-x", join(part, deb), join(part, "root")], { timeout: aptTimeoutMs });
    if (program.launcher !== undefined) await putLauncher(join(part, "root", program.file), program.launcher);
    if (!existsSync(join(part, "root", program.file)))
      throw new Error(`${debs.join()} has no ${program.file}`);
    await rm(folderOf(program), { recursive: true, force: true });
    await rename(join(part, "root"), folderOf(program));
    await versionOf(cached(program), program);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/**
 * @param {Program} program
 * @param {string[]} options
 * @param {string} cwd
 */
async function packagesOf({ package: name, modules }, options, cwd) {
  if (modules === undefined) return [name];
  const requested = ["--no-install-recommends", "--simulate", "install", name, ...modules];
  const { stdout } = await apt([...options, ...requested], cwd);
  const missing = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, found]) => found ?? "");
  return missing.length > 0 ? missing : [name, ...modules];
}

/**
 * @param {string} path
 * @param {string} script
 */
async function putLauncher(path, script) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, script, { mode: 0o755 });
}

/**
 * Removes parts of dead processes. The lock is held, so each part belongs to a dead process.
 *
 * @param {string} folder
 */
async function removeLeftovers(folder) {
  for (const name of await readdir(folder)) {
    if (name.startsWith("part-")) await rm(join(folder, name), { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const paths = await Promise.all(process.argv.slice(2).map(findProgram));
  for (const path of paths) if (path !== undefined) console.log(path);
  if (paths.includes(undefined)) process.exitCode = 1;
}
