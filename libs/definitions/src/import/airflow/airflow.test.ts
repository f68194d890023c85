import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { silentPythonValues } from "../completeness.fixture.ts";
import { importAirflow, NotImported } from "../index.ts";

const folder = new URL("../../../test/airflow/", import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, folder), "utf8");
const tasksIn = (text: string) => {
  const [{ tasks }] = importAirflow(text).documents as unknown as [
    { tasks: Record<string, Record<string, unknown>> },
  ];
  return tasks;
};
const listOf = (text: string) =>
  importAirflow(text).untranslated.map(({ line, construct }) => `${line} ${construct}`);

describe("a DAG of Airflow", () => {
  const files = readdirSync(folder);
  it("is here in at least ten files", () => assert.ok(files.length >= 10));

  for (const file of files)
    it(`in ${file} is translated or listed, value by value`, () => {
      assert.deepEqual(silentPythonValues(textOf(file), importAirflow), []);
    });

  it("of an importer that forgets a value is found out", () => {
    const forgetful = () => ({ documents: [], untranslated: [{ line: 1, construct: "a", reason: "" }] });
    assert.deepEqual(silentPythonValues('a = "x"\nb = 2\n', forgetful), ["2: 2"]);
  });

  it("has retries, limits and defaults of its tasks", () => {
    const { extract, transform } = tasksIn(textOf("etl.py"));
    assert.deepEqual(extract?.["with"], {
      command: ["bash", "-c", "echo ${{ input.day }}"],
      env: { MODE: "full" },
    });
    assert.deepEqual(transform, {
      ...{ uses: "clean", with: { rows: 3, table: "raw" }, needs: ["extract"], timeout: { run: "90s" } },
      retry: { attempts: 5, backoff: "300s..300s", factor: 1, jitter: 0 },
    });
  });

  it("keeps defaults next to computed ones, which are listed", () => {
    const text = `from airflow import DAG
from airflow.operators.bash import BashOperator
default_args = {
    "execution_timeout": timedelta(minutes=2),
    "on_failure_callback": notify,
    "on_retry_callback": lambda context, info: None,
}
with DAG("etl", default_args=default_args) as dag:
    a = BashOperator(task_id="a", bash_command="echo 1")
`;
    assert.deepEqual(tasksIn(text)["a"]?.["timeout"], { run: "120s" });
    const list = listOf(text);
    for (const each of ["5 default_args on_failure_callback", "6 default_args on_retry_callback"])
      assert.ok(list.includes(each), list.join("\n"));
  });

  it("passes keyword and positional arguments of a function", () => {
    const text = `from airflow import DAG
from airflow.operators.python import PythonOperator
with DAG("etl") as dag:
    a = PythonOperator(task_id="a", python_callable=work, op_kwargs={"x": 1}, op_args=["y", 2])
    b = PythonOperator(task_id="b", python_callable=work, op_args=["y"])
`;
    const { a, b } = tasksIn(text);
    assert.deepEqual(a?.["with"], { x: 1, arguments: ["y", 2] });
    assert.deepEqual(b?.["with"], { arguments: ["y"] });
  });

  it("reads dependencies from operators, lists, groups, chains and labels", () => {
    const needs = Object.fromEntries(
      Object.entries(tasksIn(textOf("groups.py"))).map(([id, task]) => [id, task["needs"] ?? []]),
    );
    assert.deepEqual(needs, {
      ...{ start: [], "load-one": ["start"], "load-two": ["load-one"], "load-inner-three": ["start"] },
      ...{ a: ["load-two", "load-inner-three"], b: ["a"], c: ["a"], d: ["b", "c"] },
    });
    assert.deepEqual(tasksIn(textOf("classic.py"))["left"]?.["needs"], ["call-api"]);
  });

  it("passes outputs on, and maps tasks over lists", () => {
    const tasks = tasksIn(textOf("taskflow.py"));
    assert.deepEqual(tasks["double"]?.["forEach"], '${{ tasks["load"].output.rows }}');
    assert.deepEqual(tasks["print-it"]?.["with"], {
      rows: '${{ tasks["double"].output }}',
      total: '${{ tasks["load"].output.total }}',
    });
  });

  it("has the logical date of the input, or the time of the start, in templates", () => {
    const text = textOf("dates.py");
    const tasks = tasksIn(text);
    const date = 'tasks["logical-date"].output';
    const logicalDate = '"logical_date" in dyn(input) ? dyn(input).logical_date : run.startTime';
    assert.deepEqual(tasks["logical-date"], { set: `\${{ (dyn(input) != null && ${logicalDate}) }}` });
    const inputOf = (id: string) => tasks[id]?.["with"] as { command?: string[]; env?: unknown } | undefined;
    const command = (id: string) => inputOf(id)?.command?.[2];
    const week = `string(timestamp(${date}.substring(0, 10) + "T00:00:00Z") + duration("-168h")).substring(0, 10)`;
    const compact = `${date}.substring(0, 19).replace("-", "").replace(":", "")`;
    assert.equal(command("load"), `load \${{ ${date}.substring(0, 10) }} \${{ ${compact} }} \${{ ${week} }}`);
    const month = `${date}.substring(0, 4) + "-" + ${date}.substring(5, 7)`;
    assert.deepEqual(inputOf("month")?.env, { MONTH: `\${{ ${month} }}` });
    const clock = `${date}.substring(0, 10) + " " + ${date}.substring(11, 19) + "+00:00"`;
    assert.equal(command("start"), `echo \${{ ${date}.substring(0, 19) + "+00:00" }} \${{ ${clock} }}`);
    const kind = 'dyn(input) != null && "kind" in dyn(input) ? dyn(input).kind : "all"';
    assert.equal(command("other"), `echo \${{ (${kind}) }}`);
    // A command leaves the last line of its output.
    const line = 't.substring(t.lastIndexOf("\\n") + 1)';
    const path = `\${{ [tasks["load"].output.stdout.trim()].map(t, ${line})[0] }}`;
    assert.deepEqual(tasks["last"]?.["with"], { id: "${{ run.id }}", path });
    const listed = listOf(text);
    for (const each of ["6 {{ ds }}", "6 {{ts_nodash}}", "11 task week"])
      assert.ok(listed.includes(each), `${each} in ${listed.join(", ")}`);
  });

  it("fails at tasks that would do something else", () => {
    const failing = listOf(textOf("templates.py")).filter((each) => each.includes("task "));
    assert.deepEqual(failing, ["7 task third", "8 task fourth", "9 task fifth", "10 task sixth"]);
  });

  it("lists code that creates tasks dynamically", () => {
    const list = listOf(textOf("dynamic.py"));
    for (const each of ["11 for table in TABLES :", "14 if LIMIT > 5 :", '22 if __name__ == "__main__" :'])
      assert.ok(list.includes(each), `${each} in ${list.join(", ")}`);
  });

  const chosen = `with DAG("d") as dag:
    pick = BranchPythonOperator(task_id="pick", python_callable=pick)
    skip = EmptyOperator(task_id="skip")
    last = EmptyOperator(task_id="last")
`;

  it("fails at a part of an order that is not translated", () => {
    const tasks = tasksIn(textOf("dynamic.py"));
    assert.deepEqual(tasks["last"]?.["needs"], ["checks"]);
    assert.match(String(tasks["checks"]?.["set"]), /The task checks is not translated/);
    const list = listOf(textOf("dynamic.py"));
    for (const each of ["16 TaskGroup", "20 checks"])
      assert.ok(list.includes(each), `${each} in ${list.join(", ")}`);
    for (const order of [
      "pick >> [group(x), skip] >> last",
      "chain(pick, [group(x), skip], last)",
      "pick >> group(x) >> last",
      "pick.set_downstream(group(x))",
      "made[0].output >> skip",
    ]) {
      const text = `${chosen}    ${order}\n`;
      const name = order.includes("made") ? "made" : "group";
      const missing = tasksIn(text)[name];
      assert.match(String(missing?.["set"]), /is not translated/, order);
      // A run fails there, even if the branch selects another task.
      assert.equal(missing?.["when"], undefined, order);
      assert.ok(
        listOf(text).some((each) => each.startsWith(`5 ${name}`)),
        order,
      );
    }
    assert.deepEqual(tasksIn(`${chosen}    pick >> a >> last\n    a >> skip\n`)["skip"]?.["needs"], [
      { task: "a", on: "success" },
    ]);
  });

  it("maps operators over a list", () => {
    const text = `with DAG("d") as dag:
    first = BashOperator(task_id="first", bash_command="ls")
    load = BashOperator.partial(task_id="load", retries=1, pool="small").expand(bash_command=["a", "b"])
    call = PythonOperator.partial(task_id="call", python_callable=work).expand(op_args=[[1], [2]])
    over = PythonOperator.partial(task_id="over", python_callable=work).expand(op_kwargs=load.output)
    two = BashOperator.partial(task_id="two").expand(bash_command=["a"], env=[{}])
    more = PythonOperator.partial(task_id="more", python_callable=work).expand_kwargs([{"op_args": [1]}])
    dated = BashOperator.partial(task_id="dated").expand(bash_command=["load {{ ds }}"])
    chain(first, load, Label("then"), call)
`;
    const { load, call, over, ...others } = tasksIn(text);
    assert.deepEqual(load, {
      ...{ uses: "shell", with: { command: ["bash", "-c", "${{ item }}"] }, forEach: '${{ ["a", "b"] }}' },
      ...{ retry: { attempts: 2, backoff: "300s..300s", factor: 1, jitter: 0 }, needs: ["first"] },
    });
    assert.deepEqual(call, {
      ...{ uses: "work", with: { arguments: "${{ item }}" }, forEach: "${{ [[1], [2]] }}" },
      ...{ retry: 1, needs: ["load"] },
    });
    assert.deepEqual(
      over?.["forEach"],
      '${{ tasks["load"].output.map(o, o.stdout.trim()).map(t, t.substring(t.lastIndexOf("\\n") + 1)) }}',
    );
    for (const id of ["two", "more", "dated"])
      assert.match(String(others[id]?.["set"]), /is not translated/, id);
    const list = listOf(text);
    for (const each of ["3 BashOperator pool", "6 task two", "7 task more", "8 task dated"])
      assert.ok(list.includes(each), `${each} in ${list.join(", ")}`);
  });

  it("lists arguments of all operators, which are no input of a capability", () => {
    const text = `with DAG("d") as dag:
    a = S3CopyObjectOperator(task_id="a", source="x", pool="small", on_failure_callback=notify)
    b = BashOperator(task_id="b", bash_command="echo {{ params.x }}", params={"x": 1})
`;
    const { a, b } = tasksIn(text);
    assert.deepEqual(a?.["with"], { source: "x" });
    assert.match(String(b?.["set"]), /is not translated/);
    const list = listOf(text);
    for (const each of [
      "2 S3CopyObjectOperator pool",
      "2 S3CopyObjectOperator on_failure_callback",
      "3 task b",
    ])
      assert.ok(list.includes(each), `${each} in ${list.join(", ")}`);
  });

  it("names the code that creates DAGs", () => {
    const factory = `def create(name):\n    with DAG(name) as dag:\n        EmptyOperator(task_id="a")\n    return dag\n`;
    const loop = `for name in ["a"]:\n    dag = DAG(name)\n`;
    assert.throws(
      () => importAirflow(`${factory}one = create("one")\n`),
      /line 1: `def create .*creates a DAG/,
    );
    assert.throws(() => importAirflow(`x = 1\n${loop}`), /line 2: `for name .*creates a DAG/);
    const { untranslated } = importAirflow(`${factory}${chosen}`);
    assert.match(untranslated.find(({ line }) => line === 1)?.reason as string, /creates a DAG/);
  });

  const dag = 'with DAG("d") as dag:\n';
  for (const [title, text] of [
    ["no DAG", "x = 1\n"],
    ["brackets that do not match", `${dag}    a = f(1\n`],
    ["an unexpected indent", `${dag}    a = 1\n      b = 2\n`],
    [
      "a circle",
      `${dag}    a = EmptyOperator(task_id="a")\n    b = EmptyOperator(task_id="b")\n    a >> b >> a\n`,
    ],
    ["deep nesting", `x = ${"[".repeat(1_000)}${"]".repeat(1_000)}\n`],
    ["a character that is none of Python", `${dag}    a = $1\n`.replace("$1", '"open')],
    ["more than a mebibyte", `${dag}    a = "${"x".repeat(1_100_000)}"\n`],
  ] as const)
    it(`with ${title} is refused`, () => {
      assert.throws(() => importAirflow(text), NotImported);
    });

  it("decides by its rules behind branches, failures and short circuits", () => {
    const operator = (id: string, more = "") =>
      `    ${id} = BashOperator(task_id="${id}", bash_command="ls"${more})`;
    const { documents } = importAirflow(
      [
        "from airflow import DAG",
        'with DAG("rules", schedule="0 6 * * *", max_active_runs=1, start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin")) as dag:',
        '    pick = BranchPythonOperator(task_id="pick", python_callable=pick)',
        ...[operator("a"), operator("b"), operator("b2"), operator("join", ', trigger_rule="none_failed"')],
        '    sc = ShortCircuitOperator(task_id="sc", python_callable=check)',
        ...[
          operator("alert", ', trigger_rule="one_failed"'),
          operator("x"),
          operator("end", ', trigger_rule="all_done"'),
        ],
        "    pick >> a >> join",
        "    pick >> b >> b2 >> join",
        "    join >> alert",
        "    sc >> x >> end",
      ].join("\n"),
    );
    const [{ tasks }, schedule] = documents as unknown as [
      { tasks: Record<string, { needs?: unknown; when?: string }> },
      unknown,
    ];
    const always = (...ids: string[]) => ids.map((task) => ({ task, on: "always" }));
    const failed = (...ids: string[]) =>
      `(${ids.map((id) => `tasks["${id}"].status == "failed"`).join(" || ")})`;
    assert.deepEqual(tasks["join"]?.needs, always("a", "b2"));
    assert.equal(tasks["join"]?.when, `!${failed("a", "b2", "pick", "b")}`);
    assert.equal(tasks["alert"]?.when, failed("join", "a", "b2", "pick", "b"));
    assert.equal(tasks["end"]?.when, '(tasks["sc"].status != "completed" || tasks["sc"].output == true)');
    assert.deepEqual(schedule, {
      ...{ schedule: "rules", workflow: "rules", cron: "0 6 * * *" },
      ...{ timeZone: "Europe/Berlin", overlap: "queueAll" },
    });
  });

  it("takes the defaults of `params`, also for scheduled runs", () => {
    const { documents, untranslated } = importAirflow(
      [
        "from airflow import DAG",
        'with DAG("sales", schedule="0 6 * * *", params={"region": "eu", "days": 3}) as dag:',
        '    a = BashOperator(task_id="a", bash_command="load {{ params.region }}")',
      ].join("\n"),
    );
    const [workflow, schedule] = documents as unknown as [{ input: unknown }, unknown];
    assert.deepEqual(workflow.input, {
      schema: { type: "object", properties: { region: { default: "eu" }, days: { default: 3 } } },
    });
    assert.deepEqual(schedule, {
      ...{ schedule: "sales", workflow: "sales", input: {}, cron: "0 6 * * *", overlap: "allow" },
    });
    assert.ok(!untranslated.some(({ construct }) => construct.includes("params")));
    const computed = importAirflow(
      'with DAG("sales", params={"day": today()}) as dag:\n    a = BashOperator(task_id="a", bash_command="ls")',
    );
    assert.ok(computed.untranslated.some(({ construct }) => construct === "sales params"));
  });
});
