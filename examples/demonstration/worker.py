"""A worker: functions with names, linked to the platform that `TUTTI_ADDRESS` says. worker.ts does the same in TypeScript."""

from tutti import TaskContext, TaskFailure, Worker

worker = Worker(slots=8, description="The demonstration's, in Python.", labels={"language": "python"})


@worker.handle("demo.reserve")
def reserve(order, context: TaskContext):
    context.sleep(0.3)
    return {"reservation": f"reserved {' and '.join(order['articles'])}"}


@worker.handle("demo.release")
def release(_):
    return None


@worker.handle("demo.charge")
def charge(bill, context: TaskContext):
    context.sleep(0.5)
    if context.attempt == 1:
        raise TaskFailure("bank.away", "the bank does not answer")
    # The key is the same for every attempt, so a retry does not charge twice.
    return {"payment": f"{bill['cents']} by {context.idempotency_key}"}


@worker.handle("demo.refund")
def refund(_):
    return None


@worker.handle("demo.ship")
def ship(parcel, context: TaskContext):
    context.sleep(0.7)
    if parcel["article"] == "piano":
        raise TaskFailure("parcel.too_heavy", "no parcel holds a piano", final=True)
    return {"label": f"label of {parcel['article']}"}


@worker.handle("demo.recall")
def recall(_):
    return None


@worker.handle("picture.list")
def list_pictures(given):
    return [f"{given['album']}-{number}.jpg" for number in range(1, given["pictures"] + 1)]


@worker.handle("picture.shrink")
def shrink(given, context: TaskContext):
    for part in range(1, 5):
        context.sleep(0.2)
        context.progress(part / 4, given["picture"])
    return {"picture": f"small {given['picture']}", "by": "python"}


@worker.handle("picture.bind")
def bind(given):
    return {"album": given["album"], "pictures": len(given["pictures"])}


@worker.handle("prices.load")
def load(given, context: TaskContext):
    context.sleep(0.4)
    if given["key"].startswith("old"):
        raise TaskFailure("key.expired", f"the key {given['key']} has run out")
    return {"prices": 318}


@worker.handle("prices.renew")
def renew(_):
    return {"key": "new-1"}


@worker.handle("report.count")
def count(_):
    return {"by": "python"}


if __name__ == "__main__":
    worker.run()
