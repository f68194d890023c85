import json

from airflow.decorators import dag, task


@dag(schedule="@daily", catchup=False)
def report():
    """Makes a report."""

    @task(retries=1)
    def load(day, kind="all"):
        return {"rows": [1, 2, 3], "total": 3}

    @task
    def double(row):
        return row * 2

    @task(task_id="print-it")
    def show(rows, total):
        print(json.dumps(rows))

    @task
    def never():
        return 1

    data = load("monday", kind="paid")
    doubled = double.expand(row=data["rows"])
    show(doubled, total=data["total"])


report()
