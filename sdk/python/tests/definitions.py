"""Definitions that `builder.io.ts` compares with TypeScript: python3 definitions.py [FILE.json]

Prints a definition as a document and as YAML. With a file: each document of the list in it, as YAML.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

from tutti._document import yaml_of
from tutti.workflow import (
    Approve,
    Check,
    Compensate,
    Gate,
    Input,
    Loop,
    Need,
    Placement,
    Retry,
    Selector,
    Signal,
    Task,
    Timeout,
    Wait,
    Workflow,
    cel,
    item,
    output_of,
    reference,
    run_input,
)

order = (
    Workflow(
        "order",
        description="Sends an order",
        input=Input(schema={"type": "object", "required": ["id", "items"]}),
        signals={"paid": Signal(schema={"type": "object"})},
        timeout=timedelta(days=1.5),
        on_failure="compensate",
        output={"sent": output_of("ship")},
    )
    .task(
        "reserve",
        uses="stock.reserve",
        with_={"items": run_input["items"], "note": f"Order {run_input.id}: now"},
        retry=Retry(backoff="1s..1m", not_on=["stock.gone"]),
        timeout=Timeout(queue="1h", run=30, heartbeat=0.5),
        compensate=Compensate(uses="stock.release", retry=3),
    )
    .task("paid", wait=Wait(signal="paid", within="14d"), needs=["reserve"])
    .task(
        "sure",
        approve=Approve(by=["ops"], title=f"Send {run_input.id}?", within="2d"),
        needs=["paid"],
        when=run_input.total > 100,
    )
    .task(
        "ship",
        uses="parcel.send",
        needs=["paid", Need(task="sure", on="always")],
        for_each=run_input["items"],
        max_parallel=8,
        fail_fast=False,
        with_={"article": item.article},
        checks=[Check(name="tracked", condition="output.tracked", on_failure="send_back", times=2)],
        placement=Placement(require=Selector(equals={"region": "eu"}), not_agent_of=["reserve"]),
        idempotency_key=f"{run_input.id}-ship",
    )
    .task("good", gate=Gate(check=cel("size(tasks.ship.output) > 0"), send_back="ship", times=2))
    .task(
        "scan",
        needs=["good"],
        loop=Loop(
            max=100,
            every=30,
            until="tasks.look.output.done",
            tasks={"look": Task(uses="scanner.look", with_={"the round": reference("round").number})},
        ),
    )
)

if len(sys.argv) > 1:
    print(json.dumps([yaml_of(document) for document in json.loads(Path(sys.argv[1]).read_text())]))
else:
    print(json.dumps({"document": order.to_dict(), "yaml": order.to_yaml()}))
