// @ts-check

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { services } from "../../images/root.mjs";
import { workspaceRoot } from "../../setup.mjs";
import {
  cannotRender,
  carried,
  manifestsWithCredentials,
  problemsOf,
  rendered,
  workloadsOf,
} from "./rendered.mjs";

/** @typedef {import("./rendered.mjs").Manifest} Manifest */

const ofOthers = ["ScaledObject", "Certificate", "Issuer"];

describe("manifests for Kubernetes", { skip: cannotRender }, () => {
  const folder = cannotRender ? "" : manifestsWithCredentials({ after });

  for (const overlay of ["development", "production"]) {
    describe(overlay, () => {
      const manifests = cannotRender ? [] : rendered(join(folder, "overlays", overlay));
      const pods = workloadsOf(manifests);

      it("fit the schemas of Kubernetes", async () => {
        for (const manifest of manifests.filter(({ kind }) => !ofOthers.includes(kind)))
          assert.deepEqual(await problemsOf(manifest), [], `${manifest.kind} ${manifest.metadata.name}`);
      });

      it("run every service", () => {
        const names = pods.map(({ metadata }) => metadata.name);
        for (const service of services) assert.ok(names.includes(service), service);
      });

      it("give no pod rights that it does not need", () => {
        for (const { metadata, spec } of pods) {
          const pod = spec.template.spec;
          assert.equal(pod.automountServiceAccountToken, false, metadata.name);
          assert.equal(pod.serviceAccountName, metadata.name);
          assert.equal(pod.securityContext.runAsNonRoot, true, metadata.name);
          for (const { securityContext, resources } of pod.containers) {
            assert.deepEqual(
              [
                securityContext.allowPrivilegeEscalation,
                securityContext.readOnlyRootFilesystem,
                securityContext.capabilities,
              ],
              [false, true, { drop: ["ALL"] }],
              metadata.name,
            );
            assert.ok(resources.requests.cpu && resources.limits.memory, metadata.name);
          }
        }
      });

      it("have secrets by reference only", () => {
        for (const { metadata, spec } of pods)
          for (const { env = [] } of spec.template.spec.containers)
            for (const { name, value } of env)
              assert.ok(
                value === undefined || !/password|secret|token/i.test(name),
                `${metadata.name}: ${name}`,
              );
      });

      it("select what there is: services, budgets, scalers and policies", () => {
        const labels = pods.map(({ spec }) => spec.template.metadata.labels);
        for (const { kind, metadata, spec } of manifests) {
          const selector = { Service: spec?.selector, PodDisruptionBudget: spec?.selector?.matchLabels }[
            kind
          ];
          const found = kind === "NetworkPolicy" ? (spec.podSelector.matchLabels ?? {}) : selector;
          if (found === undefined) continue;
          const isSelected = labels.some((label) =>
            Object.entries(found).every(([key, value]) => label[key] === value),
          );
          assert.ok(isSelected, `${kind} ${metadata.name} selects no pod`);
        }
        for (const { spec } of manifests.filter(({ kind }) => /Scal/.test(kind))) {
          const { kind, name } = spec.scaleTargetRef;
          assert.ok(
            pods.some((pod) => pod.kind === kind && pod.metadata.name === name),
            `${kind} ${name}`,
          );
        }
      });

      it("deny what no policy allows", () => {
        const [nothing] = manifests.filter(
          ({ kind, spec }) => kind === "NetworkPolicy" && !spec.ingress && !spec.egress,
        );
        assert.deepEqual(nothing?.spec, { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
      });
    });
  }

  it("spread the processes of each service, and the servers of NATS, over zones in production", () => {
    for (const { metadata, spec } of workloadsOf(rendered(join(folder, "overlays", "production")))) {
      if (metadata.name === "jaeger") continue;
      const { labels } = spec.template.metadata;
      const zones = spec.template.spec.topologySpreadConstraints.find(
        (/** @type {{ topologyKey: string }} */ { topologyKey }) =>
          topologyKey === "topology.kubernetes.io/zone",
      );
      assert.ok(zones, metadata.name);
      const { labelSelector, matchLabelKeys = [] } = zones;
      const keys = [...Object.keys(labelSelector.matchLabels), ...matchLabelKeys];
      assert.ok(keys.includes("app.kubernetes.io/name"), `${metadata.name} is spread among others`);
      for (const [key, value] of Object.entries(labelSelector.matchLabels)) assert.equal(labels[key], value);
    }
  });

  it("ask for each secret that the production overlay says it needs, and for no other", () => {
    const manifests = rendered(join(folder, "overlays", "production"));
    const text = readFileSync(join(folder, "overlays", "production", "kustomization.yaml"), "utf8");
    const asked = new Set(
      workloadsOf(manifests).flatMap(({ spec }) => [
        ...(spec.template.spec.volumes ?? []).map((/** @type {any} */ volume) => volume.secret?.secretName),
        ...spec.template.spec.containers.flatMap((/** @type {any} */ { env = [] }) =>
          env.map((/** @type {any} */ { valueFrom }) => valueFrom?.secretKeyRef?.name),
        ),
      ]),
    );
    const issued = manifests.filter(({ kind }) => kind === "Certificate").map(({ spec }) => spec.secretName);
    for (const name of [...asked].filter(Boolean))
      assert.ok(issued.includes(name) || text.includes(name), `${name} is neither issued nor named`);
  });

  it("scale by KEDA in the place of the scalers of Kubernetes", () => {
    const manifests = rendered(join(folder, "overlays", "production-keda"));
    const scaled = (/** @type {string} */ kind) =>
      manifests.filter((manifest) => manifest.kind === kind).map(({ spec }) => spec.scaleTargetRef.name);
    assert.deepEqual(scaled("ScaledObject").sort(), ["swarm", "workflow"]);
    assert.deepEqual(scaled("HorizontalPodAutoscaler").sort(), ["gateway", "master"]);
  });

  it("let services out to the Internet alone, where an overlay says so", async () => {
    const overlay = join(folder, "overlays", "outgoing");
    mkdirSync(overlay);
    writeFileSync(
      join(overlay, "kustomization.yaml"),
      `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: tutti
resources: [../production]
components: [../../components/outgoing]
`,
    );
    const leading = rendered(overlay).filter(
      ({ kind, spec }) => kind === "NetworkPolicy" && JSON.stringify(spec.egress ?? []).includes("ipBlock"),
    );
    assert.deepEqual(
      leading.map(({ metadata }) => metadata.name),
      ["outgoing"],
    );
    const [policy] = leading;
    assert.ok(policy);
    assert.deepEqual(await problemsOf(policy), []);
    for (const { to, ports } of policy.spec.egress) {
      assert.deepEqual(ports, [{ port: 443 }]);
      for (const { ipBlock } of to) assert.ok(ipBlock.except.length >= 3, ipBlock.cidr);
    }
  });

  describe("of agents that scalers scale", () => {
    const overlay = join(folder, "overlays", "scaling");
    const kustomization = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: tutti
resources: [../production]
components: [../../components/agents]
`;
    const agents = cannotRender ? [] : rendered(join(folder, "agents"));

    it("fit the schemas of Kubernetes", async () => {
      for (const manifest of agents)
        assert.deepEqual(await problemsOf(manifest), [], `${manifest.kind} ${manifest.metadata.name}`);
    });

    it("give a token to swarm alone, with the rights to read workloads and to set their replicas, where agents are", () => {
      mkdirSync(overlay);
      writeFileSync(join(overlay, "kustomization.yaml"), kustomization);
      const manifests = rendered(overlay);
      const withToken = workloadsOf(manifests).filter(
        ({ spec }) => spec.template.spec.automountServiceAccountToken,
      );
      assert.deepEqual(
        withToken.map(({ metadata }) => metadata.name),
        ["swarm"],
      );
      const allowed = manifests.filter(
        ({ kind, automountServiceAccountToken }) => kind === "ServiceAccount" && automountServiceAccountToken,
      );
      assert.deepEqual(
        allowed.map(({ metadata }) => metadata.name),
        ["swarm"],
      );
      assert.equal(manifests.filter(({ kind }) => /Role/.test(kind)).length, 0);
      const roles = agents.filter(({ kind }) => kind === "Role" || kind === "ClusterRole");
      assert.deepEqual(
        roles.map(({ kind, metadata, rules }) => [kind, metadata.namespace, rules]),
        [
          [
            "Role",
            "tutti-agents",
            [
              { apiGroups: ["apps"], resources: ["deployments", "statefulsets"], verbs: ["get"] },
              {
                apiGroups: ["apps"],
                resources: ["deployments/scale", "statefulsets/scale"],
                verbs: ["patch"],
              },
            ],
          ],
        ],
      );
      const [binding] = agents.filter(({ kind }) => kind === "RoleBinding");
      assert.deepEqual(binding?.subjects, [{ kind: "ServiceAccount", name: "swarm", namespace: "tutti" }]);
    });

    it("name the scaler that theirs is, in the words that it is looked for", () => {
      const [crew] = workloadsOf(agents);
      assert.ok(crew);
      assert.equal(crew.metadata.annotations?.["tutti.dev/scaler"], "default/default/crew");
      assert.equal(crew.spec.replicas, undefined, "each apply would set it");
      const { env } = crew.spec.template.spec.containers[0];
      const launch = env.find((/** @type {{ name: string }} */ { name }) => name === "TUTTI_LAUNCH_ID");
      assert.equal(launch.value, "crew.kubernetes");
    });
  });

  it("set keys that the configuration has", () => {
    const schema = JSON.parse(readFileSync(join(workspaceRoot, "docs/reference/tutti.schema.json"), "utf8"));
    const { Ajv2020 } = carried.load("ajv/dist/2020");
    const { parse } = carried.load("yaml");
    const fits = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    const file = parse(readFileSync(join(workspaceRoot, "deploy/kubernetes/base/tutti.yaml"), "utf8"));
    assert.ok(fits(file), JSON.stringify(fits.errors));
    const known = new Set(
      [
        ...readFileSync(join(workspaceRoot, "docs/reference/configuration.md"), "utf8").matchAll(
          /^\| `([\w.]+)` .*?`(TUTTI_\w+)`/gm,
        ),
      ].flatMap(([, key = "", variable = ""]) => [key, variable]),
    );
    for (const { metadata, spec } of workloadsOf(rendered(join(folder, "overlays", "production")))) {
      for (const { args = [], env = [] } of spec.template.spec.containers) {
        const keys = args.flatMap((/** @type {string} */ word) => /^--(\w+\.[\w.]+)=/.exec(word)?.[1] ?? []);
        const variables = env
          .map((/** @type {any} */ { name }) => name)
          .filter((/** @type {string} */ name) => name.startsWith("TUTTI_"));
        for (const key of [...keys, ...variables]) assert.ok(known.has(key), `${metadata.name}: ${key}`);
      }
    }
  });
});
